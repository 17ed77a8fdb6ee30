"""How a build waits for a person, and how the wait ends."""

from datetime import datetime

from nexus_builds.domain.endings import failed
from nexus_builds.domain.state import Decided, Project, Wait
from nexus_contracts.builds.commands import ControlAction, ControlProject
from nexus_contracts.builds.events import BuildAnswered, BuildPaused, BuildResumed
from nexus_contracts.builds.reports import StageError, StageWaiting, WaitKind
from nexus_contracts.builds.views import ProjectStatus

ENDED_BY: dict[WaitKind, tuple[ControlAction, ...]] = {
    WaitKind.QUESTION: (ControlAction.ANSWER, ControlAction.REJECT, ControlAction.STOP),
    WaitKind.APPROVAL: (ControlAction.APPROVE, ControlAction.REJECT, ControlAction.STOP),
}


def asked(project: Project, report: StageWaiting, now: datetime) -> Decided:
    """The build is paused until a person ends the wait; if it was paused already, it is not paused again."""
    if project.attempt is None:
        return project, [report]
    wait = Wait(
        name=report.name,
        kind=report.kind,
        stage_name=report.stage_name,
        sub_stage_name=report.sub_stage_name,
        prompt=report.prompt,
        estimate_usd=report.estimate_usd,
        asked_at=now,
        expires_at=report.expires_at,
    )
    attempt = project.attempt.halted(now).model_copy(update={"paused_at": now, "waiting_for": wait})
    paused = BuildPaused(
        project_id=project.project_id, attempt=project.attempt_number, reason=f"{wait.kind} to a person"
    )
    # A user may have paused the build while this report was on its way.
    events = [report] if project.status is ProjectStatus.PAUSED else [report, paused]
    return project.model_copy(update={"status": ProjectStatus.PAUSED, "attempt": attempt, "updated_at": now}), [*events]


def settled(project: Project, command: ControlProject, now: datetime) -> Decided:
    """An answer or an approval resumes the build; a rejection fails the attempt."""
    if (wait := project.waiting_for) is None:
        return project, []
    if command.action is ControlAction.REJECT:
        return failed(project, StageError(code="REJECTED", message=command.reason or "rejected by a person"), now)
    project_id, number = project.project_id, project.attempt_number
    answered = BuildAnswered(
        project_id=project_id,
        attempt=number,
        stage_name=wait.stage_name,
        sub_stage_name=wait.sub_stage_name,
        name=wait.name,
        action="answer" if command.action is ControlAction.ANSWER else "approve",
        answers=command.answers,
        reason=command.reason,
    )
    attempt = project.attempt and project.attempt.resumed(now)
    going_on = {"status": ProjectStatus.BUILDING, "attempt": attempt, "updated_at": now}
    return project.model_copy(update=going_on), [answered, BuildResumed(project_id=project_id, attempt=number)]
