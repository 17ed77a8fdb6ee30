"""The one place that makes a KafkaBroker: FastStream consumers whose batches go to the deliverer.

FastStream's own parsing is replaced: it would skip a whole batch in silence for one header that is no UTF-8.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from nexus_runtime.kafka.bells import Bell, bell_for
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.commits import Commits
from nexus_runtime.kafka.delivery import Deliverer, Subscription
from nexus_runtime.kafka.guarded import GuardedConsumer, NotHalted
from nexus_runtime.kafka.limit import DeadLetterLimits
from nexus_runtime.kafka.membership import Tenure, Tenures, enter_as, tenure_of
from nexus_runtime.kafka.pace import FetchPace, pace_of
from nexus_runtime.kafka.progress import NOT_LIVE_SECONDS, Progress, Reading
from nexus_runtime.kafka.security import broker_options
from nexus_runtime.process import log, metrics
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.settings import ServiceSettings
from nexus_runtime.process.succession import let_go

logger = log.get(__name__)
WATCH_SECONDS = 1.0
RECOVER_SECONDS = 10.0
LISTEN_MS = 10_000
REACHABLE_SECONDS = 0.02


@dataclass(frozen=True)
class StandstillLimits:
    """How long, in seconds, a consumer may be stalled before each reaction, and a batch may take."""

    recover: float = RECOVER_SECONDS
    unready: float = 30.0
    not_live: float = NOT_LIVE_SECONDS
    stuck: float = 120.0


class _Consumer(GuardedConsumer):
    """FastStream sleeps after an empty poll, and records would wait for it: so an empty poll never returns.

    What FastStream commits after each batch is committed later, see `Commits`.
    """

    def __init__(self, *topics: str, member_name: str | None, tenure: Tenure | None, **settings: Any) -> None:
        super().__init__(*topics, **settings)
        enter_as(self, member_name, tenure)
        consumer: Any = super()  # untyped
        self.commits = Commits(consumer.commit)

    async def stop(self) -> None:
        await self.commits.end()
        await super().stop()

    async def commit(self, offsets: Any = None) -> None:
        """Commits these offsets, now."""
        if offsets is not None:
            await self.commits.commit(offsets)

    def settle(self) -> None:
        """Everything that was taken is handled, up to where the consumer has stopped."""
        subscription: Any = self._subscription.subscription
        if subscription is not None and (assignment := subscription.assignment) and assignment.active:
            self.commits.settle(assignment.all_consumed_offsets())

    async def getmany(self, *partitions: Any, timeout_ms: int = 0, max_records: int | None = None) -> Any:
        del timeout_ms
        while True:
            found = await super().getmany(*partitions, timeout_ms=LISTEN_MS, max_records=max_records)
            if found:
                return found


class _Broker(KafkaBroker):
    """FastStream's broker, with consumers that tolerate unreadable batches."""

    def __init__(self, pace: FetchPace | None, member_name: str | None, **options: Any) -> None:
        super().__init__(**options)
        self._own = {"pace": pace, "member_name": member_name}
        self.tenure: Tenure | None = None
        """That of the membership which its consumer continues."""

    async def _connect(self) -> Callable[..., Any]:
        builder: Any = await super()._connect()
        self.config.broker_config.builder = partial(_Consumer, tenure=self.tenure, **self._own, **builder.keywords)
        return self.config.broker_config.builder


class _Drain(ConsumerRebalanceListener):
    """Gives up a partition only after in-flight records are done: no record is handled by two consumers at once."""

    def __init__(self, deliverer: Deliverer) -> None:
        self.deliverer = deliverer
        self.lock = asyncio.Lock()
        self.commits: Commits | None = None
        self.assigned: set[Any] = set()
        self.unsettled: dict[TopicPartition, int] = {}
        """By partition, the first record that is in flight or has to be delivered again."""

    async def deliver(self, consumer: _Consumer, records: Sequence[Any]) -> None:
        async with self.lock:
            self.commits = consumer.commits
            self.unsettled = {TopicPartition(one.topic, one.partition): one.offset for one in reversed(records)}
            for partition, stop in (await self.deliverer.deliver(records)).items():
                # Before the positions are committed: they have to go back to the stops.
                if partition in consumer.assignment():
                    consumer.stop_at(partition, stop.offset, stop.reason)
            consumer.settle()
            if self.deliverer.gave_up:
                # At once: a crash would have their dead letters written again.
                await consumer.commits.flush()
            self.unsettled = {}

    async def on_partitions_revoked(self, revoked: set[Any]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # may be a coroutine
        async with self.lock:
            self.assigned -= set(revoked)
            self.unsettled = {}
            if self.commits:
                await self.commits.end()

    async def on_partitions_assigned(self, assigned: set[Any]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.assigned = set(assigned)


class Consumers:
    """All subscriptions of a process. `start` returns at once and connects in the background."""

    def __init__(
        self,
        settings: ServiceSettings,
        client_id: str,
        bus: Bus,
        subscriptions: Sequence[Subscription],
        patience: StandstillLimits = StandstillLimits(),  # frozen
        prepare: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """`prepare` is awaited before this process takes over from another, with the address of that one."""
        self._prepare = prepare
        self._settings = settings
        self._patience = patience
        self._bus = bus
        self._groups = [subscription.group for subscription in subscriptions]
        self._progress = [Progress[TopicPartition]() for _ in subscriptions]
        self._watching: asyncio.Task[None] | None = None
        limits = DeadLetterLimits(settings.dead_letter_run, settings.dead_letter_share)
        self._drains = [_Drain(Deliverer(subscription, bus, limits)) for subscription in subscriptions]
        self._subscribers: list[Any] = []
        self._bells: list[Bell] = []
        self._connecting: asyncio.Task[None] | None = None
        # One broker object each: FastStream starts the subscribers of one in turn, and joining a group takes seconds.
        self._brokers = [self._broker(client_id, *one) for one in zip(subscriptions, self._drains, strict=True)]

    def _broker(self, client_id: str, to: Subscription, drain: _Drain) -> _Broker:
        settings = self._settings
        pace = pace_of(to.rests, volatile=settings.kafka_volatile)
        if pace is not None and to.rests.rung:
            self._bells.append(bell_for(settings, to.topic, partial(_rung, to.topic.name, drain, pace)))
        broker = _Broker(
            pace,
            settings.kafka_group_instance_id if settings.kafka_volatile else None,
            **broker_options(settings.kafka_consumer(client_id)),
            ack_policy=AckPolicy.NACK_ON_ERROR,
            apply_types=False,
            consumer_only=True,
            metadata_max_age_ms=2_000 if settings.kafka_volatile else 60_000,
            logger=None,
            graceful_timeout=settings.shutdown_share("consumers"),
        )

        async def whole(records: Any) -> Any:
            return KafkaAckableMessage(body=b"", raw_message=records, consumer=subscriber.consumer, headers={})

        async def untouched(message: Any) -> Any:
            return message.raw_message

        subscribe: Any = broker.subscriber
        subscriber: Any = subscribe(
            to.topic.name,
            group_id=to.group,
            batch=True,
            max_records=500,
            auto_offset_reset="earliest",
            # At the embedded broker a join, and so a takeover, waits for the session timeout, sometimes twice; but if a
            # busy machine keeps a process from its heartbeat for that long, the process loses its partitions.
            session_timeout_ms=2_000 if settings.kafka_volatile else 6_000,
            rebalance_timeout_ms=30_000,
            heartbeat_interval_ms=500 if settings.kafka_volatile else 1_500,
            group_instance_id=None if settings.kafka_volatile else settings.kafka_group_instance_id,
            max_poll_interval_ms=300_000,
            isolation_level="read_committed" if not settings.kafka_volatile else "read_uncommitted",
            listener=drain,
            parser=whole,
            decoder=untouched,
        )
        self._subscribers.append(subscriber)

        async def consume(records: Any) -> None:
            await drain.deliver(subscriber.consumer, records)

        subscriber(consume)
        return broker

    async def start(self) -> None:
        for bell in self._bells:
            bell.open()
        self._connecting = asyncio.create_task(self._connect(), name="consumers connect")
        self._watching = asyncio.create_task(self._watch(), name="consumers watch")

    async def let_go(self) -> Tenures:
        """Stops consuming, and tells how another process goes on in its place."""
        running = [one for one in zip(self._groups, self._subscribers, strict=True) if one[1].consumer is not None]
        tenures = {group: tenure_of(subscriber.consumer) for group, subscriber in running}
        await self.stop()
        return Tenures(by_group={group: one for group, one in tenures.items() if one is not None})

    async def stop(self) -> None:
        """Stops consuming; records in flight may finish within their share of the shutdown time."""
        for bell in self._bells:
            bell.close()
        background = [task for task in (self._connecting, self._watching) if task]
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.shutdown_share("consumers")):
                await asyncio.gather(*(broker.stop() for broker in self._brokers))
        for drain in self._drains:
            drain.assigned = set()

    async def _connect(self) -> None:
        if predecessor := self._settings.predecessor_url:
            # As late as can be: from then on nobody consumes until this process does.
            while not self._bus.reachable:  # noqa: ASYNC110  # a flag that the watch of the broker sets and clears
                await asyncio.sleep(REACHABLE_SECONDS)
            if self._prepare:
                await self._prepare(predecessor)
            released = await let_go(predecessor, Trust(self._settings.identity_secret))
            tenures = Tenures.model_validate_json(released).by_group if released else {}
            for group, broker in zip(self._groups, self._brokers, strict=True):
                broker.tenure = tenures.get(group)
        await asyncio.gather(*(_connect(broker) for broker in self._brokers))

    def ready(self) -> bool:
        """Every subscription has partitions assigned."""
        return all(drain.assigned for drain in self._drains)

    def alive(self) -> bool:
        """No batch takes too long, and no consumer has ended by itself or is stalled without a cause.

        A restart helps neither a broker or database that is unavailable nor a partition that is halted, or held up by a
        transaction.
        """
        now = time.monotonic()
        busy = [one.deliverer.busy_since for one in self._drains]
        in_time = all(not since or now - since < self._patience.stuck for since in busy)
        ended = [task for one in self._subscribers for task in getattr(one, "tasks", []) if task.done()]
        still = [
            progress.stalled(self._patience.not_live, but_held=True)
            for progress, drain in zip(self._progress, self._drains, strict=True)
            if not drain.deliverer.given_back
        ]
        return in_time and not ended and not any(still)

    def faults(self) -> list[str]:
        """The partitions that are halted or stalled, and why."""
        halted = [str(halt) for consumer, _ in self._running() for halt in consumer.halts.values()]
        stalled = [
            f"{at.topic} partition {at.partition}: {why}"
            for progress in self._progress
            for at, why in progress.stalled(self._patience.unready).items()
        ]
        return halted + stalled

    async def skip(self, partition: TopicPartition, offset: int) -> int:
        """Continues after the unreadable batch; returns that offset. Raises NotHalted, KafkaError, TimeoutError."""
        consumer, _ = self._reader_of(partition)
        return await consumer.skip(partition, offset)

    def resume(self, partition: TopicPartition) -> int:
        """Continues where the dead-letter limit has halted the partition, with a new allowance; returns that offset.

        Raises NotHalted.
        """
        consumer, drain = self._reader_of(partition)
        offset = consumer.go_on(partition)
        drain.deliverer.allow_again(partition)
        return offset

    def lag(self) -> dict[str, int]:
        """Unsettled records by topic, as far as the consumers know."""
        behind: dict[str, int] = {one: 0 for subscriber in self._subscribers for one in subscriber.topic_names}
        for consumer, drain in self._running():
            for at, reading in _readings(consumer, drain).items():
                behind[at.topic] += _behind(reading)
        return behind

    def _reader_of(self, partition: TopicPartition) -> tuple[GuardedConsumer, _Drain]:
        for consumer, drain in self._running():
            if partition in drain.assigned:
                return consumer, drain
        raise NotHalted("the partition is not assigned to this process")

    def _running(self) -> Iterator[tuple[GuardedConsumer, _Drain]]:
        for subscriber, drain in zip(self._subscribers, self._drains, strict=True):
            if subscriber.consumer is not None:
                yield subscriber.consumer, drain

    async def _watch(self) -> None:
        while True:
            for group, subscriber, drain, progress in zip(
                self._groups, self._subscribers, self._drains, self._progress, strict=True
            ):
                try:
                    await self._look(group, subscriber.consumer, drain, progress)
                except Exception as error:  # noqa: BLE001  # in a rebalance, say; the watch itself must go on
                    logger.warning("consumer check failed", group=group, error=repr(error))
            await asyncio.sleep(WATCH_SECONDS)

    async def _look(
        self, group: str, consumer: GuardedConsumer | None, drain: _Drain, progress: Progress[TopicPartition]
    ) -> None:
        if consumer is None or not self._bus.reachable:  # told by the check of the broker
            progress.observe({})
            return
        consumer.tend()
        readings = _readings(consumer, drain)
        progress.observe({at: reading for at, reading in readings.items() if at not in consumer.halts})
        for topic in {at.topic for at in readings}:
            behind = (_behind(reading) for at, reading in readings.items() if at.topic == topic)
            metrics.LAG.labels(topic, group).set(sum(behind))
            metrics.HALTED.labels(topic, group).set(len(consumer.halts))
            metrics.STALLED.labels(topic, group).set(len(progress.stalled(self._patience.unready)))
        for at in progress.stalled(self._patience.recover):
            if at not in drain.unsettled:
                async with asyncio.timeout(RECOVER_SECONDS):
                    await consumer.recover(at)


def _rung(topic: str, drain: _Drain, pace: FetchPace, partition: int, offset: int) -> None:
    if TopicPartition(topic, partition) in drain.assigned:
        pace.rung(partition, offset)


def _behind(reading: Reading) -> int:
    return max(0, reading.end - (reading.settled or 0)) if reading.end else 0


def _readings(consumer: GuardedConsumer, drain: _Drain) -> dict[TopicPartition, Reading]:
    return {at: _settled(consumer.reading(at), drain.unsettled.get(at)) for at in drain.assigned}


def _settled(reading: Reading, unsettled: int | None) -> Reading:
    return reading if unsettled is None else replace(reading, settled=unsettled)


async def _connect(broker: KafkaBroker) -> None:
    while True:
        try:
            await broker.start()
        except Exception as error:  # noqa: BLE001  # whatever it is, the broker may be there later
            logger.warning("consumer not started yet", error=repr(error))
            with contextlib.suppress(Exception):
                async with asyncio.timeout(5):
                    await broker.stop()
            await asyncio.sleep(0.5)
        else:
            return
