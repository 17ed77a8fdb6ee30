"""The topics as somebody gets them who reads them from their beginning."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from nexus_contracts.topics import Topic

Ends = Mapping[tuple[str, int], int]


async def read_all(servers: str, topics: Collection[Topic]) -> tuple[list[Any], Ends]:
    """All records, each partition's in order, and the offset after the last one of each partition."""
    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=servers, isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=50
    )
    async with consumer, asyncio.timeout(60):
        places = [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        records: list[Any] = []
        while True:
            batches = await consumer.getmany(timeout_ms=500)
            records += [record for batch in batches.values() for record in batch]
            ends = {(place.topic, place.partition): await consumer.position(place) for place in places}
            known = {(place.topic, place.partition): consumer.highwater(place) for place in places}
            if not batches and all(high is not None and ends[place] >= high for place, high in known.items()):
                return records, ends


async def consumed(servers: str, topics: Sequence[Topic], ends: Ends, seconds: float) -> list[str]:
    """Waits until every group has consumed all before `ends`; those that have not in time."""
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=servers)
    behind = ["not asked yet"]
    await admin.start()
    try:
        async with asyncio.timeout(seconds):
            while behind := await _behind(admin, topics, ends):  # noqa: ASYNC110  # groups signal nothing
                await asyncio.sleep(0.2)
    except TimeoutError:
        return behind
    finally:
        await admin.close()
    return []


async def _behind(admin: Any, topics: Sequence[Topic], ends: Ends) -> list[str]:
    found: list[str] = []
    for topic in topics:
        for group in topic.groups:
            places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
            try:
                offsets = await admin.list_consumer_group_offsets(group, partitions=places)
            except KafkaError as error:
                return [f"{group}: {error!r}"]
            for place in places:
                at, end = offsets[place].offset if place in offsets else -1, ends[place.topic, place.partition]
                if end and at < end:
                    found.append(f"{group} is at {at} of {end} in {place.topic}/{place.partition}")
    return found
