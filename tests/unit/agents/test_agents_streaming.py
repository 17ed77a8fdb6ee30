"""What agents say while they run: kept and published part by part, and complete for whoever reads it later."""

import json
from typing import Any

import pytest
from pydantic import JsonValue
from tests.support.agents_world import AGENT, SESSION, World, settle, world_with_session
from tests.support.eventually import eventually

from nexus_agents.domain import streamed
from nexus_agents.domain.stream import AgentEvent, TextPiece, ToolAnswered, ToolUsed
from nexus_agents.tables import STREAMS
from nexus_contracts.agents.commands import CancelInvocation, DeleteAgent, InvokeAgent, PostMessage
from nexus_contracts.agents.streams import StreamedEvent, StreamPart
from nexus_contracts.agents.views import InvocationView
from nexus_runtime.dynamo import Action, DatabaseUnavailable
from nexus_runtime.process.clock import new_id


@pytest.fixture
async def world():
    async with world_with_session() as made:
        yield made


def invocation(**fields: object) -> InvokeAgent:
    usual = {"command_id": new_id("c"), "agent_id": AGENT, "invocation_id": new_id("inv_"), "input_text": "hello"}
    return InvokeAgent.model_validate(usual | {"stream": True} | fields)


async def part_of(world: World, command: InvokeAgent | PostMessage, after: int = 0) -> StreamPart:
    answer = await world.service.queries.read_stream(command.invocation_id, after)
    return StreamPart.model_validate_json(bytes(answer.body))


async def whole(world: World, command: InvokeAgent | PostMessage, after: int = 0) -> list[StreamedEvent]:
    """All events of an invocation that has ended, page by page."""
    found: list[StreamedEvent] = []
    while True:
        part = await part_of(world, command, found[-1].sequence if found else after)
        found += part.items
        if not part.more:
            assert part.ended
            return found


def shape(events: list[StreamedEvent]) -> list[tuple[int, str]]:
    return [(event.sequence, event.name) for event in events]


def text_of(events: list[StreamedEvent]) -> str:
    return "".join(str(event.data["text"]) for event in events if event.name == "message")


async def say(world: World, *events: AgentEvent) -> None:
    """And returns when it is published."""
    before = len(world.parts)
    await world.backend.asked[0].say(*events)
    await eventually(lambda: len(world.parts), lambda parts: parts > before, seconds=5)


async def test_what_an_agent_says_is_published_while_it_runs_and_read_in_order_afterwards(world: World) -> None:
    command = invocation()
    await world.send(command)
    call: dict[str, JsonValue] = {"name": "add", "input": {"a": 1}}
    await say(world, TextPiece("Hel"), TextPiece("lo"), ToolUsed(call), ToolAnswered({"output": 3}))
    (part,) = world.parts
    assert (part.after, shape(part.items)) == (1, [(2, "message"), (3, "tool_use"), (4, "tool_result")])
    assert part.items[0].data == {"text": "Hello"}
    running = await part_of(world, command)
    assert (running.ended, shape(running.items)) == (False, [(1, "connected"), *shape(part.items)])
    world.backend.asked[0].succeed("Hello")
    await settle()
    assert (world.parts[-1].items, world.parts[-1].after) == ([], 0)
    events = await whole(world, command)
    assert shape(events)[4:] == [(5, "metrics"), (6, "done")]
    assert (text_of(events), events[-1].data["status"]) == ("Hello", "succeeded")
    assert shape(await whole(world, command, after=4)) == [(5, "metrics"), (6, "done")]
    assert await whole(world, command, after=6) == []


async def test_an_answer_that_was_not_streamed_is_one_message(world: World) -> None:
    command = invocation()
    await world.send(command)
    world.backend.asked[0].succeed("all at once")
    await settle()
    events = await whole(world, command)
    assert shape(events) == [(1, "connected"), (2, "message"), (3, "metrics"), (4, "done")]
    assert world.database.items(STREAMS) == []


async def test_an_answer_that_is_not_what_was_streamed_takes_its_place(world: World) -> None:
    command = invocation()
    await world.send(command)
    await say(world, TextPiece("thinking..."))
    world.backend.asked[0].succeed("42")
    await settle()
    message = (await whole(world, command))[2]
    assert (message.name, message.data) == ("message", {"text": "42", "whole": True})


@pytest.mark.parametrize("streamed", [True, False])
async def test_an_output_of_a_megabyte_is_kept_and_answered_whole(world: World, streamed: bool) -> None:
    output = "".join(f"{number:07}ä" for number in range(116_500))
    command = invocation(stream=streamed)
    request = await world.send(command)
    if streamed:
        await world.backend.asked[0].say(TextPiece(output[:500_000]), TextPiece(output[500_000:]))
    world.backend.asked[0].succeed(output)
    await eventually(lambda: len(world.database.items(STREAMS)), lambda parts: parts > 9, seconds=5)
    await settle()
    assert text_of(await whole(world, command)) == output
    read = await world.service.queries.get_invocation(command.invocation_id)
    view = InvocationView.model_validate_json(bytes(read.body))
    assert (view.output, view.output_bytes) == (output, None)
    if not streamed:
        (reply,) = world.answers(request)
        assert (reply.result, reply.read_at) == (None, f"/invocations/{command.invocation_id}/answer")
        answer = await world.service.queries.get_answer(command.invocation_id)
        assert json.loads(bytes(answer.body))["output"] == output


async def test_a_streamed_turn_names_its_messages_at_the_end(world: World) -> None:
    fields = {"command_id": new_id("c"), "session_id": SESSION, "invocation_id": new_id("inv_"), "content": "hi"}
    command = PostMessage.model_validate(fields | {"stream": True})
    await world.send(command)
    await say(world, TextPiece("re: hi"))
    world.backend.asked[0].succeed()
    await settle()
    done = (await whole(world, command))[-1].data
    messages = await world.turns.messages.read(SESSION, 1, 10)
    assert [done["user_message_id"], done["assistant_message_id"]] == [one.message_id for one in messages]


async def test_a_stream_ends_with_its_error(world: World) -> None:
    command = invocation()
    await world.send(command)
    await say(world, TextPiece("well, "))
    world.backend.asked[0].fail()
    await settle()
    events = await whole(world, command)
    assert shape(events)[2:] == [(3, "metrics"), (4, "error"), (5, "done")]
    assert (events[-2].data["code"], events[-1].data["status"]) == ("AGENT_INVOCATION_FAILED", "failed")


async def test_what_was_said_survives_the_process_and_the_stream_ends_as_interrupted(world: World) -> None:
    command = invocation()
    await world.send(command)
    await say(world, TextPiece("half a sen"))
    (asked,) = world.backend.asked
    await world.pause()
    events = await whole(world, command)
    assert shape(events) == [(1, "connected"), (2, "message"), (3, "metrics"), (4, "error"), (5, "done")]
    assert events[3].data["details"] == {"invocation_id": command.invocation_id, "reason": "INTERRUPTED"}
    # The first process wakes up: its agent says more, and nobody hears of it.
    await asked.say(TextPiece("tence"))
    await eventually(asked.answer.cancelled, seconds=5)
    assert await whole(world, command) == events


async def test_while_the_database_is_unavailable_nothing_said_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = invocation()
    await world.send(command)

    async def fail(*_actions: Action) -> None:
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(world.database, "write", fail)
    await world.backend.asked[0].say(TextPiece("a"))
    await world.backend.asked[0].say(TextPiece("b"))
    assert world.parts == []
    monkeypatch.undo()
    world.backend.asked[0].succeed("ab")
    await eventually(lambda: len(world.parts), lambda parts: parts > 1, seconds=5)
    events = await whole(world, command)
    assert (text_of(events), events[-1].name) == ("ab", "done")


async def test_a_cancelled_stream_ends_with_what_was_said(world: World) -> None:
    command = invocation()
    await world.send(command)
    await say(world, TextPiece("I was going to"))
    await world.ask(CancelInvocation(command_id=new_id("c"), invocation_id=command.invocation_id))
    assert [event.name for event in await whole(world, command)] == ["connected", "message", "metrics", "error", "done"]
    await world.ask(DeleteAgent(command_id=new_id("c"), agent_id=AGENT))
    await eventually(lambda: len(world.database.items(STREAMS)), lambda parts: parts == 0, seconds=5)


async def test_of_very_many_small_events_each_is_prepared_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(**fields: Any) -> StreamedEvent:
        made.append(fields["sequence"])
        return StreamedEvent(**fields)

    monkeypatch.setattr(streamed, "StreamedEvent", counted)
    command = invocation()
    await world.send(command)
    await world.backend.asked[0].say(*[ToolUsed({})] * 12_000)
    world.backend.asked[0].succeed("done")
    await eventually(lambda: world.parts[-1:], lambda last: bool(last) and last[0].after == 0, seconds=30)
    parts = [part.items for part in world.parts if part.items]
    assert sum(map(len, parts)) == 12_000
    # One more of each part shows that it is full.
    assert len(made) < 12_000 + len(parts) + 10
