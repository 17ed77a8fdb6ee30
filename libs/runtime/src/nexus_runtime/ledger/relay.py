"""The relay publishes the outbox: right after the commit, or by a sweep if a crash left something behind.

Every event is published at least once. An aggregate's are sent by one task at a time and without a gap: what is
fresh goes out directly only where it continues what this relay had acknowledged, else all that is unsettled is read
from the history. So whatever order commits and faults come in, the first appearances of an aggregate's events are in
order; repetitions of older ones may come later, and consumers guard themselves by the sequence.
"""

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.history import HistoryEntry
from nexus_contracts.topics import Topic
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.ledger.history import History
from nexus_runtime.ledger.outbox import SHARDS, Outbox, Span
from nexus_runtime.process import log, metrics

logger = log.get(__name__)
SETTLE_MOVING = 3
"""In every third round, aggregates that are still changing are settled as well."""
REMEMBERED = 10_000
AT_ONCE = 32


@dataclass(frozen=True)
class Pace:
    """How often a relay settles, and sweeps a shard; when it takes over from others; how much it holds.

    What is committed within `gather_seconds` goes out together: nobody waits for an event, and a request to the broker
    costs more than the records in it.
    """

    gather_seconds: float = 0.02
    settle_seconds: float = 1.0
    sweep_seconds: float = 2.0
    left_behind_seconds: float = 5.0
    held: int = 5_000
    """Events kept in memory until they are sent. If the broker is slower than the commits, the rest is read again."""


@dataclass(frozen=True)
class _Published:
    """Acknowledged events; `partition` and `offset` are those of the last one."""

    first: int
    last: int
    partition: int
    offset: int


class Relay:
    """Publishes the outbox of one service. With a volatile broker items stay until every group has consumed them."""

    def __init__(
        self,
        bus: Bus,
        outbox: Outbox,
        history: History,
        topic: Topic,
        source: str,
        volatile: bool,
        pace: Pace | None = None,
    ) -> None:
        self._bus = bus
        self._outbox = outbox
        self._history = history
        self._topic = topic
        self._source = source
        self._volatile = volatile
        self._pace = pace or Pace()
        self._due: dict[str, list[HistoryEntry]] = {}
        self._held = 0
        self._busy: set[str] = set()
        self._published: dict[str, _Published] = {}
        self._through: OrderedDict[str, int] = OrderedDict()
        self._wake = asyncio.Event()
        self._reading = asyncio.Semaphore(AT_ONCE)
        self._broker_number = 0
        self._sweep_all = True
        self._oldest: dict[int, float] = {}
        bus.when_broker_is_new(self.publish_again)

    def announce(self, aggregate: str, entries: Sequence[HistoryEntry] = ()) -> None:
        """Publishes these committed entries at once; without entries, whatever the outbox has of the aggregate."""
        # Over the limit only the entries are dropped, never the aggregate: the outbox and the history still have them.
        due = self._due.setdefault(aggregate, [])
        if self._held + len(entries) <= self._pace.held:
            due.extend(entries)
            self._held += len(entries)
        self._wake.set()

    async def run(self) -> None:
        """Runs until it is cancelled; what is unpublished stays in the outbox."""
        # A run that was cancelled leaves its aggregates marked as busy, though its tasks ended with it.
        self._busy.clear()
        self._sweep_all = True
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hand_out(tasks))
            tasks.create_task(self._settle())
            tasks.create_task(self._sweep())

    def sweep_soon(self) -> None:
        """Sweeps all shards now: a process may have died and left something."""
        self._sweep_all = True

    async def publish_again(self) -> None:
        """Starts over: the broker lost its records, so everything unsettled counts as unpublished."""
        self._broker_number += 1
        self._published.clear()
        self._through.clear()
        self._sweep_all = True

    async def _hand_out(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(self._pace.gather_seconds)
            self._wake.clear()
            # One task for each aggregate: two could send its events out of order. A task that ends wakes this loop.
            for aggregate in self._due.keys() - self._busy:
                self._busy.add(aggregate)
                fresh = self._due.pop(aggregate)
                self._held -= len(fresh)
                tasks.create_task(self._publish(aggregate, fresh))

    async def _publish(self, aggregate: str, fresh: Sequence[HistoryEntry]) -> None:
        broker = self._broker_number
        try:
            entries = await self._unpublished(aggregate, fresh)
            sent = [await self._send(aggregate, entry) for entry in entries]
            records = [await self._bus.acknowledged(self._topic.name, future) for future in sent]
            # What a broker acknowledged before it lost everything is not published: it must stay unsettled.
            if records and broker == self._broker_number:
                last = records[-1]
                self._note(
                    aggregate, _Published(entries[0].sequence, entries[-1].sequence, last.partition, last.offset)
                )
        except ServiceUnavailable as error:
            logger.warning("events wait in the outbox", aggregate=aggregate, reason=error.message)
        except Exception:  # the relay outlives every fault
            logger.exception("events not published, they wait in the outbox", aggregate=aggregate)
        finally:
            self._busy.discard(aggregate)
            self._wake.set()

    async def _unpublished(self, aggregate: str, fresh: Sequence[HistoryEntry]) -> list[HistoryEntry]:
        """The fresh entries if they continue the acknowledged ones without a gap; else all unsettled, unsent ones."""
        through = self._through.get(aggregate, 0)
        wanted = sorted((entry for entry in fresh if entry.sequence > through), key=lambda entry: entry.sequence)
        if fresh and [entry.sequence for entry in wanted] == list(range(through + 1, through + 1 + len(wanted))):
            return wanted
        async with self._reading:
            pending = await self._outbox.pending(aggregate)
            if pending is None:
                return []
            first, last = pending
            # Nothing new in it and yet unsettled: the settlement was unclear, as another relay had moved the item. Then
            # all of it is sent again; consumers tolerate that, and a skipped event would be lost.
            start = through + 1 if first <= through < last else first
            entries = [entry async for entry in self._history.read(aggregate, start, last)]
        if not fresh:
            logger.info("publishing events left in the outbox", aggregate=aggregate, events=len(entries))
        return entries

    async def _send(self, aggregate: str, entry: HistoryEntry) -> asyncio.Future[object]:
        event = CloudEvent.own(
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
            nexusprincipal=entry.principal,
            nexustenant=entry.tenant,
        )
        return await self._bus.send(self._topic.name, aggregate.encode(), event.body(), event.headers())

    def _note(self, aggregate: str, done: _Published) -> None:
        before = self._published.get(aggregate)
        # It continues what waits to be settled: one span, because the outbox has one item for the aggregate.
        if before is not None and before.first <= done.first <= before.last + 1:
            done = replace(done, first=before.first)
        self._published[aggregate] = done
        self._through[aggregate] = max(done.last, self._through.pop(aggregate, 0))
        while len(self._through) > REMEMBERED:
            self._through.popitem(last=False)

    async def _settle(self) -> None:
        """Settles. An aggregate at rest costs one write; one that still changes would cost three, again and again."""
        before: dict[str, _Published] = {}
        for number in itertools.count(1):
            await asyncio.sleep(self._pace.settle_seconds)
            moving = number % SETTLE_MOVING == 0
            wanted = {name: done for name, done in self._published.items() if moving or before.get(name) == done}
            before = dict(self._published)
            try:
                if wanted:
                    await self._settle_published(wanted)
            except Exception as error:  # noqa: BLE001  # the relay outlives every fault of broker and database
                logger.warning("published events not settled yet", error=repr(error))
                await asyncio.sleep(1)

    async def _settle_published(self, wanted: Mapping[str, _Published]) -> None:
        if self._volatile:
            broker, reached = self._broker_number, await self._bus.committed(self._topic)
            # Offsets committed at one broker must never be compared with records of the next one.
            if broker != self._broker_number:
                return
            # A committed offset is that of the next record to be read: greater means that this one was consumed.
            wanted = {name: done for name, done in wanted.items() if reached.get(done.partition, -1) > done.offset}
        await self._outbox.settle([Span(name, done.first, done.last) for name, done in wanted.items()])
        for name, done in wanted.items():
            self._forget(name, done)

    def _forget(self, aggregate: str, done: _Published) -> None:
        now = self._published.get(aggregate)
        if now == done:
            del self._published[aggregate]
        # More was published while the outbox was being written: only the settled part is forgotten.
        elif now is not None and now.first == done.first:
            self._published[aggregate] = replace(now, first=done.last + 1)

    async def _sweep(self) -> None:
        shard, older_than = 0, 0.0
        while True:
            if not self._bus.reachable:
                self._sweep_all = True
            else:
                if self._sweep_all:
                    self._sweep_all, shard, older_than = False, 0, 0.0
                await self._sweep_shard(shard, older_than)
                shard = (shard + 1) % SHARDS
                # The first round takes everything. Later ones leave young items to the process that committed them.
                older_than = older_than if shard else self._pace.left_behind_seconds
            await asyncio.sleep(self._pace.sweep_seconds if older_than or self._sweep_all else 0.01)

    async def _sweep_shard(self, shard: int, older_than: float) -> None:
        oldest = 0.0
        try:
            async for aggregate, age in self._outbox.waiting(shard, older_than):
                oldest = max(oldest, age)
                # On its way out, or out and not settled yet: announcing it would only send it twice.
                if aggregate not in self._published and aggregate not in self._busy:
                    self.announce(aggregate)
        except Exception as error:  # noqa: BLE001  # as above
            logger.warning("outbox not swept", shard=shard, error=repr(error))
        else:
            self._oldest[shard] = oldest
            metrics.OUTBOX_OLDEST.set(max(self._oldest.values()))
        metrics.OUTBOX_DEPTH.set(len(self._published) + len(self._due) + len(self._busy))
