"""Reports over Kafka."""

import asyncio
from typing import Any

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.topics import BUILDS_REPORTS
from nexus_kafka.options import KafkaOptions
from nexus_tracker.transport import SEND_SECONDS, Rejected, Unconfirmed

CLOSE_SECONDS = 5.0


class KafkaTransport:
    """A report is confirmed when all in-sync replicas have it. `options` go to AIOKafkaProducer."""

    def __init__(self, kafka: KafkaOptions, **options: Any) -> None:
        self._kafka = kafka
        self._settings: dict[str, Any] = {
            "acks": "all",
            "request_timeout_ms": 8_000,
            "max_request_size": 1_200_000,
            **options,
        }
        self._producer: Any = None  # aiokafka's methods are untyped
        self._connecting = asyncio.Lock()
        self._left: set[asyncio.Task[None]] = set()

    async def send(self, event: CloudEvent) -> None:
        # Here, so that a command which only explains itself does not wait for it.
        from aiokafka.errors import KafkaError, MessageSizeTooLargeError, TopicAuthorizationFailedError

        producer = None
        try:
            async with asyncio.timeout(SEND_SECONDS):
                producer = await self._connected()
                key = event.subject.encode()
                await producer.send_and_wait(BUILDS_REPORTS.name, event.body(), key=key, headers=event.headers())
        except (MessageSizeTooLargeError, TopicAuthorizationFailedError) as error:
            raise Rejected(f"the broker rejects it: {error!r}") from error
        except (KafkaError, OSError, TimeoutError) as error:
            self._leave(producer)
            raise Unconfirmed(await self._why(error)) from error

    async def _why(self, error: Exception) -> str:
        from nexus_kafka.admission import refusal

        why = None if isinstance(error, TimeoutError) else await refusal(self._kafka)
        return f"the broker did not confirm it: {error!r}{f': {why}' if why else ''}"

    async def close(self) -> None:
        self._leave(self._producer)
        if self._left:
            await asyncio.wait(self._left, timeout=CLOSE_SECONDS)
        for task in self._left:
            task.cancel()

    async def _connected(self) -> Any:
        from aiokafka import AIOKafkaProducer

        async with self._connecting:
            if self._producer is None:
                try:
                    producer: Any = AIOKafkaProducer(**self._kafka.kafka_client("report") | self._settings)
                except (TypeError, ValueError) as error:
                    raise Rejected(f"the options for Kafka cannot be used: {error}") from error
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    def _leave(self, producer: Any) -> None:
        """Discards the producer: a fault may leave it unusable, an idempotent one for good. The next try makes one."""
        if producer is not None and producer is self._producer:
            self._producer = None
            task: asyncio.Task[None] = asyncio.create_task(producer.stop())
            self._left.add(task)
            task.add_done_callback(self._left.discard)
