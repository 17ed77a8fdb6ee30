"""How an attempt ends: by what is reported of it, or because it can no longer finish."""

from dataclasses import dataclass
from datetime import datetime

from nexus_builds.domain.state import RUNNING, Decided, Project, closed
from nexus_contracts.builds.events import BuildCompleted, Builder, BuildFailed
from nexus_contracts.builds.reports import StageCompleted, StageError
from nexus_contracts.builds.views import ProjectStatus

GIVEN_UP = frozenset({"ABANDONED", "BUILD_TIMED_OUT", "REJECTED", "WAIT_EXPIRED", "WORKER_LOST"})
"""Codes of the errors with which the platform itself, or a person, fails an attempt."""


@dataclass(frozen=True)
class Patience:
    """In seconds: how long an external builder may be silent, a build's worker be lost, and a platform build run."""

    silence: float
    lost: float
    total: float


def completed(project: Project, report: StageCompleted, now: datetime) -> Decided:
    """The last stage completes the attempt, and says which agent came of it."""
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
    """Why the running attempt will not come to an end by itself; None where it still may.

    `worker_lost`: its worker gave no sign for this long, and no other took over. One that has just been started or
    resumed is given the time to be taken over all the same.
    """
    attempt = project.attempt
    if attempt is None or project.status not in RUNNING:
        return None
    if attempt.builder is Builder.EXTERNAL:
        if (now - project.updated_at).total_seconds() < patience.silence:
            return None
        return StageError(code="ABANDONED", message=f"no report came for {patience.silence / 3600:g} hours")
    if attempt.waiting_for:
        if now < attempt.waiting_for.expires_at:
            return None
        return StageError(code="WAIT_EXPIRED", message=f"nobody answered in time: {attempt.waiting_for.prompt}"[:4000])
    if attempt.running(now) >= patience.total:
        return StageError(code="BUILD_TIMED_OUT", message=f"the build did not end within {patience.total:g} seconds")
    if worker_lost and attempt.since and (now - attempt.since).total_seconds() >= patience.lost:
        told = f"its worker has been silent for {patience.lost:g} seconds and no other took over; restart the build"
        return StageError(code="WORKER_LOST", message=told)
    return None


def failed(project: Project, error: StageError, now: datetime) -> Decided:
    """The attempt ends without success, and with it the steps that were running."""
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
