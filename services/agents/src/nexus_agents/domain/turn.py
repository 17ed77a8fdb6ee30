"""The turns of a session: one at a time, in order of arrival. A message gets its sequence when its turn begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, JsonValue

from nexus_agents.domain import invocation as invocations
from nexus_agents.domain.invocation import KEPT, Ending, Invocation, InvocationStatus, Kind, MessageMark
from nexus_agents.domain.message import StoredMessage
from nexus_agents.domain.session import Session
from nexus_contracts.agents.commands import PostMessage
from nexus_contracts.agents.events import SessionClosed
from nexus_contracts.errors import RateLimitExceeded

MAX_WAITING = 100


@dataclass(frozen=True)
class TurnChange:
    """An invocation in a step of its session; `before` None: this step creates it."""

    before: Invocation | None
    after: Invocation
    events: Sequence[BaseModel] = ()


@dataclass(frozen=True)
class TurnStep:
    """One step of a session: the session afterwards, the invocations it changed, the messages it added."""

    session: Session
    events: Sequence[BaseModel] = ()
    turns: tuple[TurnChange, ...] = ()
    messages: tuple[StoredMessage, ...] = ()

    @property
    def latest(self) -> Invocation:
        """The invocation that changed last."""
        return self.turns[-1].after

    def then(self, step: "TurnStep") -> "TurnStep":
        """Both in one step; `step` starts from the session after this one."""
        messages = self.messages + step.messages
        return TurnStep(step.session, (*self.events, *step.events), self.turns + step.turns, messages)


def posted(command: PostMessage, session: Session, traceparent: str | None, now: datetime) -> Invocation:
    """The turn that a message begins; it waits."""
    return Invocation(
        tenant=session.tenant,
        invocation_id=command.invocation_id,
        agent_id=session.agent_id,
        session_id=session.session_id,
        user_id=session.user_id,
        kind=Kind.NOTE if command.role == "system" else Kind.MESSAGE,
        input=command.content,
        message_metadata=command.metadata,
        stream=command.stream,
        traceparent=traceparent,
        created_at=now,
    )


def wait(session: Session, turn: Invocation) -> TurnStep:
    """The turn waits until those before it have ended. Raises RateLimitExceeded if too many are waiting."""
    if len(session.queue) >= MAX_WAITING:
        raise RateLimitExceeded(
            f"{MAX_WAITING} messages are already waiting for their turn in this session",
            suggestion="Wait until some of them have been answered, then send it again.",
            waiting=MAX_WAITING,
        )
    changed = {"queue": (*session.queue, turn.invocation_id), "closing": session.closing or turn.end_session}
    return TurnStep(session.model_copy(update=changed), turns=(TurnChange(None, turn),))


def begin(session: Session, turn: Invocation, *, now: datetime, message_id: str) -> TurnStep:
    """The turn starts, and its message gets the next sequence; a note gets it when it is stored.

    The agent receives the state that the caller sent, or else the session's.
    """
    started, events = invocations.start(turn, now)
    changed: dict[str, object] = {
        "turn": turn.invocation_id,
        "queue": tuple(one for one in session.queue if one != turn.invocation_id),
        "closing": session.closing or turn.end_session,
        "session_state": session.session_state if turn.session_state is None else turn.session_state,
        "last_active_at": now,
    }
    session = session.model_copy(update=changed)
    started = started.model_copy(update={"session_state": session.session_state})
    before = turn if turn.version else None
    if turn.kind is Kind.NOTE:
        return TurnStep(session, turns=(TurnChange(before, started),))
    session, mark = _counted(session, message_id)
    started = started.model_copy(update={"question": mark})
    return TurnStep(session, turns=(TurnChange(before, started, events),), messages=(question_of(started),))


def finish(session: Session, turn: Invocation, ending: Ending, *, now: datetime, message_id: str) -> TurnStep:
    """The turn has ended; the agent's answer gets the next sequence. The next turn may start."""
    ended, events = invocations.end(turn, ending, now)
    state = session.session_state if ending.session_state is None else ending.session_state
    session = session.model_copy(update={"turn": None, "session_state": state})
    messages: tuple[StoredMessage, ...] = ()
    if ending.status is InvocationStatus.SUCCEEDED:
        session, mark = _counted(session, message_id)
        note = turn.kind is Kind.NOTE
        ended = ended.model_copy(update={"question" if note else "answer": mark})
        messages = (question_of(ended) if note else answer_of(ended),)
    turns = (TurnChange(turn, ended, events),)
    if not turn.end_session:
        return TurnStep(session, (), turns, messages)
    closed = SessionClosed(session_id=session.session_id, agent_id=session.agent_id)
    return TurnStep(session.model_copy(update={"status": "closed"}), (closed,), turns, messages)


def withdraw(session: Session, turn: Invocation, ending: Ending, now: datetime) -> TurnStep:
    """Ends a turn that is still waiting; its message never becomes part of the session."""
    ended, _ = invocations.end(turn, ending, now)
    changed = {
        "queue": tuple(one for one in session.queue if one != turn.invocation_id),
        # The turn that closes a session is its last one: nothing is accepted after it.
        "closing": session.closing and not turn.end_session,
    }
    return TurnStep(session.model_copy(update=changed), turns=(TurnChange(turn, ended),))


def keep_note(session: Session, note: Invocation, *, now: datetime, message_id: str) -> TurnStep:
    """A note in an idle session is kept at once."""
    begun = begin(session, note, now=now, message_id=message_id)
    kept = finish(begun.session, begun.latest, KEPT, now=now, message_id=message_id)
    return TurnStep(kept.session, turns=(TurnChange(None, kept.latest),), messages=kept.messages)


def question_of(turn: Invocation) -> StoredMessage:
    """The message with which a turn began."""
    assert turn.question is not None
    note = turn.kind is Kind.NOTE
    at = turn.completed_at if note else turn.started_at
    return _message(turn, turn.question, "system" if note else "user", turn.input, at, turn.message_metadata)


def answer_of(turn: Invocation) -> StoredMessage:
    """What the agent said in a turn."""
    assert turn.answer is not None
    said = _message(turn, turn.answer, "assistant", turn.output or "", turn.completed_at, {})
    return said.model_copy(update={"content_bytes": turn.output_bytes}) if turn.output_bytes else said


def _counted(session: Session, message_id: str) -> tuple[Session, MessageMark]:
    mark = MessageMark(sequence=session.message_count + 1, message_id=message_id)
    return session.model_copy(update={"message_count": mark.sequence}), mark


def _message(
    turn: Invocation,
    mark: MessageMark,
    role: Literal["user", "assistant", "system"],
    content: str,
    at: datetime | None,
    metadata: dict[str, JsonValue],
) -> StoredMessage:
    assert turn.session_id is not None
    assert at is not None
    return StoredMessage(
        message_id=mark.message_id,
        session_id=turn.session_id,
        sequence=mark.sequence,
        role=role,
        content=content,
        metadata=metadata,
        invocation_id=None if turn.kind is Kind.NOTE else turn.invocation_id,
        created_at=at,
    )
