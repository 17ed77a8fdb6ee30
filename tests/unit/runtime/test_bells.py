"""Readers on the same machine are told that there are records."""

import asyncio
import os
import socket
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.support.eventually import eventually

from nexus_runtime.kafka.bells import LISTED_SECONDS, MOST_BYTES, Bell, Ringer

BROKER, TOPIC = "127.0.0.1:19092", "builds.commands.v1"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    # Not pytest's: the path of a socket must be short.
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        yield Path(short) / f"nexus-bells-{os.getuid()}"


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def left_behind(folder: Path) -> None:
    """A bell of a process that was killed."""
    folder.mkdir()
    ended = subprocess.Popen(["true"])
    ended.wait()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as left:
        left.bind(str(folder / f"12345678.{ended.pid}.0.{TOPIC}"))


@pytest.fixture
def not_its_own(folder: Path) -> None:
    """In place of the folder is a link to another one."""
    folder.symlink_to(folder.parent)


class Door:
    """A bell, and what was heard of it."""

    def __init__(self, broker: str = BROKER, topic: str = TOPIC) -> None:
        self.heard: list[tuple[int, int]] = []
        self.handed: list[tuple[int, bytes]] = []
        self.bell = Bell(
            broker,
            topic,
            lambda partition, offset: self.heard.append((partition, offset)),
            lambda partition, value: self.handed.append((partition, value)),
        )


@asynccontextmanager
async def opened(*doors: Door) -> AsyncGenerator[Ringer]:
    for door in doors:
        door.bell.open()
    ringer = Ringer(BROKER)
    yield ringer
    ringer.close()
    for door in doors:
        door.bell.close()


async def test_all_readers_of_the_topic_are_told_the_partition() -> None:
    first, second = Door(), Door()
    async with opened(first, second) as ringer:
        ringer.ring(TOPIC, 3, 17)
        await eventually(lambda: first.heard == second.heard == [(3, 17)])


async def test_readers_of_another_topic_or_broker_are_not_told() -> None:
    wanted, other_topic, other_broker = Door(), Door(topic="gateway.replies.v1"), Door(broker="127.0.0.1:1")
    async with opened(wanted, other_topic, other_broker) as ringer:
        ringer.ring(TOPIC, 0, 0)
        await eventually(lambda: wanted.heard == [(0, 0)])
    assert other_topic.heard == other_broker.heard == []


async def test_rings_that_were_not_heard_yet_count_as_one() -> None:
    door = Door()
    async with opened(door) as ringer:
        for offset in range(5):
            ringer.ring(TOPIC, 1, offset)
        await eventually(lambda: bool(door.heard))
        await asyncio.sleep(0)
        assert door.heard == [(1, 4)]


async def test_rings_that_are_too_many_are_left_out() -> None:
    door = Door()
    async with opened(door) as ringer:
        for offset in range(1_000):
            ringer.ring(TOPIC, 1, offset)
        await eventually(lambda: bool(door.heard))


async def test_a_reader_that_came_later_is_rung_soon() -> None:
    late, now = Door(), [0.0]
    ringer = Ringer(BROKER, monotonic=lambda: now[0])
    ringer.ring(TOPIC, 0, 0)
    late.bell.open()
    now[0] += LISTED_SECONDS
    ringer.ring(TOPIC, 2, 5)
    await eventually(lambda: late.heard == [(2, 5)])
    late.bell.close()
    ringer.close()


async def test_ringing_where_nobody_listens_any_more_is_harmless(folder: Path) -> None:
    door = Door()
    async with opened(door) as ringer:
        ringer.ring(TOPIC, 0, 0)
        door.bell.close()
        ringer.ring(TOPIC, 0, 0)
    ringer.ring(TOPIC, 0, 0)
    assert names(folder) == []


@pytest.mark.usefixtures("left_behind")
async def test_bells_of_processes_that_were_killed_are_removed(folder: Path) -> None:
    async with opened(Door()):
        [own] = names(folder)
        assert f".{os.getpid()}." in own


@pytest.mark.usefixtures("not_its_own")
async def test_without_a_folder_of_its_own_a_reader_does_without_a_bell(folder: Path) -> None:
    with capture_logs() as lines:
        async with opened(Door()) as ringer:
            ringer.ring(TOPIC, 0, 0)
    assert [line["event"] for line in lines] == ["records will be noticed late: no bell"]
    assert names(folder.parent) == [folder.name]


async def test_a_value_is_handed_to_all_readers_of_the_topic() -> None:
    first, second, other_topic = Door(), Door(), Door(topic="gateway.replies.v1")
    async with opened(first, second, other_topic) as ringer:
        assert ringer.hand(TOPIC, 3, b'{"answer":\n42}')
        await eventually(lambda: first.handed == second.handed == [(3, b'{"answer":\n42}')])
    assert other_topic.handed == first.heard == []


async def test_a_value_that_is_too_large_is_left_to_a_fetch() -> None:
    door, fits = Door(), b"x" * (MOST_BYTES - len("0\n"))
    async with opened(door) as ringer:
        assert not ringer.hand(TOPIC, 0, fits + b"x")
        assert ringer.hand(TOPIC, 0, fits)
        await eventually(lambda: door.handed == [(0, fits)])


async def test_who_hands_over_is_told_where_a_reader_did_not_get_it() -> None:
    door = Door()
    async with opened(door) as ringer:
        assert ringer.hand(TOPIC, 0, b"heard")
        door.bell.close()
        assert not ringer.hand(TOPIC, 0, b"unheard")
