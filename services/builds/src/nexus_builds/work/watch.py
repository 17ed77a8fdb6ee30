"""Fails the builds that can no longer finish."""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from nexus_builds.domain.endings import Patience, failed, past_hope
from nexus_builds.domain.state import Project
from nexus_builds.store.projects import BUILD, ProjectStore
from nexus_runtime.ledger.ledger import ChangedMeanwhile, Ledger
from nexus_runtime.process import log
from nexus_runtime.work.items import WorkItems
from nexus_runtime.work.registration import Roster

logger = log.get(__name__)
AT_ONCE = 100
"""Projects held in memory at a time."""


@dataclass
class LostWorkers:
    """Builds held by dead workers, and since when this process has seen that.

    The roster is the engine's, which observes it often enough to notice silence.
    """

    items: WorkItems
    roster: Roster
    seconds: float
    monotonic: Callable[[], float] = time.monotonic
    _since: dict[tuple[str, int], float] = field(default_factory=dict[tuple[str, int], float])

    async def look(self) -> tuple[list[str], set[str]]:
        """All builds that have a work item, and those lost for at least `seconds`."""
        builds = [item for item in await self.items.all() if item.kind == BUILD]
        now = self.monotonic()
        # With the epoch: a takeover raises it, so the time then starts again.
        orphans = {(one.name, one.epoch) for one in builds if one.owned and one.runner not in self.roster.living}
        self._since = {orphan: self._since.get(orphan, now) for orphan in orphans}
        lost = {name for (name, _), since in self._since.items() if now - since >= self.seconds}
        return [one.name for one in builds], lost


@dataclass(frozen=True)
class Watch:
    """Watches the builds of the platform's worker or, without `workers`, external ones."""

    store: ProjectStore
    ledger: Ledger
    now: Callable[[], datetime]
    patience: Patience
    seconds: float
    workers: LostWorkers | None = None

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(self.seconds)

    async def look(self) -> None:
        """Checks all of them once."""
        if self.workers is not None:
            names, lost = await self.workers.look()
        else:
            names, lost = await self.store.external(), set[str]()
        for start in range(0, len(names), AT_ONCE):
            await self._judge_all(names[start : start + AT_ONCE], lost)

    async def _judge_all(self, names: list[str], lost: Collection[str]) -> None:
        for project in (await self.store.load_many(names)).values():
            await self._judge(project, worker_lost=project.project_id in lost)

    async def _judge(self, before: Project, worker_lost: bool) -> None:
        error = past_hope(before, self.now(), self.patience, worker_lost=worker_lost)
        if error is None:
            return
        after, events = failed(before, error, self.now())
        try:
            await self.ledger.commit(self.store.save(before, after, events).change)
        except ChangedMeanwhile:
            return  # a report or command was faster; the next look will judge again
        logger.warning("build given up", project_id=after.project_id, attempt=after.attempt_number, code=error.code)
