"""What other people's producers write to Kafka is read, and what cannot be read harms its partition alone."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from confluent_kafka import Producer
from tests.support.eventually import eventually
from tests.support.infra import needs_volatile_broker
from tests.support.kafka_world import Read, World, body, headers, kafka_world
from tests.support.raw_batches import (
    CONTROL,
    FEWER_THAN_SAID,
    UNREADABLE,
    batch,
    with_attributes,
    with_header_name,
    with_records,
)

from nexus_admin.letter_box import LetterBox
from nexus_contracts.dead_letters import ORIGIN_PREFIX
from nexus_contracts.replies import Reply
from nexus_contracts.topics import (
    AGENTS_COMMANDS,
    BUILDS_COMMANDS,
    BUILDS_REPORTS,
    DEAD_LETTER_MARKS,
    GATEWAY_REPLIES,
    Topic,
    dead_letter_topics,
)
from nexus_runtime.kafka.consumers import Consumers
from nexus_runtime.kafka.guarded import NotHalted
from nexus_runtime.kafka.pace import PROMPT
from nexus_runtime.kafka.reader import Tap
from nexus_runtime.kafka.replies import Replier
from nexus_runtime.process.service import running

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


class Records(World):
    """With consumers of reports and commands that note what they read."""

    read: Read
    readers: Consumers


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Records]:
    async with kafka_world(tmp_path_factory.mktemp("kafka")) as made:
        world = Records(made.servers, made.volatile, made.bus, made.settings)
        world.read = Read()
        world.readers = world.consumers(world.read.take, world.read.take)
        async with running([world.readers]):
            await world.until(world.readers.ready)
            yield world


def send_foreign(servers: str, topic: Topic, codec: str, ids: list[str], partition: int = 0) -> None:
    """By librdkafka, all in one batch."""
    producer = Producer({"bootstrap.servers": servers, "compression.type": codec, "linger.ms": 100})
    for message_id in ids:
        producer.produce(topic.name, body(topic), b"k", partition, headers=headers(topic, message_id))
    assert producer.flush(20) == 0


@pytest.mark.parametrize("topic", [BUILDS_REPORTS, BUILDS_COMMANDS], ids=lambda topic: topic.name)
@pytest.mark.parametrize("codec", CODECS)
async def test_a_foreign_producer_may_compress_as_it_likes(world: Records, codec: str, topic: Topic) -> None:
    ids = [f"{topic.name}-{codec}-{number}" for number in range(20)]
    await asyncio.to_thread(send_foreign, world.servers, topic, codec, ids)
    await world.read.reaches(*ids)


@asynccontextmanager
async def tap(
    world: World, topic: Topic, partition: int, handed: Callable[[bytes], None] | None = None
) -> AsyncGenerator[list[Any]]:
    taken: list[Any] = []
    reader = Tap(
        world.settings, world.bus, topic, [partition], taken.append, rests=PROMPT, awaited=lambda: True, handed=handed
    )
    async with running([reader]):
        await world.until(lambda: reader.listening)
        yield taken


@pytest.mark.parametrize("codec", CODECS)
async def test_replies_may_be_compressed(world: Records, codec: str) -> None:
    async with tap(world, GATEWAY_REPLIES, 1) as taken:
        text = f"{codec}-".encode() * 300
        producer = Producer({"bootstrap.servers": world.servers, "compression.type": codec})
        producer.produce(GATEWAY_REPLIES.name, text, partition=1)
        assert await asyncio.to_thread(producer.flush, 20) == 0
        await world.until(lambda: text in [record.value for record in taken])


async def test_a_reply_is_in_its_topic_whether_it_was_handed_over_or_not(world: Records) -> None:
    handed: list[bytes] = []
    replier = Replier(world.bus, "/nexus/test")
    replies = [Reply(status=200, result={}, request_id=f"evt_{number}", command_id="cmd_1") for number in range(3)]
    async with tap(world, GATEWAY_REPLIES, 3, handed.append) as taken:
        for reply in replies:
            await replier.send(3, reply, alone=reply is replies[0])
        await world.until(lambda: {requested(one.value) for one in taken} >= {"evt_0", "evt_1", "evt_2"})
        assert [requested(value) for value in handed] == (["evt_0"] if world.volatile else [])


def requested(value: bytes) -> str:
    return Reply.model_validate_json(value).request_id


async def test_a_reader_of_replies_passes_over_what_cannot_be_read(world: Records) -> None:
    async with tap(world, GATEWAY_REPLIES, 2) as taken:
        await world.publish_raw(GATEWAY_REPLIES, 2, UNREADABLE["no zstd"])

        async def read() -> bool:
            sent = await world.bus.send(GATEWAY_REPLIES.name, None, b"after", [], 2)
            await world.bus.acknowledged(GATEWAY_REPLIES.name, sent)
            return b"after" in [record.value for record in taken]

        await eventually(read, seconds=40)


@pytest.mark.parametrize("kind", UNREADABLE)
async def test_what_cannot_be_read_halts_its_partition_alone_until_it_is_skipped(world: Records, kind: str) -> None:
    before, after, other = f"{kind} before", f"{kind} after", f"{kind} other"
    await world.publish(BUILDS_REPORTS, 1, before)
    offset = await world.publish_raw(BUILDS_REPORTS, 1, UNREADABLE[kind])
    await world.publish(BUILDS_REPORTS, 1, after)
    await world.publish(BUILDS_REPORTS, 2, other)
    await world.publish(BUILDS_COMMANDS, 1, f"{kind} command")
    await world.read.reaches(before, other, f"{kind} command")
    await world.until(lambda: bool(world.readers.faults()))
    [fault] = world.readers.faults()
    assert fault.startswith(f"{BUILDS_REPORTS.name} partition 1 is halted at offset {offset}: cannot be read: ")
    assert after not in world.read.ids
    assert world.readers.alive()
    place = TopicPartition(BUILDS_REPORTS.name, 1)
    with pytest.raises(NotHalted, match=f"offset {offset}"):
        await world.readers.skip(place, offset + 1)
    assert await world.readers.skip(place, offset) == offset + 2
    assert world.readers.faults() == []
    await world.read.reaches(after)
    assert len(world.read.ids) == len(set(world.read.ids))


async def test_what_can_be_read_of_a_batch_is(world: Records) -> None:
    offset = await world.publish_raw(BUILDS_REPORTS, 0, FEWER_THAN_SAID)
    await world.publish(BUILDS_REPORTS, 0, "behind a part")
    await world.until(lambda: any(f"halted at offset {offset + 1}:" in one for one in world.readers.faults()))
    assert await world.readers.skip(TopicPartition(BUILDS_REPORTS.name, 0), offset + 1) == offset + 2
    await world.read.reaches("behind a part")


async def test_what_cannot_be_read_hides_no_other_dead_letter(world: Records) -> None:
    whose = AGENTS_COMMANDS.dead_letter("agents")
    topic = next(one for one in dead_letter_topics() if one.name == whose)
    letter = batch(b"{", headers=[(f"{ORIGIN_PREFIX}group", b"agents")])
    await world.publish_raw(topic, 0, letter)
    first = await world.publish_raw(topic, 0, UNREADABLE["no zstd"])
    second = await world.publish_raw(topic, 0, UNREADABLE["a wrong checksum"])
    await world.publish_raw(topic, 0, letter)
    mark = await world.publish_raw(DEAD_LETTER_MARKS, 0, UNREADABLE["no zstd"])
    found = await LetterBox(world.settings).contents()
    assert [one.record.offset for one in found.letters if one.group == "agents"] == [first - 1, second + 2]
    places = [(one.topic, one.partition, one.offset) for one in found.unreadable]
    assert places == [(whose, 0, first), (whose, 0, second), (DEAD_LETTER_MARKS.name, 0, mark)]


ODD = {
    "a tombstone": batch(None),
    "neither key nor value": batch(None, key=None),
    "no key": batch(b"{}", key=None),
    "no timestamp": batch(b"{}", timestamp=-1),
    "a header without a value": batch(b"{}", headers=[("ce_id", None), ("x", None)]),
    "a header that is no UTF-8": batch(b"{}", headers=[("ce_id", b"\xff\xfe"), ("x", b"\x80")]),
    "a header's name that is no UTF-8": with_header_name(batch(b"{}", headers=[("odd", b"")]), b"odd", b"\xff\xfe\x80"),
    "an attribute's name that is no UTF-8": with_header_name(
        batch(b"{}", headers=[("ce_odd", b"\xff")]), b"ce_odd", b"ce_\xff\xfe\x80"
    ),
    "huge headers": batch(b"{}", headers=[("x" * 1000, b"y" * 9000)] * 30),
    "a control batch": with_attributes(batch(b"\0\0\0\0\0\0", key=b"\0\0\0\1"), CONTROL),
    "an empty batch": with_records(batch(b"x"), b"", 0),
}


@pytest.mark.parametrize("kind", ODD)
async def test_an_odd_record_stops_nothing(world: Records, kind: str) -> None:
    await world.publish_raw(BUILDS_REPORTS, 3, ODD[kind])
    await world.publish(BUILDS_REPORTS, 3, f"behind {kind}")
    await world.read.reaches(f"behind {kind}")
    assert world.readers.faults() == []


@needs_volatile_broker
async def test_a_position_beyond_the_end_is_not_kept(world: Records) -> None:
    """That broker answers with nothing there; others say that the offset is out of range."""
    place = TopicPartition(BUILDS_REPORTS.name, 2)
    for subscriber in world.readers._subscribers:  # pyright: ignore[reportPrivateUsage]
        if place in subscriber.consumer.assignment():
            subscriber.consumer.seek(place, 1_000_000)
    await world.publish(BUILDS_REPORTS, 2, "before the position")
    await world.read.reaches("before the position")
