"""Long work between processes: handed over, found again, refused where there is no room."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
from pydantic import JsonValue
from tests.support.agents_world import AGENT, PROJECT, World, error_of, kill_tasks, settle
from tests.support.eventually import eventually

from nexus_agents.domain.backend import AgentAnswer
from nexus_agents.domain.backend_errors import AgentFailed
from nexus_agents.tables import INSTANCES, LISTS, WORK
from nexus_contracts.agents.commands import CreateSession, DeployAgent, InvokeAgent, PostMessage
from nexus_contracts.agents.events import AgentUsage
from nexus_contracts.builds.events import ProjectDeleted
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import RateLimitExceeded, ServiceUnavailable
from nexus_runtime.dynamo import Action, Item, Table
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.process.clock import new_id, utc_now
from nexus_runtime.work.items import NOBODY
from nexus_runtime.work.kind import Held

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


def invocation(text: str = "hello", agent_id: str = AGENT) -> InvokeAgent:
    return InvokeAgent(command_id=new_id("c"), agent_id=agent_id, invocation_id=new_id("inv_"), input_text=text)


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
    """The process stops in good order, with no time for what it is at."""
    await world.owner.engine.stop()
    await settle()


async def test_a_process_that_stops_ends_its_turn_and_hands_the_next_one_over(world: World) -> None:
    await world.ask(CreateSession(command_id=new_id("c"), session_id=SESSION, agent_id=AGENT))
    first, second = await world.send(post("U1")), await world.send(post("U2"))
    await stop(world)
    assert error_of(world.answers(first)[0])[1]["reason"] == "INTERRUPTED"
    assert [item["runner"] for item in world.database.items(WORK)] == [NOBODY]
    await world.recover()
    world.backend.asked[-1].succeed("A2")
    await settle()
    assert world.answers(second)[0].status == 201
    assert world.backend.prompts == ["U1", "U2"]


async def test_work_whose_commit_was_not_noticed_is_found_and_begun(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = world.database.write

    async def unheard(*actions: Action) -> None:
        await write(*actions)
        raise ServiceUnavailable("no answer")

    with monkeypatch.context() as lost:
        lost.setattr(world.database, "write", unheard)
        with pytest.raises(ServiceUnavailable):
            await world.send(invocation())
    assert world.backend.asked == []
    await world.sweep()
    (asked,) = world.backend.asked
    asked.succeed()
    await settle()
    assert world.database.items(WORK) == []


async def test_a_database_that_is_unavailable_before_the_agent_is_asked_fails_no_invocation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    get, reads = world.database.get, 0

    async def unsteady(table: Table, key: Any, only: Sequence[str] = ()) -> Item | None:
        nonlocal reads
        reads += table is INSTANCES
        if table is INSTANCES and reads == 2:  # the command has read it before
            raise ServiceUnavailable("down")
        return await get(table, key, only)

    def told_nothing(_held: Held) -> None:
        """As of work that another process began."""

    monkeypatch.setattr(Held, "told", told_nothing)
    monkeypatch.setattr(world.database, "get", unsteady)
    request = await world.send(invocation())
    await eventually(lambda: bool(world.backend.asked))
    assert reads == 3
    world.backend.asked[0].succeed()
    await settle()
    assert [answer.status for answer in world.answers(request)] == [200]


async def test_work_that_another_process_has_ended_is_given_up(world: World) -> None:
    await world.send(invocation())
    assert len(world.backend.asked) == 1
    world.database.tables[WORK.name].clear()
    await world.sweep()
    assert world.backend.asked == []


async def test_a_full_process_takes_nothing_more() -> None:
    world = World(invocation_concurrency=1, max_waiting_invocations=1)
    await world.start()
    await world.deploy()
    for _ in range(2):
        await world.send(invocation())
    with pytest.raises(RateLimitExceeded):
        await world.send(invocation())
    world.backend.asked[0].succeed()
    await settle()
    await world.send(invocation())
    await kill_tasks()


OTHER = f"{PROJECT}:other"


async def test_a_slow_agent_takes_only_its_own_places_and_refuses_what_is_too_much() -> None:
    world = World(invocation_concurrency=3, invocations_per_agent=2, waiting_per_agent=2)
    await world.start()
    await world.deploy()
    await world.deploy(OTHER)
    for number in range(4):
        await world.send(invocation(str(number)))
    assert world.backend.prompts == ["0", "1"]
    with pytest.raises(RateLimitExceeded) as refused:
        await world.send(invocation())
    assert refused.value.details == {"agent_id": AGENT, "running": 2, "waiting": 2}
    await world.send(invocation("other", OTHER))
    assert world.backend.prompts[2:] == ["other"]
    world.backend.asked[0].succeed()
    await settle()
    assert world.backend.prompts[3:] == ["2"]
    await world.send(invocation("4"))
    for _ in range(4):
        world.backend.asked[0].succeed()
        await settle()
    assert world.backend.prompts[4:] == ["3", "4"]
    await kill_tasks()


async def test_what_waits_for_its_agent_when_the_process_stops_is_left_to_others() -> None:
    world = World(invocations_per_agent=1)
    await world.start()
    await world.deploy()
    first, second = invocation(), invocation("unasked")
    await world.send(first)
    await world.send(second)
    await world.owner.engine.stop()
    kept = [await world.turns.invocations.load(one.invocation_id) for one in (first, second)]
    assert [one and str(one.status) for one in kept] == ["failed", "running"]
    await world.recover()
    assert world.backend.prompts[-1] == "unasked"
    await kill_tasks()


async def test_a_deleted_project_leaves_only_its_mark_and_no_agent_of_it_comes_again(world: World) -> None:
    deleted = ProjectDeleted(project_id=PROJECT, attempt=1, deleted_at=utc_now())
    event = CloudEvent(id="e", source="/t", type=deleted.type, subject=PROJECT, time=utc_now(), data={})
    for _ in range(2):
        await world.service.projects.delete_agents_of_projects([Delivery(event, deleted, None)])
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
    view = await world.view()
    assert (view.status, view.deployment.package_sha256, view.deployment.version) == ("running", "3" * 64, 3)
    assert world.database.items(WORK) == []


async def test_what_a_failed_invocation_has_used_of_models_counts(world: World) -> None:
    command = invocation()
    await world.send(command)
    failure = AgentFailed("BUDGET_EXCEEDED", "the budget is used up")
    failure.usage = AgentUsage(input_tokens=7, cost_usd=0.5, model="openai:played")
    world.backend.asked[0].answer.set_exception(failure)
    await settle()
    kept = await world.turns.invocations.load(command.invocation_id)
    assert kept is not None
    assert kept.error is not None
    assert (kept.error.code, kept.usage) == ("BUDGET_EXCEEDED", failure.usage)


async def test_a_trace_tells_how_much_of_the_conversation_was_left_out() -> None:
    world = World(history_messages=2)
    await world.start()
    await world.deploy()
    session_id = "sess_" + "5" * 32
    await world.ask(CreateSession(command_id=new_id("c"), session_id=session_id, agent_id=AGENT))
    sent: list[list[str]] = []
    for number in range(3):
        command = invocation(str(number)).model_copy(update={"session_id": session_id, "enable_trace": True})
        await world.send(command)
        sent.append([message.content for message in world.backend.asked[0].request.history])
        called: dict[str, JsonValue] = {"model": "openai:played"}
        answer = AgentAnswer(f"re {number}", tool_calls=({"name": "pen"},), model_calls=(called,))
        world.backend.asked[0].answer.set_result(answer)
        await settle()
        kept = await world.turns.invocations.load(command.invocation_id)
        turn, asked, call = (kept and kept.trace) or []
        assert asked == {"span": "model", "model": "openai:played"}
        assert turn["history"] == {"messages": len(sent[-1]), "left_out": 2 * number - len(sent[-1])}
        assert call == {"span": "tool", "name": "pen"}
    assert sent == [[], ["0", "re 0"], ["1", "re 1"]]
    await kill_tasks()
