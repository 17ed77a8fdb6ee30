"""Invocations on AgentCore: streamed, mapped, never run twice, and never left running."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    IncompleteReadError,
    NoCredentialsError,
    ProxyConnectionError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError
from pydantic import JsonValue
from tests.support.agentcore_double import Reaction
from tests.support.agentcore_machines import PlayedMachines, json_reaction, pieces
from tests.support.agentcore_world import AgentCoreWorld, agentcore, aws_environment
from tests.support.eventually import eventually

from nexus_agents.backends.agentcore.faults import translated
from nexus_agents.domain.backend import DeployedAgent, InvokeRequest
from nexus_agents.domain.backend_errors import (
    AgentCrashed,
    AgentFailed,
    AgentTimedOut,
    AgentUnreachable,
    BackendRefused,
    BackendThrottled,
    QuotaExceeded,
)
from nexus_agents.domain.stream import AgentEvent, TextPiece

SESSION = "sess_0123456789abcdef0123456789abcdef"
STREAM = "text/event-stream; charset=utf-8"


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[AgentCoreWorld]:
    aws_environment(monkeypatch)
    async with agentcore(tmp_path, PlayedMachines()) as opened:
        yield opened


def play(world: AgentCoreWorld, reaction: Reaction) -> None:
    async def played(payload: bytes, headers: dict[str, str]) -> Reaction:
        return reaction

    cast(PlayedMachines, world.double.machines_of).play = played


def no_machine_is_left(world: AgentCoreWorld) -> bool:
    return not world.double.machines


async def test_an_invocation_has_a_session_of_its_own_that_ends_with_it(world: AgentCoreWorld) -> None:
    agent = await world.deployed()
    answers = await asyncio.gather(*(world.backend.invoke(agent, InvokeRequest(f"{n}")) for n in range(5)))
    assert [one.output for one in answers] == list("01234")
    sessions = {str(cast(dict[str, JsonValue], one.raw)["headers"]) for one in answers}
    assert len(sessions) == 5
    await eventually(lambda: no_machine_is_left(world), what="the machines end")


async def test_the_turns_of_a_session_share_a_machine_until_the_session_ends(world: AgentCoreWorld) -> None:
    agent = await world.deployed()
    for prompt in ("a", "b"):
        await world.backend.invoke(agent, InvokeRequest(prompt, session_id=SESSION))
    (_, session) = next(iter(world.double.machines))
    assert session.startswith(SESSION)
    assert world.double.calls["StopRuntimeSession"] == 0
    await world.backend.end_session(agent, SESSION)
    await world.backend.end_session(agent, SESSION)
    assert no_machine_is_left(world)


async def test_a_session_goes_on_with_a_new_version(world: AgentCoreWorld) -> None:
    old = await world.deployed()
    await world.backend.invoke(old, InvokeRequest("a", session_id=SESSION))
    new = DeployedAgent(old.agent_id, await world.stored(b"another"), old.agent_arn, old.agent_alias_id)
    await world.backend.invoke(new, InvokeRequest("b", session_id=SESSION))
    assert len(world.double.machines) == 2


async def test_a_streamed_answer_is_read_as_it_comes(world: AgentCoreWorld) -> None:
    agent = await world.deployed()
    play(world, Reaction(200, STREAM, pieces(b'data: "a', b'"\n\nda', b'ta: "b"\n\n')))
    assert (await world.backend.invoke(agent, InvokeRequest("x"))).output == "ab"


async def test_an_error_inside_the_stream_is_the_agents_failure(world: AgentCoreWorld) -> None:
    agent = await world.deployed()
    error = {"error": "no ink", "error_type": "ValueError", "message": "m"}
    play(world, Reaction(200, STREAM, pieces(b'data: "a"\n\n', f"data: {json.dumps(error)}\n\n".encode())))
    with pytest.raises(AgentFailed, match="no ink") as caught:
        await world.backend.invoke(agent, InvokeRequest("x"))
    assert caught.value.code == "ValueError"


async def test_a_stream_that_breaks_off_is_a_crash(world: AgentCoreWorld) -> None:
    agent = await world.deployed()
    play(world, Reaction(200, STREAM, pieces(b'data: "a"\n\n', None)))
    with pytest.raises(AgentCrashed):
        await world.backend.invoke(agent, InvokeRequest("x"))


async def test_an_agent_that_fails_is_no_fault_of_aws(world: AgentCoreWorld) -> None:
    agent = await world.deployed()
    play(world, json_reaction(b"{}", status=500))
    with pytest.raises(AgentFailed, match=r"RuntimeClientError.*500"):
        await world.backend.invoke(agent, InvokeRequest("x"))


@pytest.mark.parametrize(
    ("code", "error", "retried"),
    [
        ("ServiceQuotaExceededException", QuotaExceeded, False),
        ("ThrottlingException", None, True),
        ("RetryableConflictException", None, True),
        ("RuntimeClientError", AgentFailed, False),
        ("InternalServerException", AgentCrashed, False),
        ("ResourceNotFoundException", AgentUnreachable, False),
        ("AccessDeniedException", BackendRefused, False),
        ("ValidationException", BackendRefused, False),
    ],
)
async def test_only_what_aws_turned_away_unread_is_sent_again(
    world: AgentCoreWorld, code: str, error: type[Exception] | None, retried: bool
) -> None:
    agent = await world.deployed()
    world.double.fail("InvokeAgentRuntime", code)
    if error is None:
        assert (await world.backend.invoke(agent, InvokeRequest("x"))).output == "x"
    else:
        with pytest.raises(error) as caught:
            await world.backend.invoke(agent, InvokeRequest("x"))
        assert type(caught.value) is error
    assert world.double.calls["InvokeAgentRuntime"] == (2 if retried else 1)


async def test_a_request_whose_answer_is_lost_is_not_sent_again(world: AgentCoreWorld) -> None:
    agent = await world.deployed()
    world.double.fail("InvokeAgentRuntime", answered=False)
    with pytest.raises(AgentCrashed):
        await world.backend.invoke(agent, InvokeRequest("x"))
    assert world.double.calls["InvokeAgentRuntime"] == 1


async def test_endless_throttling_ends_as_a_refusal_that_may_be_tried_again(
    world: AgentCoreWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexus_agents.backends.agentcore.sessions.FIRST_PAUSE_SECONDS", 0.001)
    agent = await world.deployed()
    world.double.fail("InvokeAgentRuntime", "ThrottlingException", times=100)
    with pytest.raises(BackendThrottled) as caught:
        await world.backend.invoke(agent, InvokeRequest("x"))
    assert caught.value.may_retry


@pytest.mark.parametrize("session_id", [None, SESSION])
async def test_a_late_answer_ends_the_session(world: AgentCoreWorld, session_id: str | None) -> None:
    agent = await world.deployed()
    held = asyncio.Event()

    async def waits(payload: bytes, headers: dict[str, str]) -> Reaction:
        await held.wait()
        return json_reaction(b'{"output": "late"}')

    cast(PlayedMachines, world.double.machines_of).play = waits
    with pytest.raises(AgentTimedOut, match=r"0\.5 s"):
        await world.backend.invoke(agent, InvokeRequest("x", session_id=session_id, timeout_seconds=0.5))
    await eventually(lambda: no_machine_is_left(world), what="the agent is stopped")


async def test_a_cancelled_invocation_ends_the_session(world: AgentCoreWorld) -> None:
    agent = await world.deployed()
    asked = asyncio.Event()

    async def waits(payload: bytes, headers: dict[str, str]) -> Reaction:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    cast(PlayedMachines, world.double.machines_of).play = waits
    task = asyncio.create_task(world.backend.invoke(agent, InvokeRequest("x", session_id=SESSION)))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: no_machine_is_left(world), what="the agent is stopped")


async def test_an_agent_without_a_runtime_is_not_asked(world: AgentCoreWorld) -> None:
    agent = DeployedAgent("x", await world.stored(), "arn:aws:iam::123456789012:role/x", "DEFAULT")
    with pytest.raises(AgentUnreachable):
        await world.backend.invoke(agent, InvokeRequest("x"))
    assert (await world.backend.check(agent)).status == "unhealthy"
    assert not world.double.calls


async def test_a_check_asks_the_endpoint(world: AgentCoreWorld) -> None:
    agent = await world.deployed()
    assert (await world.backend.check(agent)).status == "healthy"
    await world.backend.undeploy(agent.agent_id)
    assert (await world.backend.check(agent)).status == "unhealthy"


async def test_what_the_agent_streams_is_told_before_the_answer_is_whole(world: AgentCoreWorld) -> None:
    agent = await world.deployed()
    told: asyncio.Queue[AgentEvent] = asyncio.Queue()
    go_on = asyncio.Event()

    async def slowly() -> AsyncGenerator[bytes | None]:
        yield b'data: "a"\n\n'
        await go_on.wait()
        yield b'data: "b"\n\n'

    play(world, Reaction(200, STREAM, slowly()))
    task = asyncio.create_task(world.backend.invoke(agent, InvokeRequest("x", observe=told.put)))
    assert await told.get() == TextPiece("a")
    go_on.set()
    assert (await task).output == "ab"
    assert await told.get() == TextPiece("b")


@pytest.mark.parametrize(
    ("error", "running", "still"),
    [
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), AgentCrashed, AgentUnreachable),
        (ResponseParserError("no JSON"), AgentCrashed, AgentUnreachable),
        (ConnectionClosedError(endpoint_url="https://x"), AgentCrashed, AgentUnreachable),
        (ReadTimeoutError(endpoint_url="https://x", error="late"), AgentCrashed, AgentUnreachable),
        (aiohttp.ClientConnectionResetError("gone"), AgentCrashed, AgentUnreachable),
        (aiohttp.SocketTimeoutError("late"), AgentCrashed, AgentUnreachable),
        (ProxyConnectionError(proxy_url="http://p"), AgentUnreachable, AgentUnreachable),
        (NoCredentialsError(), BackendRefused, BackendRefused),
    ],
)
def test_a_lost_connection_is_a_crash_of_what_ran_and_never_a_refusal(
    error: Exception, running: type[Exception], still: type[Exception]
) -> None:
    for runs, expected in ((True, running), (False, still)):
        with pytest.raises(expected) as caught, translated(running=runs):
            raise error
        assert type(caught.value) is expected
