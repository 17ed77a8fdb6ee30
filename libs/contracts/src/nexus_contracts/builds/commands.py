"""The commands of `builds` (topic builds.commands.v1, key project_id)."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from nexus_contracts.builds.events import Approval, BuildMethod
from nexus_contracts.commands import Command, IfMatch
from nexus_contracts.identifiers import AgentId, AgentName, ProjectId, Sha256
from nexus_contracts.stages import StageName
from nexus_contracts.text import JsonObject, Reason, Requirement, Tags, UserId


class CreateProject(Command):
    """`build_method` null: the platform's default."""

    type: Literal["nexus.command.create_project.v1"] = "nexus.command.create_project.v1"
    project_id: ProjectId
    requirement: Requirement
    user_id: UserId = "default"
    user_name: str | None = Field(default=None, max_length=200)
    project_name: str | None = Field(default=None, max_length=200)
    agent_name: AgentName | None = None
    agent_name_map: dict[StageName, AgentName] = {}
    priority: int = Field(default=3, ge=1, le=5)
    tags: Tags = []
    auto_start: bool = True
    build_method: BuildMethod | None = None
    ask: bool = False
    approve: list[Approval] = Field(default=[], max_length=2)


class ControlAction(StrEnum):
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    RESTART = "restart"
    ANSWER = "answer"
    APPROVE = "approve"
    REJECT = "reject"


class ControlProject(Command):
    """`if_match`: the version that the caller has seen, or several of which one must be it; null: any will do.

    `answers` belong to the action answer: what the build asked for, in the form in which it asked.
    """

    type: Literal["nexus.command.control_project.v1"] = "nexus.command.control_project.v1"
    project_id: ProjectId
    action: ControlAction
    reason: Reason | None = None
    from_stage: StageName | None = None
    answers: JsonObject | None = None
    if_match: IfMatch = None


class DeleteProject(Command):
    type: Literal["nexus.command.delete_project.v1"] = "nexus.command.delete_project.v1"
    project_id: ProjectId
    if_match: IfMatch = None


class VerifyAgent(Command):
    """Run the cases of the agent again; `package_sha256` is what it serves now, as far as that is known."""

    type: Literal["nexus.command.verify_agent.v1"] = "nexus.command.verify_agent.v1"
    project_id: ProjectId
    agent_id: AgentId
    package_sha256: Sha256 | None = None


class ChangeAgent(Command):
    """Build the next version of the agent from the one that serves, `package_sha256`.

    It serves only if the cases still pass that passed before, unless `activate_if_cases_fail`.
    """

    type: Literal["nexus.command.change_agent.v1"] = "nexus.command.change_agent.v1"
    project_id: ProjectId
    agent_id: AgentId
    package_sha256: Sha256 | None = None
    requirement: Requirement
    activate_if_cases_fail: bool = False


BuildsCommand = CreateProject | ControlProject | DeleteProject | VerifyAgent | ChangeAgent
BUILDS_COMMAND: TypeAdapter[BuildsCommand] = TypeAdapter(Annotated[BuildsCommand, Field(discriminator="type")])
