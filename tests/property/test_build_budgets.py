"""Concurrent calls of several builds, some of whose workers die: no budget is ever exceeded, no call counts twice."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.support.memory_database import MemoryDatabase

from nexus_builds.store.checkpoints import Checkpoint, Checkpoints
from nexus_builds.store.purses import NANO, Purse, SetAside, reservation_record
from nexus_builds.tables import RECORDS
from nexus_contracts.builds.builder import Budget, OverBudget
from nexus_contracts.builds.reports import Usage
from nexus_runtime.dynamo import Action, Check, Item, Put, Where

LIMIT = 1.0
BUDGET = Budget(project_usd=0.7, tenant_day_usd=LIMIT)
TODAY = date(2026, 1, 31)
STEP = "tool_developer"
FATES = ("answered", "refused", "killed", "killed and made again", "killed and made again tomorrow")


@dataclass(frozen=True)
class Call:
    worst: float
    cost: float
    fate: str


def _call(one: int, other: int, fate: str) -> Call:
    return Call(max(one, other) / 100, min(one, other) / 100, fate)


def calls() -> st.SearchStrategy[list[list[Call]]]:
    """Of each build, one after another."""
    cents = st.integers(min_value=0, max_value=40)
    call = st.builds(_call, cents, cents, st.sampled_from(FATES))
    return st.lists(st.lists(call, max_size=4), min_size=1, max_size=4)


class Interleaved(MemoryDatabase):
    """Others have their turn before each read and write, as often as `turns` says; the sums are looked at after it."""

    def __init__(self, turns: Iterator[int]) -> None:
        super().__init__()
        self._turns = turns

    async def get(self, *given: Any, **more: Any) -> Item | None:
        await self._others()
        return await super().get(*given, **more)

    async def write(self, *actions: Action, tries: int = 1) -> None:
        await self._others()
        await super().write(*actions, tries=tries)
        for name, total in self.sums().items():
            most = BUDGET.tenant_day_usd if name.startswith("tenant") else BUDGET.project_usd
            assert 0 <= total <= round((most or 0.0) * NANO), name

    def sums(self) -> dict[str, int]:
        found = [one for one in self.items(RECORDS) if one["record"].startswith("spent")]
        return {f"{one['project_id']} {one['record']}": one["nano_usd"] for one in found}

    async def _others(self) -> None:
        for _ in range(next(self._turns, 0)):
            await asyncio.sleep(0)


class Build:
    """One build; `counted` is what its calls have to add to the sums, by day."""

    def __init__(self, number: int, database: MemoryDatabase) -> None:
        self.purse = Purse(f"proj_{number:032x}", "acme", TODAY)
        self.counted: dict[date, int] = {}
        self.refused = 0
        items: Any = SimpleNamespace(held=_held)
        self._checkpoints = Checkpoints(database.as_database(), items)

    async def make(self, calls: Sequence[Call]) -> None:
        for number, call in enumerate(calls):
            await self._call(f"call/{number}", call)

    async def _call(self, name: str, call: Call) -> None:
        purse = self.purse
        reserved = await self._reserved(purse, name, call)
        if reserved is not None and call.fate.startswith("killed and"):
            later = timedelta(days=call.fate.endswith("tomorrow"))
            purse = replace(purse, day=TODAY + later)
            again = await self._reserved(purse, name, call)
            if again is None:  # for tomorrow: the build fails, and what was set aside today stays
                self._count(TODAY, call.worst)
            reserved = again
        if reserved is None:
            self.refused += 1
        elif call.fate == "refused":
            await self._checkpoints.purses.release(_item(purse), purse, reserved)
        elif call.fate == "killed":
            self._count(purse.day, call.worst)
        else:
            made = Checkpoint(value=name, usage=Usage(cost_usd=call.cost))
            for _ in range(2):  # its answer was lost, it is saved again
                await self._checkpoints.save(_item(purse), purse, 1, STEP, name, made, reserved)
            self._count(purse.day, call.cost)

    async def _reserved(self, purse: Purse, name: str, call: Call) -> SetAside | None:
        record = reservation_record(1, STEP, name)
        try:
            return await self._checkpoints.purses.reserve(_item(purse), purse, record, call.worst, BUDGET)
        except OverBudget:
            return None

    def _count(self, day: date, usd: float) -> None:
        self.counted[day] = self.counted.get(day, 0) + round(usd * NANO)


def _item(purse: Purse) -> Any:
    return purse.project_id


def _held(item: Any) -> Check:
    return Check(RECORDS, {"project_id": item, "record": "held"}, Where({"epoch": 1}))


@given(calls(), st.lists(st.integers(min_value=0, max_value=3), max_size=200))
def test_concurrent_builds_stay_within_their_budgets_and_each_call_counts_once(
    builds: list[list[Call]], turns: list[int]
) -> None:
    asyncio.run(_run(builds, turns))


async def _run(builds: list[list[Call]], turns: list[int]) -> None:
    database = Interleaved(iter(turns))
    made = [Build(number, database) for number in range(len(builds))]
    for one in made:
        await database.write(Put(RECORDS, {"project_id": one.purse.project_id, "record": "held", "epoch": 1}))
    await asyncio.gather(*(one.make(calls) for one, calls in zip(made, builds, strict=True)))
    sums = database.sums()
    for one in made:
        assert sums.get(f"{one.purse.project_id} spent", 0) == sum(one.counted.values())
    for day in (TODAY, TODAY + timedelta(days=1)):
        total = sum(one.counted.get(day, 0) for one in made)
        assert sums.get(f"tenant#acme spent#{day.isoformat()}", 0) == total


async def test_without_the_reservation_of_one_the_other_would_exceed_the_day() -> None:
    """The gap of before: both had seen the same sum."""
    builds = [[Call(0.6, 0.6, "answered")], [Call(0.6, 0.6, "answered")]]
    database = Interleaved(iter([3] * 100))
    made = [Build(number, database) for number in range(2)]
    for one in made:
        await database.write(Put(RECORDS, {"project_id": one.purse.project_id, "record": "held", "epoch": 1}))
    await asyncio.gather(*(one.make(calls) for one, calls in zip(made, builds, strict=True)))
    assert sorted(one.refused for one in made) == [0, 1]
