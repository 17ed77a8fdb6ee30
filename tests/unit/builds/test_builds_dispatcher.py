"""The dispatcher and the leases: who works on a build, and what an outage or a deletion does to it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
from tests.support.builds_story import PROJECT, create_command
from tests.support.builds_world import LossyDatabase, Replica

from nexus_builds.tables import BUILD_LEASE, LEASES
from nexus_builds.worker import dispatcher as dispatchers
from nexus_builds.worker.dispatcher import Dispatcher
from nexus_contracts.builds.commands import DeleteProject
from nexus_runtime.dynamo import DatabaseUnavailable
from nexus_runtime.work.leases import LeaseLost, Leases


class PlayedRun:
    """Stands in for the work on a build: goes on until the test lets it end."""

    runs: "list[PlayedRun]"

    def __init__(self, _workshop: object, project_id: str, epoch: int, _changed: object) -> None:
        self.project_id, self.epoch = project_id, epoch
        self.end, self.cancelled = asyncio.Event(), False
        PlayedRun.runs.append(self)

    async def run(self) -> None:
        try:
            await self.end.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


class Shop:
    """One worker's dispatcher on a database that can be away."""

    def __init__(self) -> None:
        self.database = LossyDatabase()
        self.replica = Replica(self.database)
        self.leases = Leases(self.database.as_database(), LEASES, BUILD_LEASE, 1.0)
        workshop: Any = None
        self.dispatcher = Dispatcher(self.replica.store, self.leases, workshop, 4)
        self.away = False
        self.looks = 0
        listed = self.replica.store.names

        async def failing(name: str) -> list[str]:
            self.looks += 1
            if self.away:
                raise DatabaseUnavailable("away")
            return await listed(name)

        self.replica.store.names = failing

    def lease(self) -> Any:
        return self.database.tables.get(LEASES.name, {}).get((BUILD_LEASE, PROJECT))


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  # nothing signals it
            await asyncio.sleep(0.005)


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Shop]:
    monkeypatch.setattr(dispatchers, "BuildRun", PlayedRun)
    monkeypatch.setattr(dispatchers, "LOOK_SECONDS", 0.01)
    PlayedRun.runs = []
    made = Shop()
    await made.replica.ask(create_command())
    running = asyncio.create_task(made.dispatcher.run())
    await until(lambda: PlayedRun.runs)
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_outage_of_the_database_interrupts_no_build(shop: Shop) -> None:
    shop.away, looks = True, shop.looks
    await until(lambda: shop.looks > looks + 2)
    assert [one.cancelled for one in PlayedRun.runs] == [False]
    shop.away, looks = False, shop.looks
    await until(lambda: shop.looks > looks + 2)
    assert len(PlayedRun.runs) == 1


async def test_a_build_whose_run_ended_is_taken_up_again_with_a_later_epoch(shop: Shop) -> None:
    PlayedRun.runs[0].end.set()
    await until(lambda: len(PlayedRun.runs) == 2)
    assert [one.epoch for one in PlayedRun.runs] == [1, 2]


async def test_of_a_deleted_project_not_even_the_lease_stays(shop: Shop) -> None:
    await shop.replica.ask(DeleteProject(command_id="d", project_id=PROJECT))
    PlayedRun.runs[0].end.set()
    await until(lambda: shop.lease() is None)


async def test_a_build_that_another_took_over_is_given_up(shop: Shop) -> None:
    taken = {**shop.lease(), "owner": "another", "epoch": 2}
    shop.database.tables[LEASES.name][BUILD_LEASE, PROJECT] = taken
    await until(lambda: PlayedRun.runs[0].cancelled)
    assert shop.lease() == taken


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def leases(clock: list[float]) -> Callable[[], Leases]:
    """Any number of observers of one table, all with the clock of the test."""
    database = LossyDatabase().as_database()
    return lambda: Leases(database, LEASES, BUILD_LEASE, 5.0, lambda: clock[0])


async def test_a_lease_is_free_only_after_its_owner_was_seen_silent_for_long_enough(
    leases: Callable[[], Leases], clock: list[float]
) -> None:
    mine, other = leases(), leases()
    lease = await mine.acquire("p", "a")
    assert lease is not None
    assert await other.acquire("p", "b") is None
    clock[0] = 4.9
    lease = await mine.renew(lease)
    assert await other.acquire("p", "b") is None
    clock[0] = 9.8
    assert await other.acquire("p", "b") is None
    clock[0] = 9.9
    taken = await other.acquire("p", "b")
    assert taken is not None
    assert taken.epoch == 2
    with pytest.raises(LeaseLost):
        await mine.renew(lease)
    await mine.release(lease)
    assert (await other.renew(taken)).beat == 1


async def test_a_release_holds_whichever_beat_was_the_last(leases: Callable[[], Leases]) -> None:
    mine, other = leases(), leases()
    first = await mine.acquire("p", "a")
    assert first is not None
    await mine.renew(await mine.renew(first))
    await mine.release(first)
    taken = await other.acquire("p", "b")
    assert taken is not None
    assert taken.epoch == 2


async def test_of_two_that_reach_for_a_free_lease_one_gets_it(leases: Callable[[], Leases]) -> None:
    wishes: list[Awaitable[Any]] = [leases().acquire("p", owner) for owner in ("a", "b")]
    got = await asyncio.gather(*wishes)
    assert sum(lease is not None for lease in got) == 1


async def test_a_beat_after_the_lease_is_forgotten_does_not_bring_it_back(leases: Callable[[], Leases]) -> None:
    mine = leases()
    lease = await mine.acquire("p", "a")
    assert lease is not None
    await leases().forget("p")
    with pytest.raises(LeaseLost):
        await mine.renew(lease)
    assert [name async for name in mine.silent()] == []
