"""Callers that keep asking: each wish with one Idempotency-Key, again and again until its outcome is known."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aiohttp
from tests.support.chaos_history import DECIDED, History, Operation, Outcome
from tests.support.client import REQUIREMENT, Answer, Client

from nexus_contracts.builds.reports import REPORT
from nexus_contracts.stages import STAGES
from nexus_tracker import ReportNotDelivered, Tracker

SOURCE = "/ci/chaos"
ANSWER_SECONDS, BUILD_SECONDS, AGAIN_SECONDS = 20.0, 90.0, 0.25
NOTHING_SENT = aiohttp.ClientConnectorError
LOST = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


def classified(answer: Answer) -> tuple[Outcome, Any]:
    """What an answer says of its wish, and the part of it that must not differ from one repeat to the next."""
    if answer.status in (200, 201):
        return "ok", answer.data
    if answer.status == 202:
        return "accepted", answer.data
    error = {name: answer.error[name] for name in ("code", "message", "details")}
    if error["code"] == "AGENT_INVOCATION_FAILED":
        return "broken", error
    if answer.status == 503:
        return "failed", error
    return ("refused" if answer.status < 429 else "unknown"), error


def _is_further(status: str, done: int, project: Mapping[str, Any]) -> bool:
    return project["status"] != status or project["stages_snapshot"]["completed"] > done


class Load:
    """`agent_id` is the agent that is invoked. A part of the load runs until `leave` and then ends its wish."""

    def __init__(self, client: Client, tracker: Tracker, history: History, agent_id: str, seed: int) -> None:
        self.history = history
        self._client = client
        self._tracker = tracker
        self._agent_id = agent_id
        self._random = random.Random(seed)
        self._name = f"{seed}-{len(history.operations)}"
        self._count = 0
        self._left = asyncio.Event()
        self._first_day = datetime.now(UTC).date()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """The callers ask while the block lasts; at its end each has the outcome of its last wish, or given up."""
        parts = (self._create, self._control, self._report, self._invoke, self._invoke, self._build, self._count_calls)
        tasks = [asyncio.create_task(self._keep(part)) for part in parts]
        try:
            yield
            self._left.set()
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, part: Callable[[], Awaitable[None]]) -> None:
        while not self._left.is_set():
            await part()
            await self._pause(self._random.uniform(0.05, 0.3))

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._left.wait()
        except TimeoutError:
            return

    def wish(self, kind: str) -> str:
        """A name that no other wish has."""
        self._count += 1
        return f"{kind}-{self._name}-{self._count}"

    async def ask(self, kind: str, wish: str, subject: str, request: Mapping[str, Any]) -> Operation:
        """Asks until the wish is decided, for at most 90 seconds; the last operation."""
        deadline = self.history.clock() + BUILD_SECONDS
        while True:
            operation = self.history.invoke(kind, wish, subject, dict(request))
            await self._ask_once(operation)
            if operation.outcome in DECIDED or self.history.clock() > deadline:
                return operation
            await asyncio.sleep(AGAIN_SECONDS)

    async def _ask_once(self, operation: Operation) -> None:
        request, headers = operation.request, {"Idempotency-Key": operation.wish}
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._client.call(request["method"], request["path"], request["body"], headers=headers)
        except NOTHING_SENT:
            self.history.end(operation, "failed")
        except LOST as error:
            self.history.end(operation, "unknown", reply=repr(error))
        else:
            outcome, reply = classified(answer)
            self.history.end(operation, outcome, answer.status, reply)

    async def new_project(self, wish: str, kind: str = "create", **fields: Any) -> str | None:
        """The id of the project of this wish, unless it got no answer."""
        body = {"requirement": REQUIREMENT, "project_name": wish, "auto_start": False, **fields}
        created = await self.ask(kind, wish, "", {"method": "POST", "path": "/api/v1/projects", "body": body})
        return created.reply["project_id"] if created.outcome == "ok" else None

    async def control(self, project_id: str, action: str) -> Operation:
        wish = self.wish("control")
        path = f"/api/v1/projects/{project_id}/control"
        body = {"action": action, "reason": wish}
        return await self.ask("control", wish, project_id, {"method": "PUT", "path": path, "body": body})

    async def _create(self) -> None:
        await self.new_project(self.wish("create"))

    async def _control(self) -> None:
        """A project's life, in good order and in bad, while the worker builds it."""
        if project_id := await self.new_project(self.wish("create")):
            for action in ("start", *self._random.sample(("pause", "resume", "stop", "restart", "pause"), 4), "stop"):
                await self.control(project_id, action)
                await self._pause(self._random.uniform(0.0, 0.4))

    async def _invoke(self) -> None:
        wish, number = self.wish("invoke"), self._random.randrange(1000)
        path = f"/api/v1/agents/{self._agent_id}/invoke"
        body = {"input_text": f"What is {number} + 1?", "user_id": wish, "timeout_seconds": 5}
        await self.ask("invoke", wish, self._agent_id, {"method": "POST", "path": path, "body": body})

    async def _report(self) -> None:
        """Another system's build of a project, told report by report, up to the stage that deploys."""
        if project_id := await self.new_project(self.wish("create")):
            for stage in STAGES[:3]:
                for kind, data in self.told():
                    if self._left.is_set():
                        return
                    await self.tell(project_id, kind, {"stage_name": stage.name, **data})
                    await self._pause(self._random.uniform(0.0, 0.1))

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Everything that is reported of one stage."""
        entries = [{"timestamp": datetime.now(UTC).isoformat(), "message": self.wish("said")}]
        used = [("usage_recorded", {"usage": {"input_tokens": self._random.randrange(1, 10**6)}}) for _ in range(3)]
        return [("started", {}), ("logged", {"entries": entries}), *used, ("completed", {})]

    async def tell(self, project_id: str, kind: str, data: Mapping[str, Any]) -> Operation:
        """Reports until the broker confirms it, under one id."""
        wish = self.wish("report")
        fields = {"type": f"nexus.stage.{kind}.v1", "project_id": project_id, "attempt": 1, **data}
        report = REPORT.validate_python(fields)
        while True:
            operation = self.history.invoke("report", wish, project_id, {"type": report.type, "data": fields})
            try:
                await self._tracker.publish(report, source=SOURCE, report_id=wish)
            except ReportNotDelivered:
                self.history.end(operation, "unknown")
            else:
                self.history.end(operation, "ok")
                return operation

    async def _build(self) -> None:
        """A project that the platform builds, watched until its agent runs."""
        if project_id := await self.new_project(wish := self.wish("create"), auto_start=True):
            operation = self.history.invoke("build", f"build of {wish}", project_id, None)
            try:
                status = await self._watched(project_id)
            except AssertionError as error:
                self.history.end(operation, "unknown", reply=str(error))
            else:
                self.history.end(operation, "ok" if status == "completed" else "refused", reply={"status": status})

    async def _watched(self, project_id: str) -> str:
        """How the build ends. Each stage that completes in the meantime is an operation of its own."""
        status, done = "building", 0
        while status == "building":
            operation = self.history.invoke("stage", self.wish("stage"), project_id, done)
            project = await self._client.until(
                f"/api/v1/projects/{project_id}", partial(_is_further, status, done), BUILD_SECONDS
            )
            status, done = project["status"], project["stages_snapshot"]["completed"]
            self.history.end(operation, "ok" if status != "failed" else "unknown")
        return status

    async def _count_calls(self) -> None:
        """Done when the statistics know of an invocation that was asked for after it began."""
        wanted = len(self.history.wishes("invoke")) + 1
        operation = self.history.invoke("figures", self.wish("figures"), "", wanted)
        while not self._left.is_set():
            try:
                # Of all days since it began: the calls of today begin anew at midnight.
                answer = await self._client.get(f"/api/v1/statistics/invocations?start_date={self._first_day}")
                if answer.status == 200 and sum(day["total"] for day in answer.data["items"]) >= wanted:
                    return self.history.end(operation, "ok", 200, answer.data)
            except LOST as error:
                operation.reply = repr(error)
            await self._pause(0.1)
        self.history.end(operation, "unknown")
