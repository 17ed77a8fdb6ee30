"""What an agent says, read while it says it, through the kill of everything on the way."""

import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from statistics import median
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.support.agent_packages import talker
from tests.support.client import Client
from tests.support.eventually import eventually
from tests.support.histories import Sent, events_of
from tests.support.local_backends import processes_at

from nexus_devstack.stack import Stack

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
STREAM = {"Accept": "text/event-stream"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def agent_id(stack: Stack, client: Client) -> str:
    """An agent that streams as its prompt says."""
    await stack.wait_ready()
    form = aiohttp.FormData()
    form.add_field("file", talker(), filename="talker.zip", content_type="application/zip")
    package = (await client.call("POST", "/api/v1/packages", data=form)).data
    body = {"agent_name": "talker", "package_id": package["package_id"]}
    return (await client.post("/api/v1/agents", body)).data["agent_id"]


@asynccontextmanager
async def stream(
    stack: Stack, method: str, path: str, after: int | None = None, body: Any = None
) -> AsyncGenerator[tuple[aiohttp.ClientResponse, AsyncGenerator[Sent]]]:
    headers = STREAM | ({} if after is None else {"Last-Event-ID": str(after)})
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session,
        session.request(method, stack.gateway_url + path, headers=headers, json=body) as response,
    ):
        assert response.status == 200, await response.text()
        yield response, events_of(response.content.iter_any())  # type: ignore[misc]


async def interrupted(
    stack: Stack, agent_id: str, prompt: str, after: int, interrupt: Callable[[], None]
) -> tuple[list[Sent], str]:
    """What an invocation sent, gapless and to its end, and its address; interrupted behind so many events."""
    seen: list[Sent] = []
    body = {"input_text": prompt}
    async with stream(stack, "POST", f"/api/v1/agents/{agent_id}/invoke", body=body) as (response, events):
        async for event in events:
            seen.append(event)
            if len(seen) == after:
                interrupt()
        location = response.headers["Location"]
    assert [event.id for event in seen] == list(range(1, len(seen) + 1))
    return seen, location


async def test_a_stream_goes_on_at_another_gateway_and_the_agent_is_asked_once(
    stack: Stack, client: Client, agent_id: str
) -> None:
    seen: list[Sent] = []
    body = {"input_text": "say 40 0.05"}
    async with stream(stack, "POST", f"/api/v1/agents/{agent_id}/invoke", body=body) as (response, events):
        location = response.headers["Location"]
        async for event in events:
            seen.append(event)
            if len(seen) == 10:
                break
    stack.kill("gateway")
    await stack.wait_ready("gateway")
    async with stream(stack, "GET", location, after=seen[-1].id) as (_, events):
        seen += [event async for event in events]
    assert [event.id for event in seen] == list(range(1, len(seen) + 1))
    assert [event.event for event in seen[-2:]] == ["metrics", "done"]
    said = (await client.get(location)).data["output"]
    assert len(said.split()) == 40
    assert len(await client.pages(f"/api/v1/agents/{agent_id}/invocations")) == 1


async def test_the_kill_of_agents_ends_the_stream_with_what_was_said(stack: Stack, agent_id: str) -> None:
    seen, location = await interrupted(stack, agent_id, "say 1000 0.05", 10, lambda: stack.kill("agents"))
    assert [event.event for event in seen[-3:]] == ["metrics", "error", "done"]
    assert "INTERRUPTED" in seen[-2].data
    await stack.wait_ready()
    async with stream(stack, "GET", location) as (_, events):
        assert [event async for event in events] == seen


async def test_the_kill_of_an_agent_in_the_middle_of_its_stream_is_told_in_it(
    stack: Stack, client: Client, agent_id: str
) -> None:
    prompt = "say 999 0.05"

    def kill() -> None:
        for process in processes_at(prompt):
            process.kill()

    seen, location = await interrupted(stack, agent_id, prompt, 5, kill)
    assert [event.event for event in seen[-3:]] == ["metrics", "error", "done"]
    ended = (await client.get(location)).data
    assert (ended["status"], ended["error"]["code"]) == ("failed", "AGENT_CRASHED")
    again = await client.post(f"/api/v1/agents/{agent_id}/invoke", {"input_text": "echo still here"})
    assert again.data["output"] == "still here"


async def test_a_stream_outlives_the_kill_of_the_broker(stack: Stack, client: Client, agent_id: str) -> None:
    seen, location = await interrupted(stack, agent_id, "say 60 0.05", 5, lambda: stack.kill("kafka"))
    assert [event.event for event in seen[-2:]] == ["metrics", "done"]
    said = (await client.get(location)).data["output"]
    assert len(said.split()) == 60
    assert "".join(json.loads(event.data)["text"] for event in seen if event.event == "message") == said
    await stack.wait_ready("kafka")
    await eventually(lambda: client.get("/health/ready"), lambda answer: answer.body["failing"] == [], seconds=60)


async def test_a_turn_is_read_as_it_is_said(stack: Stack, client: Client, agent_id: str) -> None:
    session = (await client.post(f"/api/v1/agents/{agent_id}/sessions", {})).data["session_id"]
    path, body = f"/api/v1/sessions/{session}/messages", {"content": "say 20 0.1"}
    lags: list[float] = []
    async with stream(stack, "POST", path, body=body) as (_, events):
        async for event in events:
            if event.event == "message":
                lags.append(time.time() - float(event.data.split('"')[3].split()[-1]))
    assert len(lags) == 20
    assert median(lags) < 1, "as it is said, however busy this machine is"
    messages = await client.pages(f"{path}?limit=10")
    assert [message["role"] for message in messages] == ["user", "assistant"]


async def test_who_leaves_does_not_end_the_run(stack: Stack, client: Client, agent_id: str) -> None:
    body = {"input_text": "say 10 0.1"}
    async with stream(stack, "POST", f"/api/v1/agents/{agent_id}/invoke", body=body) as (response, events):
        location = response.headers["Location"]
        await anext(events)
    ended = await eventually(lambda: client.get(location), lambda answer: answer.data["status"] != "running", every=0.1)
    assert ended.data["status"] == "succeeded"
