"""What stage reports do to a project: applied, or refused with a reason; never both, never an error."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from nexus_builds.domain.control import begin
from nexus_builds.domain.endings import completed, failed
from nexus_builds.domain.state import (
    ARTIFACT_TAIL,
    INLINE_OUTPUT_BYTES,
    LOG_TAIL,
    LOG_TAIL_CHARACTERS,
    RUNNING,
    TAIL_BYTES,
    Decided,
    Project,
    StepState,
    latest,
    progress_of,
    replaced,
)
from nexus_builds.domain.waiting import asked
from nexus_contracts.builds.events import (
    Builder,
    RefusalCode,
    ReportIdentity,
    ReportRefused,
    Trigger,
)
from nexus_contracts.builds.reports import (
    AnyReport,
    AnyStageReport,
    AttemptFailed,
    LogEntry,
    Report,
    StageArtifactPublished,
    StageCompleted,
    StageFailed,
    StageLogged,
    StageProgressed,
    StageStarted,
    StageUsageRecorded,
    StageWaiting,
    Usage,
    json_size,
)
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.stages import DEPLOYER, TOOL_DEVELOPER, StepStatus

WORKER_SOURCE = "/nexus/builds-worker/epochs/"
NAMED_SOURCE = "/nexus/builds-worker/named"
"""Source of the worker's reports whose ids derive from names: whichever worker sends one, it counts once. They are not
fenced: if the report of a worker that lost the build were refused, its successor's would be a duplicate, and lost."""
_WORKER = re.compile(rf"{NAMED_SOURCE}|{WORKER_SOURCE}([0-9]{{1,12}})")
MOST_MODELS = 20


class Refused(Exception):
    """The report is not applied."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True)
class Reporter:
    """Who reports: `source` and `id` identify the report."""

    source: str
    id: str

    @property
    def epoch(self) -> int | None:
        """The lease epoch under which the platform's worker reports; None for what is not fenced by one."""
        match = _WORKER.fullmatch(self.source)
        return int(match[1]) if match and match[1] else None

    @property
    def platform(self) -> bool:
        """The platform's own worker."""
        return _WORKER.fullmatch(self.source) is not None


def apply(project: Project, report: AnyReport, reporter: Reporter, now: datetime) -> Decided:
    """The project after the report, and what is in its history: the report itself, or its refusal."""
    if isinstance(report, AttemptFailed) and _has_failed(project, report.attempt):
        return project, []
    try:
        begun, events = _admitted(project, report, reporter, now)
        changed, more = _applied(begun, report, reporter, now)
    except Refused as refusal:
        # Recorded, not raised: one bad report must not hold up those behind it, and its sender finds the reason in the
        # history instead of nowhere.
        identity = ReportIdentity(type=report.type, source=reporter.source[:500], id=reporter.id[:500])
        refused = ReportRefused(
            project_id=project.project_id,
            attempt=report.attempt,
            code=refusal.code,
            reason=str(refusal),
            report=identity,
        )
        noted = {"updated_at": now, "refusals": project.refusals.plus(refused.reason, now)}
        return project.model_copy(update=noted), [refused]
    return changed, [*events, *more]


def _has_failed(project: Project, attempt: int) -> bool:
    """Whether the attempt has failed already. A second report of that is ignored: pipelines report task and run."""
    return attempt == project.attempt_number and project.status in (ProjectStatus.FAILED, ProjectStatus.CANCELLED)


def _admitted(project: Project, report: Report, reporter: Reporter, now: datetime) -> Decided:
    """Checks that this reporter may report on this attempt; the first external report starts the first attempt."""
    external = not reporter.platform
    waiting = project.status is ProjectStatus.PENDING and not project.auto_start
    if waiting and external and report.attempt == 1 and project.attempt is None:
        project, events = begin(project, Builder.EXTERNAL, Trigger.REPORT, now)
    else:
        events = []
    if report.attempt > project.attempt_number:
        raise Refused(RefusalCode.UNKNOWN_ATTEMPT, f"the latest attempt is {project.attempt_number}")
    if report.attempt < project.attempt_number or project.status not in RUNNING or project.attempt is None:
        raise Refused(RefusalCode.ATTEMPT_ENDED, f"attempt {report.attempt} has ended")
    if external != (project.attempt.builder is Builder.EXTERNAL):
        raise Refused(
            RefusalCode.NOT_THE_BUILDER, f"attempt {report.attempt} is built by the {project.attempt.builder} builder"
        )
    # A worker that lost the build may not know it yet, and its reports are already in the topic: the epoch is the only
    # thing that tells them from those of its successor.
    if reporter.epoch is not None and reporter.epoch < project.attempt.epoch:
        raise Refused(RefusalCode.FENCED_OFF, "another worker has taken over this attempt")
    return project, events


def _applied(project: Project, report: AnyReport, reporter: Reporter, now: datetime) -> Decided:
    if isinstance(report, AttemptFailed):
        ended, events = failed(project, report.error, now)
        return ended, [report, *events]
    step = project.step(report.stage_name, report.sub_stage_name)
    if step is None:
        raise Refused(RefusalCode.UNKNOWN_STAGE, f"there is no {report.sub_stage_name or report.stage_name} here")
    changes = _changes(project, report, reporter, step, now)
    changed = _changed(_fenced(project, reporter), report, step, changes, now)
    match report:
        case StageWaiting():
            return asked(changed, report, now)
        case StageUsageRecorded(model=str(model)):
            return _using(changed, model), [report]
        case StageFailed():
            ended, events = failed(changed, report.error, now)
            return ended, [report, *events]
        case StageCompleted(stage_name=str(name)) if name == DEPLOYER:
            return completed(changed, report, now)
        case _:
            return changed, [report]


def _using(project: Project, model: str) -> Project:
    attempt = project.attempt
    if attempt is None or model in attempt.models or len(attempt.models) >= MOST_MODELS:
        return project
    return project.model_copy(update={"attempt": attempt.model_copy(update={"models": (*attempt.models, model)})})


def _fenced(project: Project, reporter: Reporter) -> Project:
    """Once a worker with a higher epoch has reported, workers with lower ones are refused."""
    if project.attempt is None or reporter.epoch is None or reporter.epoch <= project.attempt.epoch:
        return project
    return project.model_copy(update={"attempt": project.attempt.model_copy(update={"epoch": reporter.epoch})})


def _changes(
    project: Project, report: AnyStageReport, reporter: Reporter, step: StepState, now: datetime
) -> Mapping[str, object]:
    match report:
        case StageStarted():
            _may_start(project, report, step, reporter)
            name = report.agent_name or step.agent_name
            begun = {"status": StepStatus.RUNNING, "started_at": step.started_at or now}
            return begun | {"agent_name": name, "epoch": reporter.epoch or 0}
        case StageCompleted():
            _may_complete(project, step, report)
            ended = {"status": StepStatus.COMPLETED, "progress": 100.0, "completed_at": now}
            return ended | _output(report) | {"tools": _tools(step.name, report.output_data or {})}
        case StageFailed():
            # It fails with its attempt, as all that runs does.
            _must_run(step)
            return {}
        case StageWaiting():
            _may_wait(project, step, reporter)
            return {}
        case _:
            return _noted(step, report)


def _may_start(project: Project, report: StageStarted, step: StepState, reporter: Reporter) -> None:
    if report.sub_stage_name:
        parent = project.step(report.stage_name, None)
        if parent is None or parent.status is not StepStatus.RUNNING:
            raise Refused(RefusalCode.OUT_OF_ORDER, f"{report.stage_name} is not running")
    else:
        for earlier in project.stages:
            if earlier.name == step.name:
                break
            if not earlier.done:
                raise Refused(RefusalCode.OUT_OF_ORDER, f"{earlier.name} is not completed")
    # The worker that takes over starts the step again. With an equal epoch it is only a second start.
    taken_over = step.status is StepStatus.RUNNING and (reporter.epoch or 0) > step.epoch
    if step.status is not StepStatus.PENDING and not taken_over:
        raise Refused(RefusalCode.OUT_OF_ORDER, f"{step.name} is already {step.status}")


def _may_complete(project: Project, step: StepState, report: StageCompleted) -> None:
    _must_run(step)
    wait = project.waiting_for
    if wait and (wait.stage_name, wait.sub_stage_name) == (report.stage_name, report.sub_stage_name):
        raise Refused(RefusalCode.OUT_OF_ORDER, f"{step.name} waits for a person")
    if unfinished := [sub.name for sub in step.sub_steps if not sub.done]:
        raise Refused(RefusalCode.OUT_OF_ORDER, f"{unfinished[0]} is not completed")


def _may_wait(project: Project, step: StepState, reporter: Reporter) -> None:
    _must_run(step)
    if not reporter.platform:
        raise Refused(RefusalCode.NOT_THE_BUILDER, "a build of another system waits in that system, not here")
    if project.waiting_for:
        raise Refused(RefusalCode.OUT_OF_ORDER, f"the build waits already, in {project.waiting_for.stage_name}")


def _must_run(step: StepState) -> None:
    if step.status is not StepStatus.RUNNING:
        raise Refused(RefusalCode.OUT_OF_ORDER, f"{step.name} is {step.status}, not running")


def _noted(
    step: StepState, report: StageProgressed | StageLogged | StageArtifactPublished | StageUsageRecorded
) -> dict[str, object]:
    """The changes by reports on a running step; logs, artifacts and usage may still come after it has completed."""
    if step.status is not StepStatus.COMPLETED or isinstance(report, StageProgressed):
        _must_run(step)
    match report:
        case StageProgressed():
            # Never backwards: after a takeover the new worker reports from the start of the step again.
            return {"progress": max(step.progress, report.progress)}
        case StageLogged():
            shown = (*step.logs, *(_shortened(entry) for entry in report.entries[-LOG_TAIL:]))
            return {"logs": latest(shown, LOG_TAIL, TAIL_BYTES), "log_count": step.log_count + len(report.entries)}
        case StageArtifactPublished():
            shown = (*step.artifacts, report.artifact)
            return {"artifacts": latest(shown, ARTIFACT_TAIL, TAIL_BYTES), "artifact_count": step.artifact_count + 1}
        case StageUsageRecorded():
            return {"usage": _summed(step.usage.plus(report.usage))}


def _summed(usage: Usage) -> Usage:
    """Raises Refused for what would exceed the exact range: a sum that silently stops growing would be wrong."""
    if excess := usage.beyond():
        name, most = excess
        raise Refused(RefusalCode.TOO_MUCH_USAGE, f"{name} would come to more than {most}")
    return usage


def _shortened(entry: LogEntry) -> LogEntry:
    if len(entry.message) <= LOG_TAIL_CHARACTERS:
        return entry
    return entry.model_copy(update={"message": entry.message[:LOG_TAIL_CHARACTERS] + "..."})


def _output(report: StageCompleted) -> dict[str, object]:
    size = json_size(report.output_data) if report.output_data is not None else 0
    return {"output": report.output_data if size <= INLINE_OUTPUT_BYTES else None, "output_bytes": size}


def _tools(step: str, output: Mapping[str, JsonValue]) -> int | None:
    """The agent's number of tools, from the outputs of the steps that know it: tool developer and deployer."""
    manifest = output.get("manifest")
    place = {TOOL_DEVELOPER: output, DEPLOYER: manifest if isinstance(manifest, Mapping) else {}}.get(step, {})
    tools = place.get("tools")
    return len(tools) if isinstance(tools, list) else None


def _changed(
    project: Project, report: AnyStageReport, step: StepState, changes: Mapping[str, object], now: datetime
) -> Project:
    parent = report.stage_name if report.sub_stage_name else None
    stages = replaced(project.stages, step.model_copy(update=changes), parent)
    # A running stage counts half, a failed one nothing: what users see must not fall back because of that.
    progress = max(project.progress, progress_of(stages))
    return project.model_copy(update={"stages": stages, "progress": progress, "updated_at": now})
