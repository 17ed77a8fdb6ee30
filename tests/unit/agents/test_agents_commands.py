"""What the commands come to, on a database in memory and with agents that the test plays."""

import asyncio
import json
from typing import Any

import pytest
from tests.support.agents_world import AGENT, PACKAGE, PROJECT, World, error_of, kill_tasks, settle

from nexus_agents.domain.backend_errors import PackageRejected
from nexus_agents.domain.turn import MAX_WAITING
from nexus_agents.tables import INSTANCES, INVOCATIONS, LEDGER, LISTS, MESSAGES, SESSIONS, WORK
from nexus_contracts.agents.commands import (
    CreateSession,
    DeleteAgent,
    DeleteSession,
    DeployAgent,
    InvokeAgent,
    PostMessage,
)
from nexus_contracts.agents.views import AgentView, InvocationResult, TurnView
from nexus_contracts.errors import RateLimitExceeded
from nexus_contracts.remains import KEPT
from nexus_runtime.dynamo import Action
from nexus_runtime.process.clock import new_id


@pytest.fixture
async def world():
    made = World()
    await made.start()
    yield made
    await kill_tasks()


def deployment(**fields: str) -> DeployAgent:
    usual = {
        "command_id": new_id("c"),
        "agent_id": AGENT,
        "project_id": PROJECT,
        "agent_name": "tester",
        "package_uri": PACKAGE.uri,
        "package_sha256": PACKAGE.sha256,
    }
    return DeployAgent.model_validate(usual | fields)


def invocation(text: str = "hello", **fields: object) -> InvokeAgent:
    usual = {"command_id": new_id("c"), "agent_id": AGENT, "invocation_id": new_id("inv_"), "input_text": text}
    return InvokeAgent.model_validate(usual | fields)


def post(session_id: str, text: str, role: str = "user") -> PostMessage:
    return PostMessage.model_validate(
        {
            "command_id": new_id("c"),
            "session_id": session_id,
            "invocation_id": new_id("inv_"),
            "content": text,
            "role": role,
        }
    )


async def session_of(world: World) -> str:
    session_id = new_id("sess_")
    answer = await world.ask(CreateSession(command_id=new_id("c"), session_id=session_id, agent_id=AGENT))
    assert answer.status == 201
    return session_id


async def said(world: World, session_id: str) -> list[tuple[int, str, str]]:
    messages = await world.turns.messages.read(session_id, 1, 1000)
    return [(message.sequence, message.role, message.content) for message in messages]


async def test_a_deployed_agent_runs_and_has_what_its_manifest_says(world: World) -> None:
    answer = await world.deploy()
    assert (answer.status, answer.result is not None and answer.result["status"]) == (201, "running")
    view = await world.view()
    assert (view.capabilities, view.category, view.version) == (["tool:pen", "writing"], "fun", "1.0.0")
    assert await world.events(AGENT) == ["agent.deploying.v1", "agent.deployed.v1"]
    assert world.database.items(WORK) == []


async def test_the_same_deployment_twice_deploys_once_and_answers_both(world: World) -> None:
    command = deployment()
    first, second = await world.send(command), await world.send(command)
    assert len(world.backend.deployments) == 1
    (one,), (other,) = world.answers(first), world.answers(second)
    assert (one.result, one.replayed, other.result, other.replayed) == (other.result, False, one.result, True)


async def test_a_first_deployment_that_fails_leaves_the_agent_offline_and_uninvoked(world: World) -> None:
    world.backend.fault = PackageRejected("NOT_A_ZIP", "no zip")
    answer = await world.deploy()
    view = AgentView.model_validate(answer.result)
    assert (view.status, view.deployment.last_error and view.deployment.last_error.code) == ("offline", "NOT_A_ZIP")
    refused = await world.ask(invocation())
    assert error_of(refused)[0] == "INVALID_STATE"
    assert world.database.items(INVOCATIONS) == []


async def test_a_failed_redeployment_keeps_the_old_one_running(world: World) -> None:
    await world.deploy()
    world.backend.fault = PackageRejected("NOT_A_ZIP", "no zip")
    await world.send(deployment(package_sha256="2" * 64, package_uri="blob:sha256:" + "2" * 64))
    view = await world.view()
    assert (view.status, view.deployment.status, view.deployment.package_sha256) == ("running", "failed", "2" * 64)
    await world.send(invocation())
    assert world.backend.asked[0].agent.package == PACKAGE


async def test_a_deployment_whose_process_died_is_taken_up_again(world: World) -> None:
    world.backend.gate = asyncio.Event()
    request = await world.send(deployment())
    world.backend.gate = None
    await world.crash()
    assert len(world.backend.deployments) == 2
    assert [answer.status for answer in world.answers(request)] == [201]


async def test_an_invocation_is_answered_when_its_agent_has(world: World) -> None:
    await world.deploy()
    command = invocation()
    request = await world.send(command)
    assert world.answers(request) == []
    world.backend.asked[0].succeed("hi")
    await settle()
    (answer,) = world.answers(request)
    result = InvocationResult.model_validate(answer.result)
    assert (answer.status, result.output, result.status) == (200, "hi", "succeeded")
    view = await world.view()
    assert (view.runtime_stats.total_invocations, view.runtime_stats.successful_invocations) == (1, 1)
    assert await world.events(command.invocation_id) == ["invocation.started.v1", "invocation.succeeded.v1"]


async def test_whoever_repeats_an_invocation_while_it_runs_or_after_gets_the_same_answer(world: World) -> None:
    await world.deploy()
    command = invocation()
    first, second = await world.send(command), await world.send(command)
    world.backend.asked[0].succeed()
    await settle()
    third = await world.send(command)
    answers = [world.answers(request) for request in (first, second, third)]
    assert [len(one) for one in answers] == [1, 1, 1]
    assert [one[0].replayed for one in answers] == [False, True, True]
    assert len({one[0].model_dump_json(include={"status", "result"}) for one in answers}) == 1
    assert world.backend.prompts == ["hello"]


async def test_a_failed_agent_is_an_error_with_its_reason(world: World) -> None:
    await world.deploy()
    command = invocation()
    request = await world.send(command)
    world.backend.asked[0].fail()
    await settle()
    code, details = error_of(world.answers(request)[0])
    assert (code, details) == (
        "AGENT_INVOCATION_FAILED",
        {"invocation_id": command.invocation_id, "reason": "OUT_OF_INK"},
    )


async def test_what_a_dead_process_had_in_hand_ends_as_interrupted_and_is_not_run_again(world: World) -> None:
    await world.deploy()
    request = await world.send(invocation())
    await world.crash()
    code, details = error_of(world.answers(request)[0])
    assert (code, details["reason"]) == ("AGENT_INVOCATION_FAILED", "INTERRUPTED")
    assert world.backend.prompts == ["hello"]
    assert world.database.items(WORK) == []


async def test_a_paused_process_that_wakes_overwrites_nothing(world: World) -> None:
    await world.deploy()
    command = invocation()
    request = await world.send(command)
    (asked,) = await world.pause()
    world.backend.asked.append(asked)
    asked.succeed("too late")
    await settle()
    assert [error_of(answer)[1]["reason"] for answer in world.answers(request)] == ["INTERRUPTED"]
    found = await world.turns.invocations.load(command.invocation_id)
    assert found is not None
    assert found.output is None
    assert (await world.view()).runtime_stats.total_invocations == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"agent_id": f"{PROJECT}:nobody"}, "RESOURCE_NOT_FOUND"),
        ({"agent_id": "nonsense"}, "RESOURCE_NOT_FOUND"),
        ({"session_id": "sess_" + "f" * 32}, "RESOURCE_NOT_FOUND"),
    ],
)
async def test_what_cannot_be_invoked_is_refused(world: World, fields: dict[str, Any], code: str) -> None:
    await world.deploy()
    assert error_of(await world.ask(invocation(**fields)))[0] == code


async def test_two_messages_at_once_are_answered_one_after_the_other(world: World) -> None:
    await world.deploy()
    session_id = await session_of(world)
    first, second = await world.send(post(session_id, "U1")), await world.send(post(session_id, "U2"))
    assert [asked.request.prompt for asked in world.backend.asked] == ["U1"]
    world.backend.asked[0].succeed("A1")
    await settle()
    (asked,) = world.backend.asked
    assert [(turn.role, turn.content) for turn in asked.request.history] == [("user", "U1"), ("assistant", "A1")]
    asked.succeed("A2")
    await settle()
    turns = [TurnView.model_validate(world.answers(request)[0].result) for request in (first, second)]
    assert [turn.user_message.sequence for turn in turns] == [1, 3]
    assert [text for _, _, text in await said(world, session_id)] == ["U1", "A1", "U2", "A2"]


async def test_a_system_message_waits_its_turn_and_is_only_kept(world: World) -> None:
    await world.deploy()
    session_id = await session_of(world)
    await world.send(post(session_id, "U1"))
    note = await world.send(post(session_id, "be brief", role="system"))
    assert world.answers(note) == []
    world.backend.asked[0].succeed("A1")
    await settle()
    (answer,) = world.answers(note)
    assert TurnView.model_validate(answer.result).assistant_message is None
    at_once = await world.ask(post(session_id, "be kind", role="system"))
    assert at_once.status == 201
    assert [role for _, role, _ in await said(world, session_id)] == ["user", "assistant", "system", "system"]


async def test_a_session_goes_on_after_a_failed_turn_and_keeps_its_message(world: World) -> None:
    await world.deploy()
    session_id = await session_of(world)
    await world.send(post(session_id, "U1"))
    await world.send(post(session_id, "U2"))
    world.backend.asked[0].fail()
    await settle()
    world.backend.asked[0].succeed("A2")
    await settle()
    assert await said(world, session_id) == [(1, "user", "U1"), (2, "user", "U2"), (3, "assistant", "A2")]


async def test_the_next_turn_starts_when_the_process_of_the_one_before_died(world: World) -> None:
    await world.deploy()
    session_id = await session_of(world)
    first, second = await world.send(post(session_id, "U1")), await world.send(post(session_id, "U2"))
    await world.crash()
    assert error_of(world.answers(first)[0])[1]["reason"] == "INTERRUPTED"
    world.backend.asked[0].succeed("A2")
    await settle()
    assert world.answers(second)[0].status == 201


async def test_the_last_turn_closes_the_session(world: World) -> None:
    await world.deploy()
    session_id = await session_of(world)
    await world.send(invocation("bye", session_id=session_id, end_session=True))
    assert error_of(await world.ask(post(session_id, "one more")))[0] == "INVALID_STATE"
    world.backend.asked[0].succeed("bye")
    await settle()
    session = await world.turns.sessions.load(session_id)
    assert session is not None
    assert session.status == "closed"
    assert await world.events(session_id) == ["session.created.v1", "session.closed.v1"]


async def test_too_many_waiting_messages_are_refused_until_there_is_room(world: World) -> None:
    await world.deploy()
    session_id = await session_of(world)
    for number in range(101):
        await world.send(post(session_id, f"U{number}"))
    with pytest.raises(RateLimitExceeded):  # not stored: the same message is taken when there is room
        await world.ask(post(session_id, "too much"))
    session = await world.turns.sessions.load(session_id)
    assert session is not None
    assert len(session.queue) == MAX_WAITING


async def test_a_deleted_session_cancels_its_turns_and_leaves_no_message(world: World) -> None:
    await world.deploy()
    session_id = await session_of(world)
    running, waiting = post(session_id, "U1"), post(session_id, "U2")
    requests = [await world.send(running), await world.send(waiting)]
    answer = await world.ask(DeleteSession(command_id=new_id("c"), session_id=session_id))
    assert answer.result is not None
    assert answer.result["deleted_messages"] == 1
    await settle()
    reasons = [error_of(world.answers(request)[0])[1]["reason"] for request in requests]
    assert reasons == ["SESSION_DELETED", "SESSION_DELETED"]
    assert (world.database.items(MESSAGES), world.database.items(SESSIONS), world.backend.asked) == ([], [], [])
    assert await world.events(running.invocation_id) == ["invocation.started.v1", "invocation.cancelled.v1"]
    assert await world.events(waiting.invocation_id) == []


async def test_a_session_is_deleted_only_as_its_caller_has_seen_it(world: World) -> None:
    await world.deploy()
    session_id = await session_of(world)
    await world.send(post(session_id, "U1"))
    stale = await world.ask(DeleteSession(command_id="c1", session_id=session_id, if_match=1))
    code, details = error_of(stale)
    assert (code, details["current_etag"]) == ("PRECONDITION_FAILED", '"2"')
    assert (await world.ask(DeleteSession(command_id="c2", session_id=session_id, if_match=[1, 2]))).status == 200


async def everything_of_an_agent(world: World) -> list[str]:
    """A deployed agent with a used session, a running turn, one that waits and an invocation that runs."""
    await world.deploy()
    session_id = await session_of(world)
    await world.send(post(session_id, "be brief", role="system"))
    await world.send(post(session_id, "U1"))
    world.backend.asked[0].succeed("A1")
    await settle()
    waiting = [post(session_id, "U2"), post(session_id, "note", role="system"), invocation("alone")]
    return [await world.send(command) for command in waiting]


async def leave_no_trace(world: World) -> None:
    """The outbox is published, and what may be erased after that is erased."""
    world.database.tables[LEDGER.outbox.name] = {}
    await world.sweep()
    await world.service.histories.forget()
    left = {table.name: world.database.items(table) for table in (INVOCATIONS, SESSIONS, MESSAGES, WORK)}
    assert left == {table: [] for table in left}
    kept = [json.loads(item["entries"]) for item in world.database.items(LEDGER.history)]
    assert {entry["type"] for entries in kept for entry in entries} <= KEPT.keys()
    assert "U1" not in json.dumps(kept)


async def test_a_deleted_agent_is_gone_at_once_and_leaves_nothing_behind(world: World) -> None:
    requests = await everything_of_an_agent(world)
    answer = await world.ask(DeleteAgent(command_id=new_id("c"), agent_id=AGENT))
    assert answer.status == 200
    assert await world.agents.load(AGENT) is None
    await settle()
    assert AGENT in world.backend.undeployed
    assert {error_of(world.answers(request)[0])[1]["reason"] for request in requests} == {"AGENT_DELETED"}
    assert (await world.events(AGENT))[-1] == "agent.deleted.v1"
    await leave_no_trace(world)
    assert world.database.items(INSTANCES) == []
    assert {item["list"] for item in world.database.items(LISTS)} <= {f"default#sequences#{PROJECT}", "undeployed"}


async def cut_off(world: World, patch: pytest.MonkeyPatch, writes: int) -> bool:
    """Deletes the agent by a process that dies before it has written so often. False where it was done before."""
    write, written, ever = world.database.write, 0, asyncio.Event()

    async def last_write(*actions: Action) -> None:
        nonlocal written
        written += 1
        if written > writes:
            await ever.wait()
        await write(*actions)

    with patch.context() as dying:
        dying.setattr(world.database, "write", last_write)
        await world.ask(DeleteAgent(command_id=new_id("c"), agent_id=AGENT))
        await kill_tasks()
    return written > writes


async def test_a_deletion_that_is_cut_off_before_any_of_its_writes_is_carried_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writes = 1
    while True:
        world = World()
        await world.start()
        requests = await everything_of_an_agent(world)
        cut = await cut_off(world, monkeypatch, writes)
        await world.crash()
        await leave_no_trace(world)
        assert world.database.items(INSTANCES) == []
        assert all(len(world.answers(request)) <= 1 for request in requests)
        await kill_tasks()
        if not cut:
            break
        writes += 1
    assert writes > 10


async def test_an_agent_of_the_same_id_goes_on_in_the_sequence_of_its_events(world: World) -> None:
    await world.deploy()
    await world.ask(DeleteAgent(command_id=new_id("c"), agent_id=AGENT))
    await settle()
    answer = await world.deploy()
    assert answer.result is not None
    assert answer.result["status"] == "running"
    entries = [entry async for entry in world.owner.history.read(AGENT)]
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5]


async def test_a_stale_if_match_deletes_nothing(world: World) -> None:
    await world.deploy()
    refused = await world.ask(DeleteAgent(command_id=new_id("c"), agent_id=AGENT, if_match=1))
    assert error_of(refused)[0] == "PRECONDITION_FAILED"
    accepted = await world.ask(DeleteAgent(command_id=new_id("c"), agent_id=AGENT, if_match=2))
    assert accepted.status == 200
