"""Long work on the real database: its conditions hold there as they do in memory, and a killed process is replaced."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from tests.support.databases import new_tables
from tests.support.eventually import eventually
from tests.support.work_process import AT_ONCE
from tests.support.work_world import TABLES, WORK, Owner, World

from nexus_devstack.stack import Stack
from nexus_runtime.dynamo import ConditionFailed, Database
from nexus_runtime.ledger.change import Begin
from nexus_runtime.ledger.ledger import ChangedMeanwhile
from nexus_runtime.work.items import NOBODY, WorkItems, begun

pytestmark = pytest.mark.asyncio(loop_scope="session")
NUMBER = 200
SECONDS = 60.0
"""How long the test waits; how long it takes on a quiet machine is for benchmarks."""


@pytest_asyncio.fixture(loop_scope="session")
async def database(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Database]:
    """With tables of the test's own, which a process started by it finds, too."""
    async with new_tables(stack, TABLES) as opened:
        for name, value in {**stack.endpoints.environment(), "TABLE_PREFIX": opened.prefix}.items():
            monkeypatch.setenv(name, value)
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def world(database: Database) -> AsyncGenerator[World]:
    made = World(database, look_seconds=1.0)
    yield made
    for owner in made.owners:
        await owner.engine.stop()


async def started(world: World, *, prompt: bool = False) -> Owner:
    owner = await world.start(prompt=prompt)
    await eventually(lambda: owner.registration.name)
    return owner


async def test_item_changes_hands_and_ends_only_as_it_is_known(database: Database) -> None:
    items, waiter = WorkItems(database, WORK), World().address("r1")
    first = begun(Begin("errand", "a", waiter), "p1")
    await database.write(items.create(first))
    with pytest.raises(ConditionFailed):
        await database.write(items.create(begun(Begin("errand", "a"), "p2")))
    second = await items.give(first, "p2")
    assert await items.get("errand", "a") == second
    for stale in (lambda: items.give(first, "p3"), lambda: database.write(items.end(first))):
        with pytest.raises(ConditionFailed):
            await stale()
    await items.add_waiter(second, World().address("r2"))
    with pytest.raises(ConditionFailed):
        await database.write(items.end(second))
    found = await items.get("errand", "a")
    assert found is not None
    assert [one.request_id for one in found.waiters] == ["r1", "r2"]
    assert [one.awaited for one in await items.all()] == [2]
    anew = begun(Begin("errand", "a", after=found.epoch), NOBODY)
    await database.write(items.replace(found, anew))
    assert await items.get("errand", "a") == anew
    await database.write(items.end(anew))
    assert await items.all() == []


async def test_two_processes_end_work_once_and_answer_all_who_wait(world: World) -> None:
    owner, other = await started(world), await started(world)
    requests = [await owner.send("a"), await other.send("a")]
    owner.kind.running["a"].set_result("done")
    with contextlib.suppress(ChangedMeanwhile):
        await other.end("a", "cancelled")
    await eventually(lambda: all(world.answers(one) for one in requests))
    assert len(world.ends) == 1
    assert [world.answers(one) for one in requests] == [[world.ends[0][1]]] * 2


async def test_work_of_a_killed_process_ends_within_seconds(world: World) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.work_process", str(NUMBER), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    while b"ready" not in await process.stdout.readline():
        assert process.returncode is None
    survivor = await started(world, prompt=True)
    process.kill()
    await process.wait()
    await eventually(lambda: len(world.replies) >= NUMBER, seconds=SECONDS)
    assert await survivor.engine.items.all() == []
    errands = [await survivor.errand(f"e{number}") for number in range(NUMBER)]
    ends = [errand.ends for errand in errands if errand]
    assert (ends.count("interrupted"), ends.count("done")) == (AT_ONCE, NUMBER - AT_ONCE)
    assert len({reply.request_id for reply in world.replies}) == len(world.replies) == NUMBER
