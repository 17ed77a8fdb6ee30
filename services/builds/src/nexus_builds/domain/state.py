"""The state of a project (its attempt, its steps, the tails of unbounded lists) and its views."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, Field, JsonValue

from nexus_builds.domain.agent_change import AgentChange
from nexus_contracts.aggregate import Aggregate
from nexus_contracts.builds.events import Approval, Builder, BuildMethod, Trigger
from nexus_contracts.builds.reports import Artifact, LogEntry, StageError, Usage, WaitKind
from nexus_contracts.builds.views import (
    AttemptSummary,
    AttemptView,
    ProjectStatus,
    ProjectSummary,
    ProjectView,
    StagesSnapshot,
    StagesView,
    StageView,
    WaitingFor,
)
from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message
from nexus_contracts.stages import DEVELOPER, STAGE_BY_NAME, STAGES, StageSpec, StepStatus

M = TypeVar("M", bound=BaseModel)
LOG_TAIL = 5
LOG_TAIL_CHARACTERS = 500
ARTIFACT_TAIL = 10
INLINE_OUTPUT_BYTES = 4_000
TAIL_BYTES = 6_000
"""Limit for each tail shown in a project, so that its one item stays far below the database's limit."""
DONE = frozenset({StepStatus.COMPLETED, StepStatus.SKIPPED})
TERMINAL = frozenset({ProjectStatus.COMPLETED, ProjectStatus.FAILED, ProjectStatus.CANCELLED})
RUNNING = frozenset({ProjectStatus.BUILDING, ProjectStatus.PAUSED})


class StepState(Message):
    """A stage or sub-stage.

    `attempt` is the one in which it ran: an earlier one if it was kept. `epoch` is that of the worker that runs it.
    `tools` is the number of the agent's tools, if its output lists them.
    """

    name: str
    attempt: int
    status: StepStatus = StepStatus.PENDING
    epoch: int = 0
    progress: float = 0.0
    agent_name: str | None = None
    started_at: Timestamp | None = None
    completed_at: Timestamp | None = None
    error: StageError | None = None
    output: dict[str, JsonValue] | None = None
    output_bytes: int = 0
    tools: int | None = None
    artifacts: tuple[Artifact, ...] = ()
    artifact_count: int = 0
    logs: tuple[LogEntry, ...] = ()
    log_count: int = 0
    usage: Usage = Usage()
    sub_steps: tuple["StepState", ...] = ()

    @property
    def done(self) -> bool:
        return self.status in DONE


class Wait(Message):
    """A question of the builder to a person, in this step; the answer is stored under `name`."""

    name: str
    kind: WaitKind
    stage_name: str
    sub_stage_name: str | None = None
    prompt: str
    estimate_usd: float | None = None
    asked_at: Timestamp
    expires_at: Timestamp


class Attempt(Message):
    """One run of the pipeline. `epoch` is the highest lease epoch of a platform worker that reported.

    A platform build uses `build_method`, and has used `models`. It has been running since `since` (None: it is paused,
    or has ended), and ran for `ran_seconds` before that.
    """

    number: int
    builder: Builder
    trigger: Trigger
    from_stage: str | None = None
    started_at: Timestamp
    ended_at: Timestamp | None = None
    outcome: str | None = None
    error: StageError | None = None
    epoch: int = 0
    since: Timestamp | None = None
    ran_seconds: float = 0.0
    paused_at: Timestamp | None = None
    build_method: BuildMethod | None = None
    models: tuple[str, ...] = ()
    waiting_for: Wait | None = None
    change: AgentChange | None = None

    def halted(self, now: datetime) -> "Attempt":
        """Stops the clock."""
        return self.model_copy(update={"since": None, "ran_seconds": self.running(now)})

    def resumed(self, now: datetime) -> "Attempt":
        """Restarts the clock; it no longer waits for a person."""
        return self.model_copy(update={"since": now, "paused_at": None, "waiting_for": None})

    def ended(self, now: datetime, outcome: str, error: StageError | None = None) -> "Attempt":
        """Ends it; it no longer waits for a person."""
        over = {"ended_at": now, "outcome": outcome, "error": error, "waiting_for": None}
        return self.halted(now).model_copy(update=over)

    def running(self, now: datetime) -> float:
        """Seconds of running time, without pauses."""
        return self.ran_seconds + ((now - self.since).total_seconds() if self.since else 0.0)

    def seconds(self, now: datetime) -> float:
        return round((now - self.started_at).total_seconds(), 6)


class Refusals(Message):
    """The number of reports refused since the attempt began, and the reason and time of the last one."""

    count: int = 0
    reason: str | None = None
    at: Timestamp | None = None

    def plus(self, reason: str, now: datetime) -> "Refusals":
        return Refusals(count=self.count + 1, reason=reason, at=now)


class PastAttempt(Message):
    """An attempt with its stages, as it is stored when the next one begins."""

    attempt: Attempt
    stages: tuple[StepState, ...]
    progress: float = 0.0

    def usage(self) -> Usage:
        """The sum over the steps that ran in it."""
        return usage_of(self.stages, self.attempt.number)

    def step(self, name: str) -> StepState | None:
        return next((step for step in steps_of(self.stages) if step.name == name), None)


class Project(Aggregate):
    """`reports` counts the distinct reports received."""

    project_id: str
    requirement: str
    user_id: str
    user_name: str | None
    project_name: str
    agent_name: str | None
    agent_name_map: dict[str, str]
    priority: int
    tags: list[str]
    auto_start: bool
    build_method: BuildMethod = BuildMethod.AUTO
    ask: bool = False
    approve: list[Approval] = Field(default_factory=list[Approval])
    status: ProjectStatus
    progress: float = 0.0
    attempt: Attempt | None = None
    stages: tuple[StepState, ...] = ()
    agent_id: str | None = None
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None = None
    reports: int = 0
    refusals: Refusals = Refusals()

    @property
    def attempt_number(self) -> int:
        return self.attempt.number if self.attempt else 0

    @property
    def waiting_for(self) -> Wait | None:
        return self.attempt.waiting_for if self.attempt else None

    def usage(self) -> Usage:
        """The sum over the steps that ran in the current attempt."""
        return usage_of(self.stages, self.attempt_number)

    def latest(self) -> PastAttempt | None:
        """The latest attempt, in its stored form; None before the first."""
        if self.attempt is None:
            return None
        return PastAttempt(attempt=self.attempt, stages=self.stages, progress=self.progress)

    def steps(self) -> Iterator[StepState]:
        return steps_of(self.stages)

    def step(self, stage_name: str, sub_stage_name: str | None) -> StepState | None:
        stage = next((one for one in self.stages if one.name == stage_name), None)
        if stage is None or sub_stage_name is None:
            return stage
        return next((one for one in stage.sub_steps if one.name == sub_stage_name), None)


Decided = tuple[Project, list[BaseModel]]
"""The project after a decision, and the events."""


def built_by(builder: Builder, project: Project | None) -> bool:
    """Whether there is such a project, its attempt is running or paused, and this builder builds it."""
    return bool(project and project.attempt and project.attempt.builder is builder and project.status in RUNNING)


def steps_of(stages: tuple[StepState, ...]) -> Iterator[StepState]:
    """Stages and sub-stages, each stage before its sub-stages."""
    for stage in stages:
        yield stage
        yield from stage.sub_steps


def usage_of(stages: tuple[StepState, ...], attempt: int) -> Usage:
    """The sum over the steps that ran in the attempt."""
    total = Usage()
    for step in steps_of(stages):
        if step.attempt == attempt:
            total = total.plus(step.usage)
    return total


def latest(entries: Sequence[M], most: int, most_bytes: int) -> tuple[M, ...]:
    """The last entries, at most `most` of them and at most `most_bytes` as JSON."""
    size = 0
    for number, entry in enumerate(reversed(entries)):
        size += len(entry.model_dump_json().encode())
        if number == most or size > most_bytes:
            return tuple(entries[len(entries) - number :])
    return tuple(entries)


def fresh_stages(attempt: int, agent_names: dict[str, str]) -> tuple[StepState, ...]:
    """The six stages, none of them started."""
    return tuple(_fresh(stage, attempt, agent_names.get(stage.name)) for stage in STAGES)


@lru_cache(256)  # alike in nearly all projects
def _fresh(stage: StageSpec, attempt: int, agent_name: str | None) -> StepState:
    subs = tuple(StepState(name=sub.name, attempt=attempt) for sub in stage.sub_stages)
    return StepState(name=stage.name, attempt=attempt, agent_name=agent_name, sub_steps=subs)


def replaced(stages: tuple[StepState, ...], step: StepState, sub_stage_of: str | None) -> tuple[StepState, ...]:
    """The stages with this step in place of the one with the same name."""
    if sub_stage_of is None:
        return tuple(step if one.name == step.name else one for one in stages)
    return tuple(
        one.model_copy(update={"sub_steps": replaced(one.sub_steps, step, None)}) if one.name == sub_stage_of else one
        for one in stages
    )


def closed(steps: tuple[StepState, ...], error: StageError, now: datetime) -> tuple[StepState, ...]:
    """The steps of an attempt that has ended: those that were running have failed."""
    return tuple(_closed(step, error, now) for step in steps)


def _closed(step: StepState, error: StageError, now: datetime) -> StepState:
    subs = closed(step.sub_steps, error, now)
    if step.status is not StepStatus.RUNNING:
        return step.model_copy(update={"sub_steps": subs}) if subs else step
    ended = {"status": StepStatus.FAILED, "completed_at": now, "error": error, "sub_steps": subs}
    return step.model_copy(update=ended)


def progress_of(stages: tuple[StepState, ...]) -> float:
    """Per cent of the project: done stages count fully, a running one half, stage 5 by its sub-stages."""
    total = 0.0
    for stage in stages:
        weight = STAGE_BY_NAME[stage.name].weight
        if stage.done:
            total += weight
        elif stage.status is StepStatus.RUNNING:
            total += weight * (_sub_share(stage) if stage.name == DEVELOPER else 0.5)
    return round(total, 4)


def _sub_share(stage: StepState) -> float:
    weights = {sub.name: sub.weight for sub in STAGE_BY_NAME[stage.name].sub_stages}
    share = {StepStatus.COMPLETED: 1.0, StepStatus.RUNNING: 0.5}
    return sum(weights[sub.name] * share.get(sub.status, 0.0) for sub in stage.sub_steps)


DISPLAY = {step.name: step.display_name for stage in STAGES for step in (stage, *stage.sub_stages)}
NUMBER = {step.name: stage.number for stage in STAGES for step in (stage, *stage.sub_stages)}

_SHOWN = tuple(name for name in ProjectSummary.model_fields if name in Project.model_fields)
"""Fields of a summary that are taken from the state unchanged."""


def stage_view(step: StepState, **full: Any) -> StageView:
    """A step with its tails, or with `full` outputs, artifacts and logs instead."""
    shown: dict[str, Any] = {
        "stage_name": step.name,
        "stage_number": NUMBER[step.name],
        "display_name": DISPLAY[step.name],
        "status": step.status,
        "progress": step.progress,
        "agent_name": step.agent_name,
        "started_at": step.started_at,
        "completed_at": step.completed_at,
        "duration_seconds": seconds_between(step.started_at, step.completed_at),
        "error": step.error,
        "output_data": step.output,
        "output_size_bytes": step.output_bytes,
        "artifacts": list(step.artifacts),
        "artifact_count": step.artifact_count,
        "logs": list(step.logs),
        "log_count": step.log_count,
        "usage": step.usage,
        "attempt": step.attempt,
        "sub_stages": [stage_view(sub) for sub in step.sub_steps],
    }
    return StageView.known(shown | full)


def summary(project: Project) -> dict[str, Any]:
    attempt = project.attempt
    return {name: getattr(project, name) for name in _SHOWN} | {
        "status": str(project.status),
        "current_stage": current_stage(project),
        "attempt": project.attempt_number,
        "builder": attempt.builder if attempt else None,
        "waiting_for": waiting_for(project),
        "error": attempt.error if attempt else None,
        "started_at": attempt.started_at if attempt else None,
        "completed_at": attempt.ended_at if attempt else None,
    }


def waiting_for(project: Project) -> WaitingFor | None:
    """What the build asks a person, if it waits for one."""
    if (wait := project.waiting_for) is None:
        return None
    return WaitingFor(cost_usd=project.usage().cost_usd, **wait.model_dump(exclude={"name"}))


def current_stage(project: Project) -> str | None:
    return next((stage.name for stage in project.stages if stage.status is StepStatus.RUNNING), None)


def project_summary(project: Project) -> ProjectSummary:
    return ProjectSummary.known(summary(project))


def project_view(project: Project) -> ProjectView:
    stages = [stage_view(stage) for stage in project.stages]
    snapshot = StagesSnapshot.known({"total": len(stages), "completed": _done(project), "stages": stages})
    return ProjectView.known(summary(project) | {"stages_snapshot": snapshot})


def stages_view(project: Project) -> StagesView:
    stages = [stage_view(stage) for stage in project.stages]
    counts = {"total_stages": len(stages), "completed_stages": _done(project)}
    return StagesView.known({"project_id": project.project_id, "stages": stages, **counts})


def attempt_summary(attempt: Attempt) -> AttemptSummary:
    return AttemptSummary(
        attempt=attempt.number,
        builder=attempt.builder,
        build_method=attempt.build_method,
        models=list(attempt.models),
        trigger=attempt.trigger,
        change=attempt.change.requirement if attempt.change else None,
        from_stage=attempt.from_stage,
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        outcome=attempt.outcome,
        duration_seconds=seconds_between(attempt.started_at, attempt.ended_at),
        error=attempt.error,
    )


def attempt_view(past: PastAttempt) -> AttemptView:
    """An attempt with its stages."""
    stages = [stage_view(stage) for stage in past.stages]
    return AttemptView(**dict(attempt_summary(past.attempt)), usage=past.usage(), progress=past.progress, stages=stages)


def _done(project: Project) -> int:
    return sum(stage.done for stage in project.stages)


def seconds_between(began: datetime | None, ended: datetime | None) -> float | None:
    return round((ended - began).total_seconds(), 6) if began and ended else None
