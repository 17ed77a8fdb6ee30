"""The outbox: which aggregates have events that the broker does not have yet.

An outbox item says "of this aggregate, the events from `first` to `last` are still to be published"; the events
themselves are in the history. The item is written in the transaction of the events and removed once they are published.
"""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from nexus_runtime.dynamo import ConditionFailed, Database, Delete, Table, Update, Where
from nexus_runtime.process import log

logger = log.get(__name__)
SHARDS = 16
AT_ONCE = 25
"""Items per transaction: a call costs the client more than an action does."""


class Span(NamedTuple):
    """Events of one aggregate, `first` and `last` included."""

    aggregate: str
    first: int
    last: int


def outbox_table(name: str) -> Table:
    return Table(name, "shard", "aggregate")


def _shard(aggregate: str) -> str:
    return f"{zlib.crc32(aggregate.encode()) % SHARDS:02d}"


class Outbox:
    """The items: at most one per aggregate, however many events are waiting."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table

    def record(self, aggregate: str, first: int, last: int) -> Update:
        """The write that requests the publication of these events."""
        # `first` stays where the item exists: events before these may still be unpublished.
        return Update(
            self._table,
            self._key(aggregate),
            assign={"last": last},
            default={"first": first, "since": int(time.time())},
        )

    async def settle(self, published: Sequence[Span]) -> None:
        """Removes published events. What was added in the meantime stays; what is unclear is left to the sweep."""
        for start in range(0, len(published), AT_ONCE):
            await self._settle_together(published[start : start + AT_ONCE])

    async def _settle_together(self, spans: Sequence[Span]) -> None:
        try:
            await self._database.write(*(self._removal(span) for span in spans))
        except ConditionFailed as error:
            # One item that has changed fails the whole transaction: the others are settled without it.
            others = [span for place, span in enumerate(spans) if place not in error.failed]
            if others:
                await self._settle_together(others)
            for place in error.failed:
                await self._settle_partly(spans[place])

    def _removal(self, span: Span) -> Delete:
        where = Where(equal={"first": span.first, "last": span.last})
        return Delete(self._table, self._key(span.aggregate), where=where)

    async def _settle_partly(self, span: Span) -> None:
        """More was added to the item, or another relay has moved it."""
        key = self._key(span.aggregate)
        item = await self._database.get(self._table, key)
        # Gone or with another `first`: another relay settled it. With nothing new in it: it is unclear why the removal
        # failed, so it is left to the sweep.
        if item is None or item["first"] != span.first or item["last"] <= span.last:
            return
        rest = {"first": span.last + 1, "since": int(time.time())}
        try:
            await self._database.write(Update(self._table, key, assign=rest, where=Where(equal={"first": span.first})))
        except ConditionFailed:
            logger.debug("outbox item changed concurrently", aggregate=span.aggregate)

    async def pending(self, aggregate: str) -> tuple[int, int] | None:
        """The first and last sequence that are still to be published, if any."""
        item = await self._database.get(self._table, self._key(aggregate))
        return (item["first"], item["last"]) if item else None

    async def holds(self, aggregate: str) -> bool:
        return await self.pending(aggregate) is not None

    async def waiting(self, shard: int, older_than: float) -> AsyncIterator[tuple[str, float]]:
        """The aggregates whose item is older than `older_than` seconds, and its age."""
        async for item in self._database.query(self._table, f"{shard:02d}"):
            if (age := time.time() - item["since"]) >= older_than:
                yield item["aggregate"], age

    async def depth(self) -> int:
        counts = await asyncio.gather(*(self._database.count(self._table, f"{n:02d}") for n in range(SHARDS)))
        return sum(counts)

    async def oldest(self) -> int:
        """The age of the oldest item, in seconds."""
        now = int(time.time())
        items = [item for n in range(SHARDS) async for item in self._database.query(self._table, f"{n:02d}")]
        return max((now - item["since"] for item in items), default=0)

    def _key(self, aggregate: str) -> dict[str, str]:
        return {"shard": _shard(aggregate), "aggregate": aggregate}
