"""What was seen, counters and activities in memory, for tests of what relies on a store of statistics."""

from collections.abc import Collection, Sequence
from datetime import datetime

from nexus_contracts.stats import Activity
from nexus_runtime.dynamo.model import MAX_ACTIONS
from nexus_runtime.ledger.ledger import ChangedMeanwhile
from nexus_stats.domain.activities import position
from nexus_stats.domain.counting import FactChange, Stored, packed
from nexus_stats.domain.rows import Row, summed
from nexus_stats.domain.sketch import Timed
from nexus_stats.store import Noted


class MemoryStatsStore:
    """`limit` is the number of things and rows in a transaction."""

    def __init__(self, limit: int = MAX_ACTIONS) -> None:
        self._limit = limit
        self._known: dict[str, Stored] = {}
        self._rows: dict[Row, dict[str, int]] = {}
        self._activities: dict[tuple[str, str], Activity] = {}

    async def known(self, keys: Collection[str]) -> dict[str, Stored]:
        return {key: self._known[key] for key in keys if key in self._known}

    async def commit(self, changes: Sequence[FactChange], shard: str) -> None:
        del shard
        for group in packed(changes, self._limit):
            self._transact(group)

    def _transact(self, group: Sequence[FactChange]) -> None:
        for change in group:
            known = self._known.get(change.key)
            if (known.version if known else 0) != change.version:
                raise ChangedMeanwhile(change.key)
        for change in group:
            self._known[change.key] = Stored(change.content, change.version + 1)
        self._rows = summed((self._rows, *(change.delta for change in group)))

    async def counted(self, tenant: str, metric: str, first: str = "", last: str = "~") -> dict[str, dict[str, int]]:
        rows = await self.timed(tenant, metric, first, last)
        return {name: dict(row.counts) for name, row in rows.items()}

    async def timed(self, tenant: str, metric: str, first: str = "", last: str = "~") -> dict[str, Timed]:
        own = (row for row in self._rows if (row.tenant, row.metric) == (tenant, metric))
        return {row.name: Timed.of(self._rows[row]) for row in own if first <= row.name <= last}

    async def note(self, noted: Noted) -> None:
        self._activities |= {(tenant, position(one)): one for tenant, one in noted}

    async def activities(self, tenant: str, limit: int, before: str | None, since: datetime) -> list[Activity]:
        own = {place: one for (whose, place), one in self._activities.items() if whose == tenant and one.time >= since}
        chosen = sorted((place for place in own if before is None or place < before), reverse=True)
        return [own[place] for place in chosen[:limit]]
