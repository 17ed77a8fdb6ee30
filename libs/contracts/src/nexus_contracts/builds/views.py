"""Views of projects."""

from enum import StrEnum
from typing import Literal

from pydantic import Field, JsonValue

from nexus_contracts.builds.events import Approval, Builder, BuildMethod
from nexus_contracts.builds.reports import Artifact, LogEntry, StageError, Usage, WaitKind
from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message
from nexus_contracts.stages import StepStatus


class ProjectStatus(StrEnum):
    PENDING = "pending"
    BUILDING = "building"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StageView(Message):
    """A stage or sub-stage.

    Inside a project `output_data` is null where it is large, and `artifacts` and `logs` are the latest few; their
    counts and `output_size_bytes` are always whole. The stage itself (GET .../stages/{stage_name}) shows the whole
    output, up to 500 of the latest artifacts and more of the log; .../logs pages through the full log.
    """

    stage_name: str
    stage_number: int
    display_name: str
    status: StepStatus
    progress: float
    agent_name: str | None
    started_at: Timestamp | None
    completed_at: Timestamp | None
    duration_seconds: float | None
    error: StageError | None
    output_data: dict[str, JsonValue] | None
    output_size_bytes: int
    artifacts: list[Artifact]
    artifact_count: int
    logs: list[LogEntry]
    log_count: int
    usage: Usage
    attempt: int
    sub_stages: list["StageView"] = []


class StagesView(Message):
    project_id: str
    stages: list[StageView]
    total_stages: int
    completed_stages: int


class StagesSnapshot(Message):
    total: int
    completed: int
    stages: list[StageView]


class WaitingFor(Message):
    """What a build that waits for a person asks, until when, and what it has cost so far."""

    kind: WaitKind
    stage_name: str
    sub_stage_name: str | None
    prompt: str = Field(description="the question, or a summary of what is to be approved")
    asked_at: Timestamp
    expires_at: Timestamp
    cost_usd: float = Field(description="of the attempt so far")
    estimate_usd: float | None = Field(description="what the rest of the build may cost; null if unknown")


class ProjectSummary(Message):
    project_id: str
    project_name: str
    requirement: str
    user_id: str
    user_name: str | None
    agent_name: str | None
    agent_name_map: dict[str, str]
    priority: int
    tags: list[str]
    auto_start: bool
    build_method: BuildMethod
    ask: bool = False
    approve: list[Approval] = []
    status: str
    progress: float = Field(description="0.0 to 100.0; never falls within an attempt")
    current_stage: str | None
    attempt: int
    builder: Builder | None
    waiting_for: WaitingFor | None
    agent_id: str | None
    error: StageError | None
    created_at: Timestamp
    updated_at: Timestamp
    started_at: Timestamp | None
    completed_at: Timestamp | None
    version: int


class ProjectView(ProjectSummary):
    stages_snapshot: StagesSnapshot


class AttemptSummary(Message):
    """One run of the pipeline; `outcome` is null while it runs, `build_method` where another system builds.

    `change` is what was to be different, where it builds the next version of an agent on request.
    """

    attempt: int
    builder: Builder
    build_method: BuildMethod | None
    models: list[str] = Field(description="the language models that were used")
    trigger: str
    change: str | None = None
    from_stage: str | None
    started_at: Timestamp
    ended_at: Timestamp | None
    outcome: str | None
    duration_seconds: float | None
    error: StageError | None


class AttemptView(AttemptSummary):
    usage: Usage
    progress: float
    stages: list[StageView]


class ToolDiff(Message):
    """`diff` is a unified diff of the tool's code."""

    name: str
    change: Literal["added", "removed", "changed"]
    diff: str


class AgentDiff(Message):
    """What a change request has changed: unified diffs, cut where they are long; empty where nothing is different.

    `attempt` built the next version from that of the attempt `against`.
    """

    agent_id: str
    attempt: int
    against: int
    spec: str
    instructions: str
    tools: list[ToolDiff]


class DeletedProject(Message):
    project_id: str
    deleted_at: Timestamp


class LogLine(LogEntry):
    """`number` counts the entries of the log from 1."""

    number: int


class ReportPlace(Message):
    """The report that an event is, or comes to."""

    type: str
    attempt: int
    stage_name: str | None = None
    sub_stage_name: str | None = None


class TakenReport(Message):
    """`source` and `id` identify what was taken, `type` is as sent. `report` is null where it comes to none."""

    project_id: str
    source: str
    id: str
    type: str
    report: ReportPlace | None


class CreatedTask(Message):
    """A build that was accepted, as the former interface tells it; task and session are the project."""

    task_id: str
    session_id: str
    project_id: str
    agent_name: str | None
    status: Literal["queued"] = "queued"
    message: str
