"""How an attempt ends: by a report, or because it can no longer finish."""

from dataclasses import dataclass
from datetime import datetime

from nexus_builds.domain.state import RUNNING, Decided, Project, closed
from nexus_contracts.builds.events import BuildCompleted, Builder, BuildFailed
from nexus_contracts.builds.reports import StageCompleted, StageError
from nexus_contracts.builds.views import ProjectStatus

GIVEN_UP = frozenset({"ABANDONED", "BUILD_TIMED_OUT", "REJECTED", "WAIT_EXPIRED", "WORKER_LOST"})
"""Error codes of attempts that the platform itself, or a person, has failed."""


@dataclass(frozen=True)
class Patience:
    """In seconds: how long an external builder may be silent, a worker be lost, and a platform build run."""

    silence: float
    lost: float
    total: float


def completed(project: Project, report: StageCompleted, now: datetime) -> Decided:
    """The last stage completes the attempt, and its output names the agent."""
    agent_id = (report.output_data or {}).get("agent_id")
    done = _ended(project, ProjectStatus.COMPLETED, now, None)
    done = done.model_copy(update={"agent_id": agent_id if isinstance(agent_id, str) else None})
    event = BuildCompleted(
        project_id=project.project_id,
        attempt=project.attempt_number,
        duration_seconds=project.attempt.seconds(now) if project.attempt else 0.0,
        usage=project.usage(),
    )
    return done, [report, event]


def past_hope(project: Project, now: datetime, patience: Patience, *, worker_lost: bool) -> StageError | None:
    """Why the running attempt can no longer end by itself; None if it still may.

    `worker_lost`: its worker has been silent for `patience.lost`, and no other took over. An attempt that was only just
    started or resumed gets that time, too.
    """
    attempt = project.attempt
    if attempt is None or project.status not in RUNNING:
        return None
    if attempt.builder is Builder.EXTERNAL:
        if (now - project.updated_at).total_seconds() < patience.silence:
            return None
        return StageError(code="ABANDONED", message=f"there was no report for {patience.silence / 3600:g} hours")
    # Before the other limits: they are for builds that run, and this one stands still until a person answers.
    if attempt.waiting_for:
        if now < attempt.waiting_for.expires_at:
            return None
        return StageError(code="WAIT_EXPIRED", message=f"nobody answered in time: {attempt.waiting_for.prompt}"[:4000])
    if attempt.running(now) >= patience.total:
        return StageError(code="BUILD_TIMED_OUT", message=f"the build did not end within {patience.total:g} seconds")
    # Counted from the last start or resume as well: the worker may have died during a pause, and then the others have
    # had no time to take over.
    if worker_lost and attempt.since and (now - attempt.since).total_seconds() >= patience.lost:
        told = f"the worker was silent for {patience.lost:g} seconds and no other took over; restart the build"
        return StageError(code="WORKER_LOST", message=told)
    return None


def failed(project: Project, error: StageError, now: datetime) -> Decided:
    """The attempt fails, and so do the steps that were running."""
    event = BuildFailed(
        project_id=project.project_id,
        attempt=project.attempt_number,
        duration_seconds=project.attempt.seconds(now) if project.attempt else 0.0,
        error=error,
    )
    ended = _ended(project, ProjectStatus.FAILED, now, error)
    return ended.model_copy(update={"stages": closed(project.stages, error, now)}), [event]


def _ended(project: Project, status: ProjectStatus, now: datetime, error: StageError | None) -> Project:
    attempt = project.attempt and project.attempt.ended(now, str(status), error)
    return project.model_copy(update={"status": status, "attempt": attempt, "updated_at": now})
