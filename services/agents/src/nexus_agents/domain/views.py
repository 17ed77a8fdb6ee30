"""What readers and callers are shown of the states."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from nexus_agents.domain.agent import Agent
from nexus_agents.domain.invocation import Invocation, InvocationStatus, Kind
from nexus_agents.domain.session import Session
from nexus_contracts.agents.views import (
    AgentView,
    InvocationResult,
    InvocationView,
    MessageView,
    RuntimeStats,
    SessionView,
    TurnView,
)
from nexus_contracts.errors import AgentInvocationFailed, NotFound, PlatformError
from nexus_contracts.replies import Outcome


def agent_view(agent: Agent, stats: RuntimeStats) -> AgentView:
    fields = dict(agent) | {"version": agent.manifest_version, "runtime_stats": stats, "etag": agent.version}
    return AgentView.model_validate(fields)


def runtime_stats(shards: Iterable[Mapping[str, Any]]) -> RuntimeStats:
    """The sum of an agent's shards; the average is over all invocations that ended."""
    found = list(shards)
    total, milliseconds = _sum(found, "total"), _sum(found, "milliseconds")
    moments = [datetime.fromisoformat(shard["invoked_at"]) for shard in found if "invoked_at" in shard]
    return RuntimeStats(
        total_invocations=total,
        successful_invocations=_sum(found, "succeeded"),
        failed_invocations=_sum(found, "failed"),
        avg_duration_ms=round(milliseconds / total, 2) if total else 0.0,
        last_invoked_at=max(moments, default=None),
    )


def _sum(shards: Iterable[Mapping[str, Any]], name: str) -> int:
    return sum(int(shard.get(name, 0)) for shard in shards)


def invocation_view(invocation: Invocation) -> InvocationView:
    """One that waits for its turn is shown as running that has not started."""
    status = "running" if invocation.status is InvocationStatus.WAITING else str(invocation.status)
    return InvocationView.model_validate(dict(invocation) | {"status": status})


def session_view(session: Session) -> SessionView:
    return SessionView.model_validate(dict(session))


def invocation_outcome(invocation: Invocation) -> Outcome:
    """The answer to InvokeAgent when the invocation has ended."""
    if invocation.status is not InvocationStatus.SUCCEEDED:
        return failure_outcome(invocation)
    result = InvocationResult(
        invocation_id=invocation.invocation_id,
        session_id=invocation.session_id,
        output=invocation.output or "",
        duration_ms=invocation.duration_ms or 0,
        usage=invocation.usage,
        trace=invocation.trace,
        created_at=invocation.created_at,
    )
    return Outcome(status=200, result=result.model_dump(mode="json"))


def failure_outcome(invocation: Invocation) -> Outcome:
    """The answer where the invocation has failed or was cancelled: `details.reason` is the code of the reason."""
    reason = invocation.error
    error = AgentInvocationFailed(
        reason.message if reason else "the invocation has failed",
        invocation_id=invocation.invocation_id,
        reason=reason.code if reason else "UNKNOWN",
    )
    return refusal(error)


def turn_outcome(invocation: Invocation, messages: Mapping[int, MessageView]) -> Outcome:
    """The answer to PostMessage when its turn has ended; `messages` are the turn's by sequence."""
    if invocation.status is not InvocationStatus.SUCCEEDED:
        return failure_outcome(invocation)
    question = messages.get(invocation.question or 0)
    answer = messages.get(invocation.answer or 0)
    if question is None or (answer is None and invocation.kind is Kind.MESSAGE):
        return refusal(session_not_found(invocation.session_id or ""))
    turn = TurnView(user_message=question, assistant_message=answer)
    return Outcome(status=201, result=turn.model_dump(mode="json"))


def refusal(error: PlatformError) -> Outcome:
    return Outcome(status=error.http_status, error=error.body())


def agent_not_found(agent_id: str) -> NotFound:
    return NotFound(f"there is no agent {agent_id[:200]}", type="agent", id=agent_id[:200])


def invocation_not_found(invocation_id: str) -> NotFound:
    return NotFound(f"there is no invocation {invocation_id[:200]}", type="invocation", id=invocation_id[:200])


def session_not_found(session_id: str) -> NotFound:
    return NotFound(f"there is no session {session_id[:200]}", type="session", id=session_id[:200])
