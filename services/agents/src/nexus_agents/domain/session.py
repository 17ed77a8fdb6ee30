"""A session: created, closed with its last turn, deleted. What its turns do to it is in `turn.py`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field, JsonValue

from nexus_agents.domain.invocation import NEW_SESSION
from nexus_contracts.agents.commands import CreateSession
from nexus_contracts.agents.events import SessionCreated, SessionDeleted
from nexus_contracts.aggregate import Aggregate
from nexus_contracts.errors import InvalidState
from nexus_contracts.identifiers import Timestamp


class Session(Aggregate):
    """`turn` is the invocation that runs, `queue` those that wait, first come first. `closing`: the last is among them.

    `last_active_at` is the start of the latest turn; the list of sessions is sorted by it. `session_state` is what the
    agent wants to be given with the next turn.
    """

    session_id: str
    agent_id: str
    user_id: str
    display_name: str | None = None
    status: Literal["active", "closed"] = "active"
    conversation_mode: Literal["normal", "debug", "eval"] = "normal"
    metadata: dict[str, JsonValue] = Field(default={})
    session_state: dict[str, JsonValue] | None = None
    message_count: int = 0
    turn: str | None = None
    queue: tuple[str, ...] = ()
    closing: bool = False
    created_at: Timestamp
    last_active_at: Timestamp
    deleted_at: Timestamp | None = None
    deleted_because: str = ""

    @property
    def idle(self) -> bool:
        """Whether a turn can start at once."""
        return self.turn is None and not self.queue

    @property
    def turns(self) -> tuple[str, ...]:
        """Those that have not ended, in order."""
        return ((self.turn,) if self.turn else ()) + self.queue


Decided = tuple[Session, Sequence[BaseModel]]


def create(command: CreateSession, now: datetime) -> Decided:
    # What a session does not have, such as the id of the command, is ignored.
    session = Session(**command.model_dump(), tenant=command.principal.tenant, created_at=now, last_active_at=now)
    created = SessionCreated(session_id=session.session_id, agent_id=session.agent_id, user_id=session.user_id)
    return session, (created,)


def require_open(session: Session) -> None:
    """Raises InvalidState if the session accepts no more turns."""
    if session.status == "closed" or session.closing:
        status = "closed" if session.status == "closed" else "closing"
        raise InvalidState(
            f"the session is {status}",
            suggestion=NEW_SESSION,
            current_status=status,
            action="post_message",
            allowed_actions=["delete"],
        )


def tombstone(session: Session, now: datetime, because: str) -> Decided:
    """Gone for everyone from now on; its turns are cancelled and its messages erased afterwards."""
    event = SessionDeleted(
        session_id=session.session_id,
        agent_id=session.agent_id,
        deleted_at=now,
        deleted_messages=session.message_count,
    )
    return session.model_copy(update={"deleted_at": now, "deleted_because": because}), (event,)
