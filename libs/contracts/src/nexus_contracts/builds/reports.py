"""Stage reports: builders report their progress with them (topic builds.reports.v1, key project_id)."""

from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, TypeAdapter

from nexus_contracts.identifiers import ProjectId, Sha256, Timestamp
from nexus_contracts.model import Message
from nexus_contracts.text import TooLarge

MAX_OUTPUT_BYTES = 300_000
"""An output is one item in the database, and an item holds at most 400 KB."""


MAX_LOG_BYTES = 300_000
"""The same holds for the entries of one report."""
MOST = 10**15
"""Of anything that is counted, in one report and as the sum of a step: so the sums stay exact in every reader."""

MOST_USD = 10**6
"""The same of costs, which are kept to 10^-9 USD: up to here a double tells such amounts apart, and their sums too."""


def _number(value: object) -> object:
    """Pydantic would take "1" and true for 1: the schema does not."""
    if isinstance(value, str | bool):
        raise ValueError("must be a number")
    return value


def _countable(number: int) -> int:
    if number > MOST:
        raise ValueError(f"must be at most {MOST}")
    return number


Whole = Annotated[int, BeforeValidator(_number)]
Count = Annotated[Whole, AfterValidator(_countable)]
Amount = Annotated[float, BeforeValidator(_number)]
LogLevel = Literal["debug", "info", "warning", "error"]
_LEVELS: dict[str, LogLevel] = {
    **{"debug": "debug", "trace": "debug"},
    **{"info": "info", "notice": "info"},
    **{"warning": "warning", "warn": "warning"},
    **{"error": "error", "critical": "error", "fatal": "error", "alert": "error", "emergency": "error"},
}


def log_level(name: Any) -> LogLevel:
    """The level of that name, in any case; other systems' names for one count too. Raises ValueError."""
    level = _LEVELS.get(name.lower()) if isinstance(name, str) else None
    if level is None:
        raise ValueError(f"must be one of {', '.join(_LEVELS)}, in any case")
    return level


class LogEntry(Message):
    timestamp: Timestamp
    level: Annotated[LogLevel, BeforeValidator(log_level)] = "info"
    message: str = Field(max_length=10_000)


class Artifact(Message):
    name: str = Field(min_length=1, max_length=200)
    uri: str = Field(min_length=1, max_length=2000)
    sha256: Sha256
    size_bytes: Count = Field(ge=0)
    media_type: str = Field(max_length=200)


class Usage(Message):
    """Of the input tokens, `cached_tokens` were read from a cache and `cache_write_tokens` written to one.

    Of `cost_usd`, `estimated_usd` is of calls that did not tell what they took: the most that they can have cost.
    """

    input_tokens: Whole = Field(default=0, ge=0)
    cached_tokens: Whole = Field(default=0, ge=0)
    cache_write_tokens: Whole = Field(default=0, ge=0)
    output_tokens: Whole = Field(default=0, ge=0)
    tool_calls: Whole = Field(default=0, ge=0)
    cost_usd: Amount = Field(default=0.0, ge=0)
    estimated_usd: Amount = Field(default=0.0, ge=0)

    def plus(self, other: "Usage") -> "Usage":
        """The sum; `beyond` is called with the name of what exceeds the limit."""
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            tool_calls=self.tool_calls + other.tool_calls,
            cost_usd=round(self.cost_usd + other.cost_usd, 9),
            estimated_usd=round(self.estimated_usd + other.estimated_usd, 9),
        )

    def beyond(self) -> tuple[str, int] | None:
        """The name of a figure that is more than can be counted, and the most that it may be; or None."""
        bounds = {"cost_usd": MOST_USD, "estimated_usd": MOST_USD}
        limits = ((name, getattr(self, name), bounds.get(name, MOST)) for name in Usage.model_fields)
        return next(((name, most) for name, figure, most in limits if figure > most), None)


U = TypeVar("U", bound=Usage)


class StageError(Message):
    code: str = Field(min_length=1, max_length=100)
    message: str = Field(max_length=4000)


def json_size(output: dict[str, JsonValue]) -> int:
    """The bytes that `output` takes as JSON."""
    return len(OUTPUT.dump_json(output))


def _bounded(output: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
    if output is not None and (size := json_size(output)) > MAX_OUTPUT_BYTES:
        raise TooLarge(size, MAX_OUTPUT_BYTES)
    return output


def _bounded_log(entries: list[LogEntry]) -> list[LogEntry]:
    if (size := sum(len(entry.model_dump_json().encode()) for entry in entries)) > MAX_LOG_BYTES:
        raise TooLarge(size, MAX_LOG_BYTES, ": send them in several reports")
    return entries


def countable_usage(usage: U) -> U:
    """The same. Raises ValueError where a figure is more than can be counted."""
    if excess := usage.beyond():
        name, most = excess
        raise ValueError(f"{name} must be at most {most}")
    return usage


CountableUsage = Annotated[Usage, AfterValidator(countable_usage)]
OUTPUT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])
OutputData = Annotated[dict[str, JsonValue] | None, AfterValidator(_bounded)]

LogEntries = Annotated[list[LogEntry], Field(min_length=1, max_length=100), AfterValidator(_bounded_log)]


class Report(Message):
    """The common part of all reports: which attempt of which project."""

    project_id: ProjectId
    attempt: Count = Field(ge=1)


class StageReport(Report):
    """A report on one stage or sub-stage."""

    stage_name: str = Field(max_length=100)
    sub_stage_name: str | None = Field(default=None, max_length=100)


class StageStarted(StageReport):
    type: Literal["nexus.stage.started.v1"] = "nexus.stage.started.v1"
    agent_name: str | None = Field(default=None, max_length=200)


class StageProgressed(StageReport):
    type: Literal["nexus.stage.progressed.v1"] = "nexus.stage.progressed.v1"
    progress: Amount = Field(ge=0, le=100)


class StageLogged(StageReport):
    type: Literal["nexus.stage.logged.v1"] = "nexus.stage.logged.v1"
    entries: LogEntries


class StageArtifactPublished(StageReport):
    type: Literal["nexus.stage.artifact_published.v1"] = "nexus.stage.artifact_published.v1"
    artifact: Artifact


class StageUsageRecorded(StageReport):
    """`model` names the language model that was used, if any."""

    type: Literal["nexus.stage.usage_recorded.v1"] = "nexus.stage.usage_recorded.v1"
    usage: CountableUsage
    model: str | None = Field(default=None, min_length=1, max_length=200)


class WaitKind(StrEnum):
    """What a person is asked for: answers, or an approval to continue."""

    QUESTION = "question"
    APPROVAL = "approval"


class StageWaiting(StageReport):
    """The stage waits for a person until `expires_at`; the platform's own builder alone may say so.

    `name` is the builder's own for this wait. `prompt` is the question, or a summary of what is to be approved.
    `estimate_usd` is what the rest of the build may cost.
    """

    type: Literal["nexus.stage.waiting.v1"] = "nexus.stage.waiting.v1"
    name: str = Field(min_length=1, max_length=100)
    kind: WaitKind
    prompt: str = Field(min_length=1, max_length=4000)
    estimate_usd: Annotated[float, Field(ge=0), BeforeValidator(_number)] | None = None
    expires_at: Timestamp


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
    | StageWaiting
    | StageCompleted
    | StageFailed
)
AnyReport = AnyStageReport | AttemptFailed
REPORT: TypeAdapter[AnyReport] = TypeAdapter(Annotated[AnyReport, Field(discriminator="type")])
