"""Who waits for long work is answered once, though two tasks write its end and one of them is cancelled at it."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from tests.support.eventually import eventually
from tests.support.work_world import ERRANDS, Owner, World, end_tasks, settle

from nexus_contracts.errors import ServiceUnavailable
from nexus_runtime.dynamo import Action

LOOKS_SECONDS = 0.2
"""Longer than the pauses of the first looks at an end that is in doubt."""


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    yield World()
    await end_tasks()


class Slow:
    """The first end that the process writes from now on: it comes to the database, or back, only when let through.

    `loses`: the answer is lost then.
    """

    def __init__(self, owner: Owner, patch: pytest.MonkeyPatch, *, back: bool = False, loses: bool = False) -> None:
        self._write, self._back, self._loses = owner.process.write, back, loses
        self.under_way, self.let_through = asyncio.Event(), asyncio.Event()
        patch.setattr(owner.process, "write", self._slow)

    async def _slow(self, *actions: Action, tries: int = 1) -> None:
        if self.under_way.is_set() or not any(action.table is ERRANDS for action in actions):
            return await self._write(*actions, tries=tries)
        self.under_way.set()
        if not self._back:
            await self.let_through.wait()
        if self._loses:
            raise ServiceUnavailable("no answer")
        await self._write(*actions, tries=tries)
        if self._back:
            await self.let_through.wait()


@pytest.mark.parametrize("loses", [False, True], ids=["answered", "answer lost"])
async def test_who_ends_work_while_its_runner_ends_it_answers_alone(
    world: World, monkeypatch: pytest.MonkeyPatch, loses: bool
) -> None:
    owner = await world.start()
    request = await owner.send("a")
    slow = Slow(owner, monkeypatch, loses=loses)
    await owner.finish("a")
    await owner.end("a", "cancelled")
    slow.let_through.set()
    await asyncio.sleep(LOOKS_SECONDS)
    assert (world.answers(request), world.ends) == (["cancelled"], [("a", "cancelled")])
    assert await owner.engine.check() == {"errand": {"running": 0, "waiting": 0}}


async def test_a_runner_that_learns_of_an_end_elsewhere_while_it_ends_its_work_does_not_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, other = await world.start(), await world.start()
    request = await owner.send("a")
    slow = Slow(owner, monkeypatch)
    await owner.finish("a")
    await other.end("a", "cancelled")
    owner.engine.doubt("errand", "a")
    await settle()
    slow.let_through.set()
    await asyncio.sleep(LOOKS_SECONDS)
    assert world.answers(request) == ["cancelled"]


async def test_an_end_that_is_written_when_the_process_stops_is_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await world.start()
    request = await owner.send("a")
    slow = Slow(owner, monkeypatch, back=True)
    await owner.finish("a")
    held = owner.engine.held("errand", "a")
    assert held is not None
    stopping = asyncio.create_task(owner.engine.stop())
    await eventually(lambda: held.task is not None and held.task.cancelling())
    slow.let_through.set()
    await stopping
    errand = await owner.errand("a")
    assert errand is not None
    assert (world.answers(request), errand.ends, errand.version) == (["done"], "done", 2)
