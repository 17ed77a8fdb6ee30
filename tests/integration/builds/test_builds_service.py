"""The builds service as a process: commands and reports over a real broker, state in a real database."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from tests.support.builds_neighbours import Followers
from tests.support.builds_stack import BUILDS, BuildsStack, builds_stack
from tests.support.builds_story import EXTERNAL, a_report
from tests.support.cdevents import pipeline, task
from tests.support.eventually import eventually

from nexus_admin.letter_box import LetterBox
from nexus_admin.letters import Letter
from nexus_contracts.builds.commands import ControlProject, CreateProject
from nexus_contracts.builds.reports import AnyReport
from nexus_contracts.dead_letters import State
from nexus_contracts.topics import BUILDS_REPORTS
from nexus_runtime.kafka.dead_letters import DeadLetters
from nexus_runtime.process.clock import new_id, utc_now
from nexus_runtime.process.settings import ServiceSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")
World = tuple[BuildsStack, Followers]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    async with builds_stack(tmp_path_factory.mktemp("builds")) as (stack, followers):
        await stack.start(BUILDS)
        yield stack, followers


@pytest.fixture
def builds(world: World) -> BuildsStack:
    return world[0]


def of(project_id: str, report: AnyReport) -> AnyReport:
    return report.model_copy(update={"project_id": project_id})


async def begun(builds: BuildsStack) -> str:
    """A project that an external system builds."""
    project_id = await builds.create(auto_start=False)
    await builds.tell(of(project_id, a_report("started", "orchestrator")))
    await builds.reaches(project_id, lambda project: project.reports == 1)
    return project_id


async def test_a_command_delivered_twice_has_one_effect_and_two_equal_answers(builds: BuildsStack) -> None:
    project_id, command_id = new_id("proj_"), new_id("cmd_")
    command = CreateProject(command_id=command_id, project_id=project_id, requirement="an agent that adds numbers")
    first, second = await asyncio.gather(*(builds.ask(command, project_id) for _ in range(2)))
    assert (first.status, first.result, first.error) == (second.status, second.result, second.error)
    assert sorted([first.replayed, second.replayed]) == [False, True]
    assert len(await builds.events(project_id)) == 2


async def test_a_command_id_used_for_another_request_is_told_so(builds: BuildsStack) -> None:
    project_id = await builds.create()
    fields: Any = {"command_id": new_id("cmd_"), "project_id": project_id}
    await builds.ask(ControlProject(**fields, action="pause", fingerprint="a"), project_id)  # pyright: ignore[reportArgumentType]
    other = await builds.ask(ControlProject(**fields, action="stop", fingerprint="b"), project_id)  # pyright: ignore[reportArgumentType]
    assert other.error is not None
    assert (other.status, other.error.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert (await builds.project(project_id)).status == "paused"


async def test_of_many_reports_at_once_none_is_lost_and_none_counts_twice(builds: BuildsStack) -> None:
    project_id = await begun(builds)
    reports = [(of(project_id, a_report("logged", "orchestrator")), f"{project_id}-{n}") for n in range(20)]
    usage = [(of(project_id, a_report("usage_recorded", "orchestrator")), f"{project_id}-u{n}") for n in range(20)]
    await asyncio.gather(*(builds.tell(*one) for one in [*reports, *usage, *reports]))
    project = await builds.reaches(project_id, lambda project: project.reports == 41)
    assert (project.stages[0].log_count, project.usage().input_tokens) == (20, 60)
    page = await builds.get(f"/projects/{project_id}/stages/orchestrator/logs?limit=100")
    assert [item["number"] for item in page["items"]] == list(range(1, 21))


async def test_of_many_controls_at_once_exactly_one_wins(builds: BuildsStack) -> None:
    project_id = await builds.create()
    replies = await asyncio.gather(*(builds.control(project_id, "stop") for _ in range(8)))
    assert sorted(reply.status for reply in replies) == [200] + [400] * 7
    types = [entry.type for entry in await builds.events(project_id)]
    assert types.count("nexus.build.stopped.v1") == 1


async def test_events_reach_their_readers_once_each_in_order(world: World) -> None:
    builds, followers = world
    project_id = await begun(builds)
    for action in ("pause", "resume", "stop", "restart", "stop"):
        assert (await builds.control(project_id, action)).status == 200
    expected = [entry.sequence for entry in await builds.events(project_id)]
    await eventually(lambda: followers.sequences(project_id), lambda seen: seen == expected)


async def test_a_late_report_stands_in_the_history_as_refused(builds: BuildsStack) -> None:
    project_id = await begun(builds)
    await builds.control(project_id, "stop")
    await builds.tell(of(project_id, a_report("completed", "orchestrator")), "late", EXTERNAL)
    await builds.reaches(project_id, lambda project: project.reports == 2)
    page = await builds.get(f"/projects/{project_id}/events?limit=100")
    refused = page["items"][-1]
    assert (refused["type"], refused["attempt"]) == ("nexus.report.refused.v1", 1)
    assert refused["data"]["reason"].startswith("ATTEMPT_ENDED")
    assert refused["data"]["report"] == {"type": "nexus.stage.completed.v1", "source": EXTERNAL, "id": "late"}
    assert (await builds.project(project_id)).status == "cancelled"


async def test_poison_is_dead_lettered_with_its_origin_and_the_next_records_go_on(builds: BuildsStack) -> None:
    project_id = await begun(builds)
    good = builds.event(of(project_id, a_report("logged", "orchestrator")), project_id, "good", EXTERNAL)
    key, headers = project_id.encode(), good.headers()
    poison: list[tuple[bytes | None, list[tuple[str, bytes]]]] = [
        (None, headers),
        (b"{not json", headers),
        (good.body(), [*headers, ("ce_id", b"\xff\xfe")]),
        (b'{"project_id": "nobody"}', headers),
        (b'{"a": "' + b"x" * 1_050_000 + b'"}', headers),
    ]
    for value, names in poison:
        await builds.bus.acknowledged("", await builds.bus.send(BUILDS_REPORTS.name, key, value, names))
    unknown = [(name, b"nexus.stage.sang.v1" if name == "ce_type" else value) for name, value in headers]
    await builds.bus.send(BUILDS_REPORTS.name, key, good.body(), unknown)
    await builds.bus.publish(BUILDS_REPORTS, good)
    await builds.reaches(project_id, lambda project: project.reports == 2)
    letters = await dead_letters(builds, len(poison))
    assert {dict(letter.headers)["dlq_topic"] for letter in letters} == {b"builds.reports.v1"}
    offsets = [int(dict(letter.headers)["dlq_offset"]) for letter in letters]
    assert offsets == sorted(set(offsets))
    assert {dict(letter.headers)["dlq_code"] for letter in letters} == {b"VALIDATION_ERROR"}
    assert [letter.value for letter in letters][:4] == [value for value, _ in poison][:4]


async def test_a_redriven_letter_comes_to_its_group_once(builds: BuildsStack) -> None:
    box = LetterBox(builds.stack.endpoints.kafka, idempotent=False)
    key = uuid4().hex
    await builds.bus.acknowledged("", await builds.bus.send(BUILDS_REPORTS.name, key.encode(), b"{not json", []))

    async def mine() -> list[Letter]:
        return [one for one in (await box.contents()).letters if one.key == key]

    async def counted() -> int:
        letters = DeadLetters(ServiceSettings(kafka_bootstrap_servers=builds.stack.endpoints.kafka_bootstrap_servers))
        try:
            return (await letters.open()).get(BUILDS_REPORTS.dead_letter("builds-reports"), 0)
        finally:
            await letters.stop()

    [letter] = await eventually(mine, lambda found: len(found) == 1)
    before = await counted()
    assert (letter.source, letter.group, letter.obstacle_to(State.REDRIVEN)) == (
        BUILDS_REPORTS.name,
        "builds-reports",
        None,
    )
    await box.settle(letter, State.REDRIVEN, utc_now())
    first, again = await eventually(mine, lambda found: len(found) == 2)
    assert (first.id, first.state, again.state) == (letter.id, State.REDRIVEN, State.OPEN)
    assert first.obstacle_to(State.REDRIVEN) == "was redriven already"
    assert again.details()["headers"] == {"nexus_redriven_for": "builds-reports"}
    assert await counted() == before
    await box.settle(again, State.DROPPED, utc_now())
    assert [one.state for one in await mine()] == [State.REDRIVEN, State.DROPPED]
    assert await counted() == before - 1


async def test_a_pipeline_that_speaks_cdevents_builds_in_both_modes(builds: BuildsStack) -> None:
    project_id = await builds.create(auto_start=False)
    started = task("started", "orchestrator", project_id=project_id)
    finished = task("finished", "orchestrator", 2, "success", project_id=project_id)
    cancelled = pipeline("finished", 3, "cancel", project_id=project_id)
    structured = [("content-type", b"application/cloudevents+json")]
    value = json.dumps({**finished.model_dump(mode="json", exclude_none=True), "specversion": "1.0"}).encode()
    key = project_id.encode()
    for body, headers in ((started.body(), started.headers()), (value, structured)):
        await builds.bus.acknowledged("", await builds.bus.send(BUILDS_REPORTS.name, key, body, headers))
    project = await builds.reaches(project_id, lambda project: project.stages[0].done)
    assert (project.status, project.reports) == ("building", 2)
    await builds.bus.send(BUILDS_REPORTS.name, key, cancelled.body(), cancelled.headers())
    project = await builds.reaches(project_id, lambda project: project.status == "failed")
    assert project.attempt is not None
    assert project.attempt.error is not None
    assert project.attempt.error.code == "PIPELINE_CANCELLED"


async def dead_letters(builds: BuildsStack, number: int) -> list[Any]:
    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=builds.stack.endpoints.kafka_bootstrap_servers,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=10,
        fetch_max_bytes=10_000_000,
    )
    async with consumer, asyncio.timeout(20):
        consumer.assign([TopicPartition("builds.reports.v1.builds-reports.dlq", 0)])
        await consumer.seek_to_beginning()
        return [await consumer.getone() for _ in range(number)]


async def test_a_large_report_is_kept_whole_and_shown_where_asked_for(builds: BuildsStack) -> None:
    project_id = await begun(builds)
    large = {"text": "ä" * 149_000}
    await builds.tell(of(project_id, a_report("completed", "orchestrator", output_data=large)))
    await builds.reaches(project_id, lambda project: project.stages[0].done)
    project = await builds.get(f"/projects/{project_id}")
    assert project["stages_snapshot"]["stages"][0]["output_data"] is None
    stage = await builds.get(f"/projects/{project_id}/stages/orchestrator")
    assert stage["output_data"] == large


async def test_a_deleted_running_build_leaves_nothing_in_any_table(builds: BuildsStack) -> None:
    project_id = await begun(builds)
    await builds.tell(of(project_id, a_report("logged", "orchestrator")))
    reply = await builds.delete(project_id)
    assert reply.status == 200
    await builds.tell(of(project_id, a_report("logged", "orchestrator")))
    assert (await builds.control(project_id, "stop")).status == 404
    await eventually(lambda: builds.kept_of(project_id), lambda kept: not kept, seconds=30)
