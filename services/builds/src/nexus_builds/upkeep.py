"""What goes on by itself: deletions are brought to their end, builds that are past hope are failed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from nexus_builds.domain.endings import Patience, failed, past_hope
from nexus_builds.domain.state import Project
from nexus_builds.store.lists import DELETING
from nexus_builds.store.projects import ProjectStore
from nexus_runtime.ledger.ledger import ChangedMeanwhile, Ledger
from nexus_runtime.ledger.outbox import Outbox
from nexus_runtime.process import log
from nexus_runtime.work.leases import Leases

logger = log.get(__name__)
AT_ONCE = 100
"""Projects in memory for a look at them."""


@dataclass(frozen=True)
class Eraser:
    """Ends what a deletion began: once its last events are published, nothing of the project stays."""

    store: ProjectStore
    ledger: Ledger
    outbox: Outbox
    seconds: float = 1.0

    async def run(self) -> None:
        """For ever."""
        while True:
            await _each(await self.store.names(DELETING), self.erase)
            await asyncio.sleep(self.seconds)

    async def erase(self, project_id: str) -> None:
        """Interrupted half-way it is done again: the project, and its place in the list, go last."""
        project = await self.store.load_any(project_id)
        if project is None or await self.outbox.holds(project_id):
            return
        await self.ledger.history.erase(project_id)
        await self.store.erase(project)
        logger.info("deleted project erased", project_id=project_id)


@dataclass(frozen=True)
class Watch:
    """Fails the builds of one list, `active` or `external`, of which nothing more is to be hoped for."""

    store: ProjectStore
    ledger: Ledger
    leases: Leases
    now: Callable[[], datetime]
    patience: Patience
    listed: str
    seconds: float

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.look()
            await asyncio.sleep(self.seconds)

    async def look(self) -> None:
        """Once over the list."""
        lost = {project_id async for project_id in self.leases.lost()}
        listed = await self.store.names(self.listed)
        for start in range(0, len(listed), AT_ONCE):
            for project in (await self.store.load_many(listed[start : start + AT_ONCE])).values():
                await self._judge(project, worker_lost=project.project_id in lost)

    async def _judge(self, before: Project, worker_lost: bool) -> None:
        error = past_hope(before, self.now(), self.patience, worker_lost=worker_lost)
        if error is None:
            return
        after, events = failed(before, error, self.now())
        try:
            await self.ledger.commit(self.store.save(before, after, events).change)
        except ChangedMeanwhile:
            return  # it is judged anew with the next look
        logger.warning("build given up", project_id=after.project_id, attempt=after.attempt_number, code=error.code)


async def _each(project_ids: list[str], act: Callable[[str], Awaitable[None]]) -> None:
    """One that fails holds up no other."""
    for project_id in project_ids:
        try:
            await act(project_id)
        except Exception:
            logger.exception("project passed over for now", project_id=project_id)
