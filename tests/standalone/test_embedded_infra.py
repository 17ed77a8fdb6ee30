"""The embedded broker and database, as the stack starts, provisions and restarts them."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from tests.support.notes import KEY, NOTES, count_a_run, database

from nexus_contracts.topics import BUILDS_EVENTS, all_topics
from nexus_devstack.provision import provision_tables
from nexus_devstack.stack import Stack
from nexus_devstack.topics import provision_topics


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncGenerator[Stack, None]:
    async with Stack(data_dir=tmp_path, infra="embedded", ports="free", services=()) as started:
        yield started


async def cluster(stack: Stack) -> tuple[str, dict[str, int]]:
    """The broker's cluster id, and its topics with their numbers of partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.endpoints.kafka_bootstrap_servers)
    try:
        await admin.start()
        described: Any = await admin.describe_topics(await admin.list_topics())
        cluster_id: Any = (await admin.describe_cluster())["cluster_id"]
    finally:
        await admin.close()
    return cluster_id, {topic["topic"]: len(topic["partitions"]) for topic in described}


async def test_all_topics_are_created_and_creating_them_again_is_harmless(stack: Stack) -> None:
    for _ in range(2):
        await provision_topics(stack.endpoints.kafka)
    assert (await cluster(stack))[1] == {topic.name: topic.partitions for topic in all_topics()}


async def test_a_killed_broker_comes_back_on_its_port_with_its_topics_and_another_identity(stack: Stack) -> None:
    await provision_topics(stack.endpoints.kafka)
    first_id, first_topics = await cluster(stack)
    pid = stack.pid("kafka")
    stack.kill("kafka")
    await stack.wait_ready("kafka", timeout_seconds=5)
    second_id, second_topics = await cluster(stack)
    assert stack.pid("kafka") != pid
    assert second_topics == first_topics
    assert second_id != first_id


async def test_the_broker_carries_a_message_with_its_headers(stack: Stack) -> None:
    servers = stack.endpoints.kafka_bootstrap_servers
    await provision_topics(stack.endpoints.kafka)
    producer: Any = AIOKafkaProducer(bootstrap_servers=servers)
    async with producer:
        await producer.send_and_wait(BUILDS_EVENTS.name, b"{}", key=b"proj_1", headers=[("ce_id", b"1")])
    consumer: Any = AIOKafkaConsumer(
        BUILDS_EVENTS.name, bootstrap_servers=servers, group_id="g", auto_offset_reset="earliest", fetch_max_wait_ms=10
    )
    async with consumer:
        record = await consumer.getone()
    assert (record.key, record.headers) == (b"proj_1", (("ce_id", b"1"),))


async def test_the_database_keeps_what_it_acknowledged_over_a_kill(stack: Stack) -> None:
    for _ in range(2):
        await provision_tables(stack.endpoints, [NOTES], "test-")
    async with database(stack) as client:
        await client.put_item(TableName="test-Notes", Item=KEY)
        stack.kill("dynamodb")
        await stack.wait_ready("dynamodb", timeout_seconds=5)
        assert (await client.get_item(TableName="test-Notes", Key=KEY))["Item"] == KEY


async def test_a_second_start_on_the_folder_finds_what_the_first_kept(tmp_path: Path) -> None:
    runs: list[int] = []
    for _ in range(2):
        async with Stack(data_dir=tmp_path, infra="embedded", ports="free", services=()) as stack:
            await provision_tables(stack.endpoints, [NOTES])
            runs.append(await count_a_run(stack))
    assert runs == [1, 2]
