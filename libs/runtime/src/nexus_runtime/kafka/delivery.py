"""How records reach handlers. One visible order, and nobody else acknowledges:

1. skip what the rest of the batch makes superfluous, what was published again for another group, and what its header
   says to be of a type that is not known where nothing is admitted; read the envelope (a record that is not a
   CloudEvent fails)
2. admit it, where the subscription asks for that (one that may not enter fails)
3. skip types this consumer does not know (counted)
4. validate the body (one that does not fit its type fails)
5. group by key; within a group in order, groups side by side
6. log context
7. handle, with bounded retry and jitter; where a fault stays, that record alone fails
8. partition by partition, in order: what failed becomes a dead letter, up to the limit; there the partition stops
9. acknowledge the batch up to there; when the infrastructure is unavailable: nothing, and take it again after a pause

A batch may therefore be delivered again after a crash: handlers have to tolerate repetition.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import TopicPartition
from pydantic import TypeAdapter, ValidationError

from nexus_contracts.dead_letters import meant_for
from nexus_contracts.envelope import CloudEvent, MalformedEvent, declared_type, explain, read_event
from nexus_contracts.errors import InternalError, PlatformError, ServiceUnavailable, ValidationFailed
from nexus_contracts.identifiers import format_timestamp
from nexus_contracts.signatures import PLATFORM
from nexus_contracts.topics import MAX_MESSAGE_BYTES, Topic
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.limit import Allowance, DeadLetterLimits, Fate
from nexus_runtime.kafka.pace import PROMPT, Rests
from nexus_runtime.process import log, metrics, tracing
from nexus_runtime.process.clock import utc_now

logger = log.get(__name__)
RETRIES = 3
PATIENCE_SECONDS = 20.0
"""How long a batch waits for infrastructure before it is returned; well below the maximum time between polls."""

ISOLATION_SECONDS = 20.0
"""How long the records of a failing group are tried one by one; the rest is delivered again as another batch."""

MAX_HEADERS_BYTES, MAX_KEY_BYTES, ROOM_BYTES = 50_000, 1_000, 60_000
"""Limits for what a dead letter copies from its record: if it could not be published, the partition would stop."""


@dataclass(frozen=True)
class Delivery:
    """One record, read and validated."""

    event: CloudEvent
    message: Any
    record: Any


Handler = Callable[[Sequence[Delivery]], Awaitable[None]]
Refusal = Callable[[CloudEvent, Any, PlatformError], Awaitable[None]]
Admission = Callable[[CloudEvent], Awaitable[CloudEvent | None]]


@dataclass(frozen=True)
class Subscription:
    """Which topic is consumed in which group, what its messages are, and what is done with them.

    `admit` turns what arrives into what is handled, None for nothing, and raises MalformedEvent for what may not enter.
    `needless` names records (by `id`) that the others of the batch make superfluous: they are not even read.
    `group_of` tells which deliveries belong together (None: the whole batch). `refused` hears of every record that
    is given up, perhaps more than once, so that whoever waits for an answer gets one. `rests`: by who waits for what
    comes of a record.
    """

    topic: Topic
    group: str
    messages: TypeAdapter[Any]
    handle: Handler
    group_of: Callable[[Delivery], Hashable] | None = lambda delivery: delivery.event.subject
    refused: Refusal | None = None
    admit: Admission | None = None
    needless: Callable[[Sequence[Any]], Collection[int]] | None = None
    rests: Rests = PROMPT


@dataclass(frozen=True)
class Stop:
    """A partition is consumed only up to `offset`; with a `reason`, until somebody lets it continue."""

    offset: int
    reason: str | None


@dataclass(frozen=True)
class _Failure:
    event: CloudEvent | None
    fault: PlatformError
    reason: str
    counts: bool


class _Batch:
    """The fates of the records so far."""

    def __init__(self) -> None:
        self.read: set[int] = set()
        self.failures: dict[int, _Failure] = {}
        self.left: set[int] = set()

    def fate(self, record: Any) -> Fate:
        if failure := self.failures.get(id(record)):
            return Fate.FAILED if failure.counts else Fate.PASSED
        if id(record) in self.left:
            return Fate.LEFT
        return Fate.HANDLED if id(record) in self.read else Fate.PASSED


async def _pause(least: float, most: float) -> None:
    """A random time between the two, so that consumers that failed together do not retry together."""
    await asyncio.sleep(random.uniform(least, most))


class Deliverer:
    """Carries the batches of one subscription through the steps above."""

    def __init__(
        self,
        subscription: Subscription,
        bus: Bus,
        limits: DeadLetterLimits = DeadLetterLimits(),  # noqa: B008  # frozen
        patience_seconds: float = PATIENCE_SECONDS,
        pause: Callable[[float, float], Awaitable[None]] = _pause,
    ) -> None:
        self._to = subscription
        self._bus = bus
        self._limits = limits
        self._allowances: dict[TopicPartition, Allowance] = {}
        self._patience_seconds = patience_seconds
        self._pause = pause
        self._types = frozenset(_types_of(subscription.messages))
        self.busy_since: float | None = None
        self.given_back = False
        """Whether the last batch was returned because infrastructure was unavailable."""
        self.gave_up = False
        """Whether records of the last batch became dead letters."""

    def allow_again(self, partition: TopicPartition) -> None:
        """Resets the partition's dead-letter allowance."""
        self._allowances.pop(partition, None)

    async def deliver(self, records: Sequence[Any]) -> dict[TopicPartition, Stop]:
        """Returns when every record is handled, skipped or dead-lettered, except those from a partition's stop on.

        Raises to have the batch delivered again.
        """
        self.busy_since = time.monotonic()
        try:
            with metrics.HANDLING.labels(self._to.topic.name, self._to.group).time():
                stops = await self._delivered(records)
            self.given_back = False
            return stops
        except* ServiceUnavailable as group:
            self.given_back = True
            logger.warning("batch returned to the broker", topic=self._to.topic.name, reason=str(group.exceptions[0]))
            await self._pause(0.5, 1.5)
            raise
        except* Exception as group:
            logger.error("batch failed, retrying", topic=self._to.topic.name, error=repr(group.exceptions[0]))
            await self._pause(0.5, 1.5)
            raise
        finally:
            self.busy_since = None

    async def _delivered(self, records: Sequence[Any]) -> dict[TopicPartition, Stop]:
        batch = _Batch()
        needless = self._to.needless(records) if self._to.needless else ()
        self._count("skipped", len(needless))
        wanted = [record for record in records if id(record) not in needless]
        deliveries = [one for record in wanted if (one := await self._read(record, batch))]
        async with asyncio.TaskGroup() as tasks:
            for group in self._groups(deliveries):
                tasks.create_task(self._handle(group, batch))
        return await self._settle(records, batch)

    async def _read(self, record: Any, batch: _Batch) -> Delivery | None:
        event: CloudEvent | None = None
        try:
            if not meant_for(record.headers, self._to.group):
                self._count("skipped")
                return None
            if self._to.admit is None and (told := declared_type(record.headers)) and told not in self._types:
                self._count("skipped")
                return None
            if record.value is not None and len(record.value) > MAX_MESSAGE_BYTES:
                raise MalformedEvent(f"the value has {len(record.value)} bytes; the limit is {MAX_MESSAGE_BYTES}")
            event = read_event(record.value, record.headers, utc_now())
            if self._to.admit is not None:
                event = await self._to.admit(event)
            if event is None or event.type not in self._types:
                self._count("skipped")
                return None
            message = self._to.messages.validate_python({**event.data, "type": event.type})
        except MalformedEvent as error:
            fault, counts = ValidationFailed(str(error)), not self._to.topic.open
        except ValidationError as error:
            # `admit` has verified the source by now.
            fault = ValidationFailed(explain(error))
            counts = not self._to.topic.open or (event is not None and event.source.startswith(PLATFORM))
        else:
            batch.read.add(id(record))
            return Delivery(event, message, record)
        batch.failures[id(record)] = _Failure(event, fault, fault.message, counts)
        return None

    def _groups(self, deliveries: Sequence[Delivery]) -> list[list[Delivery]]:
        if self._to.group_of is None:
            return [list(deliveries)] if deliveries else []
        groups: dict[Hashable, list[Delivery]] = {}
        for delivery in deliveries:
            groups.setdefault(self._to.group_of(delivery), []).append(delivery)
        return list(groups.values())

    async def _handle(self, group: Sequence[Delivery], batch: _Batch) -> None:
        first = group[0].event
        tracing.begin(first.traceparent)
        structlog.contextvars.bind_contextvars(subject=first.subject, correlation_id=first.correlationid or first.id)
        began = time.perf_counter()
        try:
            await self._tried(group)
        except ServiceUnavailable:
            raise
        except Exception as error:
            if len(group) > 1:
                return await self._isolate(group, batch)
            logger.exception("message cannot be handled", type=first.type, message_id=first.id)
            fault = error if isinstance(error, PlatformError) else InternalError("the message could not be handled")
            batch.failures[id(group[0].record)] = _Failure(first, fault, repr(error), counts=True)
        else:
            self._count("handled", len(group))
            if tracing.kept():
                name = self._to.topic.name
                told = {
                    "messaging.system": "kafka",
                    "messaging.destination.name": name,
                    "nexus.message.type": first.type,
                }
                seconds = time.perf_counter() - began
                tracing.end(f"{name} process", "consumer", seconds, first.traceparent, told)

    async def _isolate(self, group: Sequence[Delivery], batch: _Batch) -> None:
        """Handles the records one by one, for a limited time: if most fail, it takes long and nothing else is read."""
        until = time.monotonic() + ISOLATION_SECONDS
        for number, delivery in enumerate(group):
            if number and time.monotonic() > until:
                batch.left.update(id(rest.record) for rest in group[number:])
                return
            await self._handle([delivery], batch)

    async def _tried(self, group: Sequence[Delivery]) -> None:
        attempt, deadline = 0, time.monotonic() + self._patience_seconds
        while True:
            attempt += 1
            try:
                return await self._to.handle(group)
            except ServiceUnavailable:
                if time.monotonic() > deadline:
                    raise
            except Exception as error:
                if attempt >= RETRIES or len(group) > 1:
                    raise
                logger.warning("handling failed, retrying", attempt=attempt, error=repr(error))
            await self._pause(0.02, min(0.1 * 2**attempt, 2.0))

    async def _settle(self, records: Sequence[Any], batch: _Batch) -> dict[TopicPartition, Stop]:
        partitions: dict[TopicPartition, list[Any]] = {}
        for record in records:
            partitions.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
        spent, stops = dict[TopicPartition, Allowance](), dict[TopicPartition, Stop]()
        for partition, those in partitions.items():
            spent[partition] = self._allowances.get(partition, Allowance(self._limits)).copy()
            done, reason = spent[partition].spend([batch.fate(record) for record in those])
            await self._give_up([(one, batch.failures[id(one)]) for one in those[:done] if id(one) in batch.failures])
            if done < len(those):
                stops[partition] = self._stop(partition, those[done].offset, reason)
        # Only now: a batch that is returned before this point is counted again.
        self._allowances |= spent
        self.gave_up = bool(batch.failures)
        return stops

    def _stop(self, partition: TopicPartition, offset: int, reason: str | None) -> Stop:
        if reason:
            metrics.LIMITED.labels(self._to.topic.name, self._to.group).inc()
            at = {"topic": partition.topic, "partition": partition.partition, "offset": offset}
            logger.error("limit of dead letters reached, partition halted", group=self._to.group, reason=reason, **at)
        return Stop(offset, reason)

    async def _give_up(self, failed: Sequence[tuple[Any, _Failure]]) -> None:
        """Sends the records to the dead-letter topic, in order; while that is impossible, nothing continues.

        All are sent before the first acknowledgement: thousands from a stranger must not hold up other records.
        """
        for record, failure in failed:
            if failure.event is not None and self._to.refused is not None:
                # First, because it can be repeated: failing after the dead letter would send one more with each retry.
                await self._to.refused(failure.event, record, failure.fault)
        topic = self._to.topic.dead_letter(self._to.group)
        origins = [self._origin(record, failure) for record, failure in failed]
        sent = [
            await self._bus.send(topic, *_letter(record, origin))
            for (record, _), origin in zip(failed, origins, strict=True)
        ]
        await asyncio.gather(*(self._bus.acknowledged(topic, one) for one in sent))
        for (_, failure), origin in zip(failed, origins, strict=True):
            metrics.DEAD_LETTERED.labels(self._to.topic.name, self._to.group, failure.fault.code).inc()
            self._count("dead-lettered")
            logger.error("dead letter", dead_letter_topic=topic, **origin)

    def _origin(self, record: Any, failure: _Failure) -> dict[str, Any]:
        return {
            "dlq_topic": record.topic,
            "dlq_partition": record.partition,
            "dlq_offset": record.offset,
            "dlq_value_bytes": len(record.value or b""),
            "dlq_group": self._to.group,
            "dlq_code": failure.fault.code,
            "dlq_error": failure.reason[:1000],
            "dlq_time": format_timestamp(utc_now()),
        }

    def _count(self, outcome: str, number: int = 1) -> None:
        metrics.CONSUMED.labels(self._to.topic.name, self._to.group, outcome).inc(number)


def _letter(
    record: Any, origin: Mapping[str, Any]
) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]:
    """Key, value, as many headers (in order) as a dead letter can carry, and its origin."""
    headers: list[tuple[str, bytes | None]] = []
    size = 0
    for given, value in record.headers:
        name = given.encode(errors="backslashreplace").decode()  # it need not be UTF-8
        size += len(name.encode()) + len(value or b"") + 10
        if size <= MAX_HEADERS_BYTES:
            headers.append((name, value))
    headers += [(name, str(text).encode(errors="replace")) for name, text in origin.items()]
    key = None if record.key is None else record.key[:MAX_KEY_BYTES]
    if record.value is None:
        return key, b"" if key is None else None, headers  # aiokafka sends no record with neither
    return key, record.value[: MAX_MESSAGE_BYTES - ROOM_BYTES], headers


def _types_of(messages: TypeAdapter[Any]) -> list[str]:
    """The values of `type` in the message or union of messages."""
    schema = messages.json_schema()
    if "discriminator" in schema:
        return list(schema["discriminator"]["mapping"])
    return [schema["properties"]["type"]["const"]]
