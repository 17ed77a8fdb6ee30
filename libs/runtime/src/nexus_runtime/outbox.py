"""The outbox: which aggregates have events that the broker does not have yet, and the relay that publishes them.

An outbox item says "of this aggregate, the events from `first` to `last` are still to be published"; the events
themselves stand in the history. The item is written in the transaction of the events. The relay publishes right
after the commit; what a crash left is found by a sweep of any replica. So every event is published at least once,
an aggregate's in order, except that a replica which was paused may publish old ones again or late: consumers
guard themselves by the sequence.
"""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.history import HistoryEntry
from nexus_contracts.topics import Topic
from nexus_runtime import log, metrics
from nexus_runtime.bus import Bus
from nexus_runtime.dynamo import ConditionFailed, Database, Delete, Table, Update, Where
from nexus_runtime.history import History

logger = log.get(__name__)
SHARDS = 16
SETTLE_SECONDS = 0.2
SWEEP_SECONDS = 0.5
LEFT_BEHIND_SECONDS = 3


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
            move = Update(self._table, key, assign={"first": last + 1}, where=Where(equal={"first": first}))
            item = await self._database.get(self._table, key)
            if item is not None and item["first"] == first and item["last"] > last:
                await self._settle_partly(move)

    async def _settle_partly(self, move: Update) -> None:
        try:
            await self._database.write(move)
        except ConditionFailed:
            logger.debug("outbox item moved meanwhile", **move.key)

    async def holds(self, aggregate: str) -> bool:
        return await self._database.get(self._table, self._key(aggregate), only=("first",)) is not None

    async def waiting(self, shard: int, older_than: float) -> AsyncIterator[tuple[str, int, int]]:
        """Aggregate, first and last sequence of what was written more than `older_than` seconds ago."""
        async for item in self._database.query(self._table, f"{shard:02d}"):
            if time.time() - item["since"] >= older_than:
                yield item["aggregate"], item["first"], item["last"]

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


@dataclass
class _Published:
    """Events that the broker has; `partition` and `offset` of the last one."""

    first: int
    last: int
    partition: int
    offset: int


class Relay:
    """Publishes the outbox of one service. With a volatile broker an item stays until every group has consumed it."""

    def __init__(self, bus: Bus, outbox: Outbox, history: History, topic: Topic, source: str, volatile: bool) -> None:
        self._bus = bus
        self._outbox = outbox
        self._history = history
        self._topic = topic
        self._source = source
        self._volatile = volatile
        self._fresh: dict[str, list[HistoryEntry]] = {}
        self._published: dict[str, _Published] = {}
        self._wake = asyncio.Event()

    def announce(self, aggregate: str, entries: Sequence[HistoryEntry]) -> None:
        """Publish these at once; they are committed, and in the outbox."""
        self._fresh.setdefault(aggregate, []).extend(entries)
        self._wake.set()

    async def run(self) -> None:
        """For ever; cancel to stop: what is left is in the outbox."""
        self._bus.when_broker_is_new(self.publish_again)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._publish_fresh())
            tasks.create_task(self._settle())
            tasks.create_task(self._sweep())

    async def publish_again(self) -> None:
        """The broker lost what it had: publish all that is not settled."""
        self._published.clear()
        for shard in range(SHARDS):
            await self._sweep_shard(shard, older_than=0)

    async def _publish_fresh(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            fresh, self._fresh = self._fresh, {}
            sent: list[tuple[str, list[HistoryEntry], list[asyncio.Future[object]]]] = []
            for aggregate, entries in fresh.items():
                try:
                    sent.append((aggregate, entries, [await self._send(aggregate, entry) for entry in entries]))
                except ServiceUnavailable as error:
                    logger.warning("events wait in the outbox", aggregate=aggregate, reason=error.message)
            for aggregate, entries, futures in sent:
                await self._acknowledge(aggregate, entries, futures)

    async def _send(self, aggregate: str, entry: HistoryEntry) -> asyncio.Future[object]:
        event = CloudEvent(
            id=entry.id,
            source=self._source,
            type=entry.type,
            subject=aggregate,
            time=entry.time,
            data=entry.data,
            correlationid=entry.correlation_id,
            causationid=entry.causation_id,
            traceparent=entry.traceparent,
            sequence=entry.sequence,
        )
        return await self._bus.send(self._topic.name, aggregate.encode(), event.body(), event.headers())

    async def _acknowledge(
        self, aggregate: str, entries: Sequence[HistoryEntry], futures: Iterable[asyncio.Future[object]]
    ) -> None:
        try:
            records = [await self._bus.acknowledged(self._topic.name, future) for future in futures]
        except ServiceUnavailable as error:
            logger.warning("events wait in the outbox", aggregate=aggregate, reason=error.message)
            return
        first, record = entries[0].sequence, records[-1]
        before = self._published.get(aggregate)
        if before is not None and before.last + 1 == first:
            first = before.first
        self._published[aggregate] = _Published(first, entries[-1].sequence, record.partition, record.offset)

    async def _settle(self) -> None:
        while True:
            await asyncio.sleep(SETTLE_SECONDS)
            if not self._published:
                continue
            try:
                reached = await self._bus.committed(self._topic) if self._volatile else None
                for aggregate, done in list(self._published.items()):
                    if reached is None or reached.get(done.partition, -1) > done.offset:
                        await self._outbox.settle(aggregate, done.first, done.last)
                        if self._published.get(aggregate) == done:
                            del self._published[aggregate]
            except Exception as error:  # noqa: BLE001  # the relay outlives every fault of broker and database
                logger.warning("published events not settled yet", error=repr(error))
                await asyncio.sleep(1)

    async def _sweep(self) -> None:
        older_than, shard = 0.0, 0
        while True:
            try:
                if self._bus.reachable:
                    await self._sweep_shard(shard, older_than)
                    shard = (shard + 1) % SHARDS
                    older_than = older_than if shard else LEFT_BEHIND_SECONDS
            except Exception as error:  # noqa: BLE001  # as above
                logger.warning("outbox not swept", error=repr(error))
            await asyncio.sleep(SWEEP_SECONDS if older_than else 0.01)
            if not self._bus.reachable:
                await asyncio.sleep(SWEEP_SECONDS)

    async def _sweep_shard(self, shard: int, older_than: float) -> None:
        async for aggregate, first, last in self._outbox.waiting(shard, older_than):
            if aggregate in self._published or aggregate in self._fresh:
                continue
            entries = [entry async for entry in self._history.read(aggregate, first, last)]
            logger.info("publishing what was left in the outbox", aggregate=aggregate, events=len(entries))
            if entries:
                await self._acknowledge(aggregate, entries, [await self._send(aggregate, e) for e in entries])
        metrics.OUTBOX_DEPTH.set(len(self._published))
