"""The builds service while its broker, its database or the service itself is killed."""

import asyncio
import secrets
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from tests.support.builds_neighbours import Followers
from tests.support.builds_stack import BUILDS, BuildsStack, builds_stack
from tests.support.builds_story import EXTERNAL, a_report, create_command
from tests.support.builds_world import Replica, delivered
from tests.support.eventually import eventually
from tests.support.infra import needs_volatile_broker

from nexus_contracts.builds.commands import ControlAction, ControlProject, CreateProject
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.replies import Reply
from nexus_contracts.topics import BUILDS_EVENTS
from nexus_runtime.process.clock import new_id

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
World = tuple[BuildsStack, Followers]
RECOVERY_SECONDS = 90.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    """One of the groups that must see the events is unavailable: so none of them is settled."""
    folder = tmp_path_factory.mktemp("faults")
    async with builds_stack(folder, followers=BUILDS_EVENTS.groups[:2]) as (stack, followers):
        await stack.start(BUILDS)
        yield stack, followers


async def asked(builds: BuildsStack, command: CreateProject | ControlProject) -> Reply:
    """The answer, however often the command has to be sent: it has one effect."""
    return await eventually(
        lambda: builds.ask(command, command.project_id, seconds=3),
        seconds=RECOVERY_SECONDS,
        despite=(TimeoutError, ServiceUnavailable),
    )


def new_project() -> CreateProject:
    return create_command(project_id=f"proj_{secrets.token_hex(16)}", command_id=new_id("cmd_"), auto_start=False)


async def followed(followers: Followers, project_id: str, last: int) -> None:
    async def seen() -> bool:
        return all(followers.sequences(project_id, group) == list(range(1, last + 1)) for group in followers.got)

    await eventually(seen, seconds=RECOVERY_SECONDS)


async def test_what_was_committed_but_not_published_is_published_by_the_next_process(world: World) -> None:
    builds, followers = world
    builds.stack.kill("builds")
    command = new_project()
    dead = Replica.on(builds.database)
    await dead.ask(command)
    await dead.ask(ControlProject(command_id="s", project_id=command.project_id, action=ControlAction.START))
    await builds.stack.wait_ready("builds", timeout_seconds=RECOVERY_SECONDS)
    await followed(followers, command.project_id, 2)


async def test_a_running_process_publishes_what_another_one_left_behind(world: World) -> None:
    builds, followers = world
    command = new_project()
    await Replica.on(builds.database).ask(command)
    await followed(followers, command.project_id, 1)


@needs_volatile_broker
async def test_a_new_broker_gets_what_nobody_is_known_to_have_consumed_and_work_goes_on(world: World) -> None:
    builds, followers = world
    command = new_project()
    assert (await asked(builds, command)).status == 201
    await followed(followers, command.project_id, 1)
    builds.stack.kill("kafka")
    await builds.stack.wait_ready("kafka")

    async def again() -> bool:
        got = followers.got[BUILDS_EVENTS.groups[0]]
        return sum(event.subject == command.project_id for event in got) >= 2

    await eventually(again, seconds=RECOVERY_SECONDS)
    start = ControlProject(command_id=new_id("cmd_"), project_id=command.project_id, action=ControlAction.START)
    assert (await asked(builds, start)).status == 200
    report = a_report("started", "orchestrator").model_copy(update={"project_id": command.project_id})
    await builds.tell(report, "after the restart", EXTERNAL)
    await builds.reaches(command.project_id, lambda project: project.reports == 1, RECOVERY_SECONDS)
    await followed(followers, command.project_id, 3)


async def test_a_command_survives_a_restart_of_the_database_with_one_effect(world: World) -> None:
    builds, _ = world
    command = new_project()
    assert (await asked(builds, command)).status == 201
    start = ControlProject(command_id=new_id("cmd_"), project_id=command.project_id, action=ControlAction.START)
    await builds.project(command.project_id)  # DynamoDB Local answers a transaction before it is safe, a read after
    builds.stack.kill("dynamodb")
    reply = await asked(builds, start)
    assert (reply.status, reply.error) == (200, None)
    await builds.stack.wait_ready("dynamodb")
    assert [entry.sequence for entry in await builds.events(command.project_id)] == [1, 2]


async def test_reports_that_were_redelivered_after_a_kill_count_once(world: World) -> None:
    builds, _ = world
    command = new_project()
    assert (await asked(builds, command)).status == 201
    reports = [
        a_report(kind, "orchestrator").model_copy(update={"project_id": command.project_id})
        for kind in ["started", *["usage_recorded"] * 10]
    ]
    await Replica.on(builds.database).tell(*(delivered(one, EXTERNAL, f"r{n}") for n, one in enumerate(reports[:5])))
    for number, report in enumerate(reports):
        await builds.tell(report, f"r{number}", EXTERNAL)
        if number == 6:
            builds.stack.kill("builds")
    project = await builds.reaches(command.project_id, lambda project: project.reports == 11, RECOVERY_SECONDS)
    assert project.usage().input_tokens == 30
    assert project.sequence == len(await builds.events(command.project_id)) == 13


async def test_the_service_stops_in_time_while_its_broker_is_away(world: World) -> None:
    builds, _ = world
    await builds.stack.wait_ready("builds", timeout_seconds=RECOVERY_SECONDS)
    builds.stack.pause("kafka")
    async with asyncio.timeout(40):
        await builds.stack.remove("builds")
    builds.stack.cont("kafka")
    assert not [line for line in builds.said("builds") if "did not stop within" in line]
