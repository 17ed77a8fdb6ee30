"""Long work whose process dies before or after any of its calls of database and broker: it ends once."""

import pytest
from tests.support.work_world import Killed, Owner, World, end_tasks, eventually, settle


async def scenario(owner: Owner, delivered: list[str]) -> None:
    """A command, a repeat of it, and the end of its work; `delivered` are the requests whose handling was finished."""
    for request_id in ("first", "second"):
        await owner.send("a", request_id)
        delivered.append(request_id)
    await owner.finish("a")
    await settle()


async def killed_at(call: int, *, after: bool, idempotent: bool, waiting: bool) -> tuple[World, bool]:
    """The world after a process died at that call and another one did the rest; whether the call came at all."""
    world, delivered = World(), list[str]()
    first = await world.start(idempotent=idempotent, at_once=1)
    if waiting:
        await first.send("busy")
    first.process.cut_at, first.process.cut_after = first.process.calls + call, after
    try:
        await scenario(first, delivered) if not waiting else await queued_scenario(first, delivered)
    except Killed:
        await settle()
    reached = first.process.dead
    await world.kill(first)
    second = await world.start(idempotent=idempotent)
    await second.look()
    for request_id in ("first", "second"):
        if request_id not in delivered:
            await second.send("a", request_id)
    await finish_all(second)
    return world, reached


async def queued_scenario(owner: Owner, delivered: list[str]) -> None:
    """The work waits for a place, which another's end leaves to it."""
    for request_id in ("first", "second"):
        await owner.send("a", request_id)
        delivered.append(request_id)
    await owner.finish("busy")
    await owner.finish("a")
    await settle()


async def finish_all(owner: Owner) -> None:
    for _ in range(5):
        await owner.look()
        for name in list(owner.kind.running):
            if not owner.kind.running[name].done():
                await owner.finish(name)
    await settle()


@pytest.mark.parametrize("waiting", [False, True], ids=["at once", "queued"])
@pytest.mark.parametrize("idempotent", [False, True], ids=["interrupted", "repeated"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_process_dies_at_any_call(after: bool, idempotent: bool, waiting: bool) -> None:
    call, reached = 0, True
    while reached:
        call += 1
        world, reached = await killed_at(call, after=after, idempotent=idempotent, waiting=waiting)
        ends = [ends for name, ends in world.ends if name == "a"]
        item = await world.owners[-1].errand("a")
        where = f"killed at call {call}"
        assert item is not None, where
        assert item.ends, where
        assert item.version == 2, f"{where}: ended once"
        assert len(ends) <= 1, where
        assert world.items() == [], where
        for request_id in ("first", "second"):
            answers = world.answers(request_id)
            assert len(answers) <= 1, f"{where}: {request_id}"
            assert set(answers) <= {item.ends}, f"{where}: {request_id}"
            if not answers:
                # The process died after the end was durable and before the answer left: a repeat has it.
                assert ends == [] or ends == [item.ends], where
                assert world.owners[0].process.dead
                again = await world.owners[-1].send("a")
                await eventually(lambda: world.answers(again) == [item.ends])  # noqa: B023
        await end_tasks()
    assert call > 5, "the calls of the scenario were counted"
