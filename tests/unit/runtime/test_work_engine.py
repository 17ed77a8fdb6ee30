"""Long work in one process and between processes."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from tests.support.eventually import eventually
from tests.support.work_world import LEASES, SILENT_SECONDS, WORK, World, end_tasks, settle

from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.replies import Outcome
from nexus_runtime.ledger.change import Begin, Change, End, Start
from nexus_runtime.work.answers import Answers
from nexus_runtime.work.hands import MAX_PAUSE_SECONDS, next_pause
from nexus_runtime.work.items import WorkItems, begun
from nexus_runtime.work.kind import Held
from nexus_runtime.work.places import AllPlacesTaken
from nexus_runtime.work.queue import Queue
from nexus_runtime.work.registration import Roster
from nexus_runtime.work.sweeper import QUIET_LOOKS


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    yield World()
    await end_tasks()


async def test_work_begins_with_its_command_and_its_end_answers(world: World) -> None:
    owner = await world.start()
    request = await owner.send("a")
    assert world.answers(request) == []
    await owner.finish("a")
    assert world.answers(request) == ["done"]
    assert world.items() == []


async def test_what_is_known_at_its_beginning_is_told_to_the_first_run_alone() -> None:
    item = begun(Begin("errand", "a", known="what was committed"), "p1")
    held = Held(item, asyncio.Event(), mine=True)
    assert (held.told(), held.told()) == ("what was committed", None)
    assert item.given_to("p2").known is None


async def test_repeat_of_the_command_waits_for_the_same_work(world: World) -> None:
    owner = await world.start()
    first, second = await owner.send("a"), await owner.send("a")
    await owner.send("a", second)
    await owner.finish("a")
    assert len(world.runs) == 1
    assert [(one.request_id, one.replayed) for one in world.replies] == [(first, False), (second, True)]


async def test_repeat_after_the_end_is_answered_at_once(world: World) -> None:
    owner = await world.start()
    await owner.send("a")
    await owner.finish("a")
    late = await owner.send("a")
    assert world.answers(late) == ["done"]
    assert world.replies[-1].replayed


async def test_waiter_known_to_another_process_is_answered_by_the_one_that_ends(world: World) -> None:
    owner, other = await world.start(), await world.start()
    await owner.send("a")
    late = await other.send("a")
    await owner.finish("a")
    assert world.answers(late) == ["done"]
    assert world.ends == [("a", "done")]


async def test_work_beyond_the_places_is_nobodys_and_is_taken_when_there_is_one(world: World) -> None:
    owner = await world.start(at_once=1)
    for name in "abc":
        await owner.send(name)
    assert [(name, bool(runner), epoch) for name, runner, epoch in world.items()] == [
        ("a", True, 1),
        ("b", False, 1),
        ("c", False, 1),
    ]
    for name in "abc":
        assert world.runs[-1][1] == name
        await owner.finish(name)
    assert world.runs == [("p1", "a", 1), ("p1", "b", 2), ("p1", "c", 2)]
    assert world.items() == []


async def test_full_process_takes_nothing_more(world: World) -> None:
    owner = await world.start(at_once=1, waiting=1)
    await owner.send("a")
    await owner.send("b")
    with pytest.raises(AllPlacesTaken):
        await owner.send("c")
    assert await owner.errand("c") is None
    await owner.finish("a")
    await owner.send("c")


async def test_process_with_a_free_place_takes_what_waits_elsewhere(world: World) -> None:
    owner, other = await world.start(at_once=1), await world.start(at_once=1)
    await owner.send("a")
    request = await owner.send("b")
    await other.look()
    assert world.runs[-1] == ("p2", "b", 2)
    await owner.finish("a")
    assert len(world.runs) == 2
    await other.finish("b")
    assert world.answers(request) == ["done"]


async def test_dead_process_leaves_work_that_is_interrupted(world: World) -> None:
    owner, other = await world.start(at_once=1), await world.start()
    at_work, waiting = await owner.send("a"), await owner.send("b")
    await world.kill(owner)
    await other.look()
    assert world.answers(at_work) == ["interrupted"]
    assert world.runs[-1] == ("p2", "b", 2)
    await other.finish("b")
    assert world.answers(waiting) == ["done"]


async def test_dead_process_leaves_idempotent_work_that_is_run_again(world: World) -> None:
    owner, other = await world.start(idempotent=True), await world.start(idempotent=True)
    request = await owner.send("a")
    await world.kill(owner)
    await other.look()
    assert world.runs == [("p1", "a", 1), ("p2", "a", 2)]
    await other.finish("a")
    assert world.answers(request) == ["done"]


async def test_what_a_dead_process_was_at_is_nobodys_until_there_is_a_place(world: World) -> None:
    owner, other = await world.start(idempotent=True), await world.start(idempotent=True, at_once=1)
    await owner.send("a")
    await other.send("b")
    await other.send("c")
    await world.kill(owner)
    await other.look()
    assert world.items() == [("a", "", 2), ("b", other.runner, 1), ("c", "", 1)]
    await other.finish("b")
    assert world.runs[-1] == ("p2", "a", 3)
    await other.finish("a")
    assert world.runs[-1][:2] == ("p2", "c")


async def test_what_waits_for_a_place_is_taken_by_who_has_one(world: World) -> None:
    owner, full, third = [await world.start(idempotent=True, at_once=1) for _ in range(3)]
    request = await owner.send("a")
    await full.send("b")
    await world.kill(owner)
    await full.look()
    await third.look()
    assert world.runs[-1] == ("p3", "a", 3)
    await full.finish("b")
    await third.finish("a")
    assert (world.answers(request), len(world.runs)) == (["done"], 3)


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
async def test_what_was_at_work_goes_before_what_was_never_begun(world: World, names: tuple[str, str]) -> None:
    owner = await world.start(idempotent=True, at_once=1)
    for name in names:
        await owner.send(name)
    await world.kill(owner)
    other = await world.start(idempotent=True, at_once=1)
    await other.look()
    assert world.runs[-1][:2] == ("p2", names[0])


async def test_silent_process_is_taken_for_dead_and_cannot_end_what_it_lost(world: World) -> None:
    owner, other = await world.start(), await world.start()
    request = await owner.send("a")
    owner.process.resumed.clear()
    await world.pass_silence(other)
    assert world.answers(request) == ["interrupted"]
    owner.process.resumed.set()
    await owner.finish("a")
    assert world.answers(request) == ["interrupted"]
    assert world.ends == [("a", "interrupted")]


async def test_process_taken_for_dead_keeps_what_nobody_took_under_its_new_name(world: World) -> None:
    owner = await world.start()
    request = await owner.send("a")
    owner.process.resumed.clear()
    roster = Roster(world.database, LEASES, SILENT_SECONDS, monotonic=world.monotonic)
    for _ in range(5):
        await roster.observe()
        world.now += SILENT_SECONDS / 4
    await roster.observe()
    assert not roster.living
    owner.process.resumed.set()
    await owner.beat()
    await owner.look()  # while it has no name
    await owner.beat()
    await owner.look()
    assert world.items() == [("a", owner.registration.name, 1)]
    assert owner.registration.name != owner.runner
    await owner.finish("a")
    assert world.answers(request) == ["done"]


async def test_owner_that_wakes_cannot_end_work_that_runs_again_elsewhere(world: World) -> None:
    owner, other = await world.start(idempotent=True), await world.start(idempotent=True)
    request = await owner.send("a")
    owner.process.resumed.clear()
    await world.pass_silence(other)
    assert world.runs[-1] == ("p2", "a", 2)
    owner.process.resumed.set()
    await owner.finish("a", "by the former owner")
    assert world.answers(request) == []
    await other.finish("a")
    assert world.answers(request) == ["done"]


async def test_process_that_stops_hands_over_what_can_be_run_again(world: World) -> None:
    owner, other = await world.start(idempotent=True), await world.start(idempotent=True)
    request = await owner.send("a")
    await owner.engine.stop()
    assert world.items() == [("a", "", 2)]
    await other.look()
    await other.finish("a")
    assert world.answers(request) == ["done"]


async def test_process_that_stops_interrupts_what_cannot(world: World) -> None:
    owner = await world.start()
    request = await owner.send("a")
    await owner.engine.stop()
    assert world.answers(request) == ["interrupted"]
    assert world.items() == []
    assert world.memory.items(LEASES) == []


async def test_process_that_stops_lets_work_finish_within_its_time(world: World) -> None:
    owner = await world.start()
    request = await owner.send("a")
    stopping = asyncio.create_task(owner.engine.stop())
    await settle()
    await owner.finish("a")
    await stopping
    assert world.answers(request) == ["done"]


async def test_work_ended_by_another_process_is_given_up_at_the_next_look(world: World) -> None:
    owner, other = await world.start(), await world.start()
    request = await owner.send("a")
    await other.end("a", "cancelled")
    await settle()
    assert world.answers(request) == ["cancelled"]
    held = owner.engine.held("errand", "a")
    assert held is not None
    await owner.look()
    assert held.lost.is_set()
    assert owner.engine.held("errand", "a") is None


async def test_work_ended_elsewhere_in_its_process_is_given_up_at_once(world: World) -> None:
    owner = await world.start()
    request = await owner.send("a")
    await owner.end("a", "cancelled")
    await settle()
    assert owner.engine.held("errand", "a") is None
    assert world.answers(request) == ["cancelled"]
    await owner.send("b")


async def test_begin_whose_commit_was_not_noticed_is_found_and_run_once(world: World) -> None:
    owner = await world.start()
    owner.process.lose_answer_of = "TestErrands"
    with pytest.raises(ServiceUnavailable):
        await owner.send("a")
    assert world.runs == []
    await owner.look()
    assert world.runs == [("p1", "a", 2)]
    again = await owner.send("a")
    await owner.finish("a")
    assert world.answers(again) == ["done"]


async def test_end_whose_commit_was_not_noticed_is_answered(world: World) -> None:
    owner = await world.start()
    request = await owner.send("a")
    owner.process.lose_answer_of = "TestErrands"
    await owner.finish("a")
    await eventually(lambda: world.answers(request) == ["done"])
    await eventually(lambda: owner.engine.held("errand", "a") is None)
    assert world.items() == []


async def test_work_begun_for_later_waits_for_its_start_and_keeps_who_waits(world: World) -> None:
    owner, other = await world.start(), await world.start()
    request = await owner.send("a", later=True)
    await other.look()
    other.engine.hint("errand", "a")
    late = await other.send("a")
    assert world.runs == []
    await other.ledger.commit(Change(starts=(Start("errand", "a"),)))
    await settle()
    assert world.runs == [("p2", "a", 2)]
    await other.finish("a")
    assert world.answers(request) == world.answers(late) == ["done"]


async def test_unowned_work_is_taken_at_once_on_a_hint(world: World) -> None:
    owner = await world.start()
    queue = Queue(WorkItems(world.database, WORK), Answers(owner.process))
    async with queue.transaction(Change(begins=(Begin("errand", "a"),))) as actions:
        await world.database.write(*actions, *owner.created("a").change.actions)
    assert world.items() == [("a", "", 1)]
    owner.engine.hint("errand", "a", to_take=False)
    await settle()
    assert world.runs == []
    owner.engine.hint("errand", "a")
    await settle()
    assert world.runs == [("p1", "a", 2)]


async def test_hint_and_look_take_work_once(world: World) -> None:
    owner, other = await world.start(), await world.start()
    queue = Queue(WorkItems(world.database, WORK), Answers(owner.process))
    async with queue.transaction(Change(begins=(Begin("errand", "a"),))) as actions:
        await world.database.write(*actions, *owner.created("a").change.actions)
    for one in (owner, other):
        one.engine.hint("errand", "a")
    await asyncio.gather(owner.look(), other.look())
    assert len(world.runs) == 1


async def test_work_begun_anew_under_its_name_is_not_ended_by_who_held_the_former(world: World) -> None:
    owner, other = await world.start(idempotent=True), await world.start(idempotent=True)
    await owner.send("a")
    owner.process.resumed.clear()
    replaced = Change((), ends=(End("errand", "a", Outcome(status=409)),), begins=(Begin("errand", "a"),))
    await other.ledger.commit(replaced)
    await settle()
    assert world.runs[-1] == ("p2", "a", 2)
    owner.process.resumed.set()
    await owner.finish("a", "by the former owner")
    await eventually(lambda: owner.engine.held("errand", "a") is None)
    assert world.ends == []
    await other.finish("a")
    assert world.ends == [("a", "done")]


async def test_work_replaced_in_its_own_process_begins_when_the_former_run_is_over(world: World) -> None:
    owner = await world.start(idempotent=True)
    request = await owner.send("a")
    replaced = Change((), ends=(End("errand", "a", Outcome(status=201, result={"ends": "replaced"})),))
    await owner.ledger.commit(replaced + Change(begins=(Begin("errand", "a", world.address("new")),)))
    await settle()
    assert world.answers(request) == ["replaced"]
    assert [name for _, name, _ in world.runs] == ["a", "a"]
    await owner.finish("a")
    assert world.answers("new") == ["done"]


async def test_run_that_returns_before_the_end_is_run_again_or_interrupted(world: World) -> None:
    for idempotent, ends in ((True, "done"), (False, "interrupted")):
        owner = await world.start(idempotent=idempotent)
        name = f"errand-{idempotent}"
        request = await owner.send(name)
        owner.kind.running[name].set_exception(RuntimeError("out of ink"))
        owner.kind.prompt = True
        await eventually(lambda: world.answers(request))  # noqa: B023
        assert world.answers(request) == [ends]


async def test_outage_ends_no_work(world: World) -> None:
    owner, other = await world.start(), await world.start()
    await owner.send("a")
    world.now += 10 * SILENT_SECONDS
    await other.look()
    assert world.ends == []
    for one in (owner, other):
        await one.beat()
    await other.look()
    await owner.finish("a")
    assert world.ends == [("a", "done")]


async def test_idle_process_reads_little_more_than_the_leases(world: World) -> None:
    owner = await world.start()
    await owner.look()
    before = owner.process.calls
    for _ in range(QUIET_LOOKS):
        await owner.engine.sweeper.look()
    assert owner.process.calls - before == QUIET_LOOKS


def test_what_fails_again_waits_longer_and_what_went_well_for_a_while_begins_anew() -> None:
    pauses = [0.0]
    for _ in range(12):
        pauses.append(next_pause(pauses[-1], 0.1, lasted=1.0))
    assert pauses[1:4] == [0.1, 0.2, 0.4]
    assert pauses[-1] == MAX_PAUSE_SECONDS
    assert next_pause(pauses[-1], 0.1, lasted=MAX_PAUSE_SECONDS + 1) == 0.1
