"""Creates the topics of the registry on a broker; safe to repeat."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import cast

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from nexus_contracts.topics import MAX_MESSAGE_BYTES, Topic, all_topics
from nexus_devstack.errors import StackError

BROKER_SECONDS = 20.0
MOST_REPLICAS = 3
HOUR_MS = 3_600_000


def quiet_client() -> None:
    """The broker's client reports every failed attempt; here the outcome is reported instead."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def new_topic(topic: Topic, replicas: int) -> NewTopic:
    return NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=replicas,
        topic_configs={
            "cleanup.policy": "delete",
            "retention.ms": str(topic.retention_hours * HOUR_MS),
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
        },
    )


async def _create_topics(servers: str, topics: Iterable[Topic]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, client_id="nexus-provision")
    try:
        await admin.start()
        brokers = cast("Sequence[object]", (await admin.describe_cluster())["brokers"])
        replicas = min(MOST_REPLICAS, len(brokers))
        existing = set(await admin.list_topics())
        wanted = [new_topic(topic, replicas) for topic in topics if topic.name not in existing]
        response = await admin.create_topics(wanted) if wanted else None
    finally:
        await admin.close()
    _require_created(response)


def _require_created(response: object) -> None:
    answers = cast("Sequence[tuple[str, int, str | None]]", getattr(response, "topic_errors", ()))
    for name, code, message in answers:
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise StackError(f"topic {name} cannot be created: {message or for_code(code).__name__}")


async def provision_topics(servers: str, topics: Iterable[Topic] | None = None) -> None:
    """Creates those that do not exist, by default all of the registry. Raises StackError."""
    quiet_client()
    chosen = all_topics() if topics is None else topics
    try:
        async with asyncio.timeout(BROKER_SECONDS):
            await _create_topics(servers, chosen)
    except (KafkaError, OSError, TimeoutError) as error:
        raise StackError(f"the topics cannot be created at {servers}: {error or 'no answer'}") from None
