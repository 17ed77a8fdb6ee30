"""What invocations and sessions cost their owner: calls of the database, counted, and when a read is not spared."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio
from tests.support.agents_world import AGENT, PACKAGE, SESSION, World, error_of, kill_tasks, settle, world_with_session

from nexus_agents.domain.backend import AgentAnswer
from nexus_agents.store.agents import KNOWN_SECONDS, SHARDS, KnownAgents
from nexus_agents.tables import INSTANCES, INVOCATIONS
from nexus_contracts.agents.commands import CreateSession, DeleteAgent, InvokeAgent, PostMessage, SetAgentStatus
from nexus_contracts.errors import RateLimitExceeded, ServiceUnavailable
from nexus_contracts.principal import Principal
from nexus_runtime.dynamo import Action, Item, Table
from nexus_runtime.process.clock import new_id

Calls = list[str]


@pytest_asyncio.fixture
async def world() -> AsyncGenerator[World]:
    async with world_with_session() as made:
        yield made


@pytest.fixture
def calls(world: World, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """The calls from now on: of reads the table, of writes how many actions they have."""
    made: Calls = []
    get, get_many = world.database.get, world.database.get_many
    query, write = world.database.query, world.database.write

    async def counted_get(table: Table, *args: Any, **more: Any) -> Item | None:
        made.append(f"get {table.name}")
        return await get(table, *args, **more)

    async def counted_many(table: Table, keys: Sequence[Any], *args: Any) -> list[Item]:
        known = list(made)
        found = await get_many(table, keys, *args)
        made[:] = [*known, f"many {table.name} {len(keys)}"]
        return found

    def counted_query(table: Table, *args: Any, **more: Any) -> AsyncIterator[Item]:
        made.append(f"query {table.name}")
        return query(table, *args, **more)

    async def counted_write(*actions: Action, **more: int) -> None:
        made.append(f"write {len(actions)}")
        await write(*actions, **more)

    monkeypatch.setattr(world.database, "get", counted_get)
    monkeypatch.setattr(world.database, "get_many", counted_many)
    monkeypatch.setattr(world.database, "query", counted_query)
    monkeypatch.setattr(world.database, "write", counted_write)
    return made


def invocation(**fields: Any) -> InvokeAgent:
    named = {"command_id": new_id("c"), "agent_id": AGENT, "invocation_id": new_id("inv_"), "input_text": "hello"}
    return InvokeAgent.model_validate(named | fields)


def message() -> PostMessage:
    named = {"command_id": new_id("c"), "session_id": SESSION, "invocation_id": new_id("inv_"), "content": "hello"}
    return PostMessage.model_validate(named)


def shards_of(commands: Sequence[InvokeAgent | PostMessage]) -> int:
    """Over how many items the agent's gate and figures are spread for these, however many go by each."""
    return len({zlib.crc32(command.invocation_id.encode()) % SHARDS for command in commands})


async def answered(world: World) -> None:
    (asked,) = world.backend.asked
    asked.answer.set_result(AgentAnswer("well"))
    await settle()


async def test_an_invocation_costs_one_read_and_two_transactions(world: World, calls: Calls) -> None:
    await world.send(invocation())
    await answered(world)
    assert calls == ["get AgentInstances", "write 8", "write 5"]


async def test_an_agent_that_is_known_costs_no_read(world: World, calls: Calls) -> None:
    for _ in range(2):
        await world.send(invocation())
        await answered(world)
    assert calls[3:] == ["write 8", "write 5"]


async def test_invocations_that_arrive_together_and_end_together_are_two_transactions(
    world: World, calls: Calls
) -> None:
    await world.send(invocation())
    await answered(world)
    calls.clear()
    commands = [invocation() for _ in range(8)]
    requests = await asyncio.gather(*(world.send(command) for command in commands))
    for asked in world.backend.asked:
        asked.succeed()
    await settle()
    assert [[answer.status for answer in world.answers(request)] for request in requests] == [[200]] * 8
    shards = shards_of(commands)
    assert calls == [f"write {8 * 7 + shards}", f"write {8 * 4 + shards}"]
    assert (await world.view()).runtime_stats.successful_invocations == 9


async def test_what_has_changed_since_an_agent_was_read_is_noticed(world: World) -> None:
    async def asked(package: str) -> None:
        await world.send(invocation())
        assert world.backend.asked[0].agent.package.sha256 == package
        await answered(world)

    await asked(PACKAGE.sha256)
    other = World(replies=world.replies)
    other.database, other.backends = world.database, world.backends
    other.owner, other.service = other.process()
    await other.start()
    await other.deploy(package_sha256="2" * 64, package_uri="blob:sha256:" + "2" * 64)
    await asked("2" * 64)
    await offline(other)
    assert error_of(await world.ask(invocation()))[0] == "INVALID_STATE"
    await other.ask(SetAgentStatus(command_id=new_id("c"), agent_id=AGENT, status="running"))
    await asked("2" * 64)
    await other.ask(DeleteAgent(command_id=new_id("c"), agent_id=AGENT))
    assert error_of(await world.ask(invocation()))[0] == "RESOURCE_NOT_FOUND"


async def test_an_agent_is_read_again_after_a_while_for_the_sake_of_processes_of_a_former_version(world: World) -> None:
    agent, now = await world.agents.load(AGENT), [0.0]
    assert agent is not None
    known = KnownAgents(lambda: now[0])
    known.learn(agent)
    asker = Principal(id=agent.user_id)
    assert known.seen(AGENT, asker) is agent
    now[0] = KNOWN_SECONDS + 1
    assert known.seen(AGENT, asker) is None


async def test_an_agent_is_known_only_to_who_sees_it(world: World) -> None:
    await world.send(invocation())
    await answered(world)
    stranger = Principal(id="user_2", tenant="another", scopes=())
    assert error_of(await world.ask(invocation(principal=stranger)))[0] == "RESOURCE_NOT_FOUND"


async def test_an_agent_whose_gate_does_not_say_for_what_it_is_open_is_read_each_time(
    world: World, calls: Calls
) -> None:
    for item in world.database.tables[INSTANCES.name].values():
        item.pop("serves", None)
    for _ in range(4):
        await world.send(invocation())
        await answered(world)
    read = ["get AgentInstances", "write 8", "write 5"]
    tried = ["write 8", "get AgentInstances", "get AgentInvocations", "write 8", "write 5"]
    assert calls == [*read, *tried, *read, *read]


async def test_a_turn_costs_four_reads_and_two_transactions(world: World, calls: Calls) -> None:
    await world.send(message())
    await answered(world)
    assert calls == [
        *("get AgentSessions", "get AgentInstances", "write 11"),
        *("query AgentSessionMessages", "get AgentSessions", "write 7"),
    ]


async def test_turns_that_arrive_together_are_read_together(world: World, calls: Calls) -> None:
    sessions = [f"sess_{number}" + "8" * 31 for number in range(4)]
    for session in sessions:
        await world.ask(CreateSession(command_id=new_id("c"), session_id=session, agent_id=AGENT))
    calls.clear()
    turns = [message().model_copy(update={"session_id": session}) for session in sessions]
    await asyncio.gather(*(world.send(turn) for turn in turns))
    for asked in world.backend.asked:
        asked.succeed()
    await settle()
    shards = shards_of(turns)
    assert calls == [
        *("many AgentSessions 4", "get AgentInstances", f"write {4 * 11}"),
        *(*["query AgentSessionMessages"] * 4, "many AgentSessions 4", f"write {4 * 6 + shards}"),
    ]


async def test_a_new_session_costs_one_read_and_one_transaction(world: World, calls: Calls) -> None:
    await world.ask(CreateSession(command_id=new_id("c"), session_id="sess_" + "7" * 32, agent_id=AGENT))
    assert calls == ["get AgentInstances", "write 7"]


async def test_what_exists_already_is_a_conflict_although_nobody_looked_for_it(world: World) -> None:
    for command in (invocation(), message()):
        await world.send(command)
        other = command.model_copy(update={"command_id": new_id("c")})
        assert error_of(await world.ask(other))[0] == "RESOURCE_CONFLICT"
        await answered(world)
        other = command.model_copy(update={"command_id": new_id("c")})
        assert error_of(await world.ask(other))[0] == "RESOURCE_CONFLICT"
    again = CreateSession(command_id=new_id("c"), session_id=SESSION, agent_id=AGENT)
    assert error_of(await world.ask(again))[0] == "RESOURCE_CONFLICT"
    assert world.backend.prompts == ["hello", "hello"]


async def test_an_invocation_whose_commit_was_not_noticed_keeps_the_moment_of_its_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All its events tell it, so a second one would count it twice."""
    write, answers = world.database.write, [False]

    async def unanswered(*actions: Action) -> None:
        await write(*actions)
        if answers and any(action.table is INVOCATIONS for action in actions):
            answers.clear()
            raise ServiceUnavailable("no answer")

    monkeypatch.setattr(world.database, "write", unanswered)
    command = invocation()
    with pytest.raises(ServiceUnavailable):
        await world.send(command)
    request = await world.send(command)
    await world.sweep()
    await answered(world)
    assert [answer.status for answer in world.answers(request)] == [200]
    moments = [entry.data["started_at"] async for entry in world.owner.history.read(command.invocation_id)]
    assert moments == [moments[0]] * 2


async def offline(world: World) -> None:
    answer = await world.ask(SetAgentStatus(command_id=new_id("c"), agent_id=AGENT, status="offline"))
    assert answer.status == 200


async def test_a_turn_that_waited_is_run_on_the_agent_as_it_is_then(world: World) -> None:
    await world.send(message())
    request = await world.send(message())
    await offline(world)
    await answered(world)
    (answer,) = world.answers(request)
    assert error_of(answer)[1]["reason"] == "AGENT_OFFLINE"


async def test_an_invocation_that_waited_for_its_agent_is_run_on_it_as_it_is_then() -> None:
    world = World(invocations_per_agent=1)
    await world.start()
    await world.deploy()
    await world.send(invocation())
    request = await world.send(invocation())
    await offline(world)
    await answered(world)
    (answer,) = world.answers(request)
    assert error_of(answer)[1]["reason"] == "AGENT_OFFLINE"
    await kill_tasks()


async def test_who_repeats_what_was_accepted_gets_its_answer_from_a_full_process_too() -> None:
    world = World(invocation_concurrency=1, max_waiting_invocations=1)
    await world.start()
    await world.deploy()
    first = invocation()
    await world.send(first)
    await world.send(invocation())
    with pytest.raises(RateLimitExceeded):
        await world.send(invocation())
    request = await world.send(first)
    await answered(world)
    assert [answer.replayed for answer in world.answers(request)] == [True]
    await kill_tasks()
