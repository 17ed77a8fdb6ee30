"""Request bodies about projects, as strict as the commands made from them."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from nexus_contracts.builds.commands import ControlAction
from nexus_contracts.builds.events import Approval, BuildMethod
from nexus_contracts.identifiers import AgentName
from nexus_contracts.model import AtMost, RequestBody
from nexus_contracts.stages import StageName
from nexus_contracts.text import MAX_OBJECT_BYTES, JsonObject, Reason, Requirement, Tags, UserId


class CreateProjectBody(RequestBody):
    """What to build, for whom."""

    requirement: Requirement = Field(description="what the agent should do; 10 to 5000 characters after trimming")
    user_id: UserId = Field(default="default", description="whom the project belongs to")
    user_name: str | None = Field(default=None, max_length=200)
    project_name: str | None = Field(
        default=None,
        max_length=200,
        description="if left out or invisible: the first line of the requirement, shortened",
    )
    agent_name: AgentName | None = Field(default=None, description="derived from the requirement by default")
    agent_name_map: Annotated[dict[StageName, AgentName], AtMost(len(StageName))] = Field(
        default={}, description="which agent does each stage"
    )
    priority: int = Field(default=3, ge=1, le=5)
    tags: Tags = Field(default=[])
    auto_start: bool = Field(default=True, description="false: the build waits for start, or for the first report")
    build_method: BuildMethod | None = Field(
        default=None,
        description="auto: by a model where one is available; defaults to the platform's setting",
    )
    ask: bool = Field(default=False, description="the build may wait for answers to its questions")
    approve: list[Approval] = Field(
        default=[], max_length=2, description="the build waits for an approval before it goes on with these"
    )


class CreateAgentBody(RequestBody):
    """What to build, in the form of the former interface."""

    requirement: Requirement
    user_id: UserId
    user_name: str | None = Field(default=None, max_length=200)
    agent_name: AgentName | None = None
    priority: int = Field(default=3, ge=1, le=5)
    tags: Tags = Field(default=[])


class ChangeAgentBody(RequestBody):
    """The change to make to an agent."""

    requirement: Requirement = Field(description="the change alone; 10 to 5000 characters after trimming")
    activate_if_cases_fail: bool = Field(
        default=False, description="the new version serves even where cases fail that the present one passes"
    )


class ControlProjectBody(RequestBody):
    """What to do with a project's build."""

    action: ControlAction
    reason: Reason | None = None
    from_stage: StageName | None = Field(default=None, description="for restart: earlier stages keep their outputs")
    answers: JsonObject | None = Field(
        default=None, description=f"for answer: what the build asks for; at most {MAX_OBJECT_BYTES} bytes as JSON"
    )

    @model_validator(mode="after")
    def _only_a_restart_has_a_stage(self) -> Self:
        if self.from_stage is not None and self.action is not ControlAction.RESTART:
            raise ValueError("from_stage is only for the action restart")
        return self

    @model_validator(mode="after")
    def _an_answer_answers(self) -> Self:
        if (self.answers is not None) != (self.action is ControlAction.ANSWER):
            raise ValueError("answers are required for the action answer, and only for it")
        return self
