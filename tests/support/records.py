"""What tests of a real broker write to it, read from it and ask it."""

from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from nexus_contracts.topics import BUILDS_EVENTS


def producer(servers: str) -> Any:
    """As the platform's own."""
    return AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True)


async def records(servers: str) -> list[bytes]:
    """What partition 0 of the builds' events has."""
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=servers, isolation_level="read_committed")
    place = TopicPartition(BUILDS_EVENTS.name, 0)
    async with consumer:
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        end = (await consumer.end_offsets([place]))[place]
        return [(await consumer.getone()).value for _ in range(end)]


async def described(servers: str) -> dict[str, list[Any]]:
    """The partitions of all topics but Kafka's own."""
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if not name.startswith("__")]
        return {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics(names)}
    finally:
        await admin.close()
