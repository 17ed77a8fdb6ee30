"""Members of a consumer group come and go; whoever remains reads on."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from tests.support.kafka_world import Read, World, kafka_world

from nexus_contracts.topics import BUILDS_REPORTS, PARTITIONS
from nexus_runtime.kafka.consumers import Consumers
from nexus_runtime.process.service import running

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    async with kafka_world(tmp_path_factory.mktemp("kafka")) as made:
        yield made


async def kill(consumers: Consumers) -> None:
    """As the broker sees it: the member says nothing any more."""
    for subscriber in consumers._subscribers:  # pyright: ignore[reportPrivateUsage]
        coordinator: Any = subscriber.consumer._coordinator
        coordinator._maybe_leave_group = nothing
    await consumers.stop()


async def nothing() -> None:
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
