"""The dashboard of a build. It changes only with the project, or when an alert becomes due."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from nexus_builds.domain.endings import GIVEN_UP
from nexus_builds.domain.state import (
    DISPLAY,
    NUMBER,
    Project,
    StepState,
    attempt_summary,
    current_stage,
    seconds_between,
    waiting_for,
)
from nexus_contracts.builds.dashboard import (
    AlertCode,
    BuildAlert,
    BuildDashboard,
    BuildMetrics,
    BuildStage,
    BuildTotals,
    EdgeKind,
    GraphEdge,
    GraphNode,
    Severity,
    StageGraph,
)
from nexus_contracts.builds.reports import StageError
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.stages import StepStatus

SILENT = timedelta(minutes=5)
SLOW = timedelta(minutes=10)


def build_dashboard(project: Project, now: datetime) -> BuildDashboard:
    """`now` decides which alerts about silence and slowness are active."""
    return BuildDashboard(
        project_id=project.project_id,
        project_name=project.project_name,
        status=str(project.status),
        progress=project.progress,
        current_stage=current_stage(project),
        latest_attempt=attempt_summary(project.attempt) if project.attempt else None,
        waiting_for=waiting_for(project),
        stages=[_stage(stage) for stage in project.stages],
        totals=_totals(project),
        metrics=_metrics(project),
        alerts=list(_alerts(project, now)),
        graph=_graph(project),
        updated_at=project.updated_at,
    )


def _stage(step: StepState) -> BuildStage:
    return BuildStage(
        stage_name=step.name,
        stage_number=NUMBER[step.name],
        display_name=DISPLAY[step.name],
        status=step.status,
        progress=step.progress,
        agent_name=step.agent_name,
        started_at=step.started_at,
        completed_at=step.completed_at,
        duration_seconds=seconds_between(step.started_at, step.completed_at),
        usage=step.usage,
        error=step.error,
        attempt=step.attempt,
        sub_stages=[_stage(sub) for sub in step.sub_steps],
    )


def _totals(project: Project) -> BuildTotals:
    steps = list(project.steps())
    return BuildTotals(
        total_stages=len(project.stages),
        completed_stages=sum(stage.done for stage in project.stages),
        failed_stages=sum(stage.status is StepStatus.FAILED for stage in project.stages),
        log_entries=sum(step.log_count for step in steps),
        artifacts=sum(step.artifact_count for step in steps),
    )


def _metrics(project: Project) -> BuildMetrics:
    attempt, usage = project.attempt, project.usage()
    known = [step.tools for step in project.steps() if step.done and step.tools is not None]
    return BuildMetrics(
        total_duration_seconds=attempt.seconds(attempt.ended_at or project.updated_at) if attempt else None,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        tool_calls=usage.tool_calls,
        cost_estimate=usage.cost_usd,
        total_tools=known[-1] if known else None,
    )


def _alerts(project: Project, now: datetime) -> Iterator[BuildAlert]:
    """Errors first."""
    yield from _failures(project)
    attempt = project.attempt
    if wait := project.waiting_for:
        said = f"waiting for a person, until {wait.expires_at:%Y-%m-%d %H:%M} UTC: {wait.prompt}"
        reached = wait.sub_stage_name or wait.stage_name
        yield _alert(AlertCode.BUILD_PAUSED, Severity.WARNING, said, reached, wait.asked_at)
    elif project.status is ProjectStatus.PAUSED and attempt:
        said = "the build is paused; nothing starts until it is resumed"
        yield _alert(AlertCode.BUILD_PAUSED, Severity.INFO, said, None, attempt.paused_at)
    if project.status is ProjectStatus.BUILDING:
        if now - project.updated_at >= SILENT:
            said = "no report has arrived for five minutes"
            yield _alert(AlertCode.NO_REPORT, Severity.WARNING, said, current_stage(project), project.updated_at)
        for step, since in _working(project.stages):
            if now - since >= SLOW:
                said = f"{DISPLAY[step.name]} has been running for ten minutes"
                yield _alert(AlertCode.STAGE_SLOW, Severity.WARNING, said, step.name, since)
    refused = project.refusals.count
    # After a stop the last reports of the worker still arrive, and are refused: that is no reason for an alert.
    if refused and project.status is not ProjectStatus.CANCELLED:
        said = f"reports refused: {refused}; the latest: {project.refusals.reason}"
        yield _alert(AlertCode.REPORTS_REFUSED, Severity.WARNING, said, None, project.refusals.at)


def _failures(project: Project) -> Iterator[BuildAlert]:
    """One alert per failure: a stage that failed with its sub-stage has none. A stop is not a failure."""
    if project.status is ProjectStatus.CANCELLED:
        return
    failed = [step for step in project.steps() if step.status is StepStatus.FAILED]
    failed = [step for step in failed if not any(sub in failed for sub in step.sub_steps)]
    attempt = project.attempt
    if attempt and attempt.error and (not failed or attempt.error.code in GIVEN_UP):
        reached = failed[0].name if failed else None
        yield _alert(AlertCode.BUILD_FAILED, Severity.ERROR, _told(attempt.error), reached, attempt.ended_at)
        return
    for step in failed:
        if step.error:
            yield _alert(AlertCode.STAGE_FAILED, Severity.ERROR, _told(step.error), step.name, step.completed_at)


def _told(error: StageError) -> str:
    return f"{error.code}: {error.message}"


def _working(steps: Iterable[StepState]) -> Iterator[tuple[StepState, datetime]]:
    """The steps that are running by themselves, and since when: a stage does so once its sub-stages are done."""
    for step in steps:
        if step.status is not StepStatus.RUNNING or step.started_at is None:
            continue
        if all(sub.done for sub in step.sub_steps):
            ends = [sub.completed_at for sub in step.sub_steps if sub.completed_at]
            yield step, max([step.started_at, *ends])
        yield from _working(step.sub_steps)


def _alert(
    code: AlertCode, severity: Severity, message: str, stage_name: str | None, since: datetime | None
) -> BuildAlert:
    return BuildAlert(code=code, severity=severity, message=message, stage_name=stage_name, since=since)


def _graph(project: Project) -> StageGraph:
    nodes = [_node(stage, None) for stage in project.stages]
    edges = [
        GraphEdge(source=one.name, target=other.name, kind=EdgeKind.THEN) for one, other in pairwise(project.stages)
    ]
    for stage in project.stages:
        nodes += [_node(sub, stage.name) for sub in stage.sub_steps]
        edges += [GraphEdge(source=stage.name, target=sub.name, kind=EdgeKind.CONTAINS) for sub in stage.sub_steps]
    return StageGraph(nodes=nodes, edges=edges)


def _node(step: StepState, parent: str | None) -> GraphNode:
    return GraphNode(id=step.name, display_name=DISPLAY[step.name], status=step.status, parent=parent)
