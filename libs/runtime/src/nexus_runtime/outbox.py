"""The outbox: which aggregates have events that the broker does not have yet.

An outbox item says "of this aggregate, the events from `first` to `last` are still to be published"; the events
themselves stand in the history. The item is written in the transaction of the events and goes when they are published.
"""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator

from nexus_runtime import log
from nexus_runtime.dynamo import ConditionFailed, Database, Delete, Table, Update, Where

logger = log.get(__name__)
SHARDS = 16


def outbox_table(name: str) -> Table:
    return Table(name, "shard", "aggregate")


def _shard(aggregate: str) -> str:
    return f"{zlib.crc32(aggregate.encode()) % SHARDS:02d}"


class Outbox:
    """The items. One per aggregate at most, however many events wait."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table

    def record(self, aggregate: str, first: int, last: int) -> Update:
        """The write that asks for these events to be published."""
        return Update(
            self._table,
            self._key(aggregate),
            assign={"last": last},
            default={"first": first, "since": int(time.time())},
        )

    async def settle(self, aggregate: str, first: int, last: int) -> None:
        """These events are published. What was added meanwhile stays; what is unclear is left to the sweep."""
        key = self._key(aggregate)
        try:
            await self._database.write(Delete(self._table, key, where=Where(equal={"first": first, "last": last})))
        except ConditionFailed:
            item = await self._database.get(self._table, key)
            if item is not None and item["first"] == first and item["last"] > last:
                rest = {"first": last + 1, "since": int(time.time())}
                await self._settle_partly(Update(self._table, key, assign=rest, where=Where(equal={"first": first})))

    async def _settle_partly(self, move: Update) -> None:
        try:
            await self._database.write(move)
        except ConditionFailed:
            logger.debug("outbox item moved meanwhile", **move.key)

    async def pending(self, aggregate: str) -> tuple[int, int] | None:
        """The first and last sequence that are still to be published, if any are."""
        item = await self._database.get(self._table, self._key(aggregate))
        return (item["first"], item["last"]) if item else None

    async def holds(self, aggregate: str) -> bool:
        return await self.pending(aggregate) is not None

    async def waiting(self, shard: int, older_than: float) -> AsyncIterator[str]:
        """The aggregates with something written more than `older_than` seconds ago."""
        async for item in self._database.query(self._table, f"{shard:02d}"):
            if time.time() - item["since"] >= older_than:
                yield item["aggregate"]

    async def depth(self) -> int:
        counts = await asyncio.gather(*(self._database.count(self._table, f"{n:02d}") for n in range(SHARDS)))
        return sum(counts)

    async def oldest(self) -> int:
        """Seconds that the oldest item has waited."""
        now = int(time.time())
        items = [item for n in range(SHARDS) async for item in self._database.query(self._table, f"{n:02d}")]
        return max((now - item["since"] for item in items), default=0)

    def _key(self, aggregate: str) -> dict[str, str]:
        return {"shard": _shard(aggregate), "aggregate": aggregate}
