"""An invocation: it waits if its session is busy, runs, and ends exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field, JsonValue

from nexus_agents.domain.agent import Agent
from nexus_contracts.agents.commands import InvokeAgent
from nexus_contracts.agents.events import (
    AgentStatus,
    AgentUsage,
    FailureReason,
    InvocationCancelled,
    InvocationFailed,
    InvocationStarted,
    InvocationSucceeded,
)
from nexus_contracts.aggregate import Aggregate
from nexus_contracts.errors import InvalidState
from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message

MAX_OUTPUT_BYTES = 1_048_576
MAX_INLINE_BYTES = 100_000
"""Of a larger output only the beginning is stored with the invocation; the whole is stored in parts."""
MAX_TRACE_BYTES = 40_000
"""Input, output and trace share one item of the database, which holds at most 400 KB."""
INTERRUPTED, CANCELLED = "INTERRUPTED", "CANCELLED"
AGENT_DELETED, SESSION_DELETED, SESSION_EXPIRED = "AGENT_DELETED", "SESSION_DELETED", "SESSION_EXPIRED"
NEW_SESSION = "Create a new session (POST /api/v1/agents/{agent_id}/sessions)."
_WHEN_NOT_RUNNING = {
    AgentStatus.BUILDING: "Wait for its deployment to end (GET /api/v1/agents/{agent_id}), then invoke it again.",
    AgentStatus.OFFLINE: (
        "If deployment.last_error of the agent gives a reason, fix it and deploy the agent again; otherwise set its"
        " status to running (PUT /api/v1/agents/{agent_id}/status)."
    ),
}


class Kind(StrEnum):
    """What the caller sent: an invocation, a message that the agent answers, or a note that is only stored."""

    INVOKE = "invoke"
    MESSAGE = "message"
    NOTE = "note"


class InvocationStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class MessageMark(Message):
    """Which message of its session an invocation has brought."""

    sequence: int
    message_id: str


class Invocation(Aggregate):
    """`question` is the message that it brought into its session, `answer` the agent's.

    `version_asked`: it is asked of this one, not of the one that serves.
    `stream`: what the agent says is kept by parts, from the beginning. `output_streamed`: the text in them is the
    output; `output_bytes` is its size where `output` is only the beginning of it.
    """

    invocation_id: str
    agent_id: str
    session_id: str | None = None
    user_id: str
    kind: Kind
    status: InvocationStatus = InvocationStatus.WAITING
    input: str
    output: str | None = None
    output_bytes: int | None = None
    output_streamed: bool = False
    stream: bool = False
    message_metadata: dict[str, JsonValue] = Field(default={})
    session_state: dict[str, JsonValue] | None = None
    enable_trace: bool = False
    end_session: bool = False
    timeout_seconds: float | None = None
    version_asked: int | None = None
    traceparent: str | None = None
    error: FailureReason | None = None
    usage: AgentUsage = AgentUsage()
    trace: list[dict[str, JsonValue]] | None = None
    duration_ms: int | None = None
    question: MessageMark | None = None
    answer: MessageMark | None = None
    created_at: Timestamp
    started_at: Timestamp | None = None
    completed_at: Timestamp | None = None

    @property
    def has_parts(self) -> bool:
        """Whether anything may be kept apart from it."""
        return self.stream or self.output_bytes is not None

    @property
    def ended(self) -> bool:
        return self.status not in (InvocationStatus.WAITING, InvocationStatus.RUNNING)


@dataclass(frozen=True)
class Handover:
    """What its run need not read of an invocation that runs from a commit on, in the process that made this.

    `agent` is as it was decided on; None where that was before the invocation waited for its turn.
    """

    invocation: Invocation
    agent: Agent | None = None


@dataclass(frozen=True)
class Ending:
    """How an invocation ends; `reason` says why it did not succeed. The others as for an invocation.

    `session_state` is for the next turn of its session; None: as before.
    """

    status: Literal[InvocationStatus.SUCCEEDED, InvocationStatus.FAILED, InvocationStatus.CANCELLED]
    output: str | None = None
    output_bytes: int | None = None
    output_streamed: bool = False
    usage: AgentUsage = field(default_factory=AgentUsage)
    trace: list[dict[str, JsonValue]] | None = None
    reason: FailureReason | None = None
    session_state: dict[str, JsonValue] | None = None


KEPT = Ending(InvocationStatus.SUCCEEDED)
"""How a note ends."""
Decided = tuple[Invocation, Sequence[BaseModel]]


def require_running(agent: Agent) -> None:
    """Raises InvalidState if the agent does not accept invocations now."""
    if agent.status is not AgentStatus.RUNNING:
        raise InvalidState(
            f"the agent is {agent.status}",
            suggestion=_WHEN_NOT_RUNNING.get(agent.status),
            current_status=str(agent.status),
            action="invoke",
            allowed_actions=[],
        )


def require_unended(invocation: Invocation) -> None:
    """Raises InvalidState if the invocation has ended."""
    if invocation.ended:
        raise InvalidState(
            "the invocation has ended",
            current_status=str(invocation.status),
            action="cancel",
            allowed_actions=[],
        )


def invoked(command: InvokeAgent, traceparent: str | None, now: datetime) -> Invocation:
    """The invocation that a command asks for; it waits."""
    return Invocation(
        tenant=command.principal.tenant,
        invocation_id=command.invocation_id,
        agent_id=command.agent_id,
        session_id=command.session_id,
        user_id=command.user_id,
        kind=Kind.INVOKE,
        input=command.input_text,
        session_state=command.session_state,
        enable_trace=command.enable_trace,
        end_session=command.end_session and command.session_id is not None,
        timeout_seconds=command.timeout_seconds,
        version_asked=command.version,
        stream=command.stream,
        traceparent=traceparent,
        created_at=now,
    )


def failed(code: str, message: str, suggestion: str) -> Ending:
    return Ending(InvocationStatus.FAILED, reason=FailureReason(code=code, message=message, suggestion=suggestion))


def cancelled(code: str) -> Ending:
    texts = {
        CANCELLED: ("the invocation was cancelled", "Send a new request if you still want an answer."),
        AGENT_DELETED: ("the agent was deleted", "Deploy it again, or invoke another agent."),
        SESSION_DELETED: ("the session was deleted", NEW_SESSION),
        SESSION_EXPIRED: ("the session was idle for too long and was deleted", NEW_SESSION),
    }
    message, suggestion = texts.get(code, (code, ""))
    reason = FailureReason(code=code, message=message, suggestion=suggestion)
    return Ending(InvocationStatus.CANCELLED, reason=reason)


def start(invocation: Invocation, now: datetime) -> Decided:
    """It runs from now on."""
    invocation = invocation.model_copy(update={"status": InvocationStatus.RUNNING, "started_at": now})
    if invocation.kind is Kind.NOTE:
        return invocation, ()
    return invocation, (InvocationStarted(**_fact(invocation)),)


def end(invocation: Invocation, ending: Ending, now: datetime) -> Decided:
    """The terminal state. An invocation that never started has no events and is not counted."""
    started = invocation.started_at
    duration = max(0, round((now - started).total_seconds() * 1000)) if started else 0
    changed = {
        "status": ending.status,
        "output": ending.output,
        "output_bytes": ending.output_bytes,
        "output_streamed": ending.output_streamed,
        "usage": ending.usage,
        "trace": ending.trace,
        "error": ending.reason,
        "duration_ms": duration,
        "completed_at": now,
    }
    invocation = invocation.model_copy(update=changed)
    if started is None or invocation.kind is Kind.NOTE:
        return invocation, ()
    return invocation, (_ended(invocation, ending),)


def _ended(invocation: Invocation, ending: Ending) -> BaseModel:
    fact = _fact(invocation) | {
        "duration_ms": invocation.duration_ms,
        "completed_at": invocation.completed_at,
        "usage": ending.usage,
    }
    reason = ending.reason or FailureReason(code="UNKNOWN", message="")
    match ending.status:
        case InvocationStatus.SUCCEEDED:
            return InvocationSucceeded.model_validate(fact)
        case InvocationStatus.FAILED:
            return InvocationFailed.model_validate(fact | {"error": reason})
        case _:
            return InvocationCancelled.model_validate(fact | {"reason": reason.code})


def _fact(invocation: Invocation) -> dict[str, Any]:
    return {
        "invocation_id": invocation.invocation_id,
        "agent_id": invocation.agent_id,
        "session_id": invocation.session_id,
        "user_id": invocation.user_id,
        "started_at": invocation.started_at,
    }
