"""A project told in a few words: what is done with it and what is reported, through the domain alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from nexus_builds.domain import control, reports
from nexus_builds.domain.control import Methods
from nexus_builds.domain.reports import WORKER_SOURCE, Reporter
from nexus_builds.domain.state import Decided, Project, StepState
from nexus_contracts.builds.commands import ControlAction, ControlProject, CreateProject
from nexus_contracts.builds.events import ReportRefused
from nexus_contracts.builds.reports import REPORT, AnyReport
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.stages import DEVELOPER, STAGES

PROJECT = "proj_" + "0" * 32
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EXTERNAL = "/ci/acme"
ERROR = {"code": "OUT_OF_INK", "message": "the pen is dry"}
BODIES: dict[str, dict[str, Any]] = {
    "started": {},
    "progressed": {"progress": 40},
    "logged": {"entries": [{"timestamp": "2026-01-01T00:00:00Z", "message": "so far so good"}]},
    "artifact_published": {
        "artifact": {"name": "a", "uri": "blob:a", "sha256": "0" * 64, "size_bytes": 1, "media_type": "text/plain"}
    },
    "usage_recorded": {"usage": {"input_tokens": 3, "cost_usd": 0.5}},
    "waiting": {"name": "q", "kind": "question", "prompt": "which currency?", "expires_at": "2026-01-02T12:00:00Z"},
    "completed": {"output_data": {"answer": 42}},
    "failed": {"error": ERROR},
}
"""Every kind of report, with what it needs beyond its place."""
STEPS: list[tuple[str, str | None]] = [
    step
    for stage in STAGES
    for step in ([(stage.name, sub.name) for sub in stage.sub_stages] if stage.sub_stages else [(stage.name, None)])
]
"""The steps that do work, in order."""


def create_command(**fields: Any) -> CreateProject:
    usual = {"command_id": "c", "project_id": PROJECT, "requirement": "an agent that adds the numbers of a list"}
    return CreateProject.model_validate({**usual, **fields})


def control_command(action: ControlAction, **fields: Any) -> ControlProject:
    return ControlProject.model_validate({"command_id": "k", "project_id": PROJECT, "action": action, **fields})


def a_report(kind: str, /, stage: str, sub: str | None = None, *, attempt: int = 1, **fields: Any) -> AnyReport:
    place = {"project_id": PROJECT, "attempt": attempt, "stage_name": stage, "sub_stage_name": sub}
    return REPORT.validate_python({"type": f"nexus.stage.{kind}.v1", **place, **BODIES[kind], **fields})


class Story:
    """The project as it goes on; `events` is everything that happened, `time` moves a second with every act."""

    def __init__(self, **fields: Any) -> None:
        self.time = NOON
        self.count = 0
        self.project, self.events = control.create(create_command(**fields), NOON, Methods())
        self.attempt = self.project.attempt_number or 1

    @staticmethod
    def at(seconds: int = 0) -> datetime:
        return NOON + timedelta(seconds=seconds)

    def control(self, action: ControlAction, from_stage: str | None = None, **fields: Any) -> list[BaseModel]:
        command = control_command(action, reason="because", from_stage=from_stage, **fields)
        events = self._take(control.control(self.project, command, self._next(), Methods()))
        self.attempt = self.project.attempt_number or 1
        return events

    def report(
        self,
        kind: str,
        /,
        stage: str,
        sub: str | None = None,
        *,
        source: str | None = None,
        epoch: int = 1,
        attempt: int | None = None,
        **fields: Any,
    ) -> str | None:
        """None where it was applied, else the code of its refusal."""
        told = a_report(kind, stage, sub, attempt=attempt or self.attempt, **fields)
        now = self._next()
        reporter = Reporter(source or f"{WORKER_SOURCE}{epoch}", f"r{self.count}")
        events = self._take(reports.apply(self.project, told, reporter, now))
        refusals = [event.reason for event in events if isinstance(event, ReportRefused)]
        return refusals[0].split(":")[0] if refusals else None

    def work(self, *upto: str, **by: Any) -> None:
        """Runs the steps in order, those of the named stages only where any are named."""
        for stage, sub in STEPS:
            if upto and stage not in upto:
                continue
            if sub and self.step(DEVELOPER).status == "pending":
                assert self.report("started", stage, **by) is None
            for kind in ("started", "completed"):
                assert self.report(kind, stage, sub, **by) is None
            if stage == DEVELOPER and all(one.done for one in self.step(DEVELOPER).sub_steps):
                assert self.report("completed", stage, **by) is None

    def before(self, stage_name: str, **by: Any) -> None:
        """Everything before that stage is done."""
        names = [stage.name for stage in STAGES]
        if earlier := names[: names.index(stage_name)]:
            self.work(*earlier, **by)

    def step(self, stage: str, sub: str | None = None) -> StepState:
        found = self.project.step(stage, sub)
        assert found is not None
        return found

    def types(self) -> list[str]:
        return [str(getattr(event, "type")).removeprefix("nexus.").removesuffix(".v1") for event in self.events]  # noqa: B009

    def _next(self) -> datetime:
        self.time += timedelta(seconds=1)
        self.count += 1
        return self.time

    def _take(self, decided: Decided) -> list[BaseModel]:
        self.project, events = decided
        self.events = [*self.events, *events]
        return events


def project_in(status: ProjectStatus) -> Story:
    """A project in that status, by the shortest way."""
    if status is ProjectStatus.PENDING:
        return Story(auto_start=False)
    story = Story()
    match status:
        case ProjectStatus.PAUSED:
            story.control(ControlAction.PAUSE)
        case ProjectStatus.COMPLETED:
            story.work()
        case ProjectStatus.FAILED:
            story.report("started", "orchestrator")
            story.report("failed", "orchestrator")
        case ProjectStatus.CANCELLED:
            story.control(ControlAction.STOP)
        case _:
            pass
    return story


def sized(project: Project) -> int:
    """The bytes of the project's item."""
    return len(project.model_dump_json().encode())
