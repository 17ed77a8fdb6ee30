"""The one place that makes a KafkaBroker: FastStream consumers whose batches go to the deliverer.

FastStream's own parsing is replaced: it would skip a whole batch in silence for one header that is no UTF-8.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

from aiokafka import ConsumerRebalanceListener
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.delivery import Deliverer, Subscription
from nexus_runtime.process import log
from nexus_runtime.process.settings import ServiceSettings

logger = log.get(__name__)
STUCK_SECONDS = 120.0


class _Drain(ConsumerRebalanceListener):
    """A partition is given up only when what is in flight has ended: no record runs on two consumers at once."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.assigned: set[Any] = set()

    async def on_partitions_revoked(self, revoked: set[Any]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # may be a coroutine
        async with self.lock:
            self.assigned -= set(revoked)

    async def on_partitions_assigned(self, assigned: set[Any]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.assigned = set(assigned)


class Consumers:
    """All subscriptions of a process. `start` returns at once and connects in the background."""

    def __init__(
        self, settings: ServiceSettings, client_id: str, bus: Bus, subscriptions: Sequence[Subscription]
    ) -> None:
        self._settings = settings
        self._deliverers = [Deliverer(subscription, bus) for subscription in subscriptions]
        self._drains = [_Drain() for _ in subscriptions]
        self._subscribers: list[Any] = []
        self._connecting: list[asyncio.Task[None]] = []
        # One broker object each: FastStream starts the subscribers of one in turn, and joining a group takes seconds.
        self._brokers = [
            self._broker(client_id, *one) for one in zip(subscriptions, self._deliverers, self._drains, strict=True)
        ]

    def _broker(self, client_id: str, to: Subscription, deliverer: Deliverer, drain: _Drain) -> KafkaBroker:
        settings = self._settings
        broker = KafkaBroker(
            settings.kafka_bootstrap_servers.split(","),  # FastStream takes a string for one address
            client_id=client_id,
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
            fetch_max_wait_ms=settings.fetch_max_wait_ms(to.prompt),
            # The embedded broker lets every join of a group wait for half of the session timeout.
            session_timeout_ms=4_000 if settings.kafka_volatile else 6_000,
            rebalance_timeout_ms=30_000,
            heartbeat_interval_ms=1_000 if settings.kafka_volatile else 1_500,
            max_poll_interval_ms=300_000,
            isolation_level="read_committed" if not settings.kafka_volatile else "read_uncommitted",
            listener=drain,
            parser=whole,
            decoder=untouched,
        )
        self._subscribers.append(subscriber)

        async def consume(records: Any) -> None:
            async with drain.lock:
                await deliverer.deliver(records)

        subscriber(consume)
        return broker

    async def start(self) -> None:
        self._connecting = [asyncio.create_task(_connect(broker), name="consumer connects") for broker in self._brokers]

    async def stop(self) -> None:
        """Ends consuming; what is in flight may finish within its share of the time for shutdown."""
        for task in self._connecting:
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.shutdown_share("consumers")):
                await asyncio.gather(*(broker.stop() for broker in self._brokers))

    def ready(self) -> bool:
        """Every subscription has partitions assigned."""
        return all(drain.assigned for drain in self._drains)

    def alive(self) -> bool:
        """No batch has been under way too long, and no consumer has ended by itself."""
        now = time.monotonic()
        in_time = all(not one.busy_since or now - one.busy_since < STUCK_SECONDS for one in self._deliverers)
        ended = [task for one in self._subscribers for task in getattr(one, "tasks", []) if task.done()]
        return in_time and not ended

    def lag(self) -> dict[str, int]:
        """Records not yet consumed, by topic, as far as the consumers know."""
        return {
            topic: sum(_behind(subscriber.consumer, partition) for partition in drain.assigned)
            for subscriber, drain in zip(self._subscribers, self._drains, strict=True)
            for topic in subscriber.topic_names
        }


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


def _behind(consumer: Any, partition: Any) -> int:
    """`position` of aiokafka waits for a first fetch, so its state is read where it stands."""
    assignment = consumer._subscription.subscription.assignment if consumer else None
    state = assignment.state_value(partition) if assignment else None
    if state is None or not state.has_valid_position or state.highwater is None:
        return 0
    return max(0, state.highwater - state.position)
