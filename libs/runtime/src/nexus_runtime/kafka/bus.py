"""The process's connection to Kafka for publishing: one producer, and a task that watches the broker."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.topics import Topic
from nexus_kafka.admission import refusal
from nexus_runtime.kafka.bells import Ringer
from nexus_runtime.process import log, metrics, tracing
from nexus_runtime.process.settings import ServiceSettings

logger = log.get(__name__)
WATCH_SECONDS = 1.0
Headers = Sequence[tuple[str, bytes | None]]
Acknowledged = asyncio.Future[Any]


class BrokerUnavailable(ServiceUnavailable):
    """The broker is unavailable; nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, service="message_bus")


class Unacknowledged(ServiceUnavailable):
    """Sent, but not acknowledged in time: the outcome is unknown."""

    def __init__(self, message: str) -> None:
        super().__init__(message, service="message_bus")


class Bus:
    """Publishes, waits for acknowledgement by all in-sync replicas, and detects an unavailable or replaced broker.

    While it is not `reachable`, `fault` says why, for operators.
    """

    def __init__(self, settings: ServiceSettings, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._producer: Any = None  # aiokafka's methods are untyped
        self._admin: Any = None
        self.cluster: str | None = None
        self._new_broker: list[Callable[[], Awaitable[None]]] = []
        self._watching: asyncio.Task[None] | None = None
        self._ringer: Ringer | None = None
        self.reachable = False
        self.fault = "not connected to the message broker yet"

    def when_broker_is_new(self, action: Callable[[], Awaitable[None]]) -> None:
        """Runs `action` whenever a new broker, without the data of the previous one, answers at the address."""
        self._new_broker.append(action)

    async def start(self) -> None:
        """Returns at once; connects and reconnects in the background."""
        if self._settings.kafka_volatile:
            self._ringer = Ringer(self._settings.kafka_bootstrap_servers)
        self._watching = asyncio.create_task(self._watch(), name="broker watch")

    async def stop(self) -> None:
        """Sends what is buffered, within its share of the shutdown time, and closes."""
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        with contextlib.suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(self._settings.shutdown_share("producer")):
                if self._producer:
                    await self._producer.stop()
                if self._admin:
                    await self._admin.close()
        if self._ringer:
            self._ringer.close()

    def require_reachable(self) -> None:
        """Raises BrokerUnavailable."""
        if self._producer is None or not self.reachable:
            raise BrokerUnavailable("the message broker is unavailable")

    async def send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers, partition: int | None = None
    ) -> Acknowledged:
        """Hands the record to the producer; the future completes when it is acknowledged. Raises BrokerUnavailable."""
        self.require_reachable()
        try:
            async with asyncio.timeout(5):
                return await self._producer.send(topic, value, key=key, headers=list(headers), partition=partition)
        except (KafkaError, TimeoutError) as error:
            raise BrokerUnavailable("the message broker does not accept messages") from error

    async def publish(
        self,
        topic: Topic,
        event: CloudEvent,
        headers: Headers = (),
        partition: int | None = None,
        *,
        hand: bool = False,
    ) -> None:
        """Returns once the record is durable, and readers know of it.

        `hand`: readers that are rung are given the value at once, as nothing depends on whether the broker keeps it;
        `partition` is known then. Raises BrokerUnavailable (nothing sent) or Unacknowledged.
        """
        key, body, began = event.subject.encode(), event.body(), time.perf_counter()
        handed = hand and self._ringer and partition is not None and self._ringer.hand(topic.name, partition, body)
        sent = await self.send(topic.name, key, body, [*event.headers(), *headers], partition)
        record = await self.acknowledged(topic.name, sent)
        if self._ringer and not handed:
            self._ringer.ring(topic.name, record.partition, record.offset)
        if tracing.kept():
            told = {"messaging.system": "kafka", "messaging.destination.name": topic.name}
            tracing.took(f"{topic.name} publish", "producer", time.perf_counter() - began, told)

    async def acknowledged(self, topic: str, sent: Acknowledged, seconds: float = 10.0) -> Any:
        """The record's metadata, once the broker has it. Raises Unacknowledged."""
        try:
            async with asyncio.timeout(seconds):
                record = await sent
        except (KafkaError, TimeoutError) as error:
            raise Unacknowledged("the message broker did not acknowledge the message in time") from error
        metrics.PUBLISHED.labels(topic).inc()
        return record

    async def committed(self, topic: Topic) -> dict[int, int]:
        """For each partition, the offset up to which every group that must see the topic has consumed it."""
        if self._admin is None:
            raise BrokerUnavailable("the message broker is unavailable")
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        reached: dict[int, int] = {}
        for group in topic.groups:
            offsets = await self._admin.list_consumer_group_offsets(group, partitions=partitions)
            for partition in partitions:
                offset = offsets[partition].offset if partition in offsets else -1
                reached[partition.partition] = min(reached.get(partition.partition, offset), offset)
        if (await self._admin.describe_cluster())["cluster_id"] != self.cluster:
            raise BrokerUnavailable("the broker was replaced; these offsets do not belong to the previous one")
        return reached

    async def _watch(self) -> None:
        while True:
            try:
                async with asyncio.timeout(5):
                    is_new = await self._look()
            except Exception as error:  # noqa: BLE001  # whatever it is, the broker may be there the next time
                await self._lose(error)
            else:
                for action in self._new_broker if is_new else ():
                    await _tried(action)
            await asyncio.sleep(WATCH_SECONDS)

    async def _lose(self, error: Exception) -> None:
        known, self.reachable = (self.reachable, self.fault), False
        await self._drop_admin()
        # Not after a timeout: that would only wait once more for a broker that does not answer.
        why = None if isinstance(error, TimeoutError) else await refusal(self._settings)
        self.fault = why or f"the message broker does not answer: {error!r}"
        if known != (False, self.fault):
            logger.warning("broker unavailable", reason=self.fault, error=repr(error))

    async def _drop_admin(self) -> None:
        """Its connections may be waiting for a broker that is gone; the next check makes a new client."""
        admin, self._admin = self._admin, None
        if admin is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(2):
                    await admin.close()

    async def _look(self) -> bool:
        """Whether a different broker answers than at the last check. Raises if none does."""
        if self._admin is None:
            admin = AIOKafkaAdminClient(**self._settings.kafka_client(self._client_id))
            await _started(admin.start, admin.close)
            self._admin = admin
        if self._producer is None:
            producer = AIOKafkaProducer(
                **self._settings.kafka_client(self._client_id),
                acks="all",
                enable_idempotence=not self._settings.kafka_volatile,
                linger_ms=0,
                request_timeout_ms=10_000,
                max_batch_size=262_144,
                max_request_size=1_200_000,
                metadata_max_age_ms=5_000 if self._settings.kafka_volatile else 300_000,
            )
            await _started(producer.start, producer.stop)
            self._producer = producer
        cluster = (await self._admin.describe_cluster())["cluster_id"]
        if not self.reachable:
            logger.info("broker connected", cluster=cluster)
        self.reachable = True
        known, self.cluster = self.cluster, cluster
        if known in (None, cluster):
            return False
        logger.warning("the broker is a new one", cluster=cluster)
        return True


async def _started(start: Callable[[], Awaitable[None]], close: Callable[[], Awaitable[None]]) -> None:
    try:
        await start()
    except BaseException:
        await close()
        raise


async def _tried(action: Callable[[], Awaitable[None]]) -> None:
    try:
        await action()
    except Exception:
        logger.exception("preparation for the new broker is incomplete")
