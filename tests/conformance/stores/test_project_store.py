"""What every project store keeps to: in memory, and on the embedded database."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from pydantic import BaseModel
from tests.support.builds_story import Story, control_command, create_command
from tests.support.databases import new_tables
from tests.support.memory_database import MemoryDatabase
from tests.support.stored import stored

from nexus_builds.domain import control
from nexus_builds.domain.control import Methods
from nexus_builds.domain.state import Decided, Project, attempt_view
from nexus_builds.store.projects import ProjectStore, remember_reports, report_digest
from nexus_builds.store.purses import Purse, Purses
from nexus_builds.tables import RECORDS, TABLES
from nexus_contracts.builds.builder import Budget, OverBudget
from nexus_contracts.builds.commands import ControlAction
from nexus_devstack.stack import Stack
from nexus_runtime.dynamo import Check, ConditionFailed, Database, Put, Where

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def embedded(stack: Stack) -> AsyncGenerator[Database]:
    async with new_tables(stack, TABLES) as database:
        yield database


@pytest.fixture(params=["memory", "embedded"])
def database(request: pytest.FixtureRequest, embedded: Database) -> Database:
    """The embedded one is shared by the tests: each has projects and users of its own."""
    return embedded if request.param == "embedded" else MemoryDatabase().as_database()


@pytest.fixture
def store(database: Database) -> ProjectStore:
    return ProjectStore(database)


@pytest.fixture
def user() -> str:
    return secrets.token_hex(8)


async def save(database: Database, before: Project | None, after: Project, events: Sequence[BaseModel] = ()) -> Project:
    """The project as it was committed."""
    saved = ProjectStore(database).save(before, after, events)
    await database.write(*saved.change.actions)
    return saved.state


async def created(database: Database, **fields: Any) -> Project:
    command = create_command(**{"project_id": f"proj_{secrets.token_hex(16)}", **fields})
    return await save(database, None, *control.create(command, fields.get("now", Story.at()), Methods()))


def acted(project: Project, action: ControlAction, now: datetime) -> Decided:
    return control.control(project, control_command(action), now, Methods())


async def told(database: Database, story: Story) -> Project:
    """A story's project and all its events, committed at once, under an id of its own."""
    after = story.project.model_copy(update={"project_id": f"proj_{secrets.token_hex(16)}"})
    return await save(database, None, after, story.events)


async def test_a_project_comes_back_as_it_was_written(database: Database, store: ProjectStore) -> None:
    story = Story(tags=["ä\u0000"], agent_name_map={"agent_design": "designer"})
    story.work("orchestrator")
    project = await told(database, story)
    assert await store.load(project.project_id) == project
    assert await store.load("proj_" + "f" * 32) is None


async def test_the_second_of_two_changes_of_one_state_fails_and_changes_nothing(
    database: Database, store: ProjectStore
) -> None:
    before = await created(database)
    first = await save(database, before, *acted(before, ControlAction.PAUSE, Story.at(1)))
    with pytest.raises(ConditionFailed):
        await save(database, before, *acted(before, ControlAction.STOP, Story.at(2)))
    with pytest.raises(ConditionFailed):
        await save(database, None, before)
    assert await store.load(before.project_id) == first


async def pages(store: ProjectStore, limit: int, **filters: str | None) -> list[list[str]]:
    """The ids on each page, to the end."""
    found: list[list[str]] = []
    position: str | None = None
    wanted = {"user_id": None, "status": None, "tag": None, **filters}
    while True:
        projects, position = await store.page("default", **wanted, limit=limit, before=position)
        found.append([project["project_id"] for project in projects])
        if position is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
async def test_paging_to_the_end_yields_every_match_exactly_once_newest_first(
    database: Database, store: ProjectStore, user: str, limit: int
) -> None:
    made = [
        await created(
            database, user_id=user, now=Story.at(n // 2), auto_start=n % 3 == 0, tags=["odd"] if n % 2 else []
        )
        for n in range(10)
    ]
    newest = sorted(made, key=lambda one: (one.created_at, one.project_id), reverse=True)
    tests: list[tuple[dict[str, str | None], list[Project]]] = [
        ({}, newest),
        ({"status": "building"}, [one for one in newest if one.status == "building"]),
        ({"tag": "odd"}, [one for one in newest if one.tags]),
        ({"status": "pending", "tag": "odd"}, [one for one in newest if one.tags and one.status == "pending"]),
        ({"tag": "od"}, []),
    ]
    for filters, expected in tests:
        found = await pages(store, limit, user_id=user, **filters)
        assert [one for page in found for one in page] == [one.project_id for one in expected]
        assert all(len(page) == limit for page in found[:-1])
        assert len(found) == max(1, -(-len(expected) // limit))


async def test_the_first_page_is_whole_again_after_creations_and_deletions(
    database: Database, store: ProjectStore, user: str
) -> None:
    made = [await created(database, user_id=user, now=Story.at(n)) for n in range(6)]

    async def first(limit: int) -> list[str]:
        projects, _ = await store.page("default", user, None, None, limit, None)
        return [project["project_id"] for project in projects]

    ids = [project.project_id for project in reversed(made)]
    assert await first(3) == ids[:3]
    ids.insert(0, (await created(database, user_id=user, now=Story.at(7))).project_id)
    assert await first(3) == ids[:3]
    for gone in (made[5], made[3], made[2]):
        await save(database, gone, *control.delete(gone, Story.at(8)))
        ids.remove(gone.project_id)
        assert await first(3) == ids[:3]
    assert await first(4) == ids
    assert await first(100) == ids


async def test_without_a_user_everybodys_projects_are_listed(database: Database, store: ProjectStore) -> None:
    tag = secrets.token_hex(4)
    mine = [await created(database, user_id=secrets.token_hex(4), tags=[tag], now=Story.at(n)) for n in range(3)]
    found = await pages(store, 2, tag=tag)
    assert [one for page in found for one in page] == [one.project_id for one in reversed(mine)]


async def test_a_changed_status_is_found_under_the_new_one_only(
    database: Database, store: ProjectStore, user: str
) -> None:
    before = await created(database, user_id=user)
    after = await save(database, before, *acted(before, ControlAction.PAUSE, Story.at(1)))
    assert await pages(store, 5, user_id=user, status="building") == [[]]
    assert await pages(store, 5, user_id=user, status="paused") == [[after.project_id]]


async def test_running_builds_of_others_are_listed(database: Database, store: ProjectStore) -> None:
    platform = await created(database)
    external = Story(auto_start=False)
    external.report("started", "orchestrator", source="/ci")
    outside = await told(database, external)
    listed = await store.external()
    assert outside.project_id in listed
    assert platform.project_id not in listed
    paused = await save(database, outside, *acted(outside, ControlAction.PAUSE, Story.at(1)))
    assert outside.project_id in await store.external()
    await save(database, paused, *acted(paused, ControlAction.STOP, Story.at(2)))
    assert outside.project_id not in await store.external()


def lines(first: int, number: int, width: int = 10) -> dict[str, Any]:
    when = "2026-01-01T00:00:00Z"
    return {"entries": [{"timestamp": when, "message": f"{n:<{width}}"} for n in range(first, first + number)]}


@pytest.mark.parametrize("after", [0, 1, 10, 17, 30])
async def test_the_log_goes_on_in_order_after_any_line(database: Database, store: ProjectStore, after: int) -> None:
    story = Story()
    story.report("started", "orchestrator")
    for first in (1, 11, 21):
        story.report("logged", "orchestrator", **lines(first, 10))
    project = await told(database, story)
    found = [
        (n, entry.message.strip())
        async for n, entry in store.records.logs(project.project_id, 1, "orchestrator", after)
    ]
    assert found == [(n, str(n)) for n in range(after + 1, 31)]


async def test_a_log_of_many_items_keeps_every_line(database: Database, store: ProjectStore) -> None:
    story = Story()
    story.report("started", "orchestrator")
    for first in range(1, 401, 100):
        story.report("logged", "orchestrator", **lines(first, 100, width=1_000))
    project = await told(database, story)
    found = [(n, entry.message.strip()) async for n, entry in store.records.logs(project.project_id, 1, "orchestrator")]
    assert found == [(n, str(n)) for n in range(1, 401)]


@pytest.mark.parametrize("most", [100, 25, 12])
async def test_the_latest_artifacts_come_back_in_the_order_of_their_publication(
    database: Database, store: ProjectStore, most: int
) -> None:
    story = Story()
    story.report("started", "orchestrator")
    one: dict[str, Any] = {"uri": "blob:a", "sha256": "0" * 64, "size_bytes": 1, "media_type": "text/plain"}
    for number in range(25):
        story.report("artifact_published", "orchestrator", artifact={"name": str(number), **one})
    project = await told(database, story)
    found = await store.records.artifacts(project.project_id, project.stages[0], most)
    assert [artifact.name for artifact in found] == [str(n) for n in range(25)][-most:]
    assert await store.records.artifacts(project.project_id, project.stages[1], most) == []


@pytest.mark.parametrize("output", [{}, {"a": [1, None, "ä"]}, {"text": "x" * 299_000}, None])
async def test_outputs_come_back_however_large(
    database: Database, store: ProjectStore, output: dict[str, Any] | None
) -> None:
    story = Story()
    story.report("started", "orchestrator")
    story.report("completed", "orchestrator", output_data=output)
    project = await told(database, story)
    assert await store.records.output(project.project_id, project.stages[0]) == output


async def test_earlier_attempts_stay_readable(database: Database, store: ProjectStore) -> None:
    project = await created(database)
    for second, action in enumerate([ControlAction.STOP, ControlAction.RESTART] * 2, 1):
        project = await save(database, project, *acted(project, action, Story.at(second)))
    kept = [past async for past in store.records.attempts(project.project_id)]
    views = [attempt_view(past) for past in kept]
    assert [(view.attempt, view.outcome, view.duration_seconds) for view in views] == [
        (1, "cancelled", 1.0),
        (2, "cancelled", 1.0),
    ]
    assert [past async for past in store.records.attempts(project.project_id, after=1)] == kept[1:]
    assert await store.records.attempt(project.project_id, 2) == kept[1]
    assert await store.records.attempt(project.project_id, 3) is None


async def test_erasing_leaves_nothing_in_any_table(database: Database, store: ProjectStore) -> None:
    story = Story()
    story.report("started", "orchestrator")
    story.report("logged", "orchestrator", **lines(1, 100))
    story.report("completed", "orchestrator", output_data={"text": "x" * 5_000})
    project = await told(database, story)
    digests = [report_digest("/ci", str(n)) for n in range(3)]
    await database.write(remember_reports(project.model_copy(update={"reports": 3}), digests))
    assert [digest async for digest in store.reports_seen(project.project_id)] == digests
    deleted = await save(database, project, *control.delete(project, Story.at(9)))
    assert await store.load(project.project_id) is None
    for _ in range(2):
        await database.write(*(await store.erase(deleted)).actions)
    assert project.project_id not in str(await stored(database, TABLES))


async def test_concurrent_reservations_never_exceed_a_budget_together(database: Database) -> None:
    tenant, day = secrets.token_hex(8), date(2026, 1, 31)

    def holding(item: Any) -> Check:
        return Check(RECORDS, {"project_id": item, "record": "held"}, Where({"n": 1}))

    held: Any = SimpleNamespace(held=holding)
    purses = Purses(database, held)

    async def reserved(number: int) -> bool:
        purse = Purse(f"{tenant}{number}", tenant, day)
        await database.write(Put(RECORDS, {"project_id": purse.project_id, "record": "held", "n": 1}))
        item: Any = purse.project_id
        try:
            await purses.reserve(item, purse, "call", 0.1, Budget(tenant_day_usd=0.3))
        except OverBudget:
            return False
        return True

    assert sum(await asyncio.gather(*(reserved(number) for number in range(6)))) == 3
    assert (await purses.spent(Purse("other", tenant, day))).tenant_today_usd == 0.3
