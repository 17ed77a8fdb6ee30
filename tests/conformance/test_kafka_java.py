"""What the Java client writes to Apache Kafka is read, in every codec and in transactions."""

import asyncio
import os
import subprocess
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from tests.support.infra import jvm_is_chosen
from tests.support.kafka_world import Read, World, body, headers, kafka_world

from nexus_contracts.topics import BUILDS_REPORTS
from nexus_devstack.providers.jvm.jars import jars_folder
from nexus_devstack.providers.jvm.java import java_program
from nexus_devstack.settings import load_settings
from nexus_runtime.process.service import running

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(240),
    pytest.mark.long,
    pytest.mark.skipif(not jvm_is_chosen(), reason="the Java client comes with NEXUS_INFRA=jvm"),
]
SOURCE = Path("tests/support/ForeignProducer.java").absolute()
SECONDS = 120
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
TRANSACTIONS = (("commit", "first"), ("abort", "never"), ("commit", "last"), ("abort", "never again"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    async with kafka_world(tmp_path_factory.mktemp("kafka")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def read(world: World) -> AsyncGenerator[Read]:
    read = Read()
    consumers = world.consumers(read.take)
    async with running([consumers]):
        await world.until(consumers.ready)
        yield read
        assert consumers.faults() == []


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of the producer, compiled once. Needs a JDK."""
    compiled, folder = tmp_path_factory.mktemp("classes"), jars_folder(load_settings().cache_dir) / "kafka"
    jars = os.pathsep.join(map(str, folder.glob("*.jar")))
    java = [java_program(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    compiler = [*java, "-m", "jdk.compiler/com.sun.tools.javac.Main", "-cp", jars, "-d", str(compiled), str(SOURCE)]
    subprocess.run(compiler, timeout=SECONDS, check=True, capture_output=True)
    return [*java, "-cp", f"{compiled}{os.pathsep}{jars}", SOURCE.stem]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sent(program: list[str], world: World, read: Read) -> None:
    """What the Java client writes while it is read: several producers in one process, which takes seconds to start."""
    sends = [("0", codec, "none", *ids_in(codec)) for codec in CODECS]
    sends += [("1", "zstd", end, one, f"{one} too") for end, one in TRANSACTIONS]
    each = [part for partition, codec, end, *ids in sends for part in (partition, codec, end, ",".join(ids))]
    known = [(name, text) for name, text in headers(BUILDS_REPORTS, "") if isinstance(text, bytes) and name != "ce_id"]
    run = partial(
        subprocess.run,
        [*program, world.servers, BUILDS_REPORTS.name, body(BUILDS_REPORTS).decode(), *each],
        env={**os.environ, "HEADERS": "\n".join(f"{name}={text.decode()}" for name, text in known)},
        timeout=SECONDS,
        check=True,
        capture_output=True,
    )
    await asyncio.to_thread(run)


def ids_in(codec: str) -> list[str]:
    return [f"java-{codec}-{number}" for number in range(20)]


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("codec", CODECS)
async def test_the_java_client_may_compress_as_it_likes(read: Read, codec: str) -> None:
    await read.reaches(*ids_in(codec))


@pytest.mark.usefixtures("sent")
async def test_of_transactions_only_what_is_committed_is_read_and_once(world: World, read: Read) -> None:
    await world.publish(BUILDS_REPORTS, 1, "without a transaction")
    await read.reaches("without a transaction")
    mine = [one for one in read.ids if not one.startswith("java-")]
    assert mine == ["first", "first too", "last", "last too", "without a transaction"]
