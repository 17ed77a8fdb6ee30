"""What the service answers when it is asked: bounded pages, the tail that streams read, logs of any attempt."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from tests.support.asgi import HttpCaller
from tests.support.builds_story import PROJECT, a_report, create_command
from tests.support.builds_world import Replica, delivered
from tests.support.memory_database import MemoryDatabase

from nexus_builds.pages import PAGE_BYTES, first_of
from nexus_builds.routes import ProjectQueries, query_routes
from nexus_builds.tables import LEDGER
from nexus_contracts.builds.commands import ControlAction, ControlProject, DeleteProject
from nexus_contracts.history import Tail
from nexus_runtime.process.clock import new_id, utc_now
from nexus_runtime.process.health import Health
from nexus_runtime.process.service import application

LARGE = {"text": "x" * 299_000}


@dataclass
class World:
    database: MemoryDatabase
    replica: Replica
    call: HttpCaller

    async def tell(self, kind: str, stage: str = "orchestrator", sub: str | None = None, **fields: Any) -> None:
        await self.replica.tell(delivered(a_report(kind, stage, sub, **fields), "/ci/acme", new_id("r_")))

    async def control(self, action: str) -> None:
        command = ControlProject(command_id=new_id("cmd_"), project_id=PROJECT, action=ControlAction(action))
        assert (await self.replica.ask(command)).status == 200

    async def get(self, path: str = "", status: int = 200) -> Any:
        answer = await self.call("GET", f"/projects/{PROJECT}{path}")
        assert answer.status == status, answer.body
        return answer.json

    async def tail(self, after: int) -> Tail:
        return Tail.model_validate(await self.get(f"/tail?after={after}"))


@pytest_asyncio.fixture
async def world() -> World:
    """An external build whose first stage runs: three events."""
    database = MemoryDatabase()
    replica = Replica(database)
    app = application(
        "builds",
        [],
        Health({}, {}),
        query_routes(ProjectQueries(replica.store, replica.history, utc_now, replica.verifications)),
    )
    await replica.ask(create_command(auto_start=False))
    world = World(database, replica, HttpCaller(app))
    await world.tell("started")
    return world


async def test_the_tail_gives_what_comes_after_and_says_whether_more_will(world: World) -> None:
    tail = await world.tail(1)
    assert [item.type for item in tail.items] == ["nexus.build.started.v1", "nexus.stage.started.v1"]
    assert (tail.through, tail.more, tail.ended, tail.deleted) == (3, False, False, False)
    assert await world.tail(3) == Tail(items=[], through=3, more=False, ended=False)
    assert await world.tail(9) == Tail(items=[], through=3, more=False, ended=False)
    await world.tell("failed")
    tail = await world.tail(3)
    assert ([item.sequence for item in tail.items], tail.ended) == ([4, 5], True)
    assert await world.tail(9) == Tail(items=[], through=5, more=False, ended=True)
    await world.control("restart")
    assert not (await world.tail(3)).ended


async def test_the_tail_of_a_long_history_comes_in_pages_and_ends_with_the_last(world: World) -> None:
    for _ in range(240):
        await world.tell("progressed")
    await world.control("stop")
    sequences, after, ended = list[int](), 0, False
    while not ended:
        tail = await world.tail(after)
        sequences += [item.sequence for item in tail.items]
        assert (tail.more, len(tail.items) == 100) in ((True, True), (False, False))
        after, ended = tail.through, tail.ended
    assert sequences == list(range(1, 245))


async def test_the_tail_of_a_deleted_project_is_readable_until_it_is_erased(world: World) -> None:
    await world.replica.ask(DeleteProject(command_id=new_id("cmd_"), project_id=PROJECT))
    tail = await world.tail(3)
    kinds = [item.type for item in tail.items]
    assert kinds == ["nexus.build.stopped.v1", "nexus.project.deleted.v1"]
    assert (tail.ended, tail.deleted) == (True, True)
    for path in ("", "/build", "/events", "/stages"):
        assert (await world.get(path, status=404))["error"]["code"] == "RESOURCE_NOT_FOUND"
    items = world.database.tables[LEDGER.history.name]
    del items[min(items)]  # the eraser has begun
    assert [item.sequence for item in (await world.tail(3)).items] == [4, 5]
    assert (await world.get("/tail?after=0", status=404))["error"]["code"] == "RESOURCE_NOT_FOUND"


async def test_pages_of_large_events_end_before_they_are_too_large(world: World) -> None:
    await world.tell("completed", output_data=LARGE)
    for stage in ("requirements_analysis", "system_architecture", "agent_design"):
        await world.tell("started", stage)
        await world.tell("completed", stage, output_data=LARGE)
    sequences, key = list[int](), "0"
    while key is not None:
        page = await world.get(f"/events?limit=100&last_key={key}")
        assert len(json.dumps(page)) < PAGE_BYTES + 1_000
        sequences += [item["sequence"] for item in page["items"]]
        key = page["last_key"]
    assert sequences == list(range(1, (await world.replica.present()).sequence + 1))
    tail = await world.tail(0)
    assert (tail.more, tail.through, tail.ended) == (True, 9, False)
    project, board = await world.get(), await world.get("/build")
    assert len(json.dumps(project)) < 40_000
    assert len(json.dumps(board)) < 10_000
    assert (await world.get("/stages/agent_design"))["output_data"] == LARGE


async def test_a_log_is_read_by_attempt_and_its_cursor_stays_with_it(world: World) -> None:
    entry = {"timestamp": "2026-01-01T00:00:00Z", "level": "info"}
    entries = [{**entry, "message": str(number)} for number in range(1, 11)]
    await world.tell("logged", entries=entries)
    page = await world.get("/stages/orchestrator/logs?limit=6")
    assert page["last_key"] == "1.6"
    await world.control("stop")
    await world.control("restart")
    rest = await world.get(f"/stages/orchestrator/logs?limit=6&last_key={page['last_key']}")
    assert [item["number"] for item in [*page["items"], *rest["items"]]] == list(range(1, 11))
    assert rest["last_key"] is None
    assert (await world.get("/stages/orchestrator/logs"))["items"] == []
    first = await world.get("/stages/orchestrator/logs?attempt=1")
    assert [item["message"] for item in first["items"]] == [str(number) for number in range(1, 11)]
    assert (await world.get("/stages/orchestrator/logs?attempt=3", status=404))["error"]["details"]["type"] == "attempt"
    for key in ("x", "1", "1.x", "-1.2"):
        await world.get(f"/stages/orchestrator/logs?last_key={key}", status=400)


async def test_of_a_kept_stage_the_log_is_that_of_the_attempt_it_ran_in(world: World) -> None:
    await world.tell("logged")
    await world.tell("completed")
    await world.tell("started", "requirements_analysis")
    await world.tell("failed", "requirements_analysis")
    command = ControlProject(
        command_id=new_id("cmd_"),
        project_id=PROJECT,
        action=ControlAction.RESTART,
        from_stage="requirements_analysis",  # pyright: ignore[reportArgumentType]  # as it comes
    )
    assert (await world.replica.ask(command)).status == 200
    for query in ("", "?attempt=1", "?attempt=2"):
        assert len((await world.get(f"/stages/orchestrator/logs{query}"))["items"]) == 1


async def test_attempts_are_paged_from_the_first_to_the_latest(world: World) -> None:
    for _ in range(4):
        await world.control("stop")
        await world.control("restart")
    numbers, key = list[int](), "0"
    while key is not None:
        page = await world.get(f"/attempts?limit=2&last_key={key}")
        numbers += [item["attempt"] for item in page["items"]]
        key = page["last_key"]
    assert numbers == [1, 2, 3, 4, 5]


async def test_a_stage_shows_the_latest_of_very_many_artifacts(world: World) -> None:
    one = {"uri": "blob:a", "sha256": "0" * 64, "size_bytes": 1, "media_type": "text/plain"}
    reports = [a_report("artifact_published", "orchestrator", artifact={"name": str(n), **one}) for n in range(520)]
    await world.replica.tell(*(delivered(report, "/ci/acme", new_id("r_")) for report in reports))
    stage = await world.get("/stages/orchestrator")
    assert stage["artifact_count"] == 520
    assert [artifact["name"] for artifact in stage["artifacts"]] == [str(n) for n in range(20, 520)]


async def test_the_dashboard_has_no_version_for_an_alert_may_come_up_without_one(world: World) -> None:
    answer = await world.call("GET", f"/projects/{PROJECT}/build")
    assert "etag" not in answer.headers
    assert answer.json["current_stage"] == "orchestrator"


async def test_a_single_entry_larger_than_a_page_is_a_page() -> None:
    async def entries() -> AsyncGenerator[tuple[str, str]]:
        for number in range(3):
            yield str(number), '"' + "x" * PAGE_BYTES + '"'

    found = await first_of(entries(), 100)
    assert (len(found.texts), found.last, found.more) == (1, "0", True)
    assert found.after == "0"
