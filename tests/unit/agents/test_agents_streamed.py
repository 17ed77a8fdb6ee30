"""What callers see of an invocation while it runs and when it has ended: in order, in events that are small enough."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from nexus_agents.domain.invocation import (
    KEPT,
    Ending,
    Invocation,
    InvocationStatus,
    Kind,
    MessageMark,
    end,
    failed,
    invoked,
    start,
)
from nexus_agents.domain.stream import AgentEvent, TextPiece, ToolAnswered, ToolUsed, UsageSoFar
from nexus_agents.domain.streamed import (
    CONNECTED,
    MAX_EVENT_BYTES,
    PIECE_CHARACTERS,
    Said,
    closing,
    connected,
    merged,
    message,
    numbered,
    output_in,
    said,
)
from nexus_agents.domain.views import (
    invocation_failure,
    invocation_outcome,
    invocation_view,
    turn_view,
)
from nexus_contracts.agents.commands import InvokeAgent
from nexus_contracts.agents.events import AgentUsage
from nexus_contracts.agents.views import InvocationResult, TurnView
from nexus_contracts.text import json_bytes

Described = dict[str, JsonValue]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SESSION, INVOCATION = "sess_" + "5" * 32, "inv_" + "1" * 32
USAGE = AgentUsage(input_tokens=3)
DRY = failed("OUT_OF_INK", "the pen is dry", "Refill it.")


def invocation() -> Invocation:
    named = {
        "command_id": "c",
        "agent_id": "p:a",
        "invocation_id": INVOCATION,
        "session_id": SESSION,
        "input_text": "U1",
    }
    return start(invoked(InvokeAgent.model_validate(named), None, NOON), NOON)[0]


def ended(ending: Ending, **fields: Any) -> Invocation:
    return end(invocation(), ending, NOON + timedelta(seconds=2.5))[0].model_copy(update=fields)


def succeeded(output: str | None = "A1", **fields: Any) -> Invocation:
    return ended(Ending(InvocationStatus.SUCCEEDED, output=output, usage=USAGE), **fields)


def turn() -> Invocation:
    """A message that the agent has answered."""
    marks: dict[str, Any] = {
        "question": MessageMark(sequence=1, message_id="m1"),
        "answer": MessageMark(sequence=2, message_id="m2"),
    }
    return succeeded(kind=Kind.MESSAGE, **marks)


def sized(size: int, **fields: JsonValue) -> Described:
    """Described by an agent in so many bytes."""
    described: Described = {**fields, "input": ""}
    return described | {"input": "x" * (size - json_bytes(described))}


@pytest.mark.parametrize(("event", "name"), [(ToolUsed, "tool_use"), (ToolAnswered, "tool_result")])
def test_what_a_tool_was_asked_and_said_is_shown_as_long_as_it_fits_an_event(
    event: type[ToolUsed | ToolAnswered], name: str
) -> None:
    fits, exceeds = sized(MAX_EVENT_BYTES, name="pen"), sized(MAX_EVENT_BYTES + 1, name="pen")
    assert json_bytes(fits) == MAX_EVENT_BYTES
    assert list(said(event(fits))) == [(name, fits)]
    assert list(said(event(exceeds))) == [(name, {"name": "pen", "omitted_bytes": MAX_EVENT_BYTES + 1})]


@pytest.mark.parametrize(
    ("name", "shown"), [("n" * 199, "n" * 199), ("n" * 200, None), (None, None), (7, None), (["pen"], None)]
)
def test_of_what_is_left_out_a_name_is_told_that_is_one(name: JsonValue, shown: str | None) -> None:
    ((_, told),) = said(ToolUsed(sized(MAX_EVENT_BYTES + 1, name=name)))
    assert told == {"name": shown, "omitted_bytes": MAX_EVENT_BYTES + 1}


def test_pieces_of_text_that_follow_one_another_are_one() -> None:
    tool, usage = ToolUsed({"name": "pen"}), UsageSoFar(USAGE)
    events: list[AgentEvent] = [TextPiece("a"), TextPiece("b"), tool, usage, TextPiece("c"), tool, TextPiece("d")]
    assert merged(events) == [TextPiece("ab"), tool, usage, TextPiece("c"), tool, TextPiece("d")]
    assert merged([]) == []


def test_usage_on_the_way_is_a_metric() -> None:
    assert list(said(UsageSoFar(USAGE))) == [("metrics", {"usage": USAGE.model_dump(mode="json")})]


def test_a_long_text_comes_in_pieces_and_only_the_first_says_that_it_begins_anew() -> None:
    text = "x" * PIECE_CHARACTERS + "y" * PIECE_CHARACTERS + "z"
    pieces = [text[:PIECE_CHARACTERS], text[PIECE_CHARACTERS:-1], "z"]
    assert list(said(TextPiece(text))) == [("message", {"text": piece}) for piece in pieces]
    assert list(message(text, whole=True)) == [
        ("message", {"text": pieces[0], "whole": True}),
        ("message", {"text": pieces[1]}),
        ("message", {"text": "z"}),
    ]
    assert list(message("")) == []


def test_callers_put_together_what_was_said_since_it_last_began_anew() -> None:
    tool: Said = ("tool_use", {"text": "no"})
    events = [
        *message("think"),
        tool,
        *message("ing"),
        *message("4", whole=True),
        *message("2"),
    ]
    assert output_in(list(numbered(events[:3], 1))) == "thinking"
    assert output_in(list(numbered(events, 1))) == "42"


def test_events_are_numbered_without_a_gap() -> None:
    first = connected(invocation())
    assert (first.sequence, first.name) == (CONNECTED, "connected")
    assert first.data == {"invocation_id": INVOCATION, "agent_id": "p:a", "session_id": SESSION}
    assert [event.sequence for event in numbered([*message("a"), *message("b")], 4)] == [5, 6]


def test_an_answer_that_nobody_heard_comes_with_the_end_and_one_that_was_heard_does_not_come_again() -> None:
    metrics = {"usage": USAGE.model_dump(mode="json"), "duration_ms": 2500}
    done = {
        "invocation_id": INVOCATION,
        "session_id": SESSION,
        "status": "succeeded",
        "user_message_id": None,
        "assistant_message_id": None,
    }
    unheard = closing(succeeded(), CONNECTED)
    assert [(one.sequence, one.name, one.data) for one in unheard] == [
        (2, "message", {"text": "A1"}),
        (3, "metrics", metrics),
        (4, "done", done),
    ]
    assert closing(succeeded(), CONNECTED + 1)[0].data == {"text": "A1", "whole": True}
    heard = closing(succeeded(output_streamed=True), 7)
    assert [(one.sequence, one.name) for one in heard] == [(8, "metrics"), (9, "done")]
    assert [one.name for one in closing(succeeded(output=None), CONNECTED)] == ["metrics", "done"]


def test_the_end_of_a_turn_names_its_messages_and_that_of_a_failure_its_error() -> None:
    marked = closing(turn(), CONNECTED)[-1].data
    assert (marked["user_message_id"], marked["assistant_message_id"]) == ("m1", "m2")
    *_, error, done = closing(ended(DRY), CONNECTED)
    assert (error.name, error.data["message"], done.data["status"]) == ("error", "the pen is dry", "failed")


def test_who_waits_for_an_invocation_is_answered_in_the_form_of_what_was_asked() -> None:
    outcome = invocation_outcome(succeeded(trace=[{"a": 1}]))
    result = InvocationResult.model_validate(outcome.result)
    assert (outcome.status, result.output, result.duration_ms, result.usage) == (200, "A1", 2500, USAGE)
    assert (result.invocation_id, result.session_id, result.trace) == (INVOCATION, SESSION, [{"a": 1}])
    assert result.created_at == NOON
    nothing = InvocationResult.model_validate(invocation_outcome(ended(KEPT, duration_ms=None)).result)
    assert (nothing.output, nothing.duration_ms) == ("", 0)
    posted = invocation_outcome(turn())
    assert (posted.status, TurnView.model_validate(posted.result)) == (201, turn_view(turn()))
    large = invocation_outcome(succeeded(output_bytes=200_000))
    assert (large.status, large.result, large.read_at) == (200, None, f"/invocations/{INVOCATION}/answer")
    assert invocation_outcome(turn().model_copy(update={"output_bytes": 200_000})).status == 201


def test_a_turn_is_shown_with_its_question_and_its_answer_if_it_has_one() -> None:
    shown = turn_view(turn())
    assert shown.assistant_message is not None
    assert (shown.user_message.message_id, shown.user_message.content) == ("m1", "U1")
    assert (shown.assistant_message.message_id, shown.assistant_message.content) == ("m2", "A1")
    assert turn_view(turn().model_copy(update={"answer": None})).assistant_message is None


def test_a_failure_says_why_and_what_to_do_and_what_it_was() -> None:
    outcome = invocation_outcome(ended(DRY))
    assert outcome.error is not None
    assert (outcome.status, outcome.error.message, outcome.error.suggestion) == (500, "the pen is dry", "Refill it.")
    assert outcome.error.details == {"invocation_id": INVOCATION, "reason": "OUT_OF_INK"}
    unknown = invocation_failure(ended(DRY, error=None))
    assert (unknown.message, unknown.details["reason"]) == ("the invocation has failed", "UNKNOWN")
    silent = invocation_failure(ended(failed("OUT_OF_INK", "dry", "")))
    assert silent.advice == type(silent).suggestion == unknown.advice


def test_what_waits_is_shown_as_running_that_has_not_started() -> None:
    waiting = invocation().model_copy(update={"status": InvocationStatus.WAITING, "started_at": None})
    assert (invocation_view(waiting).status, invocation_view(waiting).started_at) == ("running", None)
    shown = invocation_view(succeeded())
    assert (shown.status, shown.output, shown.invocation_id, shown.usage) == ("succeeded", "A1", INVOCATION, USAGE)
