"""What the agents service relies on, of the real database and of the one in memory that its tests run on."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from tests.support.databases import new_tables
from tests.support.memory_database import MemoryDatabase

from nexus_agents.domain import agent as agents
from nexus_agents.domain.agent import Agent, LatestDeployment
from nexus_agents.domain.invocation import Invocation, InvocationStatus, Kind
from nexus_agents.domain.message import StoredMessage
from nexus_agents.domain.session import Session
from nexus_agents.domain.version import AgentVersion, Package
from nexus_agents.store.agents import AgentStore, count_ended, require_open_gate
from nexus_agents.store.lists import AgentQuery
from nexus_agents.store.spending import SpendingStore
from nexus_agents.store.turns import TurnStore
from nexus_agents.store.versions import VersionStore
from nexus_agents.tables import TABLES
from nexus_contracts.agents.events import AgentStatus
from nexus_contracts.principal import DEFAULT_TENANT
from nexus_devstack.stack import Stack
from nexus_runtime.dynamo import ConditionFailed, Database
from nexus_runtime.ledger.change import Change

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
PROJECTS = ["proj_" + digit * 32 for digit in "01"]
SESSION = "sess_" + "a" * 32


@pytest_asyncio.fixture(params=["memory", "dynamo"], loop_scope="session")
async def database(request: pytest.FixtureRequest, stack: Stack) -> AsyncGenerator[Database]:
    if request.param == "memory":
        yield MemoryDatabase().as_database()
        return
    async with new_tables(stack, TABLES) as opened:
        yield opened


def agent(number: int, project: int = 0, status: AgentStatus = AgentStatus.RUNNING, **fields: object) -> Agent:
    project_id = PROJECTS[project]
    made = Agent(
        agent_id=f"{project_id}:agent{number}",
        agent_name=f"agent{number}",
        project_id=project_id,
        user_id="default",
        status=status,
        backend="local",
        deployment=LatestDeployment(
            status="deployed", number=1, version=1, package=Package(uri="blob:x", sha256="0" * 64)
        ),
        versions=1,
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


def session(number: int, **fields: object) -> Session:
    session_id = f"sess_{number:032x}"
    agent_id = agent(1).agent_id
    made = Session(session_id=session_id, agent_id=agent_id, user_id="u", created_at=NOON, last_active_at=NOON)
    return made.model_copy(update=fields)


async def commit(database: Database, *changes: Change) -> None:
    await database.write(*(action for change in changes for action in change.actions))


async def keep(database: Database, *found: Agent) -> list[Agent]:
    saved = [AgentStore(database).save(None, one, ()) for one in found]
    for one in saved:
        await commit(database, one.change)
    return [one.state for one in saved]


async def pages(store: AgentStore, query: AgentQuery, limit: int) -> list[list[str]]:
    found: list[list[str]] = []
    position: str | None = None
    while True:
        views, position = await store.page(DEFAULT_TENANT, query, limit, position)
        found.append([view.agent_name for view in views])
        if position is None:
            return found


async def test_all_agents_are_found_page_by_page_and_nothing_else(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexus_agents.store.agents.AT_ONCE", 7)
    kept = await keep(database, *(agent(number, number % 2) for number in range(5)))
    await commit(database, AgentStore(database).mark_project_deleted(PROJECTS[0], NOON))
    found = [one async for one in AgentStore(database).all()]
    assert sorted(found, key=lambda one: one.agent_name) == kept


async def test_a_state_comes_back_as_it_was_written(database: Database) -> None:
    store, turns = AgentStore(database), TurnStore(database)
    (kept,) = await keep(database, agent(1, capabilities=["a"], tags=[]))
    begun = turns.invocations.save(None, invocation(1, output=""), ())
    created = turns.sessions.save(None, session(1, queue=("x",)), ())
    await commit(database, begun.change)
    await commit(database, created.change)
    assert await store.load(kept.agent_id) == kept
    assert await turns.invocations.load(begun.state.invocation_id) == begun.state
    assert await turns.sessions.load(session(1).session_id) == created.state


async def test_a_state_is_written_over_the_one_that_it_was_only(database: Database) -> None:
    store = AgentStore(database)
    (kept,) = await keep(database, agent(1))
    for stale in (None, kept.model_copy(update={"version": 2})):
        with pytest.raises(ConditionFailed):
            await commit(database, store.save(stale, agent(1), ()).change)
    await commit(database, store.save(kept, agent(1), ()).change)


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


async def test_a_tenant_sees_its_own_agents_only(database: Database) -> None:
    await keep(database, agent(1), agent(2, tenant="other"))
    store = AgentStore(database)
    assert await pages(store, AgentQuery(), 5) == [["agent1"]]
    assert await pages(store, AgentQuery(project_id=PROJECTS[0]), 5) == [["agent1"]]
    assert [view.agent_name for view in (await store.page("other", AgentQuery(), 5, None))[0]] == ["agent2"]
    assert await store.views([agent(2).agent_id], DEFAULT_TENANT) == []


async def test_a_deleted_agent_is_in_no_list_and_takes_nothing(database: Database) -> None:
    store, turns = AgentStore(database), TurnStore(database)
    (kept,) = await keep(database, agent(1))
    gone, events = agents.tombstone(kept, NOON)
    await commit(database, store.save(kept, gone, events).change)
    assert (await store.load(gone.agent_id), await pages(store, AgentQuery(), 5)) == (None, [[]])
    ended = invocation(1, status=InvocationStatus.SUCCEEDED, duration_ms=5, session_id=SESSION)
    begun = turns.invocations.save(None, ended, ()).change
    for refused in (require_open_gate(gone.agent_id, "x"), count_ended(ended)):
        with pytest.raises(ConditionFailed):
            await commit(database, begun, Change.of(refused))
    with pytest.raises(ConditionFailed):
        await commit(database, turns.sessions.save(None, session(1), ()).change)
    assert await turns.invocations.load(ended.invocation_id) is None


async def test_figures_add_up_over_the_shards(database: Database) -> None:
    await keep(database, agent(1))
    for number in range(12):
        status = InvocationStatus.FAILED if number % 3 == 0 else InvocationStatus.SUCCEEDED
        started = NOON + timedelta(minutes=number)
        await database.write(count_ended(invocation(number, status=status, duration_ms=10, started_at=started)))
    (view,) = await AgentStore(database).views([agent(1).agent_id], DEFAULT_TENANT)
    stats = view.runtime_stats
    assert (stats.total_invocations, stats.successful_invocations, stats.failed_invocations) == (12, 8, 4)
    assert (stats.avg_duration_ms, stats.last_invoked_at) == (10.0, NOON + timedelta(minutes=11))


async def test_invocations_are_paged_newest_first(database: Database) -> None:
    await keep(database, agent(1))
    store = TurnStore(database).invocations
    for number in range(5):
        await commit(database, store.save(None, invocation(number), ()).change)
    first, more = await store.page(DEFAULT_TENANT, agent(1).agent_id, 3, None)
    rest, end = await store.page(DEFAULT_TENANT, agent(1).agent_id, 3, more)
    assert [int(one.invocation_id[4:], 16) for one in [*first, *rest]] == [4, 3, 2, 1, 0]
    assert end is None


async def test_an_erased_invocation_is_in_no_list(database: Database) -> None:
    await keep(database, agent(1))
    store = TurnStore(database).invocations
    saved = store.save(None, invocation(1), ())
    await commit(database, saved.change)
    await commit(database, store.erase(saved.state))
    assert await store.load(saved.state.invocation_id) is None
    assert await store.page(DEFAULT_TENANT, agent(1).agent_id, 3, None) == ([], None)


async def test_sessions_are_listed_by_their_last_activity(database: Database) -> None:
    await keep(database, agent(1))
    store = TurnStore(database).sessions
    for number in range(3):
        saved = store.save(None, session(number), ())
        await commit(database, saved.change)
        moved = saved.state.model_copy(update={"last_active_at": NOON + timedelta(seconds=10 - number)})
        await commit(database, store.save(saved.state, moved, ()).change)
    found, more = await store.page(DEFAULT_TENANT, agent(1).agent_id, 10, None)
    assert ([int(one.session_id[5:], 16) for one in found], more) == ([0, 1, 2], None)


async def test_the_conversation_is_what_was_said_before_and_is_bounded(database: Database) -> None:
    store = TurnStore(database).messages
    for sequence in range(1, 251):
        await commit(database, store.save(message(sequence)))
    with pytest.raises(ConditionFailed):
        await commit(database, store.save(message(250)))
    turns = await store.conversation(SESSION, before=250)
    assert [turn.content for turn in turns] == [f"m{sequence}" for sequence in range(50, 250)]
    assert await store.read(SESSION, 249, 10) == [message(249), message(250)]
    await store.erase(SESSION)
    assert await store.read(SESSION, 1, 10) == []


def message(sequence: int) -> StoredMessage:
    return StoredMessage(
        message_id=f"msg_{sequence:032x}",
        session_id=SESSION,
        sequence=sequence,
        role="user",
        content=f"m{sequence}",
        metadata={"a": [1]},
        created_at=NOON,
    )


async def test_versions_are_paged_newest_first_and_erased_with_their_agent(database: Database) -> None:
    store, owner, other = VersionStore(database), agent(1).agent_id, agent(2).agent_id
    for agent_id, number in [(owner, one) for one in range(1, 13)] + [(other, 1)]:
        package = Package(uri="blob:x", sha256=f"{number:064x}")
        made = AgentVersion(agent_id=agent_id, number=number, package=package, created_by="ann", created_at=NOON)
        await commit(database, store.save(made))
    first, position = await store.page(owner, 5, None)
    rest, end = await store.page(owner, 10, int(position or 0))
    assert ([one.number for one in [*first, *rest]], end) == (list(range(12, 0, -1)), None)
    assert (await store.load(owner, 12)) == first[0]
    assert await store.load(owner, 13) is None
    await store.erase(owner)
    assert await store.page(owner, 10, None) == ([], None)
    assert await store.load(other, 1) is not None


async def test_concurrent_reservations_never_exceed_an_agents_day_together(database: Database) -> None:
    spending = SpendingStore(database, lambda: NOON, 0.3)
    asked = (spending.reserve("agent", 0.1) for _ in range(6))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["BudgetExceeded"] * 3 + ["Reserved"] * 3
