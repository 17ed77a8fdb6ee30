"""A session and its turns, through the domain alone: what each step changes, and what it leaves as it was."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nexus_agents.domain import turn as turns
from nexus_agents.domain.invocation import (
    AGENT_DELETED,
    CANCELLED,
    KEPT,
    NEW_SESSION,
    SESSION_DELETED,
    SESSION_EXPIRED,
    Ending,
    Invocation,
    InvocationStatus,
    cancelled,
    end,
    failed,
    invoked,
    start,
)
from nexus_agents.domain.message import StoredMessage
from nexus_agents.domain.session import Session, create, require_open, tombstone
from nexus_contracts.agents.commands import CreateSession, InvokeAgent, PostMessage
from nexus_contracts.agents.events import AgentUsage, InvocationCancelled, InvocationFailed, InvocationSucceeded
from nexus_contracts.errors import InvalidState, RateLimitExceeded
from nexus_contracts.principal import Principal

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(seconds=2.5)
SESSION, INVOCATION = "sess_" + "5" * 32, "inv_" + "1" * 32
ACME = Principal(id="ann", tenant="acme")


def session(**fields: Any) -> Session:
    command = CreateSession(command_id="c", session_id=SESSION, agent_id="p:a", user_id="ann", principal=ACME)
    return create(command, NOON)[0].model_copy(update=fields)


def turn(role: str = "user", **fields: Any) -> Invocation:
    usual = {"command_id": "c", "session_id": SESSION, "invocation_id": INVOCATION, "content": "U1", "role": role}
    posted = turns.posted(PostMessage.model_validate(usual | fields), session(), "00-trace", NOON)
    return posted.model_copy(update={"version": 1})


def last_turn(**fields: Any) -> Invocation:
    usual = {"command_id": "c", "agent_id": "p:a", "invocation_id": INVOCATION, "input_text": "bye", "user_id": "ann"}
    command = InvokeAgent.model_validate(
        usual | {"session_id": SESSION, "end_session": True, "principal": ACME} | fields
    )
    return invoked(command, "00-trace", NOON)


def begun(of: Session | None = None, started: Invocation | None = None) -> turns.TurnStep:
    return turns.begin(of or session(), started or turn(), now=NOON, message_id="m1")


def test_a_session_begins_as_it_was_asked_for() -> None:
    asked = {"display_name": "Orders", "conversation_mode": "debug", "metadata": {"a": 1}, "user_id": "ann"}
    named = {"command_id": "c", "session_id": SESSION, "agent_id": "p:a", "principal": ACME}
    made, (event,) = create(CreateSession.model_validate(named | asked), NOON)
    assert asked.items() <= made.model_dump().items()
    assert (made.session_id, made.agent_id, made.tenant, made.status) == (SESSION, "p:a", "acme", "active")
    assert (made.created_at, made.last_active_at, made.turns, made.closing) == (NOON, NOON, (), False)
    assert event.model_dump(exclude={"type"}) == {"session_id": SESSION, "agent_id": "p:a", "user_id": "ann"}


@pytest.mark.parametrize(("fields", "status"), [({"status": "closed"}, "closed"), ({"closing": True}, "closing")])
def test_a_session_that_ends_takes_no_turn_and_says_what_to_do(fields: dict[str, Any], status: str) -> None:
    with pytest.raises(InvalidState, match=f"the session is {status}") as refused:
        require_open(session(**fields))
    told = {"current_status": status, "action": "post_message", "allowed_actions": ["delete"]}
    assert (refused.value.details, refused.value.advice) == (told, NEW_SESSION)
    require_open(session())


def test_a_deleted_session_says_why_and_how_many_messages_go_with_it() -> None:
    gone, (event,) = tombstone(session(message_count=7), LATER, "SESSION_EXPIRED")
    assert (gone.deleted_at, gone.deleted_because) == (LATER, "SESSION_EXPIRED")
    told = {"session_id": SESSION, "agent_id": "p:a", "deleted_at": LATER, "deleted_messages": 7}
    assert event.model_dump(exclude={"type"}) == told


@pytest.mark.parametrize(("role", "kind"), [("user", "message"), ("system", "note")])
def test_a_message_becomes_a_turn_of_its_session_with_all_that_was_sent(role: str, kind: str) -> None:
    made = turn(role, metadata={"a": 1}, stream=True)
    shown = made.model_dump(include={"tenant", "invocation_id", "agent_id", "session_id", "user_id", "input", "stream"})
    assert shown == {
        "tenant": "acme",
        "invocation_id": INVOCATION,
        "agent_id": "p:a",
        "session_id": SESSION,
        "user_id": "ann",
        "input": "U1",
        "stream": True,
    }
    assert (made.kind, made.status, made.message_metadata, made.traceparent) == (kind, "waiting", {"a": 1}, "00-trace")
    assert (made.created_at, made.started_at) == (NOON, None)


def test_an_invocation_takes_over_all_that_was_sent() -> None:
    sent = {"session_state": {"n": 1}, "enable_trace": True, "timeout_seconds": 7.0, "stream": True}
    made = last_turn(**sent, version=3)
    assert sent.items() <= made.model_dump().items()
    assert (made.tenant, made.invocation_id, made.agent_id, made.user_id) == ("acme", INVOCATION, "p:a", "ann")
    assert (made.session_id, made.end_session, made.version_asked, made.input) == (SESSION, True, 3, "bye")
    assert (made.kind, made.status, made.traceparent, made.created_at) == ("invoke", "waiting", "00-trace", NOON)
    assert not last_turn(session_id=None).end_session, "there is no session to end"


def test_turns_wait_in_order_of_arrival_up_to_the_limit() -> None:
    full = session(turn="inv_0", queue=tuple(f"inv_{number}" for number in range(turns.MAX_WAITING - 1)))
    step = turns.wait(full, turn())
    assert step.session.queue == (*full.queue, INVOCATION)
    assert [(one.before, one.after) for one in step.turns] == [(None, turn())]
    assert (step.messages, step.events, step.session.closing) == ((), (), False)
    with pytest.raises(RateLimitExceeded, match="100 messages are already waiting") as refused:
        turns.wait(step.session, turn())
    assert refused.value.details == {"waiting": turns.MAX_WAITING}
    assert refused.value.advice.startswith("Wait until some of them have been answered")


def test_a_last_turn_that_waits_or_begins_closes_the_session_to_others_and_no_later_one_opens_it() -> None:
    for step in (turns.wait(session(turn="inv_0"), last_turn()), begun(started=last_turn())):
        assert step.session.closing
    for step in (turns.wait(session(closing=True), turn()), begun(session(closing=True))):
        assert step.session.closing
    assert not begun().session.closing


def test_a_turn_that_begins_leaves_the_queue_and_brings_the_next_message() -> None:
    before = session(queue=("inv_0", INVOCATION, "inv_2"), message_count=4, last_active_at=NOON - timedelta(days=1))
    step = begun(before, turn(metadata={"a": 1}))
    assert (step.session.turn, step.session.queue) == (INVOCATION, ("inv_0", "inv_2"))
    assert (step.session.message_count, step.session.last_active_at) == (5, NOON)
    assert step.messages == (
        StoredMessage(
            message_id="m1",
            session_id=SESSION,
            sequence=5,
            role="user",
            content="U1",
            metadata={"a": 1},
            invocation_id=INVOCATION,
            created_at=NOON,
        ),
    )
    (change,) = step.turns
    assert (change.before, change.after, len(change.events)) == (turn(metadata={"a": 1}), step.latest, 1)
    assert (step.latest.status, step.latest.started_at) == ("running", NOON)
    fresh = turn().model_copy(update={"version": 0})
    assert begun(started=fresh).turns[0].before is None, "it is created by this step"


def test_a_note_that_begins_brings_no_message_and_no_event_yet() -> None:
    step = begun(started=turn("system"))
    assert (step.messages, step.session.message_count, step.session.turn) == ((), 0, INVOCATION)
    (change,) = step.turns
    assert (change.before, list(change.events), change.after.question) == (turn("system"), [], None)


@pytest.mark.parametrize(
    ("sent", "kept", "given"), [(None, None, None), (None, {"n": 1}, {"n": 1}), ({"n": 2}, {"n": 1}, {"n": 2})]
)
def test_an_agent_is_given_the_state_that_was_sent_or_else_the_sessions(sent: Any, kept: Any, given: Any) -> None:
    step = begun(session(session_state=kept), last_turn(session_state=sent))
    assert (step.latest.session_state, step.session.session_state) == (given, given)


def test_an_answer_is_the_next_message_and_its_state_the_sessions() -> None:
    running = begun(session(session_state={"n": 1}))
    usage = AgentUsage(input_tokens=3)
    ending = Ending(InvocationStatus.SUCCEEDED, output="A1", usage=usage, session_state={"n": 2})
    step = turns.finish(running.session, running.latest, ending, now=LATER, message_id="m2")
    assert (step.session.turn, step.session.session_state, step.session.status) == (None, {"n": 2}, "active")
    assert step.messages == (
        StoredMessage(
            message_id="m2",
            session_id=SESSION,
            sequence=2,
            role="assistant",
            content="A1",
            invocation_id=INVOCATION,
            created_at=LATER,
        ),
    )
    (change,) = step.turns
    (event,) = change.events
    assert isinstance(event, InvocationSucceeded)
    assert (change.before, change.after, event.usage, event.duration_ms) == (running.latest, step.latest, usage, 2500)
    assert (step.events, step.latest.answer and step.latest.answer.message_id) == ((), "m2")
    cut = Ending(InvocationStatus.SUCCEEDED, output="A1", output_bytes=9)
    kept = turns.finish(running.session, running.latest, cut, now=LATER, message_id="m2")
    assert ([one.content_bytes for one in kept.messages], kept.session.session_state) == ([9], {"n": 1})


def test_a_turn_that_fails_brings_no_message_and_the_last_one_closes_the_session_all_the_same() -> None:
    for ending in (failed("OUT_OF_INK", "dry", "Refill."), cancelled(CANCELLED)):
        running = begun(started=last_turn())
        step = turns.finish(running.session, running.latest, ending, now=LATER, message_id="m2")
        assert (step.messages, step.session.message_count, step.latest.answer) == ((), 1, None)
        assert (step.session.status, step.session.turn) == ("closed", None)
        (closed,) = step.events
        assert closed.model_dump(exclude={"type"}) == {"session_id": SESSION, "agent_id": "p:a"}


def test_the_last_answer_is_a_message_too_though_the_agent_said_nothing() -> None:
    running = begun(started=last_turn())
    step = turns.finish(running.session, running.latest, KEPT, now=LATER, message_id="m2")
    assert (step.session.status, [(one.sequence, one.content) for one in step.messages]) == ("closed", [(2, "")])


def test_a_note_that_waited_is_a_message_from_when_it_is_kept() -> None:
    waited = begun(started=turn("system"))
    step = turns.finish(waited.session, waited.latest, KEPT, now=LATER, message_id="m1")
    assert [(one.role, one.message_id, one.created_at) for one in step.messages] == [("system", "m1", LATER)]
    assert step.latest.answer is None


def test_a_withdrawn_turn_leaves_the_queue_and_opens_a_session_that_only_it_would_have_closed() -> None:
    waiting = turns.wait(session(turn="inv_0", queue=("inv_2",)), last_turn())
    step = turns.withdraw(waiting.session, waiting.latest, cancelled(CANCELLED), LATER)
    assert (step.session.queue, step.session.turn, step.session.closing) == (("inv_2",), "inv_0", False)
    (change,) = step.turns
    assert (change.before, list(change.events), step.events, step.messages) == (waiting.latest, [], (), ())
    assert (change.after.status, change.after.completed_at, change.after.duration_ms) == ("cancelled", LATER, 0)
    other = turns.withdraw(session(closing=True, queue=(INVOCATION,)), turn(), cancelled(CANCELLED), LATER)
    assert (other.session.closing, other.session.queue) == (True, ())


def test_a_note_in_an_idle_session_is_kept_at_once() -> None:
    step = turns.keep_note(session(message_count=4), turn("system", metadata={"a": 1}), now=LATER, message_id="m5")
    assert step.messages == (
        StoredMessage(
            message_id="m5",
            session_id=SESSION,
            sequence=5,
            role="system",
            content="U1",
            metadata={"a": 1},
            created_at=LATER,
        ),
    )
    assert (step.session.turn, step.session.message_count, step.session.last_active_at) == (None, 5, LATER)
    (change,) = step.turns
    assert (change.before, list(change.events), change.after.status) == (None, [], "succeeded")
    assert change.after.question is not None
    assert (change.after.question.message_id, change.after.answer) == ("m5", None)


def test_two_steps_in_one_are_both() -> None:
    first = turns.finish(begun().session, begun().latest, KEPT, now=LATER, message_id="m2")
    closing = begun(first.session, last_turn())
    second = turns.finish(closing.session, closing.latest, KEPT, now=LATER, message_id="m4")
    both = first.then(second)
    assert (both.session, both.latest) == (second.session, second.latest)
    assert both.turns == first.turns + second.turns
    assert both.messages == first.messages + second.messages
    assert list(both.events) == [*first.events, *second.events]
    assert list(second.then(first).events) == list(second.events)


@pytest.mark.parametrize(
    ("code", "message", "advice"),
    [
        (CANCELLED, "the invocation was cancelled", "Send a new request"),
        (AGENT_DELETED, "the agent was deleted", "Deploy it again"),
        (SESSION_DELETED, "the session was deleted", NEW_SESSION),
        (SESSION_EXPIRED, "the session was idle for too long and was deleted", NEW_SESSION),
        ("ANOTHER", "ANOTHER", ""),
    ],
)
def test_who_waits_for_a_cancelled_invocation_is_told_why_and_what_to_do(code: str, message: str, advice: str) -> None:
    running, _ = start(last_turn(), NOON)
    ended, (event,) = end(running, cancelled(code), LATER)
    assert ended.error is not None
    assert (ended.status, ended.error.code, ended.error.message) == ("cancelled", code, message)
    assert ended.error.suggestion.startswith(advice)
    assert bool(ended.error.suggestion) is bool(advice)
    assert isinstance(event, InvocationCancelled)
    assert event.reason == code


def test_an_invocation_ends_with_all_that_its_ending_says() -> None:
    running, (began,) = start(last_turn(), NOON)
    fact = {"invocation_id": INVOCATION, "agent_id": "p:a", "session_id": SESSION, "user_id": "ann", "started_at": NOON}
    assert fact.items() <= began.model_dump().items()
    usage = AgentUsage(output_tokens=2)
    ending = Ending(
        InvocationStatus.SUCCEEDED, output="x", output_bytes=9, output_streamed=True, usage=usage, trace=[{"a": 1}]
    )
    ended, (event,) = end(running, ending, LATER)
    assert (ended.status, ended.output, ended.output_bytes, ended.output_streamed) == ("succeeded", "x", 9, True)
    assert (ended.usage, ended.trace, ended.error) == (usage, [{"a": 1}], None)
    assert (ended.duration_ms, ended.completed_at) == (2500, LATER)
    assert (fact | {"duration_ms": 2500, "completed_at": LATER}).items() <= event.model_dump().items()
    assert end(running, ending, NOON - timedelta(seconds=1))[0].duration_ms == 0, "a clock went back"


def test_a_failed_invocation_tells_its_reason_and_the_usage_that_it_had() -> None:
    running, _ = start(last_turn(), NOON)
    ended, (event,) = end(running, failed("OUT_OF_INK", "the pen is dry", "Refill it."), LATER)
    assert ended.error is not None
    assert ended.error.model_dump() == {"code": "OUT_OF_INK", "message": "the pen is dry", "suggestion": "Refill it."}
    assert isinstance(event, InvocationFailed)
    assert (event.error, event.duration_ms) == (ended.error, 2500)
    _, (event,) = end(running, Ending(InvocationStatus.FAILED), LATER)
    assert isinstance(event, InvocationFailed)
    assert event.error.code == "UNKNOWN"


@pytest.mark.parametrize("role", ["user", "system"])
def test_what_never_ran_and_what_is_only_kept_has_no_event(role: str) -> None:
    ended, events = end(turn(role), cancelled(CANCELLED), LATER)
    assert (list(events), ended.duration_ms, ended.completed_at) == ([], 0, LATER)
    kept, events = start(turn("system"), NOON)
    assert (list(events), kept.status) == ([], "running")
    assert list(end(kept, KEPT, LATER)[1]) == []
