"""What other people's producers write to Kafka is read, and what cannot be read harms its partition alone."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from confluent_kafka import Producer
from tests.support.eventually import eventually
from tests.support.infra import needs_volatile_broker
from tests.support.raw_batches import (
    CONTROL,
    FEWER_THAN_SAID,
    UNREADABLE,
    Refused,
    batch,
    publish_raw,
    with_attributes,
    with_header_name,
    with_records,
)

from nexus_contracts.builds.commands import BUILDS_COMMAND
from nexus_contracts.builds.reports import REPORT
from nexus_contracts.topics import BUILDS_COMMANDS, BUILDS_REPORTS, GATEWAY_REPLIES, Topic
from nexus_devstack.stack import Stack
from nexus_devstack.topics import provision_topics
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.consumers import Consumers
from nexus_runtime.kafka.delivery import Delivery, Subscription
from nexus_runtime.kafka.guarded import NotHalted
from nexus_runtime.kafka.reader import Tap
from nexus_runtime.process.service import running
from nexus_runtime.process.settings import ServiceSettings

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
PROJECT = "proj_" + "0" * 32
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
MESSAGES = {
    BUILDS_REPORTS.name: ("nexus.stage.started.v1", {"attempt": 1, "stage_name": "orchestrator"}),
    BUILDS_COMMANDS.name: ("nexus.command.control_project.v1", {"command_id": "cmd_" + "0" * 32, "action": "pause"}),
}


def headers(topic: Topic, message_id: str) -> list[tuple[str, str | bytes | None]]:
    attributes = {"id": message_id, "source": "/ci", "type": MESSAGES[topic.name][0], "subject": PROJECT}
    fixed = {"specversion": "1.0", "time": "2026-01-01T00:00:00Z"}
    named: list[tuple[str, str | bytes | None]] = [
        (f"ce_{name}", value.encode()) for name, value in {**attributes, **fixed}.items()
    ]
    return [*named, ("content-type", b"application/json")]


def body(topic: Topic) -> bytes:
    return json.dumps({"project_id": PROJECT, **MESSAGES[topic.name][1], "note": "x" * 500}).encode()


class Read:
    """The ids of the messages that were handled, in order."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def take(self, deliveries: Any) -> None:
        one: Delivery
        for one in deliveries:
            self.ids.append(one.event.id)

    async def reaches(self, *ids: str) -> None:
        async def reached() -> bool:
            return set(ids) <= set(self.ids)

        await eventually(reached, seconds=40)


class World:
    """Broker, and the platform's consumers of reports and commands."""

    def __init__(self, servers: str, settings: ServiceSettings, bus: Bus) -> None:
        self.servers = servers
        self.settings = settings
        self.bus = bus
        self.read = Read()
        self.consumers = Consumers(
            settings,
            "test",
            bus,
            [
                Subscription(BUILDS_REPORTS, "builds-reports", REPORT, self.read.take),
                Subscription(BUILDS_COMMANDS, "builds", BUILDS_COMMAND, self.read.take),
            ],
        )

    async def publish(self, topic: Topic, partition: int, message_id: str) -> None:
        named: Any = headers(topic, message_id)
        sent = await self.bus.send(topic.name, b"k", body(topic), named, partition)
        await self.bus.acknowledged(topic.name, sent)

    async def publish_raw(self, topic: Topic, partition: int, raw: bytes) -> int:
        """The batch's first offset. Ends the test where the broker itself refuses it: then nobody has to read it."""
        try:
            return (await publish_raw(self.servers, topic.name, partition, raw))[0]
        except Refused as refused:
            pytest.skip(str(refused))

    async def until(self, holds: Callable[[], bool]) -> None:
        async def held() -> bool:
            return holds()

        await eventually(held, seconds=40)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    async with Stack(data_dir=tmp_path_factory.mktemp("kafka"), ports="free", services=()) as stack:
        servers = stack.endpoints.kafka_bootstrap_servers
        volatile = stack.endpoints.environment()["KAFKA_VOLATILE"] == "true"
        await provision_topics(stack.endpoints.kafka)
        settings = ServiceSettings(kafka_bootstrap_servers=servers, kafka_volatile=volatile)
        bus = Bus(settings, "test")
        world = World(servers, settings, bus)
        async with running([bus, world.consumers]):
            await world.until(lambda: bus.reachable and world.consumers.ready())
            yield world


def send_foreign(servers: str, topic: Topic, codec: str, ids: list[str], partition: int = 0) -> None:
    """By librdkafka, all in one batch."""
    producer = Producer({"bootstrap.servers": servers, "compression.type": codec, "linger.ms": 100})
    for message_id in ids:
        producer.produce(topic.name, body(topic), b"k", partition, headers=headers(topic, message_id))
    assert producer.flush(20) == 0


@pytest.mark.parametrize("topic", [BUILDS_REPORTS, BUILDS_COMMANDS], ids=lambda topic: topic.name)
@pytest.mark.parametrize("codec", CODECS)
async def test_a_foreign_producer_may_compress_as_it_likes(world: World, codec: str, topic: Topic) -> None:
    ids = [f"{topic.name}-{codec}-{number}" for number in range(20)]
    await asyncio.to_thread(send_foreign, world.servers, topic, codec, ids)
    await world.read.reaches(*ids)


@asynccontextmanager
async def tap(world: World, topic: Topic, partition: int) -> AsyncGenerator[list[Any]]:
    taken: list[Any] = []
    reader = Tap(world.settings, world.bus, topic, [partition], taken.append, prompt=True)
    async with running([reader]):
        await world.until(lambda: reader.listening)
        yield taken


@pytest.mark.parametrize("codec", CODECS)
async def test_replies_may_be_compressed(world: World, codec: str) -> None:
    async with tap(world, GATEWAY_REPLIES, 1) as taken:
        text = f"{codec}-".encode() * 300
        producer = Producer({"bootstrap.servers": world.servers, "compression.type": codec})
        producer.produce(GATEWAY_REPLIES.name, text, partition=1)
        assert await asyncio.to_thread(producer.flush, 20) == 0
        await world.until(lambda: text in [record.value for record in taken])


async def test_a_reader_of_replies_passes_over_what_cannot_be_read(world: World) -> None:
    async with tap(world, GATEWAY_REPLIES, 2) as taken:
        await world.publish_raw(GATEWAY_REPLIES, 2, UNREADABLE["no zstd"])

        async def read() -> bool:
            sent = await world.bus.send(GATEWAY_REPLIES.name, None, b"after", [], 2)
            await world.bus.acknowledged(GATEWAY_REPLIES.name, sent)
            return b"after" in [record.value for record in taken]

        await eventually(read, seconds=40)


@pytest.mark.parametrize("kind", UNREADABLE)
async def test_what_cannot_be_read_halts_its_partition_alone_until_it_is_skipped(world: World, kind: str) -> None:
    before, after, other = f"{kind} before", f"{kind} after", f"{kind} other"
    await world.publish(BUILDS_REPORTS, 1, before)
    offset = await world.publish_raw(BUILDS_REPORTS, 1, UNREADABLE[kind])
    await world.publish(BUILDS_REPORTS, 1, after)
    await world.publish(BUILDS_REPORTS, 2, other)
    await world.publish(BUILDS_COMMANDS, 1, f"{kind} command")
    await world.read.reaches(before, other, f"{kind} command")
    await world.until(lambda: bool(world.consumers.faults()))
    [fault] = world.consumers.faults()
    assert fault.startswith(f"{BUILDS_REPORTS.name} partition 1 is halted at offset {offset}: cannot be read: ")
    assert after not in world.read.ids
    assert world.consumers.alive()
    place = TopicPartition(BUILDS_REPORTS.name, 1)
    with pytest.raises(NotHalted, match=f"offset {offset}"):
        await world.consumers.skip(place, offset + 1)
    assert await world.consumers.skip(place, offset) == offset + 2
    assert world.consumers.faults() == []
    await world.read.reaches(after)
    assert len(world.read.ids) == len(set(world.read.ids))


async def test_what_can_be_read_of_a_batch_is(world: World) -> None:
    offset = await world.publish_raw(BUILDS_REPORTS, 0, FEWER_THAN_SAID)
    await world.publish(BUILDS_REPORTS, 0, "behind a part")
    await world.until(lambda: any(f"halted at offset {offset + 1}:" in one for one in world.consumers.faults()))
    assert await world.consumers.skip(TopicPartition(BUILDS_REPORTS.name, 0), offset + 1) == offset + 2
    await world.read.reaches("behind a part")


ODD = {
    "a tombstone": batch(None),
    "neither key nor value": batch(None, key=None),
    "no key": batch(b"{}", key=None),
    "no timestamp": batch(b"{}", timestamp=-1),
    "a header without a value": batch(b"{}", headers=[("ce_id", None), ("x", None)]),
    "a header that is no UTF-8": batch(b"{}", headers=[("ce_id", b"\xff\xfe"), ("x", b"\x80")]),
    "a header's name that is no UTF-8": with_header_name(batch(b"{}", headers=[("odd", b"x")]), b"odd", b"\xff\xfe\x80"),
    "an attribute's name that is no UTF-8": with_header_name(
        batch(b"{}", headers=[("ce_odd", b"x")]), b"ce_odd", b"ce_\xff\xfe\x80"
    ),
    "huge headers": batch(b"{}", headers=[("x" * 1000, b"y" * 9000)] * 30),
    "a control batch": with_attributes(batch(b"\0\0\0\0\0\0", key=b"\0\0\0\1"), CONTROL),
    "an empty batch": with_records(batch(b"x"), b"", 0),
}


@pytest.mark.parametrize("kind", ODD)
async def test_an_odd_record_stops_nothing(world: World, kind: str) -> None:
    await world.publish_raw(BUILDS_REPORTS, 3, ODD[kind])
    await world.publish(BUILDS_REPORTS, 3, f"behind {kind}")
    await world.read.reaches(f"behind {kind}")
    assert world.consumers.faults() == []


@needs_volatile_broker
async def test_a_position_beyond_the_end_is_not_kept(world: World) -> None:
    """That broker answers with nothing there; others say that the offset is out of range."""
    place = TopicPartition(BUILDS_REPORTS.name, 2)
    for subscriber in world.consumers._subscribers:  # pyright: ignore[reportPrivateUsage]
        if place in subscriber.consumer.assignment():
            subscriber.consumer.seek(place, 1_000_000)
    await world.publish(BUILDS_REPORTS, 2, "before the position")
    await world.read.reaches("before the position")
