"""Leases: who has a name, by the clock of whoever looks."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.support.memory_database import MemoryDatabase
from tests.support.work_world import LEASES

from nexus_runtime.work.leases import LeaseLost, Leases


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def leases(clock: list[float]) -> Callable[[], Leases]:
    """Any number of observers of one table, all with the clock of the test."""
    database = MemoryDatabase().as_database()
    return lambda: Leases(database, LEASES, "errand", 5.0, lambda: clock[0])


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
    assert (await other.renew(taken)).beat == 1


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
    assert await mine.observe() == []
