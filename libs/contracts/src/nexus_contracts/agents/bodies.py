"""Request bodies about agents and sessions, as strict as the commands made from them."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nexus_contracts.identifiers import AgentName, PackageId, PackageUri, ProjectId
from nexus_contracts.model import RequestBody
from nexus_contracts.text import MAX_OBJECT_BYTES, InputText, JsonObject, Reason, Tags, UserId

_Capability = Annotated[str, Field(min_length=1, max_length=100)]
_OBJECT = f"at most {MAX_OBJECT_BYTES} bytes as JSON"


class RegisterAgentBody(RequestBody):
    """The package to deploy, named by either `package_id` or `package_uri`, and the agent's name."""

    project_id: ProjectId | None = Field(default=None, description="whose agent it is; a new id if left out")
    agent_name: AgentName
    package_id: PackageId | None = Field(default=None, description="an uploaded package")
    package_uri: PackageUri | None = Field(default=None, description="a package as an agent's deployment names it")
    backend: Literal["local", "agentcore"] | None = Field(
        default=None, description="what runs a new agent; defaults to the platform's setting"
    )

    @model_validator(mode="after")
    def _one_package(self) -> Self:
        if (self.package_id is None) == (self.package_uri is None):
            raise ValueError("either package_id or package_uri is required")
        return self


class UpdateAgentBody(RequestBody):
    """The changes to an agent's description. Fields that are left out stay as they are; null clears."""

    description: str | None = Field(default=None, max_length=5000)
    category: str | None = Field(default=None, min_length=1, max_length=100)
    version: str | None = Field(default=None, min_length=1, max_length=50)
    tags: Tags | None = None
    capabilities: list[_Capability] | None = Field(default=None, max_length=200)


class SetAgentStatusBody(RequestBody):
    """Whether the agent may be invoked."""

    status: Literal["running", "offline"]
    error_message: Reason | None = Field(default=None, description="why; kept in the agent's history")


class InvokeAgentBody(RequestBody):
    """One request to an agent, on its own or in a session."""

    input_text: InputText
    session_id: str | None = Field(default=None, max_length=200, description="a session of this agent")
    user_id: UserId = "default"
    enable_trace: bool = False
    end_session: bool = Field(default=False, description="close the session after this turn")
    session_state: JsonObject | None = Field(default=None, description=_OBJECT)
    timeout_seconds: float | None = Field(
        default=None, ge=1, le=900, description="includes starting the agent; ends this invocation only"
    )


class CreateSessionBody(RequestBody):
    """A new conversation. All fields are optional."""

    user_id: UserId = "default"
    display_name: str | None = Field(default=None, max_length=200)
    conversation_mode: Literal["normal", "debug", "eval"] = "normal"
    metadata: JsonObject = Field(default={}, description=_OBJECT)


class PostMessageBody(RequestBody):
    """The next turn of a conversation. A `system` message is stored for later turns, and not answered."""

    content: InputText
    role: Literal["user", "system"] = "user"
    metadata: JsonObject = Field(default={}, description=_OBJECT)


class DialogBody(RequestBody):
    """The next turn of a conversation, in the form of the former interface."""

    message: InputText
