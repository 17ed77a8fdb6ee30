"""Completes a deletion: once its last events are published, everything of the project is erased."""

import asyncio
from dataclasses import dataclass

from nexus_builds.store.projects import DONE, ERASURE, ProjectStore
from nexus_runtime.ledger.change import Change, End
from nexus_runtime.ledger.ledger import Ledger
from nexus_runtime.process import log
from nexus_runtime.work.kind import Held, Repeatable

logger = log.get(__name__)


@dataclass(frozen=True)
class Erasure(Repeatable):
    """Erases a deleted project; `look_seconds` between checks whether its events are published."""

    store: ProjectStore
    ledger: Ledger
    look_seconds: float = 0.5
    name: str = ERASURE

    async def run(self, name: str, held: Held) -> None:
        del held
        while not await self.erase(name):  # noqa: ASYNC110  # the outbox is in the database
            await asyncio.sleep(self.look_seconds)

    async def erase(self, name: str) -> bool:
        """False while its last events are not published. Safe to repeat when interrupted: the project goes last."""
        # The relay reads events from the history: if that were erased earlier, those in the outbox would be lost.
        if await self.ledger.outbox.holds(name):
            return False
        project = await self.store.load_any(name)
        change = Change(ends=(End(ERASURE, name, DONE),))
        if project is not None:
            await self.ledger.history.erase(name)
            change += await self.store.erase(project)
        await self.ledger.commit(change)
        logger.info("deleted project erased", project_id=name)
        return True
