"""Finds the builds that want a worker, and keeps one worker, by lease, on each."""

import asyncio
from collections.abc import Sequence

import structlog

from nexus_builds.store.lists import ACTIVE
from nexus_builds.store.projects import ProjectStore
from nexus_builds.worker.build_run import BuildRun, Workshop
from nexus_contracts.builds.events import BuildResumed, BuildStarted
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.errors import ServiceUnavailable
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.process import log
from nexus_runtime.process.clock import new_id
from nexus_runtime.work.leases import Lease, LeaseLost, Leases

logger = log.get(__name__)
LOOK_SECONDS = 1.0


class Dispatcher:
    """The list of active builds is the truth; events only make it look sooner."""

    def __init__(self, store: ProjectStore, leases: Leases, workshop: Workshop, concurrency: int) -> None:
        self._store = store
        self._leases = leases
        self._workshop = workshop
        self._concurrency = concurrency
        self._owner = new_id("worker_")
        self._running: dict[str, tuple[asyncio.Task[None], asyncio.Event]] = {}
        self._look = asyncio.Event()
        self._beat_seconds = max(0.2, leases.seconds / 4)

    async def hear(self, deliveries: Sequence[Delivery]) -> None:
        """Events of projects: tell the runs that wait for just these, and look again where one brings work."""
        for delivery in deliveries:
            if run := self._running.get(delivery.event.subject):
                run[1].set()
            if isinstance(delivery.message, BuildStarted | BuildResumed):
                self._look.set()

    async def run(self) -> None:
        """For ever; cancelled, it ends its builds' work where it stands and gives the leases back."""
        try:
            while True:
                self._look.clear()
                try:
                    await self._take_up()
                except ServiceUnavailable as error:
                    logger.warning("no builds looked for; those in work go on", reason=error.message)
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._look.wait()
                except TimeoutError:
                    continue
        finally:
            runs = [task for task, _ in self._running.values()]
            for task in runs:
                task.cancel()
            await asyncio.gather(*runs, return_exceptions=True)

    async def _take_up(self) -> None:
        for project_id in await self._store.names(ACTIVE):
            if len(self._running) >= self._concurrency:
                return
            if project_id not in self._running:
                await self._take_up_one(project_id)

    async def _take_up_one(self, project_id: str) -> None:
        project = await self._store.load(project_id)
        if project is None or project.status is not ProjectStatus.BUILDING:
            return
        if (lease := await self._leases.acquire(project_id, self._owner)) is None:
            return
        changed = asyncio.Event()
        task = asyncio.create_task(self._build(lease, changed), name=f"build {project_id}")
        self._running[project_id] = (task, changed)
        task.add_done_callback(lambda _: self._ended(project_id))

    def _ended(self, project_id: str) -> None:
        del self._running[project_id]
        self._look.set()

    async def _build(self, lease: Lease, changed: asyncio.Event) -> None:
        structlog.contextvars.bind_contextvars(project_id=lease.name, epoch=lease.epoch)
        logger.info("working on build")
        run = asyncio.create_task(BuildRun(self._workshop, lease.name, lease.epoch, changed).run())
        beat = asyncio.create_task(self._beat(lease))
        try:
            await asyncio.wait((run, beat), return_when=asyncio.FIRST_COMPLETED)
            if beat.done() and (lost := beat.exception()):
                logger.warning("build given up", reason=repr(lost))
            if run.done() and (fault := run.exception()):
                logger.error("build interrupted, it will be taken up again", error=repr(fault))
        finally:
            run.cancel()
            beat.cancel()
            await asyncio.gather(run, beat, return_exceptions=True)
            await self._give_back(lease)

    async def _give_back(self, lease: Lease) -> None:
        """Of a project that is gone not even the lease stays."""
        try:
            if await self._store.load(lease.name) is None:
                await self._leases.forget(lease.name)
            else:
                await self._leases.release(lease)
        except ServiceUnavailable as error:
            logger.warning("lease not given back, it will run out", reason=error.message)

    async def _beat(self, lease: Lease) -> None:
        """Keeps the lease. Ends with LeaseLost; an outage of the database is waited out."""
        while True:
            await asyncio.sleep(self._beat_seconds)
            try:
                lease = await self._leases.renew(lease)
            except LeaseLost:
                raise
            except Exception as error:  # noqa: BLE001  # the database may be back for the next beat
                logger.warning("lease not renewed", error=repr(error))
