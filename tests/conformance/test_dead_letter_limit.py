"""A bad release: what it cannot handle stops the partition before the whole topic is put aside."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from fastapi import FastAPI
from prometheus_client import REGISTRY
from tests.support.asgi import HttpCaller
from tests.support.kafka_world import Read, World, kafka_world

from nexus_contracts.topics import BUILDS_REPORTS
from nexus_runtime.kafka.consumers import Consumers
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.kafka.ends import ends_of
from nexus_runtime.owner import consumers_check, partition_routes
from nexus_runtime.process.health import Health
from nexus_runtime.process.service import application, running

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
LABELS = {"topic": BUILDS_REPORTS.name, "group": "builds-reports"}
RUN = 3


class Release(Read):
    """Handles nothing while it is bad."""

    bad = False

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        if self.bad:
            raise RuntimeError("a bad release")
        await super().take(deliveries)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    async with kafka_world(tmp_path_factory.mktemp("kafka")) as made:
        yield made


def counted(name: str) -> float:
    return REGISTRY.get_sample_value(name, LABELS) or 0.0


def service(consumers: Consumers) -> FastAPI:
    health = Health({"consumers": consumers_check(consumers)}, {}, consumers.alive)
    return application("test", [], health, partition_routes(consumers))


async def dead_letters(world: World) -> list[str]:
    topic = BUILDS_REPORTS.dead_letter("builds-reports")
    reader: Any = AIOKafkaConsumer(bootstrap_servers=world.servers, enable_auto_commit=False)
    async with reader:
        reader.assign([TopicPartition(topic, 0)])
        await reader.seek_to_beginning()
        [end] = (await ends_of(reader, [TopicPartition(topic, 0)])).values()
        return [dict((await reader.getone()).headers)["ce_id"].decode() for _ in range(end)]


async def test_a_bad_release_stops_at_the_limit_and_goes_on_when_told(world: World) -> None:
    release = Release()
    consumers = world.consumers(release.take, dead_letter_run=RUN)
    limits, ids = counted("nexus_dead_letter_limits_total"), [f"bad {number}" for number in range(8)]
    http = HttpCaller(service(consumers))
    async with running([consumers]):
        await world.until(consumers.ready)
        release.bad = True
        offsets = [await world.publish(BUILDS_REPORTS, 1, one) for one in ids]
        await world.until(lambda: bool(consumers.faults()))
        release.bad = False
        await world.publish(BUILDS_REPORTS, 2, "another partition")
        await release.reaches("another partition")
        assert await dead_letters(world) == ids[:RUN]
        assert consumers.alive()
        unready = await http("GET", "/health/ready")
        at = f"{BUILDS_REPORTS.name} partition 1 is halted at offset {offsets[RUN]}: the last {RUN} records"
        assert (unready.status, unready.json["reasons"]["consumers"].startswith(at)) == (503, True)
        await world.until(lambda: counted("nexus_halted_partitions") == 1)
        assert counted("nexus_dead_letter_limits_total") == limits + 1
        assert release.ids == ["another partition"]
        there = {"topic": BUILDS_REPORTS.name, "partition": 1}
        skipped = await http("POST", "/internal/skip", {**there, "offset": offsets[RUN]})
        elsewhere = await http("POST", "/internal/resume", {**there, "partition": 2})
        assert (skipped.status, elsewhere.status) == (409, 409)
        resumed = await http("POST", "/internal/resume", there)
        assert (resumed.status, resumed.json["resumed_at"]) == (200, offsets[RUN])
        await release.reaches(*ids[RUN:])
        assert (await http("GET", "/health/ready")).status == 200
    assert sorted(release.ids) == sorted(["another partition", *ids[RUN:]])


async def test_a_restart_goes_on_where_the_limit_was_reached(world: World) -> None:
    bad, good = Release(), Release()
    bad.bad = True
    ids = [f"restarted {number}" for number in range(8)]
    put_aside = len(await dead_letters(world))
    consumers = world.consumers(bad.take, dead_letter_run=RUN)
    async with running([consumers]):
        await world.until(consumers.ready)
        for one in ids:
            await world.publish(BUILDS_REPORTS, 3, one)
        await world.until(lambda: bool(consumers.faults()))
    async with running([world.consumers(good.take)]):
        await good.reaches(*ids[RUN:])
    assert good.ids == ids[RUN:]
    assert (await dead_letters(world))[put_aside:] == ids[:RUN]


async def test_a_resumed_partition_has_the_whole_limit_anew(world: World) -> None:
    release = Release()
    release.bad = True
    consumers = world.consumers(release.take, dead_letter_run=RUN)
    put_aside = len(await dead_letters(world))
    async with running([consumers]):
        await world.until(consumers.ready)
        ids = [f"anew {number}" for number in range(3 * RUN)]
        offsets = [await world.publish(BUILDS_REPORTS, 0, one) for one in ids]
        await world.until(lambda: bool(consumers.faults()))
        assert consumers.resume(TopicPartition(BUILDS_REPORTS.name, 0)) == offsets[RUN]
        await world.until(lambda: f"offset {offsets[2 * RUN]}" in " ".join(consumers.faults()))
        assert (await dead_letters(world))[put_aside:] == ids[: 2 * RUN]
