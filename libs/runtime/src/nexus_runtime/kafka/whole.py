"""Topics read as a whole: all that the broker keeps of them now."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition

from nexus_contracts.topics import Topic
from nexus_kafka.options import KafkaOptions
from nexus_runtime.kafka.ends import ends_of
from nexus_runtime.kafka.guarded import GuardedConsumer, Halt

SILENCE_SECONDS = 15.0
POLL_MS = 200


async def read_whole(kafka: KafkaOptions, client: str, topics: Sequence[Topic]) -> tuple[list[Any], list[Halt]]:
    """All records of the topics, up to their present ends, and where something cannot be read, which is passed over.

    Raises KafkaError, OSError, and TimeoutError where nothing comes for a while although there is more.
    """
    partitions = [TopicPartition(one.name, number) for one in topics for number in range(one.partitions)]
    if not partitions:
        return [], []
    consumer: Any = GuardedConsumer(**kafka.kafka_consumer(client), enable_auto_commit=False)
    try:
        await consumer.start()
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        return await _read_to_the_end(consumer, partitions)
    finally:
        await consumer.stop()


async def _read_to_the_end(consumer: Any, partitions: Sequence[TopicPartition]) -> tuple[list[Any], list[Halt]]:
    found: list[Any] = []
    unreadable: dict[tuple[TopicPartition, int], Halt] = {}
    ends = await ends_of(consumer, partitions)
    at = {one: await consumer.position(one) for one in partitions}
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(SILENCE_SECONDS) as silence:
        while behind := [one for one in partitions if at[one] < ends[one]]:
            batches = await consumer.getmany(*behind, timeout_ms=POLL_MS)
            found += [record for batch in batches.values() for record in batch]
            for halt in list(consumer.halts.values()):
                if await consumer.skip(halt.partition, halt.offset) > halt.offset:
                    unreadable[halt.partition, halt.offset] = halt
            now = {one: await consumer.position(one) for one in partitions}
            if now != at:
                at = now
                silence.reschedule(loop.time() + SILENCE_SECONDS)
    return found, list(unreadable.values())
