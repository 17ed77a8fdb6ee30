"""How an attempt ends by what is reported of it, or by nobody reporting any more."""

from datetime import datetime, timedelta

from pydantic import BaseModel

from nexus_builds.domain.control import Decided
from nexus_builds.domain.state import RUNNING, Project
from nexus_contracts.builds.events import BuildCompleted, Builder, BuildFailed
from nexus_contracts.builds.reports import AnyReport, StageCompleted, StageError, StageFailed
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.stages import DEPLOYER


def concluded(project: Project, report: AnyReport, now: datetime) -> Decided:
    """A failed step fails the attempt; the last stage completes it."""
    if isinstance(report, StageFailed):
        ended, event = failed(project, report.error, now)
        return ended, [report, event]
    if isinstance(report, StageCompleted) and report.stage_name == DEPLOYER:
        agent_id = (report.output_data or {}).get("agent_id")
        done = _ended(project, ProjectStatus.COMPLETED, now, None)
        done = done.model_copy(update={"agent_id": agent_id if isinstance(agent_id, str) else None})
        completed = BuildCompleted(
            project_id=project.project_id,
            attempt=project.attempt_number,
            duration_seconds=project.attempt.seconds(now) if project.attempt else 0.0,
            usage=project.usage(),
        )
        return done, [report, completed]
    return project, [report]


def abandoned(project: Project, now: datetime, silence: timedelta) -> Decided | None:
    """The failed attempt, where an external builder was silent for so long; else None."""
    external = project.attempt is not None and project.attempt.builder is Builder.EXTERNAL
    if project.status not in RUNNING or not external or now - project.updated_at < silence:
        return None
    hours = silence.total_seconds() / 3600
    ended, event = failed(project, StageError(code="ABANDONED", message=f"no report came for {hours:g} hours"), now)
    return ended, [event]


def failed(project: Project, error: StageError, now: datetime) -> tuple[Project, BaseModel]:
    """The attempt ends without success."""
    event = BuildFailed(
        project_id=project.project_id,
        attempt=project.attempt_number,
        duration_seconds=project.attempt.seconds(now) if project.attempt else 0.0,
        error=error,
    )
    return _ended(project, ProjectStatus.FAILED, now, error), event


def _ended(project: Project, status: ProjectStatus, now: datetime, error: StageError | None) -> Project:
    ended = {"ended_at": now, "outcome": str(status), "error": error}
    attempt = project.attempt and project.attempt.model_copy(update=ended)
    return project.model_copy(update={"status": status, "attempt": attempt, "updated_at": now})
