"""The histories of deleted aggregates, erased as soon as their last events are published."""

from dataclasses import dataclass

from nexus_agents.store.lists import HISTORIES, Lists, entry, no_entry
from nexus_runtime.ledger.change import Change
from nexus_runtime.ledger.ledger import Ledger


@dataclass(frozen=True)
class Histories:
    ledger: Ledger
    lists: Lists

    async def leave(self, aggregate: str, sequence: int) -> None:
        """Erases the history up to `sequence`: now, or later if its last events are not published yet."""
        if sequence == 0:
            return
        if await self.ledger.outbox.holds(aggregate):
            await self.ledger.commit(Change.of(entry(HISTORIES, aggregate, through=sequence)))
        else:
            await self.ledger.history.erase(aggregate, sequence)

    async def forget(self, limit: int = 200) -> None:
        """Erases what was left for later, up to `limit` histories of it."""
        async for item in self.lists.read(HISTORIES):
            aggregate = item["position"]
            if not await self.ledger.outbox.holds(aggregate):
                await self.ledger.history.erase(aggregate, item["through"])
                await self.ledger.commit(Change.of(no_entry(HISTORIES, aggregate)))
            limit -= 1
            if limit == 0:
                return
