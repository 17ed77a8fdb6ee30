"""Long work of a process that leaves, and of one that comes."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from tests.support.work_world import World, end_tasks, settle

from nexus_runtime.process.succession import succession


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    yield World()
    await end_tasks()


async def test_process_with_a_successor_lets_work_finish_that_takes_longer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(succession, "begun", True)
    owner = await world.start()
    request = await owner.send("a")
    stopping = asyncio.create_task(owner.engine.stop())
    _, pending = await asyncio.wait({stopping}, timeout=0.4)
    assert pending
    await owner.finish("a")
    await stopping
    assert world.answers(request) == ["done"]


@pytest.mark.parametrize("inherits", [True, False])
async def test_who_inherits_finds_at_each_look_what_was_released(world: World, inherits: bool) -> None:
    owner, heir = await world.start(at_once=1), await world.start()
    if inherits:
        heir.engine.sweeper.inherit()
    await heir.look()
    await owner.send("a")
    await owner.send("b")
    await heir.engine.sweeper.look()
    await heir.engine.sweeper.look()
    await settle()
    assert (("p2", "b", 2) in world.runs) == inherits
    await owner.engine.stop()
    await heir.look()
    assert not heir.engine.sweeper._inherits  # pyright: ignore[reportPrivateUsage]


async def test_a_process_looks_for_work_as_soon_as_it_has_its_name(world: World) -> None:
    owner = await world.start()
    assert owner.engine.sweeper._wake.is_set()  # pyright: ignore[reportPrivateUsage]
