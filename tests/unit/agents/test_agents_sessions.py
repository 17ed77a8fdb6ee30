"""What a session keeps for its agent, and how long it stays."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest_asyncio
from tests.support.agents_world import AGENT, SESSION, World, error_of, settle, world_with_session

from nexus_agents.domain.backend import AgentAnswer
from nexus_agents.store.sessions import listed_sessions
from nexus_agents.tables import LISTS
from nexus_agents.upkeep import IdleSessions
from nexus_contracts.agents.commands import InvokeAgent, PostMessage
from nexus_contracts.principal import DEFAULT_TENANT
from nexus_contracts.replies import Reply
from nexus_runtime.process.clock import new_id, utc_now

DAY = timedelta(days=1)


@pytest_asyncio.fixture
async def world() -> AsyncGenerator[World]:
    async with world_with_session() as made:
        yield made


async def post(world: World, text: str = "hello", **fields: Any) -> str:
    named = {"command_id": new_id("c"), "session_id": SESSION, "invocation_id": new_id("inv_")}
    return await world.send(PostMessage.model_validate(named | {"content": text} | fields))


async def invoke(world: World, **fields: Any) -> str:
    named = {"command_id": new_id("c"), "agent_id": AGENT, "invocation_id": new_id("inv_"), "input_text": "hello"}
    return await world.send(InvokeAgent.model_validate(named | {"session_id": SESSION} | fields))


async def answered(world: World, request: str, state: dict[str, Any] | None = None) -> Reply:
    (asked,) = world.backend.asked
    asked.answer.set_result(AgentAnswer("well", session_state=state))
    await settle()
    (answer,) = world.answers(request)
    return answer


def given(world: World) -> object:
    """The state that the agent was given which is asked now."""
    (asked,) = world.backend.asked
    return asked.request.session_state


async def state(world: World) -> object:
    session = await world.turns.sessions.load(SESSION)
    return session and session.session_state


async def test_the_session_of_another_agent_does_not_exist(world: World) -> None:
    (refused,) = world.answers(await post(world, agent_id=f"{AGENT}_too"))
    assert (refused.status, refused.error and refused.error.details["type"]) == (404, "session")
    assert (await answered(world, await post(world, agent_id=AGENT))).status == 201


async def test_what_an_agent_leaves_for_the_next_turn_it_is_given_then(world: World) -> None:
    await answered(world, await post(world), {"step": 1})
    request = await post(world)
    assert given(world) == {"step": 1}
    await answered(world, request)
    assert await state(world) == {"step": 1}
    await world.crash()
    await post(world)
    assert given(world) == {"step": 1}


async def test_a_state_that_the_caller_sends_takes_the_place_of_the_kept_one(world: World) -> None:
    await answered(world, await post(world), {"step": 1})
    await answered(world, await invoke(world, session_state={"step": 7}))
    request = await post(world)
    assert given(world) == {"step": 7}
    await answered(world, request, {})
    assert await state(world) == {}


async def test_a_turn_that_fails_leaves_the_state_as_it_was(world: World) -> None:
    await answered(world, await post(world), {"step": 1})
    await post(world)
    world.backend.asked[0].fail()
    await settle()
    assert await state(world) == {"step": 1}


async def test_a_state_that_cannot_be_kept_fails_the_turn_and_says_why(world: World) -> None:
    answer = await answered(world, await post(world), {"text": "x" * 40_000})
    code, details = error_of(answer)
    assert (code, details["reason"]) == ("AGENT_INVOCATION_FAILED", "SESSION_STATE_TOO_LARGE")
    assert await state(world) is None


def idle_sessions(world: World, later: timedelta) -> IdleSessions:
    """As they are found so much later, by a service that keeps them for a day."""
    return IdleSessions(world.agents, world.turns.sessions, world.owner.ledger, lambda: utc_now() + later, DAY)


async def test_a_session_without_a_turn_for_too_long_goes_with_its_messages(world: World) -> None:
    await answered(world, await post(world))
    await idle_sessions(world, timedelta(hours=23)).delete()
    assert await world.turns.sessions.load(SESSION) is not None
    await idle_sessions(world, timedelta(hours=25)).delete()
    await settle()
    assert await world.turns.sessions.load_any(SESSION) is None
    assert await world.turns.messages.read(SESSION, 1, 10) == []
    assert world.backend.ended_sessions == [SESSION]


async def test_a_session_that_was_used_since_it_began_stays_as_long_from_then_on(world: World) -> None:
    session = await world.turns.sessions.load(SESSION)
    assert session is not None
    used = session.model_copy(update={"last_active_at": utc_now() + timedelta(hours=20)})
    await world.owner.ledger.commit(world.turns.sessions.save(session, used, ()).change)
    await idle_sessions(world, timedelta(hours=30)).delete()
    assert await world.turns.sessions.load(SESSION) is not None
    await idle_sessions(world, timedelta(hours=45)).delete()
    await settle()
    assert await world.turns.sessions.load_any(SESSION) is None


async def test_a_session_whose_agent_is_at_a_turn_stays(world: World) -> None:
    request = await post(world)
    await idle_sessions(world, 2 * DAY).delete()
    assert (await answered(world, request)).status == 201


async def test_a_session_stands_in_its_agents_list_and_no_other(world: World) -> None:
    assert [item["list"] for item in world.database.items(LISTS) if SESSION in item["position"]] == [
        listed_sessions(DEFAULT_TENANT, AGENT)
    ]


def test_idle_sessions_are_looked_for_often_enough_for_their_time(world: World) -> None:
    often = {
        seconds: replace(idle_sessions(world, DAY), ttl=timedelta(seconds=seconds)).every_seconds
        for seconds in (60, 1_200, 36_000, 10**7)
    }
    assert often == {60: 30.0, 1_200: 60.0, 36_000: 1_800.0, 10**7: 3_600.0}
