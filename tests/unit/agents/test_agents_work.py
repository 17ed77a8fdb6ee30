"""Long work between processes: handed over, found again, refused where there is no room."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from tests.support.agents_world import AGENT, PROJECT, World, error_of, kill_tasks, settle

from nexus_agents.tables import INSTANCES, LISTS, WORK
from nexus_agents.work.pool import AllPlacesTaken, Pool
from nexus_contracts.agents.commands import CreateSession, DeployAgent, InvokeAgent, PostMessage
from nexus_contracts.builds.events import ProjectDeleted
from nexus_contracts.envelope import CloudEvent
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.process.clock import new_id, utc_now

SESSION = "sess_" + "5" * 32


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    made = World()
    await made.start()
    await made.deploy()
    yield made
    await kill_tasks()


def post(text: str) -> PostMessage:
    return PostMessage(command_id=new_id("c"), session_id=SESSION, invocation_id=new_id("inv_"), content=text)


def invocation(text: str = "hello") -> InvokeAgent:
    return InvokeAgent(command_id=new_id("c"), agent_id=AGENT, invocation_id=new_id("inv_"), input_text=text)


def deployment(number: int) -> DeployAgent:
    return DeployAgent(
        command_id=f"c{number}",
        agent_id=AGENT,
        project_id=PROJECT,
        agent_name="tester",
        package_uri="blob:x",
        package_sha256=str(number) * 64,
    )


async def stop(world: World) -> None:
    """The process stops in good order, with no time for what is in hand."""
    for part in reversed(world.works.parts):
        await part.stop()
    await settle()


async def test_a_process_that_stops_ends_its_turn_and_hands_the_next_one_over(world: World) -> None:
    await world.ask(CreateSession(command_id=new_id("c"), session_id=SESSION, agent_id=AGENT))
    first, second = await world.send(post("U1")), await world.send(post("U2"))
    await stop(world)
    assert error_of(world.answers(first)[0])[1]["reason"] == "INTERRUPTED"
    assert [item["runner"] for item in world.database.items(WORK)] == ["unowned"]
    await world.recover()
    world.backend.asked[-1].succeed("A2")
    await settle()
    assert world.answers(second)[0].status == 201
    assert world.backend.prompts == ["U1", "U2"]


async def test_work_whose_commit_was_not_noticed_is_found_and_begun(world: World) -> None:
    command = invocation()
    decision = await world.works.commands.decide(command, None)
    await world.ledger.commit(decision.change)
    for _ in range(2):
        assert world.backend.asked == []
        await world.works.sweeper.check_own()
        await settle()
    (asked,) = world.backend.asked
    asked.succeed()
    await settle()
    assert world.database.items(WORK) == []


async def test_work_that_another_process_has_ended_is_given_up(world: World) -> None:
    await world.send(invocation())
    world.database.tables[WORK.name].clear()
    for _ in range(2):
        assert len(world.backend.asked) == 1
        await world.works.sweeper.check_own()
        await settle()
    assert world.backend.asked == []


async def test_a_full_process_takes_nothing_more() -> None:
    pool, end = Pool(places=1, waiting=1), asyncio.Event()

    async def work() -> None:
        await end.wait()

    for item in "ab":
        pool.require_room()
        pool.add(item, work)
    with pytest.raises(AllPlacesTaken):
        pool.require_room()
    end.set()
    await pool.finish(5)
    pool.require_room()


async def test_a_deleted_project_leaves_only_its_mark_and_no_agent_of_it_comes_again(world: World) -> None:
    deleted = ProjectDeleted(project_id=PROJECT, attempt=1, deleted_at=utc_now())
    event = CloudEvent(id="e", source="/t", type=deleted.type, subject=PROJECT, time=utc_now(), data={})
    for _ in range(2):
        await world.works.agents.delete_agents_of_projects([Delivery(event, deleted, None)])
        await settle()
    assert [item["agent_id"] for item in world.database.items(INSTANCES)] == [PROJECT]
    assert {item["list"] for item in world.database.items(LISTS)} <= {"undeployed", "histories"}
    assert error_of(await world.ask(deployment(4)))[0] == "RESOURCE_NOT_FOUND"


async def test_a_newer_deployment_takes_the_place_of_one_that_still_runs(world: World) -> None:
    world.backend.gate = asyncio.Event()
    commands = [deployment(n) for n in (2, 3)]
    first, second = [await world.send(command) for command in commands]
    assert error_of(world.answers(first)[0])[0] == "RESOURCE_CONFLICT"
    world.backend.gate.set()
    await settle()
    (answer,) = world.answers(second)
    assert answer.result is not None
    (view,) = await world.works.store.agent_views([AGENT])
    assert (view.status, view.deployment.package_sha256, view.deployment.version) == ("running", "3" * 64, 3)
    assert world.database.items(WORK) == []
