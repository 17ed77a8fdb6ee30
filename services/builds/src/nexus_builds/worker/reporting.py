"""How the worker reports on a step: through the public topic, like any other system, and until it is confirmed.

A report counts when the project shows it. The broker's word is not enough: an embedded broker forgets what it
confirmed when it is killed. So a step's reports are published again, under the same ids, until the project shows
that the step has ended; a repeat changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from nexus_builds.domain.reports import NAMED_SOURCE, WORKER_SOURCE
from nexus_builds.domain.state import RUNNING, Project, StepState
from nexus_contracts.builds.reports import StageWaiting
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import ServiceUnavailable
from nexus_runtime.process import log
from nexus_runtime.process.clock import new_id
from nexus_tracker import Build, ReportNotDelivered, Step, Tracker
from nexus_tracker.transport import Rejected, Transport, Unconfirmed

logger = log.get(__name__)
T = TypeVar("T")
AGAIN_SECONDS = 3.0
LOOK_SECONDS = 0.25


class AttemptOver(Exception):
    """The attempt was stopped, paused, deleted, or taken over by another worker or attempt: do no more."""


class PersonAwaited(AttemptOver):
    """The build waits for a person: the step is started again when there is an answer."""


class SignedTransport:
    """The worker's one connection for reports; each goes out with the platform's signature."""

    def __init__(self, transport: Transport, sign: Callable[[CloudEvent], Awaitable[CloudEvent]]) -> None:
        self._transport = transport
        self._sign = sign

    async def start(self) -> None:
        """Nothing yet: it connects with the first report."""

    async def stop(self) -> None:
        await self._transport.close()

    async def send(self, event: CloudEvent) -> None:
        await self._transport.send(await self._sign(event))


class StepLine:
    """The transport of one step's reports: remembers them all, so that they can be sent again."""

    def __init__(self, transport: SignedTransport) -> None:
        self._transport = transport
        self._said: dict[tuple[str, str], CloudEvent] = {}

    async def send(self, event: CloudEvent) -> None:
        # Before it is sent: what a broker rejects for now is to be repeated, too.
        self._said[event.source, event.id] = event
        await self._transport.send(event)

    async def close(self) -> None:
        """The connection stays: it is the worker's."""

    async def repeat(self) -> None:
        """Publish all of it again, in its order."""
        for event in list(self._said.values()):
            try:
                await self._transport.send(event)
            except (Unconfirmed, Rejected, ServiceUnavailable) as error:
                logger.warning("reports not confirmed, they will be published again", error=str(error))
                return


class StepReports:
    """Everything said about one run of one step. Left, it stops saying what it could not say yet."""

    def __init__(
        self, transport: SignedTransport, project: Project, epoch: int, stage_name: str, sub_stage_name: str | None
    ) -> None:
        self.project_id = project.project_id
        self.tenant = project.tenant
        self.attempt = project.attempt_number
        self.epoch = epoch
        self.stage_name = stage_name
        self.sub_stage_name = sub_stage_name
        self._agent_name = project.agent_name_map.get(self.name)
        self._line = StepLine(transport)
        self._tracker = Tracker(self._line, source=f"{WORKER_SOURCE}{epoch}")
        self.step = self._step_of(self._build(run=new_id("run_")))

    @property
    def name(self) -> str:
        return self.sub_stage_name or self.stage_name

    def named(self, name: str) -> Step:
        """The step, for what is reported under a name: whichever worker says it, it counts once."""
        return self._step_of(self._build(run=name, source=NAMED_SOURCE))

    async def waiting(self, name: str, **asked: Any) -> None:
        """Reports that a person is asked, under the name of the question."""
        report = StageWaiting.model_validate({**self._where(), "name": name, **asked})
        await self._build(run=name, source=NAMED_SOURCE).say(report)

    async def completed(self, output: dict[str, Any]) -> None:
        self.step.output(output)
        await _handed_over(self.step.complete())

    async def failed(self, code: str, message: str) -> None:
        await _handed_over(self.step.fail(code, message))

    async def repeat(self) -> None:
        await self._line.repeat()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._tracker.stop()

    def _build(self, run: str, source: str | None = None) -> Build:
        return self._tracker.build(self.project_id, self.attempt, run=run, source=source)

    def _step_of(self, build: Build) -> Step:
        stage = build.stage(self.stage_name, agent_name=self._agent_name)
        return stage.sub_stage(self.sub_stage_name, agent_name=self._agent_name) if self.sub_stage_name else stage

    def _where(self) -> dict[str, Any]:
        where = {"project_id": self.project_id, "attempt": self.attempt, "stage_name": self.stage_name}
        return {**where, "sub_stage_name": self.sub_stage_name}


async def _handed_over(ending: Awaitable[None]) -> None:
    """The project's word is waited for anyway, and the tracker goes on trying in the meantime."""
    try:
        await ending
    except ReportNotDelivered as error:
        logger.warning("reports not confirmed, they will be published again", error=str(error))


@dataclass(frozen=True)
class Confirmation:
    """Waits until the project shows what was reported. `changed` is set by the project's events, to look at once."""

    load: Callable[[str], Awaitable[Project | None]]
    changed: asyncio.Event

    async def until(self, reports: StepReports, shown: Callable[[StepState], bool]) -> None:
        """Raises AttemptOver when the attempt is no longer this one's or has ended otherwise."""
        loop = asyncio.get_running_loop()
        again = loop.time() + AGAIN_SECONDS
        while True:
            self.changed.clear()
            project = await self._loaded(reports.project_id)
            if project is None or project.attempt_number != reports.attempt:
                raise AttemptOver("the project or its attempt is gone")
            step = project.step(reports.stage_name, reports.sub_stage_name)
            if step is not None and shown(step):
                return
            if project.status not in RUNNING:
                raise AttemptOver(f"the build is {project.status}")
            if loop.time() > again:
                await reports.repeat()
                again = loop.time() + AGAIN_SECONDS
            await _wait(self.changed)

    async def over(self, reports: StepReports) -> None:
        """Never returns; raises AttemptOver when nobody wants the attempt's work for now."""
        while True:
            self.changed.clear()
            project = await self._loaded(reports.project_id)
            if project is None or project.attempt_number != reports.attempt or project.status not in RUNNING:
                raise AttemptOver("the attempt was stopped or deleted, or is no longer the latest")
            if project.waiting_for:
                raise PersonAwaited("the build waits for a person")
            await _wait(self.changed)

    async def _loaded(self, project_id: str) -> Project | None:
        return await outlasting(lambda: self.load(project_id))


async def outlasting(attempt: Callable[[], Awaitable[T]]) -> T:
    """Waits while the database is unavailable: what is being worked on need not be started again."""
    while True:
        try:
            return await attempt()
        except ServiceUnavailable as error:
            logger.warning("database unavailable, waiting", reason=error.message)
            await asyncio.sleep(LOOK_SECONDS)


async def _wait(changed: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await changed.wait()
    except TimeoutError:
        return
