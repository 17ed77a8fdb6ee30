"""A project as readers see it."""

from datetime import datetime
from typing import Any

from nexus_builds.domain.state import Attempt, PastAttempt, Project, StepState
from nexus_contracts.builds.views import (
    AttemptSummary,
    AttemptView,
    ProjectSummary,
    ProjectView,
    StagesSnapshot,
    StagesView,
    StageView,
    WaitingFor,
)
from nexus_contracts.stages import STAGES, StepStatus

DISPLAY = {stage.name: stage.display_name for stage in STAGES} | {
    sub.name: sub.display_name for stage in STAGES for sub in stage.sub_stages
}
NUMBER = {stage.name: stage.number for stage in STAGES} | {
    sub.name: stage.number for stage in STAGES for sub in stage.sub_stages
}

_SHOWN = tuple(name for name in ProjectSummary.model_fields if name in Project.model_fields)
"""Of a summary, what stands in the state as it is."""


def stage_view(step: StepState, **full: Any) -> StageView:
    """A step with its tails, or with `full` outputs, artifacts and logs in their place."""
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
    """The person that the build waits for, and what is asked."""
    if (wait := project.waiting_for) is None:
        return None
    return WaitingFor(cost_usd=project.usage().cost_usd, **wait.model_dump(exclude={"name"}))


def current_stage(project: Project) -> str | None:
    """The running stage."""
    return next((stage.name for stage in project.stages if stage.status is StepStatus.RUNNING), None)


def project_summary(project: Project) -> ProjectSummary:
    return ProjectSummary.known(summary(project))


def project_view(project: Project) -> ProjectView:
    stages = [stage_view(stage) for stage in project.stages]
    snapshot = StagesSnapshot.known({"total": len(stages), "completed": _done(project), "stages": stages})
    return ProjectView.known(summary(project) | {"stages_snapshot": snapshot})


def stages_view(project: Project) -> StagesView:
    stages = [stage_view(stage) for stage in project.stages]
    return StagesView.known(
        {
            "project_id": project.project_id,
            "stages": stages,
            "total_stages": len(stages),
            "completed_stages": _done(project),
        }
    )


def attempt_summary(attempt: Attempt) -> AttemptSummary:
    return AttemptSummary(
        attempt=attempt.number,
        builder=attempt.builder,
        build_method=attempt.build_method,
        models=list(attempt.models),
        trigger=attempt.trigger,
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
