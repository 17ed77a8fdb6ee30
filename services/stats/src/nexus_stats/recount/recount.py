"""Builds a new generation of figures, while the present one answers queries and new events are counted in both.

Whatever is published after the recount begins is counted in both. Everything else was recorded before, so it is in the
histories, which are read after that. What arrives both ways counts once, by its mark or fact. So the order of the two
does not matter, and a part that was counted before a crash can be counted again.
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
"""What is recorded this long after the recount began is certainly counted as it happens, even if the clocks differ:
the recount need not read it from the histories, and consumers that lag behind make no difference."""
HELD_SECONDS, SETTLED_SECONDS = 5.0, 1.5
LOOKS, AGAIN_SECONDS = 20, 3.0
Report = Callable[[str, HistoryPart], None]
"""Called with each part that was counted, and its owner."""


@dataclass
class Recount:
    """`sources` are the histories. Only one recount runs at a time. A difference counts if all `looks` find it."""

    database: Database
    sources: Sequence[Source]
    now: Clock
    report: Report
    looks: int = LOOKS
    again_seconds: float = AGAIN_SECONDS

    async def verify(self) -> set[Difference]:
        """What is wrong in the present figures. They stay; the next recount deletes the recounted ones."""
        return await self._carried_out(switch=False)

    async def rebuild(self) -> set[Difference]:
        """The same, and from now on the new figures answer queries."""
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
        # On condition that the standing is still the one we began with: if another recount has started since, this one
        # must not put its generation in place.
        await Generations(self.database).change(standing, replace(standing, serving=serving, building=0))
        return found

    async def _begun(self) -> tuple[Standing, Job]:
        """Begins a recount, or continues an interrupted one. Raises Conflict if somebody else just did."""
        generations, jobs = Generations(self.database), Jobs(self.database)
        standing, job = await generations.standing(), await jobs.load()
        if job and standing.building == job.generation and job.fresh(self.now()):
            return standing, await jobs.take(job)
        number = standing.newest + 1
        # Old tables are dropped only now, not at the switch: other processes may read them for READ_SECONDS after it.
        for former in range(max(1, number - 3), number):
            if former != standing.serving:
                await asyncio.gather(*map(self.database.drop, generation(former)))
        # The tables before the standing that names them: consumers write to them from their next batch on.
        await asyncio.gather(*map(self.database.create, generation(number)))
        begun = replace(standing, building=number, newest=number, held_until_ms=0)
        try:
            await generations.change(standing, begun)
        except ConditionFailed:
            raise Conflict("another recount is running") from None
        # After a crash here the standing names a generation that has no job: the next recount replaces it.
        return begun, await jobs.begin(number, self.now())

    async def _count(self, source: Source, store: StatsStore, steps: "_Steps") -> None:
        """Counts a history; the next part is fetched while one is counted."""
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
                # After the counting: a crash in between counts this part again, which changes nothing. The other way
                # round it would be lost.
                await steps.step(source.owner, part.after)
                self.report(source.owner, part)
                if not part.after:
                    return
        finally:
            fetched.cancel()

    async def _persistent(self, standing: Standing) -> set[Difference]:
        """The differences found in every look: others only show that an event was not yet counted in both."""
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
        """Nothing is counted inside; the figures are a few seconds late afterwards."""
        generations = Generations(self.database)

        async def hold() -> None:
            # Renewed again and again instead of once for long: a recount that dies stops the counting only for seconds.
            while True:
                await generations.hold(HELD_SECONDS)
                await asyncio.sleep(HELD_SECONDS / 2)

        holding = asyncio.create_task(hold())
        try:
            # Batches that passed the check before the hold are still being written.
            await asyncio.sleep(SETTLED_SECONDS)
            yield
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)
            await generations.hold(0)


class _Steps:
    """Saves the progress of all sources, one after another: they share one item."""

    def __init__(self, jobs: Jobs, job: Job) -> None:
        self._jobs = jobs
        self.job = job
        self._turn = asyncio.Lock()

    def after(self, owner: str) -> str | None:
        return self.job.after.get(owner)

    async def step(self, owner: str, after: str | None) -> None:
        async with self._turn:
            self.job = await self._jobs.step(self.job, owner, after)
