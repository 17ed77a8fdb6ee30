"""Events of agents, invocations and sessions (topic agents.events.v1, key: the aggregate's id)."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from nexus_contracts.builds.reports import Usage
from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message
from nexus_contracts.text import ModelName


class AgentStatus(StrEnum):
    BUILDING = "building"
    RUNNING = "running"
    OFFLINE = "offline"


class FailureReason(Message):
    """`suggestion` says what to do about it."""

    code: str
    message: str
    suggestion: str = ""


class AgentUsage(Usage):
    """`model` names the language model that was used, where one was."""

    model: ModelName | None = None


class AboutAgent(Message):
    """`status` is the agent's after the event; `project_id` its project's."""

    agent_id: str
    project_id: str
    status: AgentStatus


class AgentDeploying(AboutAgent):
    type: Literal["nexus.agent.deploying.v1"] = "nexus.agent.deploying.v1"
    package_sha256: str


class AgentDeployed(AboutAgent):
    type: Literal["nexus.agent.deployed.v1"] = "nexus.agent.deployed.v1"
    backend: str
    deployment_version: int
    category: str | None = None


class AgentDeploymentFailed(AboutAgent):
    type: Literal["nexus.agent.deployment_failed.v1"] = "nexus.agent.deployment_failed.v1"
    error: FailureReason


class AgentDescribed(AboutAgent):
    type: Literal["nexus.agent.described.v1"] = "nexus.agent.described.v1"
    description: str | None = None
    category: str | None = None
    version: str | None = None
    tags: list[str] = []
    capabilities: list[str] = []


class AgentStatusChanged(AboutAgent):
    type: Literal["nexus.agent.status_changed.v1"] = "nexus.agent.status_changed.v1"
    reason: str | None = None


class AgentDeleted(AboutAgent):
    type: Literal["nexus.agent.deleted.v1"] = "nexus.agent.deleted.v1"
    deleted_at: Timestamp


class AboutInvocation(Message):
    """`started_at` is in every event of an invocation, so that each event alone tells on which day it counts."""

    invocation_id: str
    agent_id: str
    session_id: str | None = None
    user_id: str
    started_at: Timestamp


class InvocationStarted(AboutInvocation):
    type: Literal["nexus.invocation.started.v1"] = "nexus.invocation.started.v1"


class InvocationEnded(AboutInvocation):
    duration_ms: int = Field(ge=0)
    completed_at: Timestamp
    usage: AgentUsage = AgentUsage()


class InvocationSucceeded(InvocationEnded):
    type: Literal["nexus.invocation.succeeded.v1"] = "nexus.invocation.succeeded.v1"


class InvocationFailed(InvocationEnded):
    type: Literal["nexus.invocation.failed.v1"] = "nexus.invocation.failed.v1"
    error: FailureReason


class InvocationCancelled(InvocationEnded):
    type: Literal["nexus.invocation.cancelled.v1"] = "nexus.invocation.cancelled.v1"
    reason: str


class SessionFact(Message):
    session_id: str
    agent_id: str


class SessionCreated(SessionFact):
    type: Literal["nexus.session.created.v1"] = "nexus.session.created.v1"
    user_id: str


class SessionClosed(SessionFact):
    type: Literal["nexus.session.closed.v1"] = "nexus.session.closed.v1"


class SessionDeleted(SessionFact):
    type: Literal["nexus.session.deleted.v1"] = "nexus.session.deleted.v1"
    deleted_at: Timestamp
    deleted_messages: int


AgentsEvent = (
    AgentDeploying
    | AgentDeployed
    | AgentDeploymentFailed
    | AgentDescribed
    | AgentStatusChanged
    | AgentDeleted
    | InvocationStarted
    | InvocationSucceeded
    | InvocationFailed
    | InvocationCancelled
    | SessionCreated
    | SessionClosed
    | SessionDeleted
)
AGENTS_EVENT: TypeAdapter[AgentsEvent] = TypeAdapter(Annotated[AgentsEvent, Field(discriminator="type")])
