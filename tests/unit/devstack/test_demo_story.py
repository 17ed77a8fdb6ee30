"""The demo against a small gateway of our own: it tells the story, and it sees every lie."""

import io
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rich.console import Console

from nexus_contracts.stages import STAGES
from nexus_devstack.demo.figures import Pacing
from nexus_devstack.demo.gateway import GatewayClient, is_platform
from nexus_devstack.demo.screen import Screen
from nexus_devstack.demo.story import tell
from nexus_devstack.errors import StackError

PROJECT = "proj_" + "a" * 32
NOW = "2025-03-01T10:00:00.000000Z"
STEPS = [name for stage in STAGES for name in (*(sub.name for sub in stage.sub_stages), stage.name)]
Answer = dict[str, Any]
IMPATIENT = Pacing(figures_seconds=0.3, quiet_seconds=0.01, look_seconds=0.001)


class FakeGateway:
    """Goes on by one step of the build at each look at the project; every lie it can tell is an attribute."""

    def __init__(self) -> None:
        self.requirement = ""
        self.built = 0
        self.calls = 0
        self.fails_at: str | None = None
        self.second_answer = "320 / 4 = 80"
        self.uncounted_calls = 0
        self.tools = ["csv_totals", "arithmetic"]

    def _step(self, name: str, number: int, display: str) -> Answer:
        at = STEPS.index(name)
        status = "completed" if at < self.built else "running" if at == self.built else "pending"
        if name == self.fails_at and at <= self.built:
            status = "failed"
        seconds = 0.1 if status == "completed" else None
        blank = dict.fromkeys(("agent_name", "started_at", "completed_at", "error", "output_data"))
        counts = dict.fromkeys(("output_size_bytes", "artifact_count", "log_count"), 0)
        shown = {"stage_name": name, "stage_number": number, "display_name": display, "status": status}
        rest: Answer = {
            "progress": 0.0,
            "duration_seconds": seconds,
            "artifacts": [],
            "logs": [],
            "usage": {},
            "attempt": 1,
        }
        return {**blank, **counts, **shown, **rest}

    def project(self) -> Answer:
        stages = [
            self._step(stage.name, stage.number, stage.display_name)
            | {"sub_stages": [self._step(sub.name, stage.number, sub.display_name) for sub in stage.sub_stages]}
            for stage in STAGES
        ]
        failed = self.fails_at is not None and STEPS.index(self.fails_at) <= self.built
        done = self.built >= len(STEPS)
        blank = dict.fromkeys(("user_name", "agent_name", "current_stage", "agent_id", "started_at", "completed_at"))
        return {
            **blank,
            "project_id": PROJECT,
            "project_name": self.requirement,
            "requirement": self.requirement,
            "user_id": "demo",
            "agent_name_map": {},
            "priority": 3,
            "tags": [],
            "auto_start": True,
            "status": "failed" if failed else "completed" if done else "building",
            "progress": 100.0 if done else 50.0,
            "attempt": 1,
            "builder": "platform",
            "build_method": "auto",
            "waiting_for": None,
            "error": {"code": "NO_TOOL", "message": "nothing fits"} if failed else None,
            "created_at": NOW,
            "updated_at": NOW,
            "version": 1,
            "stages_snapshot": {"total": 6, "completed": 6 if done else 0, "stages": stages},
        }

    def agent(self) -> Answer:
        deployment = {"backend": "local", "status": "deployed", "version": 1, "package_uri": "x", "package_sha256": "x"}
        return {
            **dict.fromkeys(("description", "category", "version", "region")),
            **{name: [] for name in ("capabilities", "tags", "supported_models")},
            "agent_id": f"{PROJECT}:demo_agent",
            "agent_name": "demo_agent",
            "project_id": PROJECT,
            "user_id": "demo",
            "status": "running",
            "tools": [{"name": name} for name in self.tools],
            "agentcore_config": {},
            "deployment": deployment,
            "created_at": NOW,
            "updated_at": NOW,
            "etag": 1,
        }

    def verification(self) -> Answer:
        """One case, which was an invocation."""
        self.calls += 1
        case = {"name": "a sum", "held_back": False, "outcome": "passed", "turns": [{"prompt": "What is 1 + 1?"}]}
        counts = {"passed": 1, "failed": 0, "not_verifiable": 0, "required_share": 0, "fulfilled": True}
        agent = {"agent_id": f"{PROJECT}:demo_agent", "verified_at": NOW, "statement": "all of it"}
        return {**agent, **counts, "cases": [case]}

    def said(self, prompt: str) -> str:
        self.calls += 1
        if "CSV" in prompt:
            return "3 rows:\ntotal of units = 400\ntotal of price = 50"
        known = {"What is 12 * 7 - 4?": "12 * 7 - 4 = 80", "What is 20 * 16?": "20 * 16 = 320"}
        return known.get(prompt, self.second_answer)

    def statistics(self, kind: str) -> Answer:
        built = int(self.built >= len(STEPS))
        counted = self.calls - min(self.calls, self.uncounted_calls)
        if kind == "overview":
            names = ("running_agents", "building_agents", "offline_agents", "success_rate", "avg_build_time_minutes")
            return dict.fromkeys(names, 0) | {"total_agents": built, "total_builds": built, "today_calls": counted}
        span = {"start_date": "2025-03-01", "end_date": "2025-03-01"}
        day: Answer
        if kind == "builds":
            rest = dict.fromkeys(("failed_builds", "cancelled_builds", "avg_duration_minutes"), 0)
            day = {"total_builds": built, "successful_builds": built, "builds_by_stage": {}}
        else:
            rest = dict.fromkeys(("failed", "cancelled", "success_rate", "avg_duration_ms"), 0)
            day = {"total": counted, "successful": counted}
        entry: Answer = {"date": "2025-03-01"} | rest | day
        return {"items": [entry], **span}

    async def post(self, request: web.Request) -> web.Response:
        body: Answer = await request.json()
        assert request.headers["Idempotency-Key"]
        if request.path == "/api/v1/projects":
            return self._create(str(body["requirement"]))
        if request.path.endswith("/invoke"):
            return _success({"output": self.said(body["input_text"]), "status": "succeeded", "duration_ms": 3})
        if request.path.endswith("/sessions"):
            return _success({"session_id": "sess_1"})
        message: Answer = {
            "message_id": "m",
            "session_id": "s",
            "sequence": 1,
            "role": "user",
            "metadata": {},
            "created_at": NOW,
        }
        reply: Answer = {**message, "role": "assistant", "content": self.said(body["content"])}
        return _success({"user_message": {**message, "content": body["content"]}, "assistant_message": reply})

    def _create(self, requirement: str) -> web.Response:
        if len(requirement) < 10:
            fault = {"location": "body.requirement", "message": "too short", "type": "string_too_short"}
            error = {"code": "VALIDATION_ERROR", "message": "not valid", "details": {"errors": [fault]}}
            return web.json_response({"success": False, "error": error}, status=400)
        self.requirement = requirement
        return _success({"project_id": PROJECT})

    async def get(self, request: web.Request) -> web.Response:
        if "/statistics/" in request.path:
            return _success(self.statistics(request.match_info["rest"].rpartition("/")[2]))
        if request.path.endswith("/agents"):
            return _success({"items": [self.agent()]})
        if request.path.endswith("/verification"):
            return _success(self.verification())
        shown = self.project()
        self.built += 1
        return _success(shown)


def _success(content: Answer) -> web.Response:
    return web.json_response({"success": True, "data": content})


@asynccontextmanager
async def serving(fake: FakeGateway) -> AsyncGenerator[str, None]:
    app = web.Application()
    app.router.add_get("/api/v1/{rest:.*}", fake.get)
    app.router.add_post("/api/v1/{rest:.*}", fake.post)
    async with TestServer(app) as server:
        yield str(server.make_url("/")).rstrip("/")


async def told(fake: FakeGateway, requirement: str = "an agent that totals and calculates") -> str:
    """What the demo prints where there is no terminal."""
    stream = io.StringIO()
    async with serving(fake) as url, GatewayClient(url) as gateway:
        await tell(gateway, Screen(Console(file=stream, soft_wrap=True)), requirement, IMPATIENT)
    return stream.getvalue()


async def test_the_whole_story_is_told_and_checked() -> None:
    shown = await told(FakeGateway())
    assert all(f"{stage.display_name}: completed" in shown for stage in STAGES)
    assert "Prompt Engineer: completed" in shown
    assert "verified with 1 invocations: 1 of 1 cases passed" in shown
    assert "320 / 4 = 80" in shown
    assert "everything that was claimed was checked" in shown


async def test_a_requirement_arrives_as_it_was_written() -> None:
    fake = FakeGateway()
    text = "把 \"CSV\" 的各列合计 for $HOME & 'others' [bold]\\n"
    assert text in await told(fake, text)
    assert fake.requirement == text


async def test_a_wrong_second_answer_is_seen() -> None:
    fake = FakeGateway()
    fake.second_answer = "which number?"
    with pytest.raises(StackError, match="should contain 80, but is 'which number"):
        await told(fake)


async def test_a_call_that_is_not_counted_is_seen() -> None:
    fake = FakeGateway()
    fake.uncounted_calls = 1
    with pytest.raises(StackError, match="the statistics should be"):
        await told(fake)


async def test_a_failed_build_says_where_and_why() -> None:
    fake = FakeGateway()
    fake.fails_at = "agent_design"
    with pytest.raises(StackError, match="NO_TOOL: nothing fits"):
        await told(fake)


async def test_a_refusal_names_the_field() -> None:
    with pytest.raises(StackError, match=r"VALIDATION_ERROR: not valid \(body\.requirement: too short\)"):
        await told(FakeGateway(), "short")


async def test_something_else_on_the_port_is_no_platform() -> None:
    async with serving(FakeGateway()) as url:
        assert not await is_platform(url)
