"""The commands of `agents` (topic agents.commands.v1; key: the id of the resource that the command concerns)."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from nexus_contracts.commands import Command, IfMatch
from nexus_contracts.identifiers import (
    AgentId,
    AgentName,
    InvocationId,
    PackageId,
    PackageUri,
    ProjectId,
    SessionId,
    Sha256,
)
from nexus_contracts.text import InputText, JsonObject, UserId


class DeployAgent(Command):
    """Deploy the package under the agent's id, as its next version; the same command again deploys nothing twice.

    Where the package comes from: `attempt` of the project's builds, or the upload `package_id`.
    `activate` False: where a version serves that the backend can run beside another, the new one can be invoked by its
    number only, until it is activated.
    """

    type: Literal["nexus.command.deploy_agent.v1"] = "nexus.command.deploy_agent.v1"
    agent_id: AgentId
    project_id: ProjectId
    agent_name: AgentName
    package_uri: str = Field(min_length=1, max_length=2000)
    package_sha256: Sha256
    user_id: UserId = "default"
    attempt: int | None = None
    package_id: str | None = None
    activate: bool = True


class RegisterAgent(Command):
    """Deploy an uploaded package, or one at an address, under the agent's id, as its next version."""

    type: Literal["nexus.command.register_agent.v1"] = "nexus.command.register_agent.v1"
    agent_id: AgentId
    project_id: ProjectId
    agent_name: AgentName
    package_id: PackageId | None = None
    package_uri: PackageUri | None = None
    backend: Literal["local", "agentcore"] | None = None


class ActivateVersion(Command):
    """Deploy an earlier version of the agent."""

    type: Literal["nexus.command.activate_version.v1"] = "nexus.command.activate_version.v1"
    agent_id: str
    version: int
    if_match: IfMatch = None


class UpdateAgent(Command):
    """Change how the agent is described; of the fields those named in `given`, None clears."""

    type: Literal["nexus.command.update_agent.v1"] = "nexus.command.update_agent.v1"
    agent_id: str
    description: str | None = None
    category: str | None = None
    version: str | None = None
    tags: list[str] | None = None
    capabilities: list[str] | None = None
    given: list[str] = []
    if_match: IfMatch = None


class SetAgentStatus(Command):
    """`offline` refuses invocations from now on; `running` deploys again what ran last."""

    type: Literal["nexus.command.set_agent_status.v1"] = "nexus.command.set_agent_status.v1"
    agent_id: str
    status: Literal["running", "offline"]
    error_message: str | None = None
    if_match: IfMatch = None


class InvokeAgent(Command):
    """`timeout_seconds` None: the platform's default. Key: session_id if there is one, else invocation_id.

    `stream`: what the agent says is kept, and published, while it says it. `version`: not the one that serves.
    """

    type: Literal["nexus.command.invoke_agent.v1"] = "nexus.command.invoke_agent.v1"
    agent_id: str
    invocation_id: InvocationId
    input_text: InputText
    session_id: SessionId | None = None
    user_id: UserId = "default"
    enable_trace: bool = False
    end_session: bool = False
    session_state: JsonObject | None = None
    timeout_seconds: float | None = Field(default=None, gt=0, le=900)
    stream: bool = False
    version: int | None = None


class DeleteAgent(Command):
    type: Literal["nexus.command.delete_agent.v1"] = "nexus.command.delete_agent.v1"
    agent_id: str
    if_match: IfMatch = None


class CancelInvocation(Command):
    """End an invocation before its agent has answered, and stop the agent's work on it."""

    type: Literal["nexus.command.cancel_invocation.v1"] = "nexus.command.cancel_invocation.v1"
    invocation_id: InvocationId


class CreateSession(Command):
    type: Literal["nexus.command.create_session.v1"] = "nexus.command.create_session.v1"
    session_id: SessionId
    agent_id: str
    user_id: UserId = "default"
    display_name: str | None = Field(default=None, max_length=200)
    conversation_mode: Literal["normal", "debug", "eval"] = "normal"
    metadata: JsonObject = {}


class PostMessage(Command):
    """A turn of a session: `role` user is answered by the agent, system is only kept for the turns that follow.

    `stream` as for an invocation. `agent_id`: the agent whose session it must be; None: any.
    """

    type: Literal["nexus.command.post_message.v1"] = "nexus.command.post_message.v1"
    session_id: SessionId
    invocation_id: InvocationId
    content: InputText
    role: Literal["user", "system"] = "user"
    metadata: JsonObject = {}
    stream: bool = False
    agent_id: str | None = None


class DeleteSession(Command):
    type: Literal["nexus.command.delete_session.v1"] = "nexus.command.delete_session.v1"
    session_id: SessionId
    if_match: IfMatch = None


AboutAgents = DeployAgent | RegisterAgent | ActivateVersion | UpdateAgent | SetAgentStatus | DeleteAgent
AboutConversations = InvokeAgent | CancelInvocation | CreateSession | PostMessage | DeleteSession
AgentsCommand = AboutAgents | AboutConversations
AGENTS_COMMAND: TypeAdapter[AgentsCommand] = TypeAdapter(Annotated[AgentsCommand, Field(discriminator="type")])
