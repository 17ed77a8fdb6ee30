"""Kafka and DynamoDB Local in containers, as the stack starts, kills, pauses and restarts them. Needs an engine."""

import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from tests.support.eventually import eventually_blocking
from tests.support.infra import require_engine_or_skip
from tests.support.notes import KEY, NOTES, count_a_run, database
from tests.support.records import described, producer, records

from nexus_contracts.topics import BUILDS_EVENTS, all_topics
from nexus_devstack.ports import LOOPBACK, free_port
from nexus_devstack.providers.docker.engine import engine
from nexus_devstack.provision import provision_tables
from nexus_devstack.stack import Stack
from nexus_devstack.topics import provision_topics

pytestmark = pytest.mark.timeout(600)
on_one_loop = pytest.mark.asyncio(loop_scope="module")
BACK_SECONDS = 60.0
NAMES = ("kafka", "dynamodb")


@pytest.fixture(scope="module", autouse=True)
def an_engine() -> None:
    require_engine_or_skip()


def new_stack(folder: Path) -> Stack:
    return Stack(data_dir=folder, infra="docker", ports="free", services=())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory, an_engine: None) -> AsyncGenerator[Stack]:
    folder = tmp_path_factory.mktemp("docker")
    async with new_stack(folder) as started:
        await provision_topics(started.endpoints.kafka)
        yield started
    remove_volumes(*(folder / "docker").iterdir())


def container(folder: Path, name: str) -> Any:
    (mark,) = (folder / "docker").iterdir()
    with engine() as client:
        return client.containers.get(f"nexus-{mark.name}-{name}")


def volumes(mark: Path) -> list[str]:
    with engine() as client:
        return sorted(volume.name for volume in client.volumes.list(filters={"name": f"nexus-{mark.name}-"}))


def remove_volumes(mark: Path) -> None:
    """The platform does not: what it keeps is gone only when somebody wants it to be."""
    with engine() as client:
        for name in volumes(mark):
            client.volumes.get(name).remove()


def containers(mark: Path) -> list[Any]:
    with engine() as client:
        return client.containers.list(all=True, ignore_removed=True, filters={"name": f"nexus-{mark.name}-"})


@on_one_loop
async def test_topics_are_created_as_the_registry_says(stack: Stack) -> None:
    found = await described(stack.endpoints.kafka_bootstrap_servers)
    assert {name: len(found[name]) for name in found} == {topic.name: topic.partitions for topic in all_topics()}


@on_one_loop
async def test_a_container_is_reached_on_the_loopback_address_only_and_has_no_privileges(stack: Stack) -> None:
    for name in NAMES:
        held = container(stack.data_dir, name).attrs
        published = [each for ports in held["NetworkSettings"]["Ports"].values() for each in ports or ()]
        assert {each["HostIp"] for each in published} == {LOOPBACK}, name
        assert held["HostConfig"]["CapDrop"] == ["ALL"]
        assert held["HostConfig"]["Memory"] > 0


@on_one_loop
async def test_an_idempotent_record_is_kept_over_a_kill_on_the_same_port(stack: Stack) -> None:
    servers, former = stack.endpoints.kafka_bootstrap_servers, container(stack.data_dir, "kafka").id
    async with producer(servers) as sender:
        await sender.send_and_wait(BUILDS_EVENTS.name, b"before", partition=0)
        stack.kill("kafka")
        await stack.wait_ready("kafka", timeout_seconds=BACK_SECONDS)
        await sender.send_and_wait(BUILDS_EVENTS.name, b"after", partition=0)
    assert container(stack.data_dir, "kafka").id != former
    assert await records(servers) == [b"before", b"after"]


@on_one_loop
async def test_the_database_keeps_what_it_acknowledged_over_a_kill(stack: Stack) -> None:
    await provision_tables(stack.endpoints, [NOTES], "test-")
    async with database(stack) as client:
        await client.put_item(TableName="test-Notes", Item=KEY)
        stack.kill("dynamodb")
        await stack.wait_ready("dynamodb", timeout_seconds=BACK_SECONDS)
        assert (await client.get_item(TableName="test-Notes", Key=KEY))["Item"] == KEY


@on_one_loop
async def test_a_paused_container_stands_still_until_it_is_let_go_on(stack: Stack) -> None:
    stack.pause("kafka")
    eventually_blocking(lambda: container(stack.data_dir, "kafka").status, lambda status: status == "paused")
    stack.cont("kafka")
    eventually_blocking(lambda: container(stack.data_dir, "kafka").status, lambda status: status == "running")
    assert await described(stack.endpoints.kafka_bootstrap_servers)


@on_one_loop
async def test_a_second_start_finds_what_the_first_kept_also_in_a_folder_that_was_renamed(tmp_path: Path) -> None:
    folders = tmp_path / "one", tmp_path / "two"
    for run, folder in enumerate(folders, start=1):
        if run == 2:
            folders[0].rename(folder)
        async with new_stack(folder) as stack:
            servers = stack.endpoints.kafka_bootstrap_servers
            await provision_topics(stack.endpoints.kafka)
            await provision_tables(stack.endpoints, [NOTES])
            async with producer(servers) as sender:
                await sender.send_and_wait(BUILDS_EVENTS.name, b"%d" % run, partition=0)
            assert await records(servers) == [b"1", b"2"][:run]
            assert await count_a_run(stack) == run
    (mark,) = (folders[1] / "docker").iterdir()
    assert containers(mark) == []
    remove_volumes(mark)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_no_container_survives_the_command_that_started_it(ending: signal.Signals, tmp_path: Path) -> None:
    ports = {name: str(free_port()) for name in ("KAFKA_PORT", "DYNAMODB_PORT")}
    env = {"NEXUS_INFRA": "docker", "NEXUS_DATA_DIR": str(tmp_path), **ports}
    argv = [sys.executable, "-m", "nexus_devstack", "infra"]
    inherited = psutil.Process().environ()
    with subprocess.Popen(
        argv, env=inherited | env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("export KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:")
        (mark,) = (tmp_path / "docker").iterdir()
        assert len(containers(mark)) == 2
        running.send_signal(ending)
        running.communicate(timeout=60)
    eventually_blocking(lambda: containers(mark), lambda left: left == [], seconds=BACK_SECONDS)
    remove_volumes(mark)
