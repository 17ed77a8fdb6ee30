"""Events of projects (topic builds.events.v1, key project_id); applied reports keep their own type."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, JsonValue, TypeAdapter

from nexus_contracts.builds.reports import (
    AttemptFailed,
    StageArtifactPublished,
    StageCompleted,
    StageError,
    StageFailed,
    StageLogged,
    StageProgressed,
    StageStarted,
    StageUsageRecorded,
    StageWaiting,
    Usage,
)
from nexus_contracts.identifiers import AgentName, ProjectId, Timestamp
from nexus_contracts.model import Message


class Builder(StrEnum):
    """Who runs an attempt: the built-in worker, or another system."""

    PLATFORM = "platform"
    EXTERNAL = "external"


class BuildMethod(StrEnum):
    """How the platform's own worker builds: by rules, by a language model, or (of a project, never of an attempt) auto:
    by a model where one can be used, else by rules."""

    AUTO = "auto"
    RULES = "rules"
    MODEL = "model"


class Approval(StrEnum):
    """Steps that a build takes only after a person has approved them."""

    ARCHITECTURE = "architecture"
    DEPLOY = "deploy"


class Trigger(StrEnum):
    CREATED = "created"
    START = "start"
    RESTART = "restart"
    REPORT = "report"
    CHANGE = "change"


class ProjectFact(Message):
    """`attempt` is 0 until the first build is started."""

    project_id: ProjectId
    attempt: int = Field(ge=0)


class ProjectCreated(ProjectFact):
    type: Literal["nexus.project.created.v1"] = "nexus.project.created.v1"
    requirement: str
    user_id: str
    user_name: str | None = None
    project_name: str
    agent_name: AgentName | None = None
    agent_name_map: dict[str, str] = {}
    priority: int
    tags: list[str] = []
    auto_start: bool
    build_method: BuildMethod = BuildMethod.AUTO
    ask: bool = False
    approve: list[Approval] = []


class ProjectDeleted(ProjectFact):
    type: Literal["nexus.project.deleted.v1"] = "nexus.project.deleted.v1"
    deleted_at: Timestamp


class BuildStarted(ProjectFact):
    """`build_method` is null if another system builds."""

    type: Literal["nexus.build.started.v1"] = "nexus.build.started.v1"
    builder: Builder
    trigger: Trigger
    build_method: BuildMethod | None = None
    from_stage: str | None = None
    reason: str | None = None


class BuildPaused(ProjectFact):
    type: Literal["nexus.build.paused.v1"] = "nexus.build.paused.v1"
    reason: str | None = None


class BuildResumed(ProjectFact):
    type: Literal["nexus.build.resumed.v1"] = "nexus.build.resumed.v1"
    reason: str | None = None


class BuildAnswered(ProjectFact):
    """A person ended the wait `name` of a stage by `action`; the build is resumed."""

    type: Literal["nexus.build.answered.v1"] = "nexus.build.answered.v1"
    stage_name: str
    sub_stage_name: str | None = None
    name: str
    action: Literal["answer", "approve"]
    answers: dict[str, JsonValue] | None = None
    reason: str | None = None


class BuildCompleted(ProjectFact):
    type: Literal["nexus.build.completed.v1"] = "nexus.build.completed.v1"
    duration_seconds: float
    usage: Usage


class BuildFailed(ProjectFact):
    type: Literal["nexus.build.failed.v1"] = "nexus.build.failed.v1"
    duration_seconds: float
    error: StageError


class BuildStopped(ProjectFact):
    """`attempt` 0 and no duration: the project was stopped before any build."""

    type: Literal["nexus.build.stopped.v1"] = "nexus.build.stopped.v1"
    duration_seconds: float | None = None
    reason: str | None = None


class VerificationRequested(ProjectFact):
    """The agent's cases are run again; `attempt` is the project's latest."""

    type: Literal["nexus.verification.requested.v1"] = "nexus.verification.requested.v1"
    agent_id: str
    verification_id: str


class ReportIdentity(Message):
    """(source, id) identifies a report."""

    type: str
    source: str
    id: str


class RefusalCode(StrEnum):
    """Why a report was refused."""

    UNKNOWN_PROJECT = "UNKNOWN_PROJECT"
    UNKNOWN_ATTEMPT = "UNKNOWN_ATTEMPT"
    UNKNOWN_STAGE = "UNKNOWN_STAGE"
    ATTEMPT_ENDED = "ATTEMPT_ENDED"
    NOT_THE_BUILDER = "NOT_THE_BUILDER"
    FENCED_OFF = "FENCED_OFF"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    TOO_MUCH_USAGE = "TOO_MUCH_USAGE"


class ReportRefused(ProjectFact):
    """`code` is a RefusalCode of its publisher's release; `reason` says it and, in words, what is wrong."""

    type: Literal["nexus.report.refused.v1"] = "nexus.report.refused.v1"
    code: str | None = None
    reason: str
    report: ReportIdentity


BuildsEvent = (
    ProjectCreated
    | ProjectDeleted
    | BuildStarted
    | BuildPaused
    | BuildResumed
    | BuildAnswered
    | BuildCompleted
    | BuildFailed
    | BuildStopped
    | VerificationRequested
    | ReportRefused
    | StageStarted
    | StageProgressed
    | StageLogged
    | StageArtifactPublished
    | StageUsageRecorded
    | StageWaiting
    | StageCompleted
    | StageFailed
    | AttemptFailed
)
BUILDS_EVENT: TypeAdapter[BuildsEvent] = TypeAdapter(Annotated[BuildsEvent, Field(discriminator="type")])
