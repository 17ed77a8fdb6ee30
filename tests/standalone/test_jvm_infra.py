"""Kafka and DynamoDB Local, as the stack starts, provisions, kills and restarts them."""

import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from tests.support.eventually import eventually
from tests.support.infra import require_jvm_or_skip
from tests.support.notes import KEY, NOTES, count_a_run, database
from tests.support.records import described, producer, records

from nexus_contracts.topics import BUILDS_EVENTS, Topic, all_topics
from nexus_devstack.errors import StackError
from nexus_devstack.ports import free_port
from nexus_devstack.provision import provision_tables
from nexus_devstack.settings import Settings
from nexus_devstack.stack import Stack
from nexus_devstack.topics import provision_topics

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
BACK_SECONDS = 60.0


@pytest.fixture(scope="module", autouse=True)
def jvm() -> None:
    require_jvm_or_skip()


def new_stack(folder: Path, brokers: int = 1) -> Stack:
    settings = Settings.model_validate({"kafka_brokers": brokers})
    return Stack(settings=settings, data_dir=folder, infra="jvm", ports="free", services=())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory, jvm: None) -> AsyncGenerator[Stack]:
    async with new_stack(tmp_path_factory.mktemp("jvm")) as started:
        await provision_topics(started.endpoints.kafka)
        yield started


async def test_topics_are_created_as_the_registry_says_and_found_right_again(stack: Stack) -> None:
    servers, warned = stack.endpoints.kafka_bootstrap_servers, list[str]()
    await provision_topics(stack.endpoints.kafka, warn=warned.append)
    assert warned == []
    found = await described(servers)
    assert {name: len(found[name]) for name in found} == {topic.name: topic.partitions for topic in all_topics()}


async def test_an_idempotent_record_is_kept_over_a_kill_on_the_same_port(stack: Stack) -> None:
    servers, pid = stack.endpoints.kafka_bootstrap_servers, stack.pid("kafka")
    async with producer(servers) as sender:
        await sender.send_and_wait(BUILDS_EVENTS.name, b"before", partition=0)
        stack.kill("kafka")
        await stack.wait_ready("kafka", timeout_seconds=BACK_SECONDS)
        await sender.send_and_wait(BUILDS_EVENTS.name, b"after", partition=0)
    assert stack.pid("kafka") != pid
    assert await records(servers) == [b"before", b"after"]


async def test_the_database_keeps_what_it_acknowledged_over_a_kill(stack: Stack) -> None:
    await provision_tables(stack.endpoints, [NOTES], "test-")
    other = {**KEY, "note_id": {"S": "b"}}
    async with database(stack) as client:
        await client.transact_write_items(TransactItems=[{"Put": {"TableName": "test-Notes", "Item": other}}])
        await client.put_item(TableName="test-Notes", Item=KEY)
        stack.kill("dynamodb")
        await stack.wait_ready("dynamodb", timeout_seconds=BACK_SECONDS)
        for key in (KEY, other):
            assert (await client.get_item(TableName="test-Notes", Key=key))["Item"] == key


async def test_everything_listens_on_the_loopback_address_only(stack: Stack) -> None:
    for name in ("kafka", "dynamodb"):
        listening = [at for at in psutil.Process(stack.pid(name)).net_connections() if at.status == psutil.CONN_LISTEN]
        assert {at.laddr.ip.removeprefix("::ffff:") for at in listening} == {"127.0.0.1"}, name
    other = next((at.address for each in psutil.net_if_addrs().values() for at in each if _is_outside(at)), None)
    if other is not None:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((other, stack.ports["DYNAMODB_PORT"]), timeout=2)


def _is_outside(at: Any) -> bool:
    return at.family == socket.AF_INET and not at.address.startswith("127.")


async def test_logs_are_kept_in_files(stack: Stack) -> None:
    assert "KafkaRaftServer" in (stack.data_dir / "logs" / "kafka.log").read_text(encoding="utf-8")
    assert (stack.data_dir / "logs" / "dynamodb.log").exists()
    assert not [line for line in stack.logs("kafka") if "INFO" in line]


def orders(partitions: int, hours: int) -> Topic:
    return Topic("orders.events.v1", partitions, hours, "order", ("shop",))


async def test_a_topic_with_other_settings_is_told_and_one_that_loses_records_refused(stack: Stack) -> None:
    warned = list[str]()
    await provision_topics(stack.endpoints.kafka, [orders(4, 24)], warn=warned.append)
    await provision_topics(stack.endpoints.kafka, [orders(4, 24)], warn=warned.append)
    assert warned == []
    with pytest.raises(StackError, match=r"has 4 partitions, not 8.*for 86400000 ms, not 172800000"):
        await provision_topics(stack.endpoints.kafka, [orders(8, 48)], warn=warned.append)
    await provision_topics(stack.endpoints.kafka, [orders(2, 1)], warn=warned.append)
    assert warned == [
        "warning: topic orders.events.v1 has 4 partitions, not 2; all of them are read",
        "warning: topic orders.events.v1 keeps records for 86400000 ms, not 3600000 ms",
    ]


async def test_a_second_start_on_other_ports_finds_what_the_first_kept(tmp_path: Path) -> None:
    for run in (1, 2):
        async with new_stack(tmp_path) as stack:
            servers = stack.endpoints.kafka_bootstrap_servers
            await provision_topics(stack.endpoints.kafka)
            await provision_tables(stack.endpoints, [NOTES])
            async with producer(servers) as sender:
                await sender.send_and_wait(BUILDS_EVENTS.name, b"%d" % run, partition=0)
            assert await records(servers) == [b"1", b"2"][:run]
            assert await count_a_run(stack) == run
    with pytest.raises(StackError, match="NEXUS_KAFKA_BROKERS=1"):
        await new_stack(tmp_path, brokers=3).start()


async def test_three_brokers_replicate_and_go_on_without_one(tmp_path: Path) -> None:
    async with new_stack(tmp_path, brokers=3) as stack:
        servers = stack.endpoints.kafka_bootstrap_servers
        await provision_topics(stack.endpoints.kafka)

        async def all_in_sync() -> bool:
            found = await described(servers)
            return {len(partition["isr"]) for topic in found.values() for partition in topic} == {3}

        await eventually(all_in_sync, seconds=90)  # a broker learns of new topics a moment later than another
        async with producer(servers) as sender:
            await sender.send_and_wait(BUILDS_EVENTS.name, b"before", partition=0)
            stack.pause("kafka-2")
            await sender.send_and_wait(BUILDS_EVENTS.name, b"without", partition=0)
            stack.cont("kafka-2")
        # The woken broker takes itself for the leader until it hears of the election, and answers as such.
        await eventually(lambda: records(servers), lambda found: found == [b"before", b"without"], seconds=90)
        await eventually(all_in_sync, seconds=90)


async def test_nothing_survives_a_command_that_is_killed_and_it_starts_again(tmp_path: Path) -> None:
    ports = {name: str(free_port()) for name in ("KAFKA_PORT", "DYNAMODB_PORT")}
    env = {"NEXUS_INFRA": "jvm", "NEXUS_DATA_DIR": str(tmp_path / "data"), **ports}
    for ending in (signal.SIGKILL, signal.SIGTERM):
        known, status = _infra_ended_by(ending, env, tmp_path)
        assert status == (-signal.SIGKILL if ending == signal.SIGKILL else 0)
        assert len(known) == 2
        assert psutil.wait_procs(known, timeout=5)[1] == []


def _infra_ended_by(ending: signal.Signals, env: dict[str, str], folder: Path) -> tuple[list[psutil.Process], int]:
    """What it had started, and its exit status."""
    argv = [sys.executable, "-m", "nexus_devstack", "infra"]
    inherited = {name: value for name, value in psutil.Process().environ().items() if name != "NEXUS_KAFKA_BROKERS"}
    with subprocess.Popen(
        argv, env=inherited | env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("export KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:")
        known = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(ending)
        running.communicate(timeout=20)
    return known, running.returncode
