"""What callers send: the bodies of requests, as strict as the commands made from them."""

from typing import Literal, Self

from pydantic import Field, model_validator

from nexus_contracts.builds.commands import ControlAction
from nexus_contracts.identifiers import AgentName
from nexus_contracts.model import RequestBody
from nexus_contracts.stages import StageName
from nexus_contracts.text import MAX_OBJECT_BYTES, InputText, JsonObject, Reason, Requirement, Tags, UserId

_OBJECT = f"at most {MAX_OBJECT_BYTES} bytes as JSON"


class CreateProjectBody(RequestBody):
    """What to build, for whom."""

    requirement: Requirement = Field(description="what the agent shall do; 10 to 5000 characters after trimming")
    user_id: UserId = Field(default="default", description="whom the project belongs to")
    user_name: str | None = Field(default=None, max_length=200)
    project_name: str | None = Field(
        default=None,
        max_length=200,
        description="by default, and where nothing of it can be seen, the first line of the requirement, shortened",
    )
    agent_name: AgentName | None = Field(default=None, description="by default made from the requirement")
    agent_name_map: dict[StageName, AgentName] = Field(default={}, description="names of the agents that do the stages")
    priority: int = Field(default=3, ge=1, le=5)
    tags: Tags = Field(default=[])
    auto_start: bool = Field(default=True, description="false: the build waits for start, or for the first report")


class ControlProjectBody(RequestBody):
    """What to do with a project's build."""

    action: ControlAction
    reason: Reason | None = None
    from_stage: StageName | None = Field(default=None, description="of restart: earlier stages keep their outputs")

    @model_validator(mode="after")
    def _only_a_restart_has_a_stage(self) -> Self:
        if self.from_stage is not None and self.action is not ControlAction.RESTART:
            raise ValueError("from_stage belongs to the action restart")
        return self


class InvokeAgentBody(RequestBody):
    """One question to an agent, alone or in a session."""

    input_text: InputText
    session_id: str | None = Field(default=None, max_length=200, description="a session of this agent")
    user_id: UserId = "default"
    enable_trace: bool = False
    end_session: bool = Field(default=False, description="close the session after this turn")
    session_state: JsonObject | None = Field(default=None, description=_OBJECT)
    timeout_seconds: float | None = Field(
        default=None, ge=1, le=900, description="covers a start of the agent too; ends this invocation only"
    )


class CreateSessionBody(RequestBody):
    """A conversation to come. All fields may be left out."""

    user_id: UserId = "default"
    display_name: str | None = Field(default=None, max_length=200)
    conversation_mode: Literal["normal", "debug", "eval"] = "normal"
    metadata: JsonObject = Field(default={}, description=_OBJECT)


class PostMessageBody(RequestBody):
    """The next turn of a conversation. A `system` message is kept for the turns that follow, and not answered."""

    content: InputText
    role: Literal["user", "system"] = "user"
    metadata: JsonObject = Field(default={}, description=_OBJECT)
