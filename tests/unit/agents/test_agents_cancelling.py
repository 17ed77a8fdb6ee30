"""Invocations that are cancelled: ended once, whoever is at them."""

import asyncio
from types import SimpleNamespace

import pytest
from tests.support.agents_world import AGENT, SESSION, World, error_of, settle, world_with_session

from nexus_agents.tables import WORK
from nexus_contracts.agents.commands import CancelInvocation, DeleteAgent, InvokeAgent, PostMessage
from nexus_contracts.agents.views import InvocationView
from nexus_contracts.principal import Principal
from nexus_runtime.dynamo import Action
from nexus_runtime.ledger.inbox import Handled
from nexus_runtime.process.clock import new_id

CANCELLED_EVENT = b"nexus.invocation.cancelled.v1"


@pytest.fixture
async def world():
    async with world_with_session() as made:
        yield made


def invocation(**fields: object) -> InvokeAgent:
    usual = {"command_id": new_id("c"), "agent_id": AGENT, "invocation_id": new_id("inv_"), "input_text": "hello"}
    return InvokeAgent.model_validate(usual | fields)


def post(text: str, role: str = "user") -> PostMessage:
    fields = {"command_id": new_id("c"), "session_id": SESSION, "invocation_id": new_id("inv_"), "role": role}
    return PostMessage.model_validate({**fields, "content": text})


def cancel(command: InvokeAgent | PostMessage) -> CancelInvocation:
    return CancelInvocation(command_id=new_id("c"), invocation_id=command.invocation_id)


async def test_a_cancelled_invocation_ends_at_once_and_its_agent_is_stopped(world: World) -> None:
    command = invocation()
    request = await world.send(command)
    (asked,) = world.backend.asked
    answer = await world.ask(cancel(command))
    view = InvocationView.model_validate(answer.result)
    assert (answer.status, view.status, view.error and view.error.code) == (200, "cancelled", "CANCELLED")
    assert asked.answer.cancelled()
    assert error_of(world.answers(request)[0])[1]["reason"] == "CANCELLED"
    assert await world.events(command.invocation_id) == ["invocation.started.v1", "invocation.cancelled.v1"]
    assert world.database.items(WORK) == []
    stats = (await world.view()).runtime_stats
    assert (stats.total_invocations, stats.failed_invocations) == (1, 0)


async def test_what_has_ended_is_not_cancelled(world: World) -> None:
    command = invocation()
    await world.send(command)
    world.backend.asked[0].succeed()
    await settle()
    assert error_of(await world.ask(cancel(command))) == (
        "INVALID_STATE",
        {"current_status": "succeeded", "action": "cancel", "allowed_actions": []},
    )
    other = invocation()
    await world.send(other)
    assert (await world.ask(cancel(other))).status == 200
    assert error_of(await world.ask(cancel(other)))[1]["current_status"] == "cancelled"


async def test_an_answer_that_is_committed_first_makes_the_cancellation_late(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cancellation has loaded a running invocation, and finds at its commit that it has ended."""
    command = invocation()
    request = await world.send(command)
    write = world.database.write

    async def overtaken(*actions: Action) -> None:
        monkeypatch.setattr(world.database, "write", write)
        world.backend.asked[0].succeed("in time")
        await settle()
        await write(*actions)

    monkeypatch.setattr(world.database, "write", overtaken)
    assert error_of(await world.ask(cancel(command)))[1]["current_status"] == "succeeded"
    assert [answer.status for answer in world.answers(request)] == [200]
    assert (await world.view()).runtime_stats.total_invocations == 1


async def test_a_cancellation_that_is_committed_first_discards_the_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent has answered, and its end is being written when the cancellation commits."""
    command = invocation()
    request = await world.send(command)
    write, late = world.database.write, asyncio.Event()

    async def slow(*actions: Action, **more: int) -> None:
        monkeypatch.setattr(world.database, "write", write)
        await late.wait()
        await write(*actions, **more)

    monkeypatch.setattr(world.database, "write", slow)
    world.backend.asked[0].succeed("too late")
    await settle()
    assert (await world.ask(cancel(command))).status == 200
    late.set()
    await asyncio.sleep(0.2)  # an end in doubt would be looked at by then
    (told,) = world.answers(request)
    assert error_of(told)[1]["reason"] == "CANCELLED"
    kept = await world.turns.invocations.load(command.invocation_id)
    assert (kept and kept.status, kept and kept.output) == ("cancelled", None)
    assert (await world.view()).runtime_stats.total_invocations == 1


async def test_the_next_turn_begins_when_the_one_that_runs_is_cancelled(world: World) -> None:
    first, second = post("U1"), post("U2")
    requests = [await world.send(first), await world.send(second)]
    await world.ask(cancel(first))
    (asked,) = world.backend.asked
    assert asked.request.prompt == "U2"
    asked.succeed("A2")
    await settle()
    assert error_of(world.answers(requests[0])[0])[1]["reason"] == "CANCELLED"
    assert world.answers(requests[1])[0].status == 201
    messages = await world.turns.messages.read(SESSION, 1, 10)
    assert [(one.sequence, one.content) for one in messages] == [(1, "U1"), (2, "U2"), (3, "A2")]


async def test_a_turn_that_waits_is_withdrawn_without_a_message_or_a_figure(world: World) -> None:
    first, second, third = post("U1"), post("U2"), post("U3")
    requests = [await world.send(command) for command in (first, second, third)]
    answer = await world.ask(cancel(second))
    view = InvocationView.model_validate(answer.result)
    assert (answer.status, view.status, view.started_at, view.duration_ms) == (200, "cancelled", None, 0)
    assert view.completed_at is not None
    for text in ("U1", "U3"):
        assert world.backend.asked[0].request.prompt == text
        world.backend.asked[0].succeed()
        await settle()
    assert [world.answers(request)[0].status for request in requests] == [201, 500, 201]
    messages = await world.turns.messages.read(SESSION, 1, 10)
    assert [one.content for one in messages] == ["U1", "re: U1", "U3", "re: U3"]
    assert await world.events(second.invocation_id) == []
    assert (await world.view()).runtime_stats.total_invocations == 2
    assert world.database.items(WORK) == []


async def test_a_withdrawn_last_turn_leaves_the_session_open(world: World) -> None:
    last = invocation(session_id=SESSION, end_session=True)
    await world.send(post("U1"))
    await world.send(last)
    assert error_of(await world.ask(post("too late")))[0] == "INVALID_STATE"
    await world.ask(cancel(last))
    request = await world.send(post("U2"))
    for _ in range(2):
        world.backend.asked[0].succeed()
        await settle()
    assert world.answers(request)[0].status == 201


async def test_a_last_turn_that_is_cancelled_while_it_runs_closes_the_session(world: World) -> None:
    last = invocation(session_id=SESSION, end_session=True)
    await world.send(last)
    await world.ask(cancel(last))
    session = await world.turns.sessions.load(SESSION)
    assert session is not None
    assert (session.status, session.turn) == ("closed", None)


async def test_what_another_process_has_begun_is_cancelled_and_given_up_there(world: World) -> None:
    command = invocation()
    request = await world.send(command)
    engine = world.owner.engine
    world.owner, world.service = world.process()
    assert (await world.ask(cancel(command))).status == 200
    engine.sweeper.look_soon()
    await engine.sweeper.look()
    await settle()
    assert world.backend.asked == []
    assert error_of(world.answers(request)[0])[1]["reason"] == "CANCELLED"


async def test_notes_strangers_and_deleted_agents_have_no_invocation_to_cancel(world: World) -> None:
    running, note = post("U1"), post("be brief", role="system")
    await world.send(running)
    await world.send(note)
    stranger = cancel(running).model_copy(update={"principal": Principal(id="eve", tenant="other")})
    for command in (stranger, cancel(note)):
        assert error_of(await world.ask(command))[1]["type"] == "invocation"
    await world.ask(DeleteAgent(command_id=new_id("c"), agent_id=AGENT))
    assert error_of(await world.ask(cancel(running)))[0] == "RESOURCE_NOT_FOUND"


async def test_who_holds_an_invocation_that_another_process_cancels_is_told_by_the_event(world: World) -> None:
    command = invocation()
    await world.send(command)
    (asked,) = world.backend.asked
    owner, other = world.process()
    record = SimpleNamespace(key=command.invocation_id.encode(), headers=(("ce_type", CANCELLED_EVENT),))
    world.service.cancellations.notice(record)
    await settle()
    assert not asked.answer.cancelled(), "an event that says so is no proof"
    await owner.ledger.carry_out(
        Handled(cancel(command), new_id("evt_")), lambda: other.commands.decide(cancel(command), None)
    )
    await settle()
    assert not asked.answer.cancelled()
    world.service.cancellations.notice(record)
    await settle()
    assert asked.answer.cancelled()


async def test_cancellations_by_others_are_waited_for_only_where_there_are_others(world: World) -> None:
    awaited = world.service.cancellations.awaited
    assert not awaited()
    await world.send(invocation())
    await world.sweep()
    assert not awaited(), "nobody else could cancel it"
    owner, _ = world.process()
    await owner.engine.start()
    await settle()
    await world.sweep()
    assert awaited()
    world.backend.asked[0].succeed()
    await settle()
    assert not awaited(), "nothing is at work"
