"""Writing to the topics of events and watching what a consumer group makes of it."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from tests.support.eventually import eventually

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.topics import AGENTS_EVENTS, BUILDS_EVENTS, Topic

GROUPS = {BUILDS_EVENTS.name: "stats-builds", AGENTS_EVENTS.name: "stats-agents"}
Ends = Mapping[tuple[str, int], int]
"""The offset after the last record, by topic and partition."""
Raw = tuple[str, bytes | None, bytes | None, list[tuple[str, bytes]]]
"""Topic, key, value and headers."""
PATIENCE_SECONDS = 90.0


def record_of(event: CloudEvent) -> Raw:
    """As the owner's relay publishes it."""
    builds = event.type.startswith(("nexus.build.", "nexus.stage.", "nexus.project."))
    topic = BUILDS_EVENTS if builds else AGENTS_EVENTS
    return topic.name, event.subject.encode(), event.body(), event.headers()


async def publish(servers: str, records: Iterable[Raw]) -> Ends:
    """In this order; returns when the broker has them all."""
    producer: Any = AIOKafkaProducer(bootstrap_servers=servers)
    async with producer:
        sent = [await producer.send(topic, value, key, headers=headers) for topic, key, value, headers in records]
        written: list[Any] = await asyncio.gather(*sent)
    ends: dict[tuple[str, int], int] = {}
    for record in written:
        place = (record.topic, record.partition)
        ends[place] = max(ends.get(place, 0), record.offset + 1)
    return ends


async def consumed(servers: str, ends: Ends) -> None:
    """Returns when the groups have committed everything before `ends`."""
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=servers)

    async def reached() -> bool:
        return all([await _committed(admin, topic, number) >= end for (topic, number), end in ends.items()])

    await admin.start()
    try:
        await eventually(reached, seconds=PATIENCE_SECONDS)
    finally:
        await admin.close()


async def _committed(admin: Any, topic: str, number: int) -> int:
    partition = TopicPartition(topic, number)
    offsets = await admin.list_consumer_group_offsets(GROUPS[topic], partitions=[partition])
    return offsets[partition].offset if partition in offsets else -1


async def dead_letters(servers: str, topic: Topic, number: int) -> list[Any]:
    """The first `number` records of the topic's dead letters, oldest first."""
    name = topic.dead_letter(GROUPS[topic.name])
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest", fetch_max_wait_ms=10)
    async with consumer, asyncio.timeout(30):
        consumer.assign([TopicPartition(name, 0)])
        await consumer.seek_to_beginning()
        return [await consumer.getone() for _ in range(number)]
