"""How the worker tells of a step: through the public reports topic, like any other system, and certain of it.

A report counts when the project shows it. The broker's word is not enough: an embedded broker forgets what it
confirmed when it is killed. So a step's reports are published again, under the same ids, until the project shows
that the step has ended; a repeat changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from nexus_builds.domain.reports import WORKER_SOURCE
from nexus_builds.domain.state import RUNNING, Project, Step
from nexus_contracts.builds.reports import (
    AnyReport,
    Artifact,
    LogEntry,
    LogLevel,
    StageArtifactPublished,
    StageCompleted,
    StageError,
    StageFailed,
    StageLogged,
    StageProgressed,
    StageStarted,
    StageUsageRecorded,
    Usage,
)
from nexus_contracts.errors import ServiceUnavailable
from nexus_runtime.process import log, tracing
from nexus_runtime.process.clock import derived_id, utc_now
from nexus_tracker import ReportNotDelivered, Tracker

logger = log.get(__name__)
AGAIN_SECONDS = 3.0
LOOK_SECONDS = 0.25


class AttemptOver(Exception):
    """The attempt was stopped, paused, deleted or taken over by another attempt: do no more."""


@dataclass
class StepReporter:
    """Everything said about one run of one step; the Notebook of its executor."""

    tracker: Tracker
    project_id: str
    attempt: int
    epoch: int
    stage_name: str
    sub_stage_name: str | None
    said: list[tuple[str, AnyReport]] = field(default_factory=list[tuple[str, AnyReport]])

    @property
    def name(self) -> str:
        return self.sub_stage_name or self.stage_name

    async def started(self, agent_name: str | None) -> None:
        await self._say(StageStarted(**self._where(), agent_name=agent_name))

    async def log(self, message: str, level: LogLevel = "info") -> None:
        entry = LogEntry(timestamp=utc_now(), level=level, message=message[:10_000])
        await self._say(StageLogged(**self._where(), entries=[entry]))

    async def progress(self, percent: float) -> None:
        await self._say(StageProgressed(**self._where(), progress=min(100.0, max(0.0, percent))))

    async def artifact(self, artifact: Artifact) -> None:
        await self._say(StageArtifactPublished(**self._where(), artifact=artifact))

    async def usage(self, usage: Usage) -> None:
        await self._say(StageUsageRecorded(**self._where(), usage=usage))

    async def completed(self, output: dict[str, object]) -> None:
        await self._say(StageCompleted.model_validate({**self._where(), "output_data": output}))

    async def failed(self, code: str, message: str) -> None:
        await self._say(StageFailed(**self._where(), error=StageError(code=code[:100], message=message[:4000])))

    async def repeat(self) -> None:
        """Publish all of it again."""
        for report_id, report in self.said:
            await self._publish(report_id, report)

    async def _say(self, report: AnyReport) -> None:
        where = (self.project_id, str(self.attempt), str(self.epoch), self.name)
        report_id = derived_id("evt_", *where, str(len(self.said)))
        self.said.append((report_id, report))
        await self._publish(report_id, report)

    async def _publish(self, report_id: str, report: AnyReport) -> None:
        source = f"{WORKER_SOURCE}{self.epoch}"
        try:
            trace = tracing.traceparent.get()
            await self.tracker.publish(report, source=source, report_id=report_id, traceparent=trace)
        except ReportNotDelivered as error:
            logger.warning("report not confirmed, it will be published again", error=str(error))

    def _where(self) -> dict[str, Any]:
        place = {"project_id": self.project_id, "attempt": self.attempt, "stage_name": self.stage_name}
        return {**place, "sub_stage_name": self.sub_stage_name}


@dataclass(frozen=True)
class Confirmation:
    """Waits until the project shows what was reported. `changed` is set by the project's events, to look at once."""

    load: Callable[[str], Awaitable[Project | None]]
    changed: asyncio.Event

    async def until(self, reporter: StepReporter, shown: Callable[[Step], bool]) -> None:
        """Raises AttemptOver when the attempt is no longer this one's or has ended otherwise."""
        loop = asyncio.get_running_loop()
        again = loop.time() + AGAIN_SECONDS
        while True:
            self.changed.clear()
            project = await self._loaded(reporter.project_id)
            if project is None or project.attempt_number != reporter.attempt:
                raise AttemptOver("the project or its attempt is gone")
            step = project.step(reporter.stage_name, reporter.sub_stage_name)
            if step is not None and shown(step):
                return
            if project.status not in RUNNING:
                raise AttemptOver(f"the build is {project.status}")
            if loop.time() > again:
                await reporter.repeat()
                again = loop.time() + AGAIN_SECONDS
            await _wait(self.changed)

    async def over(self, reporter: StepReporter) -> None:
        """Never returns; raises AttemptOver when nobody wants the attempt's work any more."""
        while True:
            self.changed.clear()
            project = await self._loaded(reporter.project_id)
            if project is None or project.attempt_number != reporter.attempt or project.status not in RUNNING:
                raise AttemptOver("the attempt is stopped, deleted, or not the latest any more")
            await _wait(self.changed)

    async def _loaded(self, project_id: str) -> Project | None:
        """Waits while the database is unavailable: what is being worked on need not be begun anew."""
        while True:
            try:
                return await self.load(project_id)
            except ServiceUnavailable as error:
                logger.warning("project not readable, waiting", reason=error.message)
                await asyncio.sleep(LOOK_SECONDS)


async def _wait(changed: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await changed.wait()
    except TimeoutError:
        return
