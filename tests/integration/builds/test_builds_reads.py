"""Reading builds through a gateway: very large ones, under writes, and by somebody who means no good."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import aiohttp
import psutil
import pytest
import pytest_asyncio
from tests.support.builds_stack import BUILDS, BuildsStack, builds_stack
from tests.support.builds_story import STEPS, a_report
from tests.support.client import Client
from tests.support.event_streams import Follower
from tests.support.eventually import eventually
from tests.support.gateway_process import GATEWAY

from nexus_builds.pages import PAGE_BYTES
from nexus_contracts.builds.reports import AnyReport
from nexus_contracts.stages import DEVELOPER

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
LINES, ARTIFACTS, OUTPUT_BYTES = 10_000, 500, 299_000
MEMORY_BYTES = 500_000_000


@dataclass
class World:
    builds: BuildsStack
    client: Client

    async def tell(self, project_id: str, kind: str, stage: str, sub: str | None = None, **fields: Any) -> None:
        report: AnyReport = a_report(kind, stage, sub, **fields)
        await self.builds.tell(report.model_copy(update={"project_id": project_id}))

    async def size(self, path: str) -> int:
        url = f"{self.client.base_url}/api/v1{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            assert response.status == 200, await response.text()
            return len(await response.read())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    # Memory and bytes are judged here: on a slow machine so many large reads at once may take longer than usual.
    patient, folder = {"READ_TIMEOUT_SECONDS": "60"}, tmp_path_factory.mktemp("reads")
    async with builds_stack(folder, patient) as (stack, _), aiohttp.ClientSession() as session:
        await stack.start(BUILDS)
        await stack.start(GATEWAY)
        yield World(stack, Client(session, stack.stack.gateway_url))


def lines(first: int) -> dict[str, Any]:
    when = "2026-01-01T00:00:00Z"
    message = "a line of the length that lines of a build usually have, number {}"
    return {"entries": [{"timestamp": when, "message": message.format(n)} for n in range(first, first + 100)]}


def artifact(number: int) -> dict[str, Any]:
    place = {"uri": f"blob:sha256:{number:064d}", "sha256": "0" * 64, "media_type": "text/x-python"}
    return {"artifact": {"name": f"file-{number}.py", "size_bytes": 1, **place}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def large(world: World) -> str:
    """A build of which the first stage wrote very much, and every step an output as large as allowed."""
    project_id = await world.builds.create(auto_start=False)
    for stage, sub in STEPS:
        if sub == "tool_developer":
            await world.tell(project_id, "started", stage)
        await world.tell(project_id, "started", stage, sub)
        if stage == "orchestrator":
            for first in range(1, LINES, 100):
                await world.tell(project_id, "logged", stage, **lines(first))
            for number in range(ARTIFACTS):
                await world.tell(project_id, "artifact_published", stage, **artifact(number))
        await world.tell(project_id, "completed", stage, sub, output_data={"text": "x" * OUTPUT_BYTES})
        if sub == "agent_code_developer":
            await world.tell(project_id, "completed", stage, output_data={"text": "x" * OUTPUT_BYTES})
    await world.builds.reaches(project_id, lambda project: project.status == "completed", seconds=120)
    return project_id


async def test_the_views_of_a_large_build_stay_small(world: World, large: str) -> None:
    project = f"/projects/{large}"
    assert await world.size(project) < 60_000
    assert await world.size(f"{project}/stages") < 60_000
    assert await world.size(f"{project}/build") < 20_000
    assert await world.size("/projects") < 20_000
    assert await world.size(f"{project}/attempts") < 60_000


async def test_a_stage_shows_its_whole_output_and_the_end_of_the_rest(world: World, large: str) -> None:
    stage = (await world.client.get(f"/api/v1/projects/{large}/stages/orchestrator")).data
    assert (stage["log_count"], stage["artifact_count"]) == (LINES, ARTIFACTS)
    assert len(stage["output_data"]["text"]) == OUTPUT_BYTES
    assert [one["name"] for one in stage["artifacts"]] == [f"file-{n}.py" for n in range(ARTIFACTS)]
    assert [entry["message"].split()[-1] for entry in stage["logs"]] == [str(n) for n in range(LINES - 99, LINES + 1)]
    fifth = (await world.client.get(f"/api/v1/projects/{large}/stages/{DEVELOPER}")).data
    assert [len(sub["output_data"]["text"]) for sub in fifth["sub_stages"]] == [OUTPUT_BYTES] * 3


async def test_the_dashboard_of_a_large_build_sums_it_up(world: World, large: str) -> None:
    board = (await world.client.get(f"/api/v1/projects/{large}/build")).data
    assert (board["totals"]["log_entries"], board["totals"]["artifacts"]) == (LINES, ARTIFACTS)
    assert (board["totals"]["completed_stages"], board["alerts"], len(board["graph"]["nodes"])) == (6, [], 9)


async def test_the_full_log_is_paged_to_its_end(world: World, large: str) -> None:
    items = await world.client.pages(f"/api/v1/projects/{large}/stages/orchestrator/logs?limit=100")
    assert [item["number"] for item in items] == list(range(1, LINES + 1))
    assert items[-1]["message"].split()[-1] == str(LINES)


async def test_a_page_of_the_history_is_bounded_in_bytes_and_none_is_missing(world: World, large: str) -> None:
    path, key, sequences, sizes = f"/projects/{large}/events?limit=100", "", list[int](), list[int]()
    while key is not None:
        sizes.append(await world.size(path + key))
        page = (await world.client.get("/api/v1" + path + key)).data
        sequences += [item["sequence"] for item in page["items"]]
        key = page["last_key"] and f"&last_key={page['last_key']}"
    assert sequences == list(range(1, (await world.builds.project(large)).sequence + 1))
    assert max(sizes) < PAGE_BYTES + 2_000
    follower = Follower(world.client.base_url, large)
    await follower.follow()
    assert (follower.ids, follower.cuts) == (sequences, 0)


async def test_many_readers_of_a_large_build_cost_bounded_memory(world: World, large: str) -> None:
    paths = ["", "/build", "/stages", f"/stages/{DEVELOPER}", "/stages/orchestrator", "/events?limit=100", "/attempts"]
    await asyncio.gather(*(world.size(f"/projects/{large}{path}") for path in paths * 8))
    for name in ("builds", "gateway"):
        assert psutil.Process(world.builds.stack.pid(name)).memory_info().rss < MEMORY_BYTES, name


@pytest.mark.parametrize("path", ["", "/build", "/stages", "/stages/orchestrator"])
async def test_what_has_not_changed_is_not_sent_again(world: World, path: str) -> None:
    project_id = await world.builds.create(auto_start=False)
    await world.tell(project_id, "started", "orchestrator")
    await world.builds.reaches(project_id, lambda project: project.reports == 1)
    url = f"/api/v1/projects/{project_id}{path}"
    known = {"If-None-Match": (await world.client.get(url)).headers["ETag"]}
    again = await world.client.get(url, headers=known)
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", known["If-None-Match"])
    await world.tell(project_id, "usage_recorded", "orchestrator")
    await world.builds.reaches(project_id, lambda project: project.reports == 2)
    assert (await world.client.get(url, headers=known)).status == 200


async def test_earlier_attempts_keep_stages_errors_durations_usage_and_logs(world: World) -> None:
    project_id = await world.builds.create(auto_start=False)
    for kind in ("started", "logged", "usage_recorded", "failed"):
        await world.tell(project_id, kind, "orchestrator")
    await world.builds.reaches(project_id, lambda project: project.status == "failed")
    await world.builds.control(project_id, "restart")
    first, second = await world.client.pages(f"/api/v1/projects/{project_id}/attempts?limit=1")
    failed = first["stages"][0]
    assert (first["attempt"], first["outcome"], second["attempt"], second["outcome"]) == (1, "failed", 2, None)
    assert (failed["status"], failed["error"]["code"], failed["log_count"]) == ("failed", "OUT_OF_INK", 1)
    assert failed["duration_seconds"] is not None
    assert first["usage"]["input_tokens"] == 3
    logs = f"/api/v1/projects/{project_id}/stages/orchestrator/logs"
    assert [item["message"] for item in await world.client.pages(f"{logs}?attempt=1")] == ["so far so good"]
    assert await world.client.pages(logs) == await world.client.pages(f"{logs}?attempt=2") == []
    assert (await world.client.get(f"{logs}?attempt=3")).error["code"] == "RESOURCE_NOT_FOUND"
    assert (await world.client.get(f"{logs}?attempt=0")).error["code"] == "VALIDATION_ERROR"


async def test_a_restart_between_two_pages_of_a_log_does_not_lead_into_another_log(world: World) -> None:
    project_id = await world.builds.create(auto_start=False)
    await world.tell(project_id, "started", "orchestrator")
    await world.tell(project_id, "logged", "orchestrator", **lines(1))
    await world.builds.reaches(project_id, lambda project: project.reports == 2)
    path = f"/api/v1/projects/{project_id}/stages/orchestrator/logs?limit=60"
    page = (await world.client.get(path)).data
    await world.builds.control(project_id, "stop")
    await world.builds.control(project_id, "restart")
    rest = (await world.client.get(f"{path}&last_key={page['last_key']}")).data
    assert [item["number"] for item in [*page["items"], *rest["items"]]] == list(range(1, 101))


async def test_a_list_under_writes_gives_every_match_once(world: World) -> None:
    tag = "paged"
    expected = {await world.builds.create(auto_start=False, tags=[tag]) for _ in range(25)}
    path = f"/api/v1/projects?tag={tag}&status=pending&limit=4"
    seen, key = list[str](), ""
    while key is not None:
        page = (await world.client.get(path + key)).data
        assert all(item["status"] == "pending" for item in page["items"])
        seen += [item["project_id"] for item in page["items"]]
        await world.builds.create(auto_start=False, tags=[tag])
        left = sorted(expected - set(seen))
        if left:
            await world.builds.control(left[0], "stop")
            expected.remove(left[0])
        key = page["last_key"] and f"&last_key={page['last_key']}"
    assert len(seen) == len(set(seen))
    assert set(seen) == expected


async def test_a_log_that_grows_is_read_to_its_end_without_repeats(world: World) -> None:
    project_id = await world.builds.create(auto_start=False)
    await world.tell(project_id, "started", "orchestrator")
    writing = asyncio.create_task(_write(world, project_id))
    path = f"/api/v1/projects/{project_id}/stages/orchestrator/logs?limit=30"

    async def begun() -> bool:
        return len((await world.client.get(path)).data["items"]) == 30

    await eventually(begun)
    during = [item["number"] for item in await world.client.pages(path)]
    assert during == list(range(1, len(during) + 1))
    await writing
    await world.builds.reaches(project_id, lambda project: project.reports == 21)
    after = [item["number"] for item in await world.client.pages(path)]
    assert after == list(range(1, 2_001))


async def _write(world: World, project_id: str) -> None:
    for first in range(1, 2_001, 100):
        await world.tell(project_id, "logged", "orchestrator", **lines(first))


async def test_forged_and_foreign_cursors_are_refused(world: World, large: str) -> None:
    events = f"/api/v1/projects/{large}/events"
    key = (await world.client.get(f"{events}?limit=1")).data["last_key"]
    last = "A" if key[-1] != "A" else "B"
    forged = [key[:-1] + last, key + "=", key + "A", key[1:], "1", "", "💥", key.swapcase(), "A" * 5_000]
    for cursor in forged:
        answer = await world.client.get(events, params={"last_key": cursor})
        assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR"), cursor
    for path in (f"/api/v1/projects/{large}/attempts", "/api/v1/projects"):
        answer = await world.client.get(path, params={"last_key": key})
        assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    listed = (await world.client.get("/api/v1/projects?limit=1")).data["last_key"]
    answer = await world.client.get("/api/v1/projects", params={"last_key": listed, "status": "failed"})
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
