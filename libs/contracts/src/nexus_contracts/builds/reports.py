"""Stage reports: how whatever does the work tells how it gets on (topic builds.reports.v1, key project_id)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, TypeAdapter

from nexus_contracts.identifiers import ProjectId, Sha256, Timestamp
from nexus_contracts.model import Message

MAX_OUTPUT_BYTES = 300_000
"""An output is one item in the database, and an item holds at most 400 KB."""


MAX_LOG_BYTES = 300_000
"""The same holds for the entries of one report."""
MOST = 10**15
"""Sums of what is counted stop here, so that they stay numbers that every reader can take."""


class LogEntry(Message):
    timestamp: Timestamp
    level: Literal["debug", "info", "warning", "error"] = "info"
    message: str = Field(max_length=10_000)


class Artifact(Message):
    name: str = Field(min_length=1, max_length=200)
    uri: str = Field(min_length=1, max_length=2000)
    sha256: Sha256
    size_bytes: int = Field(ge=0)
    media_type: str = Field(max_length=200)


class Usage(Message):
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    tool_calls: int = Field(default=0, ge=0)
    cost_usd: float = Field(default=0.0, ge=0)

    def plus(self, other: "Usage") -> "Usage":
        """The sum, bounded."""
        return Usage(
            input_tokens=min(MOST, self.input_tokens + other.input_tokens),
            output_tokens=min(MOST, self.output_tokens + other.output_tokens),
            tool_calls=min(MOST, self.tool_calls + other.tool_calls),
            cost_usd=min(float(MOST), round(self.cost_usd + other.cost_usd, 9)),
        )


class StageError(Message):
    code: str = Field(min_length=1, max_length=100)
    message: str = Field(max_length=4000)


def json_size(output: dict[str, JsonValue]) -> int:
    """The bytes that `output` takes as JSON."""
    return len(OUTPUT.dump_json(output))


def _bounded(output: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
    if output is not None and (size := json_size(output)) > MAX_OUTPUT_BYTES:
        raise ValueError(f"must be at most {MAX_OUTPUT_BYTES} bytes as JSON, not {size}")
    return output


def _bounded_log(entries: list[LogEntry]) -> list[LogEntry]:
    if (size := sum(len(entry.model_dump_json().encode()) for entry in entries)) > MAX_LOG_BYTES:
        raise ValueError(f"must be at most {MAX_LOG_BYTES} bytes as JSON, not {size}: send them in several reports")
    return entries


OUTPUT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])
OutputData = Annotated[dict[str, JsonValue] | None, AfterValidator(_bounded)]

LogEntries = Annotated[list[LogEntry], Field(min_length=1, max_length=100), AfterValidator(_bounded_log)]


class Report(Message):
    """What every report says: which attempt of which project."""

    project_id: ProjectId
    attempt: int = Field(ge=1)


class StageReport(Report):
    """Of one stage or sub-stage."""

    stage_name: str = Field(max_length=100)
    sub_stage_name: str | None = Field(default=None, max_length=100)


class StageStarted(StageReport):
    type: Literal["nexus.stage.started.v1"] = "nexus.stage.started.v1"
    agent_name: str | None = Field(default=None, max_length=200)


class StageProgressed(StageReport):
    type: Literal["nexus.stage.progressed.v1"] = "nexus.stage.progressed.v1"
    progress: float = Field(ge=0, le=100)


class StageLogged(StageReport):
    type: Literal["nexus.stage.logged.v1"] = "nexus.stage.logged.v1"
    entries: LogEntries


class StageArtifactPublished(StageReport):
    type: Literal["nexus.stage.artifact_published.v1"] = "nexus.stage.artifact_published.v1"
    artifact: Artifact


class StageUsageRecorded(StageReport):
    type: Literal["nexus.stage.usage_recorded.v1"] = "nexus.stage.usage_recorded.v1"
    usage: Usage


class StageCompleted(StageReport):
    type: Literal["nexus.stage.completed.v1"] = "nexus.stage.completed.v1"
    output_data: OutputData = None


class StageFailed(StageReport):
    type: Literal["nexus.stage.failed.v1"] = "nexus.stage.failed.v1"
    error: StageError


class AttemptFailed(Report):
    """The attempt failed as a whole, in whichever stage it was."""

    type: Literal["nexus.attempt.failed.v1"] = "nexus.attempt.failed.v1"
    error: StageError


AnyStageReport = (
    StageStarted
    | StageProgressed
    | StageLogged
    | StageArtifactPublished
    | StageUsageRecorded
    | StageCompleted
    | StageFailed
)
AnyReport = AnyStageReport | AttemptFailed
REPORT: TypeAdapter[AnyReport] = TypeAdapter(Annotated[AnyReport, Field(discriminator="type")])
