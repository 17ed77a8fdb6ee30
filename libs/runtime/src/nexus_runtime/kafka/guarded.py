"""aiokafka's consumer, made to tolerate records that cannot be read.

By itself it raises out of `getmany`, on every call: nothing more is read of any partition, and what the call had
already taken from other partitions is lost, their positions having moved on. Here the trouble is its partition's own.
"""

# aiokafka's methods are untyped, and what has to be mended is its fetcher's own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateUsage=false

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer import consumer as aiokafka_consumer
from aiokafka.consumer import fetcher as aiokafka_fetcher
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import RecordTooLargeError
from aiokafka.protocol.fetch import FetchRequest

from nexus_contracts.topics import MAX_MESSAGE_BYTES
from nexus_runtime.kafka import decompression
from nexus_runtime.kafka.batches import Batches, after_unreadable
from nexus_runtime.kafka.membership import Membership
from nexus_runtime.kafka.pace import FetchPace
from nexus_runtime.kafka.progress import Reading
from nexus_runtime.process import log, metrics

logger = log.get(__name__)
RETRY_SECONDS = 30.0
LOG_SECONDS = 5.0
"""Time between two log lines about the same offset."""

FETCH_WAIT_MS = 500
"""For brokers that answer as soon as records arrive."""
FETCH_BYTES, FETCH_SECONDS = 10_000_000, 5.0
TAKEN_BYTES = 4 * MAX_MESSAGE_BYTES
"""Limit for the keys and values taken from one fetch of a partition; the rest, often far more, is fetched again."""
Fault = Callable[[TopicPartition, int, Exception], None]
Fetch = Callable[..., Awaitable[bool]]

decompression.limit()
aiokafka_fetcher.MemoryRecords = Batches  # the fetcher takes no other decoder
aiokafka_consumer.GroupCoordinator = Membership  # the consumer takes no other coordinator


class NotHalted(Exception):
    """The partition is not halted by this consumer, there or for that cause; the message says where it is, if it is."""


@dataclass
class Halt:
    """A partition that is not read on from `offset`, and why. Everything before `offset` is settled.

    `readable`: it was stopped by choice, not for what it holds.
    """

    partition: TopicPartition
    offset: int
    reason: str
    readable: bool
    tried: float = field(default_factory=time.monotonic)

    def __str__(self) -> str:
        topic, number = self.partition
        return f"{topic} partition {number} is halted at offset {self.offset}: {self.reason}"


class GuardedConsumer(AIOKafkaConsumer):
    """With `pass_over`, continues at the partition's end after a batch that cannot be read; else halts the partition.

    That halt ends by `skip`, or by itself: `tend` tries again, because a checksum may fail on the way, too. One that
    was asked for by `stop_at` ends by `go_on`. `pace`: how often the broker is asked, where it does not hold a fetch.
    """

    def __init__(self, *topics: str, pass_over: bool = False, pace: FetchPace | None = None, **settings: Any) -> None:
        settings["fetch_max_wait_ms"] = pace.hold_ms if pace else FETCH_WAIT_MS
        super().__init__(*topics, **settings)
        self._pass_over = pass_over
        self._pace = pace
        self._logged: dict[TopicPartition, tuple[int, float]] = {}
        self.halts: dict[TopicPartition, Halt] = {}

    async def start(self) -> None:
        await super().start()
        self._fetched = _Fetched(self._later)
        fetcher: Any = self._fetcher
        # What was fetched until now is fetched again: positions move only when records are taken.
        fetcher._records = self._fetched
        if self._pace is not None:
            fetcher._proc_fetch_request = _paced(fetcher, self._pace)

    async def getmany(self, *partitions: Any, timeout_ms: int = 0, max_records: int | None = None) -> Any:
        """Partitions take turns: one with a full fetch does not keep the others waiting."""
        if self._pace is not None:
            self._pace.asked()
        found: Any = await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)
        for partition in found:
            if partition in self._fetched:
                self._fetched.move_to_end(partition)
        if found and self._pace is not None:
            self._pace.given()
        return found

    def stop_at(self, partition: TopicPartition, offset: int, reason: str | None) -> None:
        """Goes back to `offset`; with a reason, reads nothing from there on until `go_on`."""
        if reason is None:
            self.seek(partition, offset)
        else:
            self._halt(Halt(partition, offset, reason, readable=True))

    def go_on(self, partition: TopicPartition) -> int:
        """Continues where `stop_at` has stopped; returns that offset. Raises NotHalted."""
        halt = self.halts.get(partition)
        if halt is None or not halt.readable:
            raise NotHalted(str(halt) if halt else "the partition is not halted here")
        self._read_from(partition, halt.offset)
        logger.warning("partition continues", **_named(partition, halt.offset))
        return halt.offset

    async def skip(self, partition: TopicPartition, offset: int) -> int:
        """Continues after the batch at which the partition is halted; returns that offset, which a group commits.

        Raises NotHalted, KafkaError, TimeoutError.
        """
        self._unreadable_at(partition, offset)
        following = after_unreadable(await self._raw(partition, offset), offset)
        if self._group_id is not None:
            await self.commit({partition: following})
        # Again: during the commit a rebalance may have moved the partition, or `tend` may have tried it once more.
        self._unreadable_at(partition, offset)
        self._read_from(partition, following)
        logger.warning("skipped", **_named(partition, offset), to=following)
        return following

    def tend(self) -> None:
        """To be called every second or so: forgets halts that are over and tries the others again at times."""
        now = time.monotonic()
        for partition, halt in list(self.halts.items()):
            # A position that moved means that the last try could read on.
            if partition not in self.assignment() or self._state(partition)._position not in (None, halt.offset):
                del self.halts[partition]
            elif not halt.readable and now - halt.tried >= RETRY_SECONDS:
                halt.tried = now
                self.resume(partition)

    def reading(self, partition: TopicPartition) -> Reading:
        """`position` of aiokafka waits for a first fetch, so its state is read where it stands."""
        state = self._state(partition)
        if state is None:
            return Reading(None, None, None)
        at, end = state._position, state.highwater
        held = at is not None and state.lso is not None and state.lso <= at < end
        return Reading(at, end, state.timestamp, partition in self._fetched, held)

    async def recover(self, partition: TopicPartition) -> None:
        """If the broker returns neither records nor an error at the position, moves to where it has records."""
        state = self._state(partition)
        if state is None or state._position is None or state.highwater is None:
            return
        if state._position > state.highwater:
            logger.warning("beyond the end, reading from the beginning", **_named(partition, state._position))
            await self.seek_to_beginning(partition)
        elif partition not in self._fetched and not await self._raw(partition, state._position):
            following = state._position + 1
            if await self._raw(partition, following) and self._state(partition)._position == following - 1:
                logger.warning("nothing is kept at this offset, reading on", **_named(partition, following - 1))
                self.seek(partition, following)

    def _state(self, partition: TopicPartition) -> Any:
        subscription: Any = self._subscription.subscription
        assignment = subscription.assignment if subscription else None
        return assignment.state_value(partition) if assignment else None

    def _halt(self, halt: Halt) -> None:
        self.pause(halt.partition)
        self.seek(halt.partition, halt.offset)
        self.halts[halt.partition] = halt

    def _read_from(self, partition: TopicPartition, offset: int) -> None:
        del self.halts[partition]
        self.seek(partition, offset)
        self.resume(partition)

    def _unreadable_at(self, partition: TopicPartition, offset: int) -> None:
        halt = self.halts.get(partition)
        if halt is None or halt.offset != offset or halt.readable:
            raise NotHalted(str(halt) if halt else "the partition is not halted here")

    async def _raw(self, partition: TopicPartition, offset: int) -> bytes:
        """The batches from `offset` on as stored by the broker. Raises KafkaError, TimeoutError."""
        wanted = [(partition.topic, [(partition.partition, offset, FETCH_BYTES)])]
        leader = self._client.cluster.leader_for_partition(partition)
        async with asyncio.timeout(FETCH_SECONDS):
            answer: Any = await self._client.send(leader, FetchRequest(100, 1, FETCH_BYTES, 0, wanted))
        return bytes(answer.topics[0][1][0][-1] or b"")

    def _later(self, partition: TopicPartition, offset: int, error: Exception) -> None:
        # Not at once: the fetcher is in the middle of its own bookkeeping for the partition.
        asyncio.get_running_loop().call_soon(self._unreadable, partition, offset, error)

    def _unreadable(self, partition: TopicPartition, offset: int, error: Exception) -> None:
        # Delayed by `_later`: the partition may have been revoked in the meantime.
        if partition not in self.assignment():
            return
        now, known = time.monotonic(), self.halts.get(partition)
        if known is None or known.offset != offset:
            metrics.UNREADABLE.labels(partition.topic, str(self._group_id or "")).inc()
        logged, at = self._logged.get(partition, (None, now))
        if logged != offset or now - at >= LOG_SECONDS:
            self._logged[partition] = (offset, now)
            logger.error("cannot be read", **_named(partition, offset), error=repr(error), passed_over=self._pass_over)
        if self._pass_over:
            self.seek(partition, max(offset + 1, self._state(partition).highwater or 0))
        else:
            self._halt(Halt(partition, offset, f"cannot be read: {error!r}"[:300], readable=False))


def _paced(fetcher: Any, pace: FetchPace) -> Fetch:
    """Rests behind a fetch that found nothing: what is asked for next is where the consumer stands then.

    Behind one that found something it cannot, as records are handed out only then; it rests before the next one.
    """
    fetch: Fetch = fetcher._proc_fetch_request

    async def fetch_and_rest(assignment: Any, node_id: Any, request: FetchRequest) -> bool:
        found = False
        # As the fetch itself does: the fetcher cancels it, and does not expect it to say so.
        with contextlib.suppress(asyncio.CancelledError):
            pace.stands_at({number: offset for _, partitions in request.topics for number, offset, _ in partitions})
            await pace.before_more(lambda: _behind(assignment, request))
            request._max_wait_ms = pace.asks()
            found = await fetch(assignment, node_id, request)
            passed_over = _passed_over(fetcher, assignment, request)
            pace.fetched(found=found, passed_over=passed_over)
            if not (found or passed_over):
                await pace.rest()
        return found

    return fetch_and_rest


def _behind(assignment: Any, request: FetchRequest) -> bool:
    """Whether the broker had more records than it returned."""
    for topic, partitions in request.topics if assignment.active else ():
        for number, offset, _ in partitions:
            if (assignment.state_value(TopicPartition(topic, number)).highwater or 0) > offset:
                return True
    return False


def _passed_over(fetcher: Any, assignment: Any, request: FetchRequest) -> bool:
    """Whether some partition has records at the consumer's position, but none were returned."""
    for topic, partitions in request.topics if assignment.active else ():
        for number, offset, _ in partitions:
            at = TopicPartition(topic, number)
            state = assignment.state_value(at)
            if at not in fetcher._records and state._position == offset and (state.highwater or 0) > offset:
                return True
    return False


def _named(partition: TopicPartition, offset: int) -> dict[str, Any]:
    return {"topic": partition.topic, "partition": partition.partition, "offset": offset}


class _Fetched(OrderedDict[TopicPartition, Any]):
    """The fetcher's buffer, which wraps incoming records in a guard."""

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self._fault = fault

    def __setitem__(self, partition: TopicPartition, result: Any) -> None:
        if isinstance(result, FetchResult):
            result._partition_records = _Records(partition, result._partition_records, self._fault)
        elif isinstance(result._error, RecordTooLargeError):  # the length that a batch claims is never all there
            return self._fault(partition, result._error.args[2], result._error)
        return super().__setitem__(partition, result)


class _Records:
    """The records of one fetch, up to the first unreadable one, which is reported only if it is first in its fetch.

    In that case everything before it is settled; otherwise the next fetch begins with it.
    """

    def __init__(self, partition: TopicPartition, records: Any, fault: Fault) -> None:
        self._partition = partition
        self._records = records
        self._fault = fault
        self._first = True
        self._taken = 0

    @property
    def next_fetch_offset(self) -> int:
        return self._records.next_fetch_offset

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._taken > TAKEN_BYTES:
            raise StopIteration
        try:
            record = self._next()
        except StopIteration:
            raise
        except Exception as error:  # noqa: BLE001  # the codecs raise what they like
            if self._first:
                self._fault(self._partition, self.next_fetch_offset, error)
            raise StopIteration from None
        self._first = False
        self._taken += max(0, record.serialized_key_size) + max(0, record.serialized_value_size)
        return record

    def _next(self) -> Any:
        try:
            return next(self._records)
        except UnicodeDecodeError:
            self._records._records.again()
            self._records._records_iterator = self._records._unpack_records()
            return next(self._records)
