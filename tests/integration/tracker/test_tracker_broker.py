"""The tracker on a real broker: confirmed, absent, restarted, killed."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer
from tests.support.builds_story import EXTERNAL, PROJECT, create_command
from tests.support.builds_world import LossyDatabase, Replica, delivered
from tests.support.infra import needs_volatile_broker

from nexus_contracts.builds.reports import REPORT
from nexus_contracts.envelope import CloudEvent, read_event
from nexus_contracts.topics import BUILDS_REPORTS
from nexus_devstack.ports import free_port
from nexus_devstack.stack import Stack
from nexus_devstack.topics import provision_topics
from nexus_runtime.process.clock import new_id
from nexus_tracker import ReportNotDelivered, ReportRejected, SyncTracker, Tracker
from nexus_tracker.errors import step_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    async with Stack(data_dir=tmp_path_factory.mktemp("broker"), ports="free", services=()) as started:
        await provision_topics(started.endpoints.kafka)
        yield started


def servers(stack: Stack) -> str:
    return stack.endpoints.kafka_bootstrap_servers


def forgets(stack: Stack) -> bool:
    """The broker keeps nothing across a restart."""
    return stack.endpoints.env.get("KAFKA_VOLATILE") == "true"


def tracker_of(stack: Stack, **options: Any) -> Tracker:
    return Tracker(servers(stack), source=EXTERNAL, **options)


async def reported(stack: Stack, project_id: str, enough: Callable[[list[CloudEvent]], bool]) -> list[CloudEvent]:
    """What is in the topic about the project, once it is enough."""
    consumer: Any = AIOKafkaConsumer(
        BUILDS_REPORTS.name, bootstrap_servers=servers(stack), auto_offset_reset="earliest", fetch_max_wait_ms=10
    )
    found: list[CloudEvent] = []
    async with asyncio.timeout(30), consumer:
        while not enough(found):
            record = await consumer.getone()
            if record.key == project_id.encode():
                found.append(read_event(record.value, record.headers))
    return found


def ended(events: list[CloudEvent]) -> bool:
    return bool(events) and events[-1].type in ("nexus.stage.completed.v1", "nexus.stage.failed.v1")


def kinds(events: list[CloudEvent]) -> list[str]:
    return [event.type.split(".")[2] for event in events]


async def test_what_an_exit_has_confirmed_stands_in_the_topic(stack: Stack) -> None:
    project_id = new_id("proj_")
    async with tracker_of(stack) as tracker, tracker.build(project_id).stage("orchestrator") as stage:
        await stage.log("planning")
    events = await reported(stack, project_id, ended)
    assert kinds(events) == ["started", "logged", "completed"]
    assert {event.source for event in events} == {EXTERNAL}


async def test_ten_thousand_lines_are_a_hundred_reports_in_order(stack: Stack) -> None:
    project_id = new_id("proj_")
    async with tracker_of(stack) as tracker, tracker.build(project_id).stage("orchestrator") as stage:
        for number in range(10_000):
            await stage.log(f"line {number}")
    events = await reported(stack, project_id, ended)
    bodies: list[Any] = [event.data for event in events]
    lines = [entry["message"] for body in bodies for entry in body.get("entries", [])]
    assert lines == [f"line {number}" for number in range(10_000)]
    assert len(events) == 102


async def test_threads_without_an_event_loop_report_to_it_too(stack: Stack) -> None:
    project_id = new_id("proj_")

    def work() -> None:
        with SyncTracker(servers(stack)) as tracker, tracker.build(project_id).stage("orchestrator") as stage:
            stage.log("planning")

    await asyncio.to_thread(work)
    assert kinds(await reported(stack, project_id, ended)) == ["started", "logged", "completed"]


async def test_an_absent_broker_is_an_error_that_names_the_reports() -> None:
    async def report() -> None:
        address = f"127.0.0.1:{free_port()}"
        async with (
            Tracker(address, timeout=0.5) as tracker,
            tracker.build(new_id("proj_")).stage("agent_developer_manager") as stage,
            stage.sub_stage("tool_developer"),
        ):
            pass

    with pytest.raises(ReportNotDelivered, match=r"within 0\.5 s .*KafkaConnectionError") as raised:
        await report()
    place = "agent_developer_manager"
    places = [step_of(report) for _, report in raised.value.undelivered]
    assert places == [place, f"{place}/tool_developer", f"{place}/tool_developer"]


@pytest.mark.parametrize("options", [{"no_such_option": 1}, {"acks": "some"}])
async def test_options_that_kafka_does_not_know_are_told_at_once(stack: Stack, options: dict[str, Any]) -> None:
    with pytest.raises(ReportRejected, match="options for Kafka"):
        async with tracker_of(stack, **options) as tracker, tracker.build(new_id("proj_")).stage("orchestrator"):
            pass


async def test_a_broker_that_restarts_meanwhile_gets_what_it_missed(stack: Stack) -> None:
    project_id = new_id("proj_")
    async with tracker_of(stack, timeout=90) as tracker:
        build = tracker.build(project_id)
        async with build.stage("orchestrator") as stage:
            await build.confirmed()
            stack.kill("kafka")
            await stage.progress(50)
            await stack.wait_ready("kafka")
    events = await reported(stack, project_id, ended)
    # What reaches the embedded broker before its topics are there again may be lost with them.
    told = ["started", "progressed", "completed"] if not forgets(stack) else ["completed"]
    assert kinds(list({event.id: event for event in events}.values()))[-len(told) :] == told


@needs_volatile_broker
async def test_a_tracker_outlives_several_brokers(stack: Stack) -> None:
    async with tracker_of(stack, timeout=90) as tracker:
        for _ in range(3):
            project_id = new_id("proj_")
            stack.kill("kafka")
            await stack.wait_ready("kafka")
            async with tracker.build(project_id).stage("orchestrator"):
                pass
            assert kinds(await reported(stack, project_id, ended)) == ["started", "completed"]


PUBLISHER = """
import os, sys
from nexus_tracker import SyncTracker

with SyncTracker(os.environ["SERVERS"], source="/ci/acme") as tracker:
    build = tracker.build(sys.argv[1], run="4711")
    with build.stage("orchestrator") as stage:
        for number in range(20):
            stage.log(f"line {number}")
        stage.usage(tool_calls=1)
    with build.stage("requirements_analysis") as stage:
        stage.log("half way")
        build.confirmed()
        print("half way", flush=True)
        sys.stdin.readline()
"""


def publisher(stack: Stack) -> subprocess.Popen[bytes]:
    env = {**os.environ, "SERVERS": servers(stack)}
    argv = [sys.executable, "-c", PUBLISHER, PROJECT]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)


async def test_a_killed_publisher_that_runs_again_repeats_and_adds_nothing(stack: Stack) -> None:
    with publisher(stack) as first:
        assert first.stdout is not None
        await asyncio.to_thread(first.stdout.readline)
        first.kill()
    with publisher(stack) as second:
        _, _ = await asyncio.to_thread(second.communicate, b"\n")
    assert second.returncode == 0

    events = await reported(stack, PROJECT, lambda found: kinds(found).count("completed") == 3)
    builds = Replica(LossyDatabase())
    await builds.ask(create_command(auto_start=False))
    for event in events:
        report = REPORT.validate_python({**event.data, "type": event.type})
        await builds.tell(delivered(report, event.source, event.id))
    project = await builds.present()
    assert len(events) == 23 + 2 + 23 + 3
    assert [stage.status for stage in project.stages[:3]] == ["completed", "completed", "pending"]
    assert (project.stages[0].log_count, project.stages[0].usage.tool_calls) == (20, 1)
    assert [entry.type for entry in await builds.events()].count("nexus.report.refused.v1") == 0
    assert project.reports == 23 + 3


async def test_a_shell_reports_over_kafka(stack: Stack, tmp_path: Path) -> None:
    project_id = new_id("proj_")
    program = Path(sys.executable).parent / "nexus-report"
    env = {name: value for name, value in os.environ.items() if name != "NEXUS_URL"}
    env["KAFKA_BOOTSTRAP_SERVERS"] = servers(stack)
    argv = [program, "run", project_id, "orchestrator", "--", "echo", "planning"]
    done = await asyncio.to_thread(subprocess.run, argv, env=env, capture_output=True, cwd=tmp_path, check=True)
    assert (done.stdout, done.stderr) == (b"planning\n", b"")
    events = await reported(stack, project_id, ended)
    assert kinds(events) == ["started", "logged", "completed"]
