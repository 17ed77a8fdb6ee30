"""What calls that are joined rely on, of the real database and of the one in memory that tests run on."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from tests.support.databases import new_tables
from tests.support.memory_database import MemoryDatabase

from nexus_devstack.stack import Stack
from nexus_runtime.dynamo import ConditionFailed, Database, Put, Table, Update, Where
from nexus_runtime.dynamo.joint import JointCalls

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNTERS = Table("JointCounters", "name")
WRITERS = 40
"""Of three items each, so that they are two transactions."""


@pytest_asyncio.fixture(params=["memory", "dynamo"], loop_scope="session")
async def database(request: pytest.FixtureRequest, stack: Stack) -> AsyncGenerator[Database]:
    if request.param == "memory":
        yield MemoryDatabase().as_database()
        return
    async with new_tables(stack, [COUNTERS]) as opened:
        yield opened


def first(name: str) -> Put:
    return Put(COUNTERS, {"name": name, "count": 1}, where=Where(absent="name"))


async def test_of_writes_at_once_those_whose_conditions_fail_are_told_which(database: Database) -> None:
    joint = JointCalls(database)
    await joint.write(first("b7"))
    writes = [joint.write(first(f"a{number}"), first(f"b{number}"), first(f"c{number}")) for number in range(WRITERS)]
    failed = [
        one.failed if isinstance(one, ConditionFailed) else one
        for one in await asyncio.gather(*writes, return_exceptions=True)
    ]
    assert failed == [frozenset({1}) if number == 7 else None for number in range(WRITERS)]
    keys = [{"name": f"{letter}{number}"} for number in range(WRITERS) for letter in "abc"]
    found = await asyncio.gather(*(joint.get(COUNTERS, key, only=("count",)) for key in keys))
    assert [item and item["count"] for item in found] == [None if key["name"] in ("a7", "c7") else 1 for key in keys]


async def test_processes_that_write_the_same_items_at_once_lose_nothing(database: Database) -> None:
    processes = [JointCalls(database) for _ in range(3)]
    counted = [Update(COUNTERS, {"name": f"shared{number}"}, add={"count": 1}) for number in range(4)]
    await asyncio.gather(*(joint.write(one) for _ in range(5) for joint in processes for one in counted))
    items = [await database.get(COUNTERS, one.key) for one in counted]
    assert [item and item["count"] for item in items] == [15] * 4


async def test_counts_of_one_item_that_go_together_all_count_where_their_condition_holds(database: Database) -> None:
    processes = [JointCalls(database) for _ in range(3)]
    await processes[0].write(Put(COUNTERS, {"name": "figures", "of": "x"}))
    count = Update(COUNTERS, {"name": "figures"}, add={"count": 1}, where=Where(equal={"of": "x"}))
    await asyncio.gather(
        *(joint.write(count, first(f"{at}-{number}")) for number in range(20) for at, joint in enumerate(processes))
    )
    item = await database.get(COUNTERS, count.key)
    assert item is not None
    assert item["count"] == 60
