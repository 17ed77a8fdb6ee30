"""What the agents service relies on, of the real database and of the one in memory that its tests run on."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.memory_database import MemoryDatabase

from nexus_agents.domain import agent as agents
from nexus_agents.domain.agent import Agent
from nexus_agents.domain.invocation import Invocation, InvocationStatus, Kind
from nexus_agents.domain.session import Session
from nexus_agents.store import AgentQuery, AgentStore
from nexus_agents.tables import TABLES
from nexus_agents.work.turns import listed
from nexus_agents.writes import (
    agent_lists,
    count_ended,
    invocation_list,
    move_session,
    put_agent,
    put_invocation,
    put_message,
    put_session,
    require_open_gate,
    session_list,
    set_gate,
    written,
)
from nexus_contracts.agents.events import AgentStatus
from nexus_contracts.agents.views import DeploymentView, MessageView
from nexus_devstack.provision import provision_tables
from nexus_devstack.stack import Stack
from nexus_runtime.dynamo import ConditionFailed, Database
from nexus_runtime.process.settings import OwnerSettings

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
PROJECTS = ["proj_" + digit * 32 for digit in "01"]
SESSION = "sess_" + "a" * 32


@pytest.fixture(params=["memory", "dynamo"])
async def database(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Database]:
    if request.param == "memory":
        yield MemoryDatabase().as_database()
        return
    async with Stack(data_dir=tmp_path, ports="free", services=()) as stack:
        await provision_tables(stack.endpoints, TABLES)
        for name, value in stack.endpoints.environment().items():
            monkeypatch.setenv(name, value)
        opened = Database(OwnerSettings())
        await opened.start()
        try:
            yield opened
        finally:
            await opened.stop()


def agent(number: int, project: int = 0, status: AgentStatus = AgentStatus.RUNNING, **fields: object) -> Agent:
    project_id = PROJECTS[project]
    made = Agent(
        agent_id=f"{project_id}:agent{number}",
        agent_name=f"agent{number}",
        project_id=project_id,
        user_id="default",
        status=status,
        deployment=DeploymentView(
            backend="local", status="deployed", version=1, package_uri="blob:x", package_sha256="0" * 64
        ),
        created_at=NOON + timedelta(seconds=number),
        updated_at=NOON,
        sequence=1,
    )
    return made.model_copy(update=fields)


def invocation(number: int, **fields: object) -> Invocation:
    made = Invocation(
        invocation_id=f"inv_{number:032x}",
        agent_id=agent(1).agent_id,
        user_id="default",
        kind=Kind.INVOKE,
        input="\x00 ünï ☃ \ud7ff" * 3,
        created_at=NOON + timedelta(seconds=number),
    )
    return made.model_copy(update=fields)


async def keep(database: Database, *found: Agent) -> None:
    for one in found:
        await database.write(put_agent(one), *agent_lists(one), *set_gate(one))


async def pages(store: AgentStore, query: AgentQuery, limit: int) -> list[list[str]]:
    found: list[list[str]] = []
    position: str | None = None
    while True:
        views, position = await store.agents_page(query, limit, position)
        found.append([view.agent_name for view in views])
        if position is None:
            return found


async def test_a_state_comes_back_as_it_was_written(database: Database) -> None:
    store = AgentStore(database)
    session = Session(session_id=SESSION, agent_id="a", user_id="u", created_at=NOON, last_active_at=NOON, queue=("x",))
    states = agent(1, capabilities=["a"], tags=[]), invocation(1, output=""), session
    await database.write(put_agent(states[0]), put_invocation(states[1]), put_session(states[2]))
    assert await store.agent(states[0].agent_id) == written(states[0])
    assert await store.invocation(states[1].invocation_id) == written(states[1])
    assert await store.session(SESSION) == written(session)


async def test_a_state_is_written_over_the_one_that_it_was_only(database: Database) -> None:
    await database.write(put_agent(agent(1)))
    for stale in (agent(1), agent(1, version=2)):
        with pytest.raises(ConditionFailed):
            await database.write(put_agent(stale))
    await database.write(put_agent(agent(1, version=1)))


async def test_pages_of_agents_are_cut_after_the_filters_and_newest_first(database: Database) -> None:
    store = AgentStore(database)
    for number in range(1, 7):
        even = number % 2 == 0
        described = {"category": "fun" if even else None, "capabilities": ["tool:a"] if even else ["tool:b", "c"]}
        status = AgentStatus.OFFLINE if number == 6 else AgentStatus.RUNNING
        await keep(database, agent(number, number // 4, status, **described))
    assert await pages(store, AgentQuery(), 4) == [["agent6", "agent5", "agent4", "agent3"], ["agent2", "agent1"]]
    assert await pages(store, AgentQuery(category="fun"), 2) == [["agent6", "agent4"], ["agent2"]]
    assert await pages(store, AgentQuery(category="fun", status="running"), 1) == [["agent4"], ["agent2"]]
    assert await pages(store, AgentQuery(project_id=PROJECTS[0]), 10) == [["agent3", "agent2", "agent1"]]
    assert await pages(store, AgentQuery(capabilities=frozenset({"c"})), 2) == [["agent5", "agent3"], ["agent1"]]
    either = AgentQuery(capabilities=frozenset({"c", "tool:a"}), status="running")
    assert await pages(store, either, 3) == [["agent5", "agent4", "agent3"], ["agent2", "agent1"]]
    assert await pages(store, AgentQuery(capabilities=frozenset({"tool"})), 3) == [[]]


async def test_a_deleted_agent_is_in_no_list_and_takes_nothing(database: Database) -> None:
    await keep(database, agent(1))
    gone = agents.tombstone(written(agent(1)), NOON)
    await keep(database, gone)
    store = AgentStore(database)
    assert (await store.agent(gone.agent_id), await pages(store, AgentQuery(), 5)) == (None, [[]])
    ended = invocation(1, status=InvocationStatus.SUCCEEDED, duration_ms=5)
    for refused in (require_open_gate(gone.agent_id, "x"), count_ended(ended)):
        with pytest.raises(ConditionFailed):
            await database.write(put_invocation(invocation(1)), refused)
    assert await store.invocation(invocation(1).invocation_id) is None


async def test_figures_add_up_over_the_shards(database: Database) -> None:
    await keep(database, agent(1))
    for number in range(12):
        status = InvocationStatus.FAILED if number % 3 == 0 else InvocationStatus.SUCCEEDED
        started = NOON + timedelta(minutes=number)
        await database.write(count_ended(invocation(number, status=status, duration_ms=10, started_at=started)))
    (view,) = await AgentStore(database).agent_views([agent(1).agent_id])
    stats = view.runtime_stats
    assert (stats.total_invocations, stats.successful_invocations, stats.failed_invocations) == (12, 8, 4)
    assert (stats.avg_duration_ms, stats.last_invoked_at) == (10.0, NOON + timedelta(minutes=11))


async def test_invocations_are_paged_newest_first(database: Database) -> None:
    for number in range(5):
        await database.write(put_invocation(invocation(number)), listed(invocation(number)))
    store, name = AgentStore(database), invocation_list(agent(1).agent_id)
    first, more = await store.invocations_page(name, 3, None)
    rest, end = await store.invocations_page(name, 3, more)
    assert [int(one.invocation_id[4:], 16) for one in [*first, *rest]] == [4, 3, 2, 1, 0]
    assert end is None


async def test_sessions_are_listed_by_their_last_activity(database: Database) -> None:
    store, name = AgentStore(database), session_list("a")
    for number in range(3):
        session = Session(
            session_id=f"sess_{number:032x}", agent_id="a", user_id="u", created_at=NOON, last_active_at=NOON
        )
        moved = session.model_copy(update={"last_active_at": NOON + timedelta(seconds=10 - number), "version": 1})
        await database.write(put_session(session), *move_session(None, session))
        await database.write(put_session(moved), *move_session(session, moved))
    found, more = await store.sessions_page(name, 10, None)
    assert ([int(one.session_id[5:], 16) for one in found], more) == ([0, 1, 2], None)


async def test_the_conversation_is_what_was_said_before_and_is_bounded(database: Database) -> None:
    for sequence in range(1, 251):
        await database.write(put_message(message(sequence)))
    with pytest.raises(ConditionFailed):
        await database.write(put_message(message(250)))
    store = AgentStore(database)
    turns = await store.conversation(SESSION, before=250)
    assert [turn.content for turn in turns] == [f"m{sequence}" for sequence in range(50, 250)]
    assert [one.sequence for one in await store.messages(SESSION, 249, 10)] == [249, 250]


def message(sequence: int) -> MessageView:
    return MessageView(
        message_id=f"msg_{sequence:032x}",
        session_id=SESSION,
        sequence=sequence,
        role="user",
        content=f"m{sequence}",
        metadata={"a": [1]},
        created_at=NOON,
    )
