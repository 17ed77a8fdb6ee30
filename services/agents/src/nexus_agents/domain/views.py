"""What readers and callers are shown of the states."""

from nexus_agents.domain.agent import Agent
from nexus_agents.domain.errors import refusal
from nexus_agents.domain.invocation import Invocation, InvocationStatus, Kind
from nexus_agents.domain.message import StoredMessage
from nexus_agents.domain.session import Session
from nexus_agents.domain.turn import answer_of, question_of
from nexus_agents.domain.version import AgentVersion
from nexus_contracts.agents.views import (
    AgentCoreConfig,
    AgentView,
    DeploymentView,
    InvocationResult,
    InvocationView,
    MessageView,
    RuntimeStats,
    SessionView,
    TurnView,
    VersionView,
)
from nexus_contracts.errors import AgentInvocationFailed
from nexus_contracts.replies import Outcome


def agent_view(agent: Agent, stats: RuntimeStats) -> AgentView:
    shown = {
        "version": agent.manifest_version,
        "agentcore_config": _config(agent),
        "deployment": _deployment(agent),
        "active_package_sha256": agent.active.sha256 if agent.active else None,
        "runtime_stats": stats,
        "etag": agent.version,
    }
    return AgentView.model_validate(dict(agent) | shown)


def _config(agent: Agent) -> AgentCoreConfig:
    if agent.address is None:
        return AgentCoreConfig()
    arn, alias_id, alias_arn = agent.address.arn, agent.address.alias_id, agent.address.alias_arn
    return AgentCoreConfig(agent_arn=arn, agent_alias_id=alias_id, agent_alias_arn=alias_arn)


def _deployment(agent: Agent) -> DeploymentView:
    package = agent.deployment.package
    shown = {"backend": agent.backend, "package_uri": package.uri, "package_sha256": package.sha256}
    return DeploymentView.model_validate(dict(agent.deployment) | shown)


def version_view(version: AgentVersion, agent: Agent) -> VersionView:
    shown = {
        "version": version.number,
        "active": agent.active_version == version.number,
        "package_uri": version.package.uri,
        "package_sha256": version.package.sha256,
    }
    return VersionView.model_validate(dict(version) | shown)


def invocation_view(invocation: Invocation) -> InvocationView:
    """One that waits for its turn is shown as running that has not started."""
    status = "running" if invocation.status is InvocationStatus.WAITING else str(invocation.status)
    return InvocationView.model_validate(dict(invocation) | {"status": status})


def session_view(session: Session) -> SessionView:
    return SessionView.model_validate(dict(session) | {"etag": session.version})


def message_view(message: StoredMessage) -> MessageView:
    return MessageView.model_validate(dict(message))


def turn_view(turn: Invocation) -> TurnView:
    """Of a turn that was kept or answered."""
    answer = message_view(answer_of(turn)) if turn.answer else None
    return TurnView(user_message=message_view(question_of(turn)), assistant_message=answer)


def invocation_outcome(invocation: Invocation) -> Outcome:
    """The answer to whoever waits for an invocation that has ended, in the form of what they asked for."""
    status = 200 if invocation.kind is Kind.INVOKE else 201
    if invocation.status is not InvocationStatus.SUCCEEDED:
        return refusal(invocation_failure(invocation))
    if invocation.output_bytes:
        return Outcome(status=status, read_at=f"/invocations/{invocation.invocation_id}/answer")
    return Outcome(status=status, result=invocation_answer(invocation).model_dump(mode="json"))


def invocation_answer(invocation: Invocation) -> InvocationResult | TurnView:
    """Of one that has succeeded."""
    if invocation.kind is not Kind.INVOKE:
        return turn_view(invocation)
    return InvocationResult(
        invocation_id=invocation.invocation_id,
        session_id=invocation.session_id,
        output=invocation.output or "",
        duration_ms=invocation.duration_ms or 0,
        usage=invocation.usage,
        trace=invocation.trace,
        created_at=invocation.created_at,
    )


def invocation_failure(invocation: Invocation) -> AgentInvocationFailed:
    """`details.reason` is the code of the reason."""
    reason = invocation.error
    return AgentInvocationFailed(
        reason.message if reason else "the invocation has failed",
        suggestion=(reason.suggestion if reason else "") or None,
        invocation_id=invocation.invocation_id,
        reason=reason.code if reason else "UNKNOWN",
    )
