"""A session: one turn at a time, in the order in which they came; a message has its sequence from its turn on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field, JsonValue

from nexus_agents.domain import invocation as invocations
from nexus_agents.domain.invocation import Ending, Invocation, InvocationStatus, Kind
from nexus_contracts.agents.commands import CreateSession
from nexus_contracts.agents.events import SessionClosed, SessionCreated, SessionDeleted
from nexus_contracts.agents.views import MessageView
from nexus_contracts.errors import Conflict, InvalidState
from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message

MAX_WAITING = 100


class Session(Message):
    """`turn` is the invocation that runs, `queue` those that wait, first come first. `closing`: the last is among them.

    `last_active_at` is the start of the latest turn; the list of sessions is sorted by it.
    """

    session_id: str
    agent_id: str
    user_id: str
    display_name: str | None = None
    status: Literal["active", "closed"] = "active"
    conversation_mode: Literal["normal", "debug", "eval"] = "normal"
    metadata: dict[str, JsonValue] = Field(default={})
    message_count: int = 0
    turn: str | None = None
    queue: tuple[str, ...] = ()
    closing: bool = False
    created_at: Timestamp
    last_active_at: Timestamp
    deleted_at: Timestamp | None = None
    deleted_because: str = ""
    sequence: int = 0
    version: int = 0


@dataclass(frozen=True)
class TurnStep:
    """A step of a turn: the session and the invocation after it, the message it added and their events."""

    session: Session
    invocation: Invocation
    message: MessageView | None
    session_events: Sequence[BaseModel] = ()
    invocation_events: Sequence[BaseModel] = ()


def create(command: CreateSession, now: datetime) -> tuple[Session, Sequence[BaseModel]]:
    wanted = command.model_dump(exclude={"type", "command_id", "fingerprint"})
    session = Session(**wanted, created_at=now, last_active_at=now, sequence=1)
    created = SessionCreated(session_id=session.session_id, agent_id=session.agent_id, user_id=session.user_id)
    return session, [created]


def require_open(session: Session) -> None:
    """Raises InvalidState where no turn is taken any more."""
    if session.status == "closed" or session.closing:
        status = "closed" if session.status == "closed" else "closing"
        raise InvalidState(
            f"the session is {status}", current_status=status, action="post_message", allowed_actions=["delete"]
        )


def idle(session: Session) -> bool:
    """Whether a turn can start at once."""
    return session.turn is None and not session.queue


def enqueue(session: Session, turn: Invocation) -> Session:
    """The turn waits until those before it have ended. Raises Conflict when too many wait."""
    if len(session.queue) >= MAX_WAITING:
        raise Conflict(f"{MAX_WAITING} messages already wait for their turn in this session", waiting=MAX_WAITING)
    closing = session.closing or turn.end_session
    return session.model_copy(update={"queue": (*session.queue, turn.invocation_id), "closing": closing})


def begin(session: Session, turn: Invocation, *, runner: str, now: datetime, message_id: str) -> TurnStep:
    """The turn starts, and its message takes the next sequence; a note's does when it is kept."""
    started, events = invocations.start(turn, runner, now)
    changed: dict[str, object] = {
        "turn": turn.invocation_id,
        "queue": tuple(one for one in session.queue if one != turn.invocation_id),
        "closing": session.closing or turn.end_session,
        "last_active_at": now,
    }
    if turn.kind is Kind.NOTE:
        return TurnStep(session.model_copy(update=changed), started, None, (), events)
    sequence = session.message_count + 1
    session = session.model_copy(update={**changed, "message_count": sequence})
    started = started.model_copy(update={"question": sequence})
    message = _message(session, started, "user", turn.input, message_id, now)
    return TurnStep(session, started, message, (), events)


def finish(session: Session, turn: Invocation, ending: Ending, *, now: datetime, message_id: str) -> TurnStep:
    """The turn has ended; the agent's answer takes the next sequence. The next turn may start."""
    ended, events = invocations.end(turn, ending, now)
    session = session.model_copy(update={"turn": None})
    message = None
    if ending.status is InvocationStatus.SUCCEEDED:
        sequence = session.message_count + 1
        session = session.model_copy(update={"message_count": sequence})
        ended = ended.model_copy(update={"question" if turn.kind is Kind.NOTE else "answer": sequence})
        role = "system" if turn.kind is Kind.NOTE else "assistant"
        text = turn.input if turn.kind is Kind.NOTE else ending.output or ""
        message = _message(session, ended, role, text, message_id, now)
    if not turn.end_session:
        return TurnStep(session, ended, message, (), events)
    closed = SessionClosed(session_id=session.session_id, agent_id=session.agent_id)
    session = session.model_copy(update={"status": "closed", "sequence": session.sequence + 1})
    return TurnStep(session, ended, message, [closed], events)


def keep_note(session: Session, note: Invocation, *, now: datetime, message_id: str) -> TurnStep:
    """A note in an idle session is kept at once."""
    begun = begin(session, note, runner="", now=now, message_id=message_id)
    return finish(begun.session, begun.invocation, KEPT, now=now, message_id=message_id)


KEPT = Ending(InvocationStatus.SUCCEEDED)


def tombstone(session: Session, now: datetime, because: str) -> tuple[Session, Sequence[BaseModel]]:
    """Gone for everyone from now on; its turns are cancelled and its messages erased afterwards."""
    changed = {"deleted_at": now, "deleted_because": because, "sequence": session.sequence + 1}
    event = SessionDeleted(
        session_id=session.session_id,
        agent_id=session.agent_id,
        deleted_at=now,
        deleted_messages=session.message_count,
    )
    return session.model_copy(update=changed), [event]


def turns_of(session: Session) -> tuple[str, ...]:
    """The turns that have not ended, in order."""
    return ((session.turn,) if session.turn else ()) + session.queue


def _message(
    session: Session,
    turn: Invocation,
    role: Literal["user", "assistant", "system"],
    content: str,
    message_id: str,
    now: datetime,
) -> MessageView:
    return MessageView(
        message_id=message_id,
        session_id=session.session_id,
        sequence=session.message_count,
        role=role,
        content=content,
        metadata={} if role == "assistant" else turn.message_metadata,
        invocation_id=None if turn.kind is Kind.NOTE else turn.invocation_id,
        created_at=now,
    )
