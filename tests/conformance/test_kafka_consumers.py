"""Consumers come, go, stand still and come again: what remains reads on, and health says what does not."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher as aiokafka_fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from confluent_kafka import Producer
from tests.support.kafka_world import Read, World, kafka_world
from tests.support.raw_batches import UNREADABLE, with_length

from nexus_contracts.topics import BUILDS_REPORTS, PARTITIONS
from nexus_runtime.kafka import consumers
from nexus_runtime.kafka.batches import Batches
from nexus_runtime.kafka.consumers import Consumers, StandstillLimits
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.kafka.membership import Membership
from nexus_runtime.process.service import running

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240), pytest.mark.long]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    async with kafka_world(tmp_path_factory.mktemp("kafka")) as made:
        yield made


async def kill(consumers: Consumers) -> None:
    """As the broker sees it: the member says nothing any more."""
    for subscriber in consumers._subscribers:  # pyright: ignore[reportPrivateUsage]
        consumer: Any = subscriber.consumer
        consumer._coordinator._maybe_leave_group = consumer.commits._commit = nothing
    await consumers.stop()


async def nothing(*_: Any) -> None:
    pass


async def stop(consumers: Consumers) -> None:
    await consumers.stop()


def has_all(consumers: Consumers) -> bool:
    return [len(drain.assigned) for drain in consumers._drains] == [PARTITIONS]  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize("end", [stop, kill], ids=["stopped", "killed"])
@pytest.mark.parametrize("which", [0, 1], ids=["the first", "the second"])
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
async def test_who_remains_takes_over(world: World, end: Any, which: int, busy: bool) -> None:
    read = Read()
    members = [world.consumers(read.take) for _ in range(2)]
    async with running(members[:1]):
        await world.until(lambda: has_all(members[0]), "the first has all")
        async with running(members[1:]):
            await world.until(members[1].ready, "the second has some")
            ids = [f"{end.__name__} {which} {busy} {number}" for number in range(40)]
            for number, one in enumerate(ids[:20] if busy else []):
                await world.publish(BUILDS_REPORTS, number % PARTITIONS, one)
            await end(members[which])
            for number, one in enumerate(ids[20:]):
                await world.publish(BUILDS_REPORTS, number % PARTITIONS, one)
            await read.reaches(*(ids if busy else ids[20:]))
            await world.until(lambda: has_all(members[1 - which]), "who remains has all")


async def test_what_was_handled_comes_again_after_a_crash_and_not_after_an_orderly_end(world: World) -> None:
    """Offsets are committed some time after the records are handled, and answered."""
    read, read_again = Read(), Read()
    killed, stopped = world.consumers(read.take), world.consumers(read_again.take)
    async with running([killed]):
        await world.until(lambda: has_all(killed), "the first has all")
        for consumer in (subscriber.consumer for subscriber in killed._subscribers):  # pyright: ignore[reportPrivateUsage]
            consumer.commits._seconds = 3600.0
        offset = await world.publish(BUILDS_REPORTS, 1, "before the crash")
        await read.reaches("before the crash")
        await kill(killed)
    async with running([stopped]):
        await read_again.reaches("before the crash")
    assert (await world.bus.committed(BUILDS_REPORTS))[1] == offset + 1


@pytest.mark.parametrize("waits", [True, False], ids=["joined", "joining"])
async def test_who_came_for_one_that_was_killed_takes_over_from_the_other(world: World, waits: bool) -> None:
    read = Read()
    first, second, third = (world.consumers(read.take) for _ in range(3))
    async with running([first]):
        await world.until(lambda: has_all(first), "the first has all")
        async with running([second]):
            await world.until(second.ready, "the second has some")
            await kill(first)
            async with running([third]):
                if waits:
                    await world.until(third.ready, "the third has some")
                await second.stop()
                ids = [f"third {waits} {number}" for number in range(20)]
                for number, one in enumerate(ids):
                    await world.publish(BUILDS_REPORTS, number % PARTITIONS, one)
                await read.reaches(*ids)
                await world.until(lambda: has_all(third), "the third has all")


async def test_who_comes_back_under_its_name_waits_for_nobody(world: World) -> None:
    """The embedded broker has a stranger wait for three seconds while the former member's session lasts."""
    read = Read()
    first, second = (world.consumers(read.take, kafka_group_instance_id="here") for _ in range(2))
    async with running([first]):
        await world.until(lambda: has_all(first), "the first has all")
        await world.publish(BUILDS_REPORTS, 0, "before the kill")
        await read.reaches("before the kill")
        await kill(first)
        async with running([second]), asyncio.timeout(3.0):
            await world.until(lambda: has_all(second), "the second has all")
            await world.publish(BUILDS_REPORTS, 0, "after the kill")
            await read.reaches("after the kill")


async def test_who_takes_over_goes_on_without_a_join(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Read()
    first, second = (
        world.consumers(read.take, kafka_group_instance_id="there", predecessor_url=url)
        for url in (None, "http://127.0.0.1:1")
    )

    async def released(*_: Any) -> bytes:
        return (await first.let_go()).model_dump_json().encode()

    monkeypatch.setattr(consumers, "let_go", released)
    async with running([first]):
        await world.until(lambda: has_all(first), "the first has all")
        await world.publish(BUILDS_REPORTS, 0, "to the first")
        await read.reaches("to the first")
        member, generation = coordinator_of(first).member_id, coordinator_of(first).generation
        async with running([second]):
            await world.until(lambda: has_all(second), "the second has all")
            assert (coordinator_of(second).member_id, coordinator_of(second).generation) == (member, generation)
            await world.publish(BUILDS_REPORTS, 0, "to the second")
            await read.reaches("to the second")
    assert [one for one in read.ids if one.startswith("to the")] == ["to the first", "to the second"]


@pytest.mark.parametrize("leaver", [Membership, GroupCoordinator])
async def test_a_leader_that_leaves_while_another_joins_is_replaced(world: World, leaver: Any) -> None:
    read = Read()
    first, passing, second = (world.consumers(read.take) for _ in range(3))
    async with running([first]):
        await world.until(lambda: has_all(first), "the first has all")
        async with running([passing]):  # in the first generation aiokafka does not say that it leaves
            await world.until(passing.ready)
        await world.until(lambda: has_all(first), "the first has all again")
        coordinator_of(first)._maybe_leave_group = partial(leaver._maybe_leave_group, coordinator_of(first))
        await second.start()
        await world.until(lambda: coordinator_of(second) and coordinator_of(second).coordinator_id is not None)
    try:
        await world.until(lambda: has_all(second), "the second has all")
    finally:
        await second.stop()


def coordinator_of(consumers: Consumers) -> Any:
    consumer: Any = consumers._subscribers[0].consumer  # pyright: ignore[reportPrivateUsage]
    return consumer and consumer._coordinator


async def test_a_long_log_of_small_batches_is_read_to_its_end(world: World) -> None:
    """The embedded broker reads partition after partition, for as long as a fetch may take and no longer."""
    read, ids = Read(), [[f"long {partition} {number}" for number in range(1_000)] for partition in range(PARTITIONS)]

    async def publish(partition: int) -> None:
        for one in ids[partition]:
            await world.publish(BUILDS_REPORTS, partition, one)

    await asyncio.gather(*(publish(partition) for partition in range(PARTITIONS)))
    async with running([world.consumers(read.take)]):
        await read.reaches(*(one for some in ids for one in some))


async def test_a_partition_full_of_bad_records_keeps_no_other_waiting(world: World) -> None:
    read, topic = Read(), BUILDS_REPORTS
    producer = Producer({"bootstrap.servers": world.servers, "compression.type": "zstd", "linger.ms": 200})
    for _ in range(5_000):
        producer.produce(topic.name, b"{", b"k", 0)
    assert await asyncio.to_thread(producer.flush, 20) == 0
    ids = [f"beside {partition}" for partition in range(1, PARTITIONS)]
    for partition, one in enumerate(ids, 1):
        await world.publish(topic, partition, one)
    behind: list[int] = []

    async def take(deliveries: Sequence[Delivery]) -> None:
        await read.take(deliveries)
        behind.append(consumers.lag()[topic.name])

    consumers = world.consumers(take)
    async with running([consumers]):
        await read.reaches(*ids)
        assert min(behind) > 3_000
        await world.until(lambda: not consumers.lag()[topic.name], "the bad ones are dead letters")


async def test_a_restart_does_not_come_back_to_what_was_skipped(world: World) -> None:
    place, read = TopicPartition(BUILDS_REPORTS.name, 0), Read()
    before, after = world.consumers(read.take), world.consumers(read.take)
    async with running([before]):
        await world.until(before.ready)
        offset = await world.publish_raw(BUILDS_REPORTS, 0, UNREADABLE["no zstd"])
        await world.until(lambda: f"offset {offset}:" in " ".join(before.faults()))
        following = await before.skip(place, offset)
    async with running([after]):
        await world.publish(BUILDS_REPORTS, 0, "after the restart")
        await read.reaches("after the restart")
        assert (after.faults(), following) == ([], offset + 2)


async def test_a_consumer_that_stands_still_is_unready_and_then_not_alive(world: World) -> None:
    read, place = Read(), TopicPartition(BUILDS_REPORTS.name, 1)
    consumers = world.consumers(read.take, patience=StandstillLimits(unready=2, not_live=4))
    async with running([consumers]):
        await world.until(lambda: has_all(consumers))
        assert consumers.alive()
        [subscriber] = consumers._subscribers  # pyright: ignore[reportPrivateUsage]
        subscriber.consumer.pause(place)
        await world.publish(BUILDS_REPORTS, 1, "is not read")
        await world.until(lambda: bool(consumers.faults()), "unready")
        assert f"{place.topic} partition 1: no progress for" in consumers.faults()[0]
        await world.until(lambda: not consumers.alive(), "not alive")
        subscriber.consumer.resume(place)
        await read.reaches("is not read")
        await world.until(lambda: not consumers.faults(), "ready again")
        assert consumers.alive()


async def test_a_batch_under_way_for_too_long_is_not_alive(world: World) -> None:
    read, goes_on = Read(), asyncio.Event()

    async def take(deliveries: Sequence[Delivery]) -> None:
        await goes_on.wait()
        await read.take(deliveries)

    consumers = world.consumers(take, patience=StandstillLimits(stuck=1))
    async with running([consumers]):
        await world.until(consumers.ready)
        await world.publish(BUILDS_REPORTS, 2, "takes long")
        await world.until(lambda: not consumers.alive())
        goes_on.set()
        await read.reaches("takes long")
        await world.until(consumers.alive)


async def test_a_batch_that_claims_to_be_longer_than_it_is_halts_its_partition(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No broker at hand takes such a batch, so it becomes one on its way to the consumer."""
    read, place = Read(), TopicPartition(BUILDS_REPORTS.name, 3)
    consumers = world.consumers(read.take)

    def tampered(fetched: bytes) -> Batches:
        return Batches(with_length(fetched, 5_000_000) if b"claims too much" in fetched else fetched)

    async with running([consumers]):
        await world.until(consumers.ready)
        monkeypatch.setattr(aiokafka_fetcher, "MemoryRecords", tampered)
        offset = await world.publish(BUILDS_REPORTS, 3, "claims too much")
        await world.until(lambda: f"offset {offset}: cannot be read" in " ".join(consumers.faults()))
        await world.publish(BUILDS_REPORTS, 2, "another partition")
        await read.reaches("another partition")
        monkeypatch.undo()
        assert await consumers.skip(place, offset) == offset, "what is kept can be read"
        await read.reaches("claims too much")
