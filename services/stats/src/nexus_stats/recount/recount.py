"""A generation of figures made anew, while the present one answers and both get what happens meanwhile.

Whatever is published after `begin` is counted in both. Whatever is not was recorded before, so it stands in the
histories that are read after it. What is in both ways counts once, by its mark or fact. So the order of the two does
not matter, and a part that was counted before a crash can be counted again.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from nexus_contracts.errors import Conflict
from nexus_runtime.dynamo import ConditionFailed, Database
from nexus_runtime.process.clock import Clock
from nexus_stats.domain.counting import fold
from nexus_stats.generations import Generations, Standing
from nexus_stats.handlers import count_in
from nexus_stats.recount.compare import Difference, differences
from nexus_stats.recount.job import DONE, Job, Jobs
from nexus_stats.recount.source import HistoryPart, Source
from nexus_stats.store import DynamoStatsStore, StatsStore
from nexus_stats.tables import generation

CLOCKS_APART = timedelta(seconds=10)
"""What was recorded so long after the beginning is certainly counted as it happens: the histories' part of it is not
needed, and who lags behind in counting it makes no difference."""
HELD_SECONDS, SETTLED_SECONDS = 5.0, 1.5
LOOKS, AGAIN_SECONDS = 20, 3.0
Report = Callable[[str, HistoryPart], None]
"""Hears of each part that was counted, and whose it was."""


@dataclass
class Recount:
    """`sources` are the histories. One at a time. A difference that is there at each of the `looks` is one."""

    database: Database
    sources: Sequence[Source]
    now: Clock
    report: Report
    looks: int = LOOKS
    again_seconds: float = AGAIN_SECONDS

    async def verify(self) -> set[Difference]:
        """What the present figures have wrong. They stay; what was counted anew goes with the next recount."""
        return await self._carried_out(switch=False)

    async def rebuild(self) -> set[Difference]:
        """The same, and from now on the new figures answer."""
        return await self._carried_out(switch=True)

    async def _carried_out(self, *, switch: bool) -> set[Difference]:
        standing, job = await self._begun()
        steps = _Steps(Jobs(self.database), job)
        store = DynamoStatsStore(self.database, generation(job.generation))
        async with asyncio.TaskGroup() as tasks:
            for source in self.sources:
                tasks.create_task(self._count(source, store, steps))
        found = await self._persistent(standing)
        serving = job.generation if switch else standing.serving
        await Generations(self.database).change(standing, replace(standing, serving=serving, building=0))
        return found

    async def _begun(self) -> tuple[Standing, Job]:
        """Begins, or takes up what was begun. Raises Conflict where somebody else does at this moment."""
        generations, jobs = Generations(self.database), Jobs(self.database)
        standing, job = await generations.standing(), await jobs.load()
        if job and standing.building == job.generation and job.fresh(self.now()):
            return standing, await jobs.take(job)
        number = standing.newest + 1
        for former in range(max(1, number - 3), number):
            if former != standing.serving:
                await asyncio.gather(*map(self.database.drop, generation(former)))
        await asyncio.gather(*map(self.database.create, generation(number)))
        begun = replace(standing, building=number, newest=number, held_until_ms=0)
        try:
            await generations.change(standing, begun)
        except ConditionFailed:
            raise Conflict("another recount is under way") from None
        return begun, await jobs.begin(number, self.now())

    async def _count(self, source: Source, store: StatsStore, steps: "_Steps") -> None:
        """The next part is fetched while one is counted."""
        after = steps.after(source.owner)
        if after == DONE:
            return
        fetched = asyncio.create_task(source.part(after, steps.job.began + CLOCKS_APART))
        try:
            while True:
                part = await fetched
                if part.after:
                    fetched = asyncio.create_task(source.part(part.after, steps.job.began + CLOCKS_APART))
                await store.note(part.noted)
                await count_in(store, fold(part.seen), f"r-{source.owner}", self.now(), whole_past=True)
                await steps.step(source.owner, part.after)
                self.report(source.owner, part)
                if not part.after:
                    return
        finally:
            fetched.cancel()

    async def _persistent(self, standing: Standing) -> set[Difference]:
        """The differences that are there at every look: others are of what was not counted in time."""
        first = True
        lasting: dict[tuple[str, str, str], Difference] = {}
        for _ in range(self.looks):
            async with self._held():
                found = await differences(self.database, standing.serving, standing.building)
            places = {one[:3]: one for one in found}
            lasting = {place: one for place, one in places.items() if first or place in lasting}
            first = False
            if not lasting:
                break
            await asyncio.sleep(self.again_seconds)
        return set(lasting.values())

    @contextlib.asynccontextmanager
    async def _held(self) -> AsyncGenerator[None]:
        """Nothing is counted inside; figures are seconds late for it."""
        generations = Generations(self.database)

        async def hold() -> None:
            while True:
                await generations.hold(HELD_SECONDS)
                await asyncio.sleep(HELD_SECONDS / 2)

        holding = asyncio.create_task(hold())
        try:
            await asyncio.sleep(SETTLED_SECONDS)
            yield
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)
            await generations.hold(0)


class _Steps:
    """The steps of all sources, one after another."""

    def __init__(self, jobs: Jobs, job: Job) -> None:
        self._jobs = jobs
        self.job = job
        self._turn = asyncio.Lock()

    def after(self, owner: str) -> str | None:
        return self.job.after.get(owner)

    async def step(self, owner: str, after: str | None) -> None:
        async with self._turn:
            self.job = await self._jobs.step(self.job, owner, after)
