"""The gateway as a process of its own, on the broker of NEXUS_INFRA, with stand-ins for the owners."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.support.eventually import eventually
from tests.support.gateway_process import Platform, started

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import NotFound
from nexus_contracts.replies import Outcome
from nexus_gateway.openapi.examples import AGENT_ID, PROJECT, PROJECT_ID, SESSION_ID, TURN

pytestmark = pytest.mark.asyncio(loop_scope="module")
SILENT = "a requirement that nobody answers"
REQUIREMENT = {"requirement": "an agent that adds numbers"}


def decide(event: CloudEvent) -> Outcome | None:
    data = event.data
    if event.type == "nexus.command.create_project.v1":
        result = {**PROJECT, "project_id": data["project_id"], "requirement": data["requirement"]}
        return None if data["requirement"] == SILENT else Outcome(status=201, result=result)
    if event.type == "nexus.command.post_message.v1":
        return Outcome(status=201, result=TURN)
    if event.data.get("input_text") == SILENT:
        return None
    gone = NotFound("no such resource", type="any", id=event.subject)
    return Outcome(status=404, error=gone.body())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Platform]:
    async with started(tmp_path_factory.mktemp("stack"), decide) as platform:
        yield platform


async def test_the_owners_reply_is_the_answer(platform: Platform) -> None:
    status, headers, answer = await platform.call("POST", "/api/v1/projects", REQUIREMENT)
    project_id = answer["data"]["project_id"]
    assert (status, answer["success"]) == (201, True)
    assert headers["location"] == f"/api/v1/projects/{project_id}"
    assert headers["etag"] == f'"{PROJECT["version"]}"'
    assert platform.commands.seen[-1].subject == project_id


async def test_an_agents_command_goes_to_the_agents_topic_and_an_error_comes_back(platform: Platform) -> None:
    status, _, answer = await platform.call("POST", f"/api/v1/agents/{AGENT_ID}/invoke", {"input_text": "1 + 1"})
    assert (status, answer["error"]["code"]) == (404, "RESOURCE_NOT_FOUND")
    status, _, answer = await platform.call("POST", f"/api/v1/sessions/{SESSION_ID}/messages", {"content": "1 + 1"})
    assert (status, answer["data"]) == (201, TURN)
    assert platform.commands.seen[-1].subject == SESSION_ID


async def test_without_a_reply_in_time_the_command_is_accepted(platform: Platform) -> None:
    status, headers, answer = await platform.call("POST", "/api/v1/projects", {"requirement": SILENT})
    assert status == 202
    assert headers["location"] == f"/api/v1/operations/{answer['data']['operation_id']}"


async def test_twenty_at_once_with_one_key_are_one_command(platform: Platform) -> None:
    calls = [platform.call("POST", "/api/v1/projects", REQUIREMENT, Idempotency_Key="order-1") for _ in range(20)]
    answers = await asyncio.gather(*calls)
    events = platform.commands.seen[-20:]
    assert {status for status, _, _ in answers} == {201}
    assert len({answer["data"]["project_id"] for _, _, answer in answers}) == 1
    assert len({(event.data["command_id"], event.data["fingerprint"]) for event in events}) == 1
    assert len({event.id for event in events}) == 20
    assert sum(headers.get("idempotent-replayed") == "true" for _, headers, _ in answers) == 19


async def test_reads_pass_through_with_trace_and_request_id(platform: Platform) -> None:
    path = f"/projects/{PROJECT_ID}"
    platform.builds.answers[path] = (200, {"ETag": '"3"'}, json.dumps(PROJECT))
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    status, headers, answer = await platform.call(
        "GET", f"/api/v1{path}", X_Request_ID="my-request", traceparent=f"00-{trace}-00f067aa0ba902b7-01"
    )
    asked, passed = platform.builds.requests[-1]
    assert (status, answer["data"], headers["etag"]) == (200, PROJECT, '"3"')
    assert (asked, passed["x-request-id"], passed["traceparent"][3:35]) == (path, "my-request", trace)
    status, _, answer = await platform.call("GET", f"/api/v1{path}", If_None_Match='"3"')
    assert (status, answer) == (304, None)


async def test_an_owner_that_hangs_or_is_away_is_named(platform: Platform) -> None:
    platform.builds.hangs.add(f"/projects/{PROJECT_ID}/stages")
    status, _, answer = await platform.call("GET", f"/api/v1/projects/{PROJECT_ID}/stages")
    assert (status, answer["error"]["code"]) == (504, "GATEWAY_TIMEOUT")
    status, headers, answer = await platform.call("GET", "/api/v1/statistics/overview")
    assert (status, answer["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(headers["retry-after"]) > 0


async def test_health_tells_of_the_bus_and_of_the_services(platform: Platform) -> None:
    head = '"status": "healthy", "version": "1", "timestamp": "t"'
    platform.builds.answers["/health/ready"] = (200, {}, f'{{{head}, "failing": [], "reasons": {{}}}}')

    async def told() -> str:
        status, _, answer = await platform.call("GET", "/health/detailed")
        assert (status, answer["status"]) == (200, "degraded")
        assert answer["checks"]["message_bus"]["status"] == "healthy"
        return answer["checks"]["services"]["error"]

    assert "agents" in await eventually(told, lambda error: "builds" not in error)


@pytest.mark.parametrize("length", [None, "100000000"])
async def test_who_sends_far_too_much_gets_the_answer_on_the_same_connection(
    platform: Platform, length: str | None
) -> None:
    async def lengthy() -> AsyncGenerator[bytes]:
        for _ in range(1000):
            yield b" " * 100_000

    headers = {"Content-Type": "application/json", **({"Content-Length": length} if length else {})}
    async with platform.http.post(
        f"{platform.stack.gateway_url}/api/v1/projects", data=lengthy(), headers=headers
    ) as response:
        answer = await response.json()
    assert (response.status, answer["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert (await platform.call("GET", "/health"))[0] == 200


async def test_another_broker_is_found_and_without_one_nothing_is_accepted(tmp_path: Path) -> None:
    async with started(tmp_path, decide) as platform:
        platform.stack.kill("kafka")
        await platform.stack.wait_ready("kafka")
        await platform.readiness(200)
        status, _, _ = await platform.call("POST", "/api/v1/projects", REQUIREMENT, Prefer="respond-async")
        assert status == 202
        await platform.stack.remove("kafka")
        await platform.readiness(503)
        status, headers, answer = await platform.call("POST", "/api/v1/projects", REQUIREMENT)
        assert (status, answer["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert int(headers["retry-after"]) > 0


async def test_who_waits_while_the_gateway_stops_is_told_where_to_look(tmp_path: Path) -> None:
    async with started(tmp_path, decide) as platform:
        waiting = asyncio.create_task(
            platform.call("POST", f"/api/v1/agents/{AGENT_ID}/invoke", {"input_text": SILENT, "timeout_seconds": 100})
        )
        await platform.commands.arrived.wait()
        await platform.stack.remove("gateway")
        status, headers, answer = await waiting
        assert (status, headers["location"]) == (202, f"/api/v1/operations/{answer['data']['operation_id']}")
