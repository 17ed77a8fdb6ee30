"""Views of agents, invocations, sessions and messages."""

from typing import Literal

from pydantic import JsonValue

from nexus_contracts.agents.events import AgentStatus, AgentUsage, FailureReason
from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message


class AgentCoreConfig(Message):
    """Runtime ARN, endpoint name and endpoint ARN; for the local backend its equivalents."""

    agent_arn: str | None = None
    agent_alias_id: str | None = None
    agent_alias_arn: str | None = None


class DeploymentView(Message):
    """The latest attempt to deploy. `isolation` describes how the agent is isolated from its host."""

    backend: Literal["local", "agentcore"]
    status: Literal["deploying", "deployed", "failed"]
    version: int
    package_uri: str
    package_sha256: str
    isolated: bool = False
    isolation: str = ""
    last_error: FailureReason | None = None
    deployed_at: Timestamp | None = None


class RuntimeStats(Message):
    total_invocations: int = 0
    successful_invocations: int = 0
    failed_invocations: int = 0
    avg_duration_ms: float = 0.0
    last_invoked_at: Timestamp | None = None


class AgentView(Message):
    agent_id: str
    agent_name: str
    project_id: str
    user_id: str
    status: AgentStatus
    description: str | None
    category: str | None
    version: str | None
    capabilities: list[str]
    tags: list[str]
    tools: list[dict[str, JsonValue]]
    supported_models: list[str]
    agentcore_config: AgentCoreConfig
    deployment: DeploymentView
    active_version: int | None = None
    active_package_sha256: str | None = None
    region: str | None
    runtime_stats: RuntimeStats = RuntimeStats()
    created_at: Timestamp
    updated_at: Timestamp
    etag: int


class VersionView(Message):
    """`status` is what came of its latest deployment; `active`: it runs when the agent does.

    It was made by `created_by`, from attempt `attempt` of the project's builds, or from an uploaded package.
    """

    agent_id: str
    version: int
    active: bool
    status: Literal["deploying", "deployed", "failed"]
    error: FailureReason | None
    manifest_version: str | None
    package_uri: str
    package_sha256: str
    package_id: str | None
    attempt: int | None
    created_by: str
    created_at: Timestamp
    deployed_at: Timestamp | None


class AgentLogLine(Message):
    """A line written by a process of the agent; `timestamp` is approximate."""

    timestamp: Timestamp
    message: str


class InvocationView(Message):
    """`output` is null until it succeeded, `error` until it failed; `duration_ms` counts from its start.

    In lists a large output is cut off: `output_bytes` is the size of the whole, which the invocation itself shows.
    """

    invocation_id: str
    agent_id: str
    session_id: str | None
    user_id: str
    status: Literal["running", "succeeded", "failed", "cancelled"]
    input: str
    output: str | None = None
    output_bytes: int | None = None
    error: FailureReason | None = None
    duration_ms: int | None = None
    usage: AgentUsage = AgentUsage()
    trace: list[dict[str, JsonValue]] | None = None
    created_at: Timestamp
    started_at: Timestamp | None = None
    completed_at: Timestamp | None = None


class InvocationResult(Message):
    """The answer to a successful invocation."""

    invocation_id: str
    session_id: str | None
    output: str
    status: Literal["succeeded"] = "succeeded"
    duration_ms: int
    usage: AgentUsage
    trace: list[dict[str, JsonValue]] | None = None
    created_at: Timestamp


class SessionView(Message):
    """`session_state` is what the agent returned for the next turn, or what a caller sent with the latest one."""

    session_id: str
    agent_id: str
    user_id: str
    display_name: str | None
    status: Literal["active", "closed"]
    conversation_mode: Literal["normal", "debug", "eval"]
    metadata: dict[str, JsonValue]
    session_state: dict[str, JsonValue] | None = None
    message_count: int
    created_at: Timestamp
    last_active_at: Timestamp
    etag: int


class MessageView(Message):
    """Large content is cut off: `content_bytes` is the size of the whole, the output of the invocation."""

    message_id: str
    session_id: str
    sequence: int
    role: Literal["user", "assistant", "system", "tool"]
    content: str
    content_bytes: int | None = None
    metadata: dict[str, JsonValue]
    invocation_id: str | None = None
    created_at: Timestamp


class SessionUploadView(Message):
    """A file uploaded into a session."""

    upload_id: str
    session_id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    created_at: Timestamp


class TurnView(Message):
    """`assistant_message` is null for a system message, which no agent answers."""

    user_message: MessageView
    assistant_message: MessageView | None


class RuntimeHealth(Message):
    """Whether an agent accepts invocations, and the result of its latest deployment."""

    agent_id: str
    healthy: bool
    status: AgentStatus
    deployment: DeploymentView


class PackageView(Message):
    """An accepted agent package; uploading the same content again returns the same package."""

    package_id: str
    package_uri: str
    sha256: str
    size_bytes: int
    manifest: dict[str, JsonValue]
    created_at: Timestamp


class DeletedAgent(Message):
    agent_id: str
    deleted_at: Timestamp


class DeletedSession(Message):
    session_id: str
    deleted_at: Timestamp
    deleted_messages: int
