"""Builds as long work: what begins and ends it, what a pause and a lost worker do to it."""

import asyncio
from typing import Any

import pytest
from tests.support.builds_story import PROJECT, Story, control_command, create_command
from tests.support.builds_world import LossyDatabase, Replica
from tests.support.eventually import eventually

from nexus_builds.domain import control
from nexus_builds.domain.control import Methods
from nexus_builds.domain.endings import Patience
from nexus_builds.store.projects import BUILD, work_of
from nexus_builds.store.verifications import VERIFICATION
from nexus_builds.tables import LEASES
from nexus_builds.work.watch import LostWorkers, Watch
from nexus_builds.worker.build_run import BuildRun
from nexus_builds.worker.building import Hints
from nexus_contracts.builds.commands import ControlAction, ControlProject, DeleteProject
from nexus_contracts.builds.events import (
    Builder,
    BuildPaused,
    BuildResumed,
    BuildStarted,
    ProjectDeleted,
    Trigger,
    VerificationRequested,
)
from nexus_contracts.builds.views import ProjectStatus
from nexus_runtime.process.clock import utc_now
from nexus_runtime.work.items import WorkItem
from nexus_runtime.work.kind import Held
from nexus_runtime.work.places import Capacity, Places
from nexus_runtime.work.registration import Roster

COUNT = iter(range(1_000))


@pytest.fixture
def database() -> LossyDatabase:
    return LossyDatabase()


@pytest.fixture
def replica(database: LossyDatabase) -> Replica:
    return Replica(database)


async def controlled(replica: Replica, action: ControlAction) -> None:
    command = ControlProject(command_id=f"c{next(COUNT)}", project_id=PROJECT, action=action)
    assert (await replica.ask(command)).status == 200


async def build_of(replica: Replica) -> WorkItem:
    item = await replica.work.items.get(BUILD, PROJECT)
    assert item is not None
    return item


async def test_a_build_is_work_from_its_start_to_its_end_pauses_included(replica: Replica) -> None:
    await replica.ask(create_command(auto_start=False))
    assert await replica.at_work(BUILD) == []
    for action in (ControlAction.START, ControlAction.PAUSE, ControlAction.RESUME):
        await controlled(replica, action)
        assert await replica.at_work(BUILD) == [PROJECT]
    await controlled(replica, ControlAction.STOP)
    assert await replica.at_work(BUILD) == []
    await controlled(replica, ControlAction.RESTART)
    assert await replica.at_work(BUILD) == [PROJECT]
    await replica.ask(DeleteProject(command_id="gone", project_id=PROJECT))
    assert await replica.at_work(BUILD) == []
    assert await replica.at_work("erasure") == [PROJECT]


def test_builds_of_others_are_no_work_of_the_platform() -> None:
    story = Story(auto_start=False)
    before = story.project
    story.report("started", "orchestrator", source="/ci")
    change = work_of(before, story.project)
    assert (change.begins, change.ends) == ((), ())


def held(item: WorkItem) -> Held:
    made = Held(item, asyncio.Event(), mine=True)
    made.places, made.placed = Places(Capacity(1)), True
    made.places.reserve()
    return made


async def test_a_paused_build_gives_its_place_to_others_and_goes_on_when_told(replica: Replica) -> None:
    await replica.ask(create_command())
    await controlled(replica, ControlAction.PAUSE)
    held_build = held(await build_of(replica))
    places = held_build.places
    assert places is not None
    workshop: Any = Shop(replica)
    run = asyncio.create_task(BuildRun(workshop, PROJECT, held_build).run())
    await eventually(lambda: places.free)
    await controlled(replica, ControlAction.STOP)
    held_build.changed.set()
    await asyncio.wait_for(run, 10)
    assert places.taken == 1


class Shop:
    """A workshop of which only the project is asked."""

    def __init__(self, replica: Replica) -> None:
        self.load = replica.store.load


async def test_every_event_of_a_project_is_one_hint_and_some_say_that_there_may_be_a_build_to_take() -> None:
    hinted: list[tuple[str, str, bool]] = []

    class Engine:
        def hint(self, kind: str, name: str, *, to_take: bool = True) -> None:
            hinted.append((kind, name, to_take))

    started = BuildStarted(project_id=PROJECT, attempt=1, builder=Builder.PLATFORM, trigger=Trigger.START)
    deleted = ProjectDeleted(project_id=PROJECT, attempt=0, deleted_at=utc_now())
    resumed, paused = (kind(project_id=PROJECT, attempt=1) for kind in (BuildResumed, BuildPaused))
    deliveries: Any = [Told("p1", started), Told("p2", deleted), Told("p3", resumed), Told("p3", paused)]
    await Hints(Engine()).hear(deliveries)
    assert hinted == [(BUILD, "p1", True), (BUILD, "p2", False), (BUILD, "p3", True)]


async def test_a_verification_that_is_asked_for_is_a_hint_of_its_own() -> None:
    hinted: list[tuple[str, str, bool]] = []

    class Engine:
        def hint(self, kind: str, name: str, *, to_take: bool = True) -> None:
            hinted.append((kind, name, to_take))

    asked = VerificationRequested(project_id=PROJECT, attempt=1, agent_id=f"{PROJECT}:a", verification_id="ver_1")
    deliveries: Any = [Told(PROJECT, asked)]
    await Hints(Engine()).hear(deliveries)
    assert hinted == [(BUILD, PROJECT, False), (VERIFICATION, f"{PROJECT}:a#ver_1", True)]


class Told:
    def __init__(self, subject: str, message: object) -> None:
        self.event = self
        self.subject = subject
        self.message = message


def watch(replica: Replica, clock: list[float]) -> Watch:
    roster = Roster(replica.database, LEASES, 5.0, lambda _: False, lambda: clock[0])
    patience = Patience(silence=9e9, lost=0.0, total=9e9)
    workers = LostWorkers(replica.work.items, roster, 30.0, lambda: clock[0])
    return Watch(replica.store, replica.ledger, utc_now, patience, 1.0, workers)


async def test_a_build_whose_worker_is_gone_for_long_enough_fails(replica: Replica) -> None:
    await replica.ask(create_command())
    clock = [0.0]
    over = watch(replica, clock)
    await replica.work.items.give(await build_of(replica), "run_gone")
    for moment in (0.0, 29.9):
        clock[0] = moment
        await over.look()
    assert (await replica.present()).status is ProjectStatus.BUILDING
    clock[0] = 30.0
    await over.look()
    failed = await replica.present()
    assert failed.attempt is not None
    assert failed.attempt.error is not None
    assert (failed.status, failed.attempt.error.code) == (ProjectStatus.FAILED, "WORKER_LOST")
    assert await replica.at_work(BUILD) == []


async def test_a_build_that_another_worker_took_over_is_not_lost(replica: Replica) -> None:
    await replica.ask(create_command())
    clock = [0.0]
    over = watch(replica, clock)
    given = await replica.work.items.give(await build_of(replica), "run_gone")
    await over.look()
    clock[0] = 29.0
    await replica.work.items.give(given, "run_gone_too")
    await over.look()
    clock[0] = 31.0
    await over.look()
    assert (await replica.present()).status is ProjectStatus.BUILDING


async def test_a_build_that_no_worker_has_taken_is_not_lost(replica: Replica) -> None:
    await replica.ask(create_command())
    clock = [0.0]
    over = watch(replica, clock)
    await over.look()
    clock[0] = 100.0
    await over.look()
    assert (await replica.present()).status is ProjectStatus.BUILDING


def test_a_restart_in_one_step_would_replace_the_work() -> None:
    """No control does so today: each ends the attempt before. The store does not rely on it."""
    story = Story()
    before = story.project
    story.control(ControlAction.STOP)
    after, _ = control.control(story.project, control_command(ControlAction.RESTART), Story.at(9), Methods())
    change = work_of(before, after)
    assert [begin.kind for begin in change.begins] == [end.kind for end in change.ends] == [BUILD]
