"""Creates the topics of the registry on a broker and checks those that exist; safe to repeat."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from nexus_contracts.topics import Topic, all_topics
from nexus_devstack.errors import StackError
from nexus_devstack.topic_settings import MOST_REPLICAS, Existing, faults, oddities, settings_of
from nexus_kafka.admission import refusal
from nexus_kafka.options import KafkaOptions

BROKER_SECONDS = 20.0
LOOK_SECONDS = 0.05
Say = Callable[[str], None]
logger = logging.getLogger(__name__)


def quiet_client() -> None:
    """Silences the broker's client, which logs every failed attempt: the outcome is reported instead."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def new_topic(topic: Topic, replicas: int) -> NewTopic:
    return NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=replicas,
        topic_configs=settings_of(topic, replicas),
    )


async def _create_or_check(kafka: KafkaOptions, topics: Sequence[Topic], warn: Say) -> None:
    admin: Any = AIOKafkaAdminClient(**kafka.kafka_client("provision"))
    try:
        await admin.start()
        replicas = min(MOST_REPLICAS, len((await admin.describe_cluster())["brokers"]))
        existing = set(await admin.list_topics())
        await _check(admin, [topic for topic in topics if topic.name in existing], replicas, warn)
        wanted = [new_topic(topic, replicas) for topic in topics if topic.name not in existing]
        if wanted:
            _require_created(await admin.create_topics(wanted))
            await _listed(admin, {topic.name for topic in wanted})
    finally:
        await admin.close()


async def _check(admin: Any, topics: Sequence[Topic], replicas: int, warn: Say) -> None:
    """Raises StackError for differences that would lose records."""
    found = await _described(admin, [topic.name for topic in topics])
    for topic in topics:
        for oddity in oddities(topic, found[topic.name], replicas):
            warn(f"warning: topic {topic.name} {oddity}")
    broken = [f"{topic.name} {fault}" for topic in topics for fault in faults(topic, found[topic.name])]
    if broken:
        raise StackError(f"topics exist that the platform cannot use: {'; '.join(broken)}")


async def _described(admin: Any, names: list[str]) -> dict[str, Existing]:
    if not names:
        return {}
    described = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics(names)}
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    settings: dict[str, dict[str, str]] = {}
    for answer in answers:
        for code, message, _, name, entries in answer.resources:
            if code:
                raise StackError(f"the settings of topic {name} cannot be read: {message or for_code(code).__name__}")
            settings[name] = {entry[0]: entry[1] for entry in entries}
    return {
        name: Existing(
            partitions=len(described[name]),
            replicas=min(len(partition["replicas"]) for partition in described[name]),
            settings=settings[name],
        )
        for name in names
    }


async def _listed(admin: Any, names: set[str]) -> None:
    """Waits until the broker knows the new topics: a consumer that starts before will not look again for a minute."""
    while not names <= set(await admin.list_topics()):  # noqa: ASYNC110  # the broker signals no event
        await asyncio.sleep(LOOK_SECONDS)


def _require_created(response: object) -> None:
    answers = cast("Sequence[tuple[str, int, str | None]]", getattr(response, "topic_errors", ()))
    for name, code, message in answers:
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise StackError(f"topic {name} cannot be created: {message or for_code(code).__name__}")


async def described_topics(kafka: KafkaOptions, topics: Iterable[Topic]) -> tuple[dict[str, Existing], int]:
    """Those of the topics that exist, and how many replicas the brokers could hold. Changes nothing.

    Raises StackError when the broker refuses or does not answer.
    """
    quiet_client()
    admin: Any = AIOKafkaAdminClient(**kafka.kafka_client("admin"))
    try:
        async with asyncio.timeout(BROKER_SECONDS):
            try:
                await admin.start()
                replicas = min(MOST_REPLICAS, len((await admin.describe_cluster())["brokers"]))
                existing = set(await admin.list_topics())
                return await _described(admin, [one.name for one in topics if one.name in existing]), replicas
            finally:
                await admin.close()
    except (KafkaError, OSError, TimeoutError) as error:
        why = None if isinstance(error, TimeoutError) else await refusal(kafka)
        raise StackError(
            f"the topics cannot be asked for at {kafka.kafka_bootstrap_servers}: {why or error or 'no answer'}"
        ) from None


async def provision_topics(
    kafka: KafkaOptions, topics: Iterable[Topic] | None = None, *, warn: Say = logger.warning
) -> None:
    """Creates those that do not exist, by default all of the registry; nothing that exists is changed.

    `warn` is told of a topic with other settings. Raises StackError where these would lose records, or when the broker
    refuses or does not answer.
    """
    quiet_client()
    chosen = all_topics() if topics is None else tuple(topics)
    try:
        async with asyncio.timeout(BROKER_SECONDS):
            await _create_or_check(kafka, chosen, warn)
    except (KafkaError, OSError, TimeoutError) as error:
        why = None if isinstance(error, TimeoutError) else await refusal(kafka)
        servers = kafka.kafka_bootstrap_servers
        raise StackError(f"the topics cannot be created at {servers}: {why or error or 'no answer'}") from None
