"""Facts and counters in memory, for tests of what relies on a store of statistics."""

from collections.abc import Collection, Sequence

from nexus_runtime.dynamo.model import MAX_ACTIONS
from nexus_runtime.ledger.ledger import ChangedMeanwhile
from nexus_stats.domain.counting import FactChange, KnownFact, Metric, Row, packed, summed


class MemoryStatsStore:
    """`limit` is the number of facts and rows in a transaction."""

    def __init__(self, limit: int = MAX_ACTIONS) -> None:
        self._limit = limit
        self._facts: dict[str, KnownFact] = {}
        self._rows: dict[Row, dict[str, int]] = {}

    async def facts(self, keys: Collection[str]) -> dict[str, KnownFact]:
        return {key: self._facts[key] for key in keys if key in self._facts}

    async def commit(self, changes: Sequence[FactChange]) -> None:
        for group in packed(changes, self._limit):
            self._transact(group)

    def _transact(self, group: Sequence[FactChange]) -> None:
        for change in group:
            known = self._facts.get(change.fact.key)
            if (known.version if known else 0) != change.version:
                raise ChangedMeanwhile(change.fact.key)
        for change in group:
            self._facts[change.fact.key] = KnownFact(change.fact, change.version + 1)
        self._rows = summed((self._rows, *(change.delta for change in group)))

    async def counted(self, metric: Metric, first: str = "", last: str = "~") -> dict[str, dict[str, int]]:
        chosen = (row for row in self._rows if row.metric == metric and first <= row.name <= last)
        return {row.name: dict(self._rows[row]) for row in chosen}
