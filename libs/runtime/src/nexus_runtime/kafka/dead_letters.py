"""The number of dead letters by topic."""

import asyncio
import contextlib
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.topics import dead_letter_topics
from nexus_runtime.kafka.ends import ends_of
from nexus_runtime.process.settings import ServiceSettings

ANSWER_SECONDS = 3.0


class DeadLetters:
    """A part of a service; connects with the first request, and again after a fault."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._consumer: Any = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Does nothing: it connects with the first request."""

    async def stop(self) -> None:
        await self._drop()

    async def kept(self) -> dict[str, int]:
        """The number in each topic that has any. Raises ServiceUnavailable."""
        async with self._turn:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await self._counted()
            except (KafkaError, OSError, TimeoutError) as error:
                await self._drop()
                raise ServiceUnavailable("the dead letters cannot be read from the message broker") from error

    async def _counted(self) -> dict[str, int]:
        if self._consumer is None:
            consumer: Any = AIOKafkaConsumer(**self._settings.kafka_consumer("dead-letters"), enable_auto_commit=False)
            self._consumer = consumer
            await consumer.start()
        topics = dead_letter_topics()
        partitions = [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
        ends = await ends_of(self._consumer, partitions)
        begins = await self._consumer.beginning_offsets(partitions)
        counts = {topic.name: 0 for topic in topics}
        for partition in partitions:
            counts[partition.topic] += ends[partition] - begins[partition]
        return {name: count for name, count in counts.items() if count}

    async def _drop(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(2):
                    await consumer.stop()
