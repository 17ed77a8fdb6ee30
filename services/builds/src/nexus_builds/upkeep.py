"""What goes on by itself: deletions are brought to their end, builds that nobody reports on any more are failed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from nexus_builds.domain.endings import abandoned
from nexus_builds.handlers import numbered
from nexus_builds.store import DELETING, EXTERNAL, DynamoProjectStore
from nexus_runtime import log
from nexus_runtime.ledger import ChangedMeanwhile, Ledger, Recorded
from nexus_runtime.outbox import Outbox

logger = log.get(__name__)


@dataclass(frozen=True)
class Eraser:
    """Ends what a deletion began: once its last events are published, nothing of the project stays."""

    store: DynamoProjectStore
    ledger: Ledger
    outbox: Outbox
    seconds: float = 1.0

    async def run(self) -> None:
        """For ever."""
        while True:
            await _each(await self.store.listed(DELETING), self.erase)
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
    """Fails the external builds of which nobody has reported for so long."""

    store: DynamoProjectStore
    ledger: Ledger
    now: Callable[[], datetime]
    silence: timedelta
    seconds: float = 60.0

    async def run(self) -> None:
        """For ever."""
        while True:
            await _each(await self.store.listed(EXTERNAL), self.look)
            await asyncio.sleep(self.seconds)

    async def look(self, project_id: str) -> None:
        before = await self.store.load(project_id)
        decided = abandoned(before, self.now(), self.silence) if before else None
        if before is None or decided is None:
            return
        after, events = numbered(before, decided)
        try:
            changes = self.store.changes(before, after, events)
            await self.ledger.commit(changes, [Recorded(project_id, before.sequence, events)])
        except ChangedMeanwhile:
            return
        logger.warning("external build abandoned", project_id=project_id, attempt=after.attempt_number)


async def _each(project_ids: list[str], act: Callable[[str], Awaitable[None]]) -> None:
    """One that fails holds up no other."""
    for project_id in project_ids:
        try:
            await act(project_id)
        except Exception:
            logger.exception("project passed over for now", project_id=project_id)
