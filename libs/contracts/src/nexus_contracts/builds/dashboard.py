"""The dashboard of a build: GET /projects/{project_id}/build."""

from enum import StrEnum

from pydantic import Field

from nexus_contracts.builds.reports import StageError, Usage
from nexus_contracts.builds.views import AttemptSummary, WaitingFor
from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message
from nexus_contracts.stages import StepStatus


class AlertCode(StrEnum):
    """What a person should know.

    STAGE_FAILED: a stage or sub-stage failed. BUILD_FAILED: the attempt failed without any of its stages, or the
    platform gave it up (ABANDONED, WORKER_LOST, BUILD_TIMED_OUT, WAIT_EXPIRED), or a person did (REJECTED).
    BUILD_PAUSED: also while a person has to answer or approve (a warning). NO_REPORT: it is building, and nothing was
    heard of it for five minutes. STAGE_SLOW: a stage or sub-stage has been at its own work for ten minutes.
    REPORTS_REFUSED: reports of this attempt, or of earlier ones in its time, were refused; the history has each with
    its reason.
    """

    STAGE_FAILED = "STAGE_FAILED"
    BUILD_FAILED = "BUILD_FAILED"
    BUILD_PAUSED = "BUILD_PAUSED"
    NO_REPORT = "NO_REPORT"
    STAGE_SLOW = "STAGE_SLOW"
    REPORTS_REFUSED = "REPORTS_REFUSED"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class BuildAlert(Message):
    """`since` is when the condition began."""

    code: AlertCode
    severity: Severity
    message: str
    stage_name: str | None
    since: Timestamp | None


class BuildStage(Message):
    """A stage or sub-stage without its outputs; `duration_seconds` is null until it has ended."""

    stage_name: str
    stage_number: int
    display_name: str
    status: StepStatus
    progress: float
    agent_name: str | None
    started_at: Timestamp | None
    completed_at: Timestamp | None
    duration_seconds: float | None
    usage: Usage
    error: StageError | None
    attempt: int
    sub_stages: list["BuildStage"] = []


class BuildTotals(Message):
    """`log_entries` and `artifacts` count those of all stages, including kept ones."""

    total_stages: int
    completed_stages: int
    failed_stages: int
    log_entries: int
    artifacts: int


class BuildMetrics(Message):
    """Of the latest attempt; what kept stages used counts where it was used."""

    total_duration_seconds: float | None = Field(
        description="of the attempt; while it runs, up to the latest report; null before the first"
    )
    input_tokens: int
    output_tokens: int
    tool_calls: int
    cost_estimate: float = Field(description="USD, as reported")
    total_tools: int | None = Field(
        description="tools of the agent: those in the manifest that agent_deployer put out, else those that "
        "tool_developer put out; null where neither said"
    )


class GraphNode(Message):
    """`parent` is the stage that a sub-stage belongs to."""

    id: str
    display_name: str
    status: StepStatus
    parent: str | None


class EdgeKind(StrEnum):
    THEN = "then"
    CONTAINS = "contains"


class GraphEdge(Message):
    source: str
    target: str
    kind: EdgeKind


class StageGraph(Message):
    nodes: list[GraphNode]
    edges: list[GraphEdge]


class BuildDashboard(Message):
    project_id: str
    project_name: str
    status: str
    progress: float
    current_stage: str | None
    latest_attempt: AttemptSummary | None
    waiting_for: WaitingFor | None
    stages: list[BuildStage]
    totals: BuildTotals
    metrics: BuildMetrics
    alerts: list[BuildAlert]
    graph: StageGraph
    updated_at: Timestamp
