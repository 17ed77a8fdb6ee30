"""Where facts and counters are kept."""

import secrets
from collections.abc import Collection, Sequence
from typing import Any, Protocol

from nexus_runtime.dynamo import ConditionFailed, Database, Item, Put, Update, Where
from nexus_runtime.dynamo.model import MAX_ACTIONS
from nexus_runtime.ledger.ledger import ChangedMeanwhile
from nexus_stats.domain.counting import FACT, FactChange, KnownFact, Metric, Row, packed, summed
from nexus_stats.tables import COUNTERS, FACTS

SHARDS = 16


class StatsStore(Protocol):
    """What the handlers need of a store."""

    async def facts(self, keys: Collection[str]) -> dict[str, KnownFact]:
        """Those that are stored, by key."""
        ...

    async def commit(self, changes: Sequence[FactChange]) -> None:
        """Facts and counters together, in as few transactions as fit.

        Raises ChangedMeanwhile when a fact no longer has the version that its change was made on: some of the changes
        may be stored then, each with its counters.
        """
        ...

    async def counted(self, metric: Metric, first: str = "", last: str = "~") -> dict[str, dict[str, int]]:
        """The counters of the rows named from `first` to `last`, both included."""
        ...


class DynamoStatsStore:
    """Each process adds to a shard of its own choice; reading sums them up, with one query."""

    def __init__(self, database: Database, shard: int | None = None) -> None:
        self._database = database
        self._shard = f"{secrets.randbelow(SHARDS) if shard is None else shard:02d}"

    async def facts(self, keys: Collection[str]) -> dict[str, KnownFact]:
        items = await self._database.get_many(FACTS, [{"fact": key} for key in keys])
        return {item["fact"]: KnownFact(FACT.validate_json(item["body"]), item["version"]) for item in items}

    async def commit(self, changes: Sequence[FactChange]) -> None:
        for group in packed(changes, MAX_ACTIONS):
            rows = summed(change.delta for change in group)
            try:
                await self._database.write(*map(_put, group), *(self._add(row, counts) for row, counts in rows.items()))
            except ConditionFailed as error:
                raise ChangedMeanwhile(str(error)) from error

    def _add(self, row: Row, counts: dict[str, int]) -> Update:
        key = {"metric": row.metric, "position": f"{row.name}#{self._shard}"}
        return Update(COUNTERS, key, add=counts)

    async def counted(self, metric: Metric, first: str = "", last: str = "~") -> dict[str, dict[str, int]]:
        found: list[dict[Row, dict[str, int]]] = []
        async for item in self._database.query(COUNTERS, metric, low=f"{first}#", high=f"{last}#~"):
            found.append({Row(metric, item["position"].rpartition("#")[0]): _numbers(item)})
        return {row.name: counts for row, counts in summed(found).items()}


def _put(change: FactChange) -> Put:
    item: dict[str, Any] = {
        "fact": change.fact.key,
        "version": change.version + 1,
        "body": FACT.dump_json(change.fact).decode(),
    }
    return Put(FACTS, item, where=Where(equal={"version": change.version}) if change.version else Where(absent="fact"))


def _numbers(item: Item) -> dict[str, int]:
    return {name: number for name, number in item.items() if name not in ("metric", "position")}
