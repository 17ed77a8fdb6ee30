"""What users do with a project: create, start, pause, resume, stop, restart, delete."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, JsonValue

from nexus_builds.domain.agent_change import AgentChange
from nexus_builds.domain.errors import MethodUnavailable
from nexus_builds.domain.state import (
    RUNNING,
    Attempt,
    Decided,
    Project,
    Refusals,
    StepState,
    closed,
    fresh_stages,
    progress_of,
)
from nexus_builds.domain.waiting import ENDED_BY, settled
from nexus_contracts.builds.commands import ControlAction, ControlProject, CreateProject
from nexus_contracts.builds.events import (
    Builder,
    BuildMethod,
    BuildPaused,
    BuildResumed,
    BuildStarted,
    BuildStopped,
    ProjectCreated,
    ProjectDeleted,
    Trigger,
)
from nexus_contracts.builds.reports import StageError
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.errors import InvalidState
from nexus_contracts.stages import STAGES, StepStatus
from nexus_contracts.text import first_line, trimmed

NAME_CHARACTERS = 80

ALLOWED: dict[ProjectStatus, tuple[ControlAction, ...]] = {
    ProjectStatus.PENDING: (ControlAction.START, ControlAction.STOP),
    ProjectStatus.BUILDING: (ControlAction.PAUSE, ControlAction.STOP),
    ProjectStatus.PAUSED: (ControlAction.RESUME, ControlAction.STOP),
    ProjectStatus.COMPLETED: (ControlAction.RESTART,),
    ProjectStatus.FAILED: (ControlAction.RESTART,),
    ProjectStatus.CANCELLED: (ControlAction.RESTART,),
}


@dataclass(frozen=True)
class Methods:
    """`available`: the methods that the worker has an executor for; `default`: for projects that choose none."""

    available: frozenset[BuildMethod] = frozenset({BuildMethod.RULES})
    default: BuildMethod = BuildMethod.AUTO

    def resolved(self, chosen: BuildMethod) -> BuildMethod:
        """The method of an attempt. Raises MethodUnavailable."""
        if chosen is BuildMethod.AUTO:
            return BuildMethod.MODEL if BuildMethod.MODEL in self.available else BuildMethod.RULES
        if chosen not in self.available:
            known = ", ".join(sorted({*self.available, BuildMethod.AUTO}))
            message = f"this platform has no build method {chosen}; it has {known}"
            fault: dict[str, JsonValue] = {"location": "body.build_method", "message": message, "type": "unavailable"}
            raise MethodUnavailable(message, errors=[fault])
        return chosen


def create(command: CreateProject, now: datetime, methods: Methods) -> Decided:
    """A new project; with auto_start its first build begins at once. Raises MethodUnavailable."""
    chosen = command.build_method or methods.default
    method = methods.resolved(chosen)
    names = {str(stage): name for stage, name in command.agent_name_map.items()}
    project = Project(
        project_id=command.project_id,
        tenant=command.principal.tenant,
        requirement=command.requirement,
        user_id=command.user_id,
        user_name=command.user_name,
        project_name=_name(command),
        agent_name=command.agent_name,
        agent_name_map=names,
        priority=command.priority,
        tags=command.tags,
        auto_start=command.auto_start,
        build_method=chosen,
        ask=command.ask,
        approve=command.approve,
        status=ProjectStatus.PENDING,
        stages=fresh_stages(0, names),
        created_at=now,
        updated_at=now,
    )
    shown = set(ProjectCreated.model_fields) - {"attempt"}
    created = ProjectCreated(attempt=0, **project.model_dump(include=shown))
    if not command.auto_start:
        return project, [created]
    started, events = begin(project, Builder.PLATFORM, Trigger.CREATED, now, method=method)
    return started, [created, *events]


def _name(command: CreateProject) -> str:
    """The given name, as sent, unless it is blank; else the first line of the requirement."""
    if command.project_name and trimmed(command.project_name):
        return command.project_name
    line = first_line(command.requirement)
    return line if len(line) <= NAME_CHARACTERS else line[:NAME_CHARACTERS] + "..."


def allowed(project: Project) -> tuple[ControlAction, ...]:
    """What may be done with the project now. One that waits for a person is not simply resumed."""
    wait = project.waiting_for
    return ENDED_BY[wait.kind] if wait else ALLOWED[project.status]


def control(project: Project, command: ControlProject, now: datetime, methods: Methods) -> Decided:
    """Raises InvalidState, naming the state and what is allowed in it, or MethodUnavailable: nothing has changed."""
    action, reason = command.action, command.reason
    if action not in allowed(project):
        waiting = " that waits for a person" if project.waiting_for else ""
        raise invalid(project, action, f"a {project.status} project{waiting} cannot {action}")
    match action:
        case ControlAction.START:
            method = methods.resolved(project.build_method)
            return begin(project, Builder.PLATFORM, Trigger.START, now, method=method, reason=reason)
        case ControlAction.RESTART:
            return _restart(project, command, now, methods)
        case ControlAction.PAUSE:
            paused = BuildPaused(project_id=project.project_id, attempt=project.attempt_number, reason=reason)
            halted = project.attempt and project.attempt.halted(now).model_copy(update={"paused_at": now})
            return _with(project, now, status=ProjectStatus.PAUSED, attempt=halted), [paused]
        case ControlAction.RESUME:
            resumed = BuildResumed(project_id=project.project_id, attempt=project.attempt_number, reason=reason)
            again = project.attempt and project.attempt.resumed(now)
            return _with(project, now, status=ProjectStatus.BUILDING, attempt=again), [resumed]
        case ControlAction.STOP:
            return _stop(project, now, reason)
        case ControlAction.ANSWER | ControlAction.APPROVE | ControlAction.REJECT:
            return settled(project, command, now)


def delete(project: Project, now: datetime) -> Decided:
    """The project no longer exists for readers; a running build is stopped first."""
    events: list[BaseModel] = []
    # In the same commit: a build without an end would stay in the statistics as one that is still running.
    if project.status in RUNNING:
        project, events = _stop(project, now, "the project was deleted")
    deleted = ProjectDeleted(project_id=project.project_id, attempt=project.attempt_number, deleted_at=now)
    return _with(project, now, deleted_at=now), [*events, deleted]


def begin(
    project: Project,
    builder: Builder,
    trigger: Trigger,
    now: datetime,
    *,
    method: BuildMethod | None = None,
    reason: str | None = None,
    from_stage: str | None = None,
    kept: tuple[StepState, ...] = (),
    change: AgentChange | None = None,
) -> Decided:
    """The next attempt; `kept` are the stages whose outputs it takes over, `method` is how the platform builds.

    The agent of a `change` keeps serving.
    """
    number = project.attempt_number + 1
    stages = kept + fresh_stages(number, project.agent_name_map)[len(kept) :]
    attempt = Attempt(
        number=number,
        builder=builder,
        build_method=method,
        trigger=trigger,
        from_stage=from_stage,
        change=change,
        started_at=now,
        since=now,
    )
    started = BuildStarted(
        project_id=project.project_id,
        attempt=number,
        builder=builder,
        trigger=trigger,
        build_method=method,
        from_stage=from_stage,
        reason=reason,
    )
    begun = _with(
        project,
        now,
        status=ProjectStatus.BUILDING,
        attempt=attempt,
        stages=stages,
        progress=progress_of(stages),
        agent_id=change.agent_id if change else None,
        refusals=Refusals(),
    )
    return begun, [started]


def _restart(project: Project, command: ControlProject, now: datetime, methods: Methods) -> Decided:
    from_stage = command.from_stage
    number = next((stage.number for stage in STAGES if stage.name == from_stage), 1)
    kept = tuple(_kept(stage) for stage in project.stages[: number - 1])
    if not all(stage.done for stage in kept):
        unfinished = [stage.name for stage in kept if not stage.done]
        raise invalid(project, ControlAction.RESTART, f"cannot restart from {from_stage}: {unfinished[0]} is not done")
    latest = project.attempt
    builder = latest.builder if latest else Builder.PLATFORM
    change = latest.change if latest else None
    # A change continues with the method that it began with, which is that of the agent it changes, even if the project
    # would now resolve to another.
    wanted = latest.build_method if latest and change else None
    method = methods.resolved(wanted or project.build_method) if builder is Builder.PLATFORM else None
    return begin(
        project,
        builder,
        Trigger.RESTART,
        now,
        method=method,
        reason=command.reason,
        from_stage=from_stage,
        kept=kept,
        change=change,
    )


def _kept(stage: StepState) -> StepState:
    if not stage.done:
        return stage
    subs = tuple(sub.model_copy(update={"status": StepStatus.SKIPPED}) for sub in stage.sub_steps)
    return stage.model_copy(update={"status": StepStatus.SKIPPED, "sub_steps": subs})


def _stop(project: Project, now: datetime, reason: str | None) -> Decided:
    attempt = project.attempt
    seconds = attempt.seconds(now) if attempt else None
    stopped = BuildStopped(
        project_id=project.project_id, attempt=project.attempt_number, duration_seconds=seconds, reason=reason
    )
    ended = attempt and attempt.ended(now, "cancelled")
    stages = closed(project.stages, StageError(code="STOPPED", message=reason or "the build was stopped"), now)
    return _with(project, now, status=ProjectStatus.CANCELLED, attempt=ended, stages=stages), [stopped]


def invalid(project: Project, action: str, message: str) -> InvalidState:
    return InvalidState(
        message,
        current_status=str(project.status),
        action=str(action),
        allowed_actions=[str(one) for one in allowed(project)],
    )


def _with(project: Project, now: datetime, **changes: object) -> Project:
    return project.model_copy(update={"updated_at": now, **changes})
