"""Live streams: every event once and in order, one read for many streams, and nothing left when they end."""

import asyncio
import json
from collections.abc import AsyncGenerator
from types import SimpleNamespace

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from tests.support.eventually import eventually
from tests.support.histories import GONE, TYPE, History, ids, parsed

from nexus_contracts.errors import NotFound, ServiceUnavailable
from nexus_gateway.sse import HEARTBEAT, OPENING, paced
from nexus_gateway.streams import Streams

PROJECT = "proj_1"
pytestmark = pytest.mark.timeout(20)


async def known() -> bool:
    return True


class World:
    """A history, and the streams that follow it."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.listening = True
        self.streams = Streams(history, lambda: self.listening, look_seconds=0.01, retry_seconds=0.01)

    def happens(self, events: int = 1, *, ended: bool = False, hint: bool = True) -> None:
        self.history.length += events
        self.history.ended = ended
        if hint:
            self.hint()

    def hint(self, key: bytes | None = PROJECT.encode()) -> None:
        self.streams.notice(SimpleNamespace(key=key, value=b""))

    async def follow(self, after: int = 0) -> AsyncGenerator[bytes]:
        page = await self.streams.open(PROJECT, after)
        return paced(self.streams.follow(PROJECT, page), self.streams.ending, known)

    async def read(self, after: int = 0) -> list[int]:
        return ids(parsed((await whole(await self.follow(after))).decode()))


@pytest_asyncio.fixture
async def world() -> AsyncGenerator[World]:
    world = World(History())
    yield world
    await world.streams.stop()
    assert open_streams() == 0


async def whole(stream: AsyncGenerator[bytes]) -> bytes:
    return b"".join([block async for block in stream])


def open_streams() -> float:
    return REGISTRY.get_sample_value("nexus_event_streams") or 0.0


async def test_an_ended_history_is_given_whole_and_then_the_stream_ends(world: World) -> None:
    world.history.page = 3
    world.happens(10, ended=True)
    assert await world.read() == list(range(1, 11))
    assert world.history.asked == [0, 3, 6, 9]
    assert await world.read(after=7) == [8, 9, 10]
    assert await world.read(after=10) == []


async def test_an_event_is_written_as_the_standard_says(world: World) -> None:
    world.happens(ended=True)
    text = (await whole(await world.follow())).decode()
    (event,) = parsed(text)
    assert (event.id, event.event, text.startswith("retry: 1000\n\n")) == (1, TYPE, True)
    data = json.loads(event.data)
    assert (data["sequence"], data["type"], data["attempt"]) == (1, TYPE, 1)
    assert data["data"] == {"text": "a\nb\r\u2028ä"}


async def test_what_happens_is_told_at_once_by_one_read(world: World) -> None:
    world.happens(2)
    reading = asyncio.create_task(world.read())
    await eventually(lambda: world.history.asked == [0, 2])
    for reads in (3, 4, 5):
        world.happens(2)
        await eventually(lambda reads=reads: len(world.history.asked) == reads)
    world.happens(1, ended=True)
    assert await reading == list(range(1, 10))
    assert world.history.asked == [0, 2, 2, 4, 6, 8]


async def test_a_hint_that_comes_while_the_history_is_read_is_not_lost(world: World) -> None:
    world.happens(1)
    reading = asyncio.create_task(world.read())
    await eventually(lambda: world.history.asked == [0, 1])
    world.history.hanging = asyncio.Event()
    world.hint()
    await eventually(lambda: len(world.history.asked) == 3)
    world.hint()
    before = world.history.hanging
    world.history.hanging = None
    before.set()
    await eventually(lambda: len(world.history.asked) == 4)
    world.happens(1, ended=True)
    assert await reading == [1, 2]


async def test_a_lost_hint_is_made_up_for(world: World) -> None:
    await world.streams.start()
    for listening in (True, False):
        world.listening = listening
        reading = asyncio.create_task(world.read(after=world.history.length))
        await eventually(lambda: open_streams() == 1)
        world.happens(1, ended=True, hint=False)
        assert await reading == [world.history.length]
        world.history.ended = False


async def test_an_id_that_is_not_reached_yet_is_waited_for(world: World) -> None:
    world.happens(3)
    reading = asyncio.create_task(world.read(after=5))
    await eventually(lambda: world.history.asked == [5, 5])
    world.happens(2)
    await eventually(lambda: len(world.history.asked) == 3)
    world.happens(2, ended=True)
    assert await reading == [6, 7]


async def test_two_hundred_streams_of_one_project_share_their_reads(world: World) -> None:
    world.happens(3)
    reading = [asyncio.create_task(world.read()) for _ in range(200)]
    await eventually(lambda: open_streams() == 200)
    await eventually(lambda: world.history.asked[-1] == 3)
    assert world.history.asked.count(0) == 1
    before = len(world.history.asked)
    world.happens(1)
    await eventually(lambda: world.history.asked[-1] == 3 and len(world.history.asked) > before)
    world.happens(1, ended=True)
    assert await asyncio.gather(*reading) == [[1, 2, 3, 4, 5]] * 200
    assert len(world.history.asked) - before < 10


async def test_an_owner_that_is_away_is_waited_for_and_nothing_is_missed(world: World) -> None:
    world.happens(2)
    reading = asyncio.create_task(world.read())
    await eventually(lambda: world.history.asked == [0, 2])
    world.history.fault = ServiceUnavailable("away")
    world.happens(3, ended=True)
    await eventually(lambda: len(world.history.asked) > 5)
    world.history.fault = None
    assert await reading == [1, 2, 3, 4, 5]


async def test_an_unknown_or_deleted_project_has_no_stream(world: World) -> None:
    world.history.deleted = True
    with pytest.raises(NotFound):
        await world.streams.open(PROJECT, 0)
    world.history.fault = GONE
    with pytest.raises(NotFound):
        await world.streams.open(PROJECT, 0)


@pytest.mark.parametrize("readable", [True, False])
async def test_a_deletion_ends_the_stream_with_its_event_while_that_is_readable(world: World, readable: bool) -> None:
    world.happens(2)
    reading = asyncio.create_task(world.read())
    await eventually(lambda: world.history.asked == [0, 2])
    world.history.deleted, world.history.fault = True, None if readable else GONE
    world.happens(1, ended=True)
    assert await reading == ([1, 2, 3] if readable else [1, 2])


async def test_all_streams_end_when_the_service_stops_even_while_the_owner_hangs(world: World) -> None:
    world.happens(1)
    reading = [asyncio.create_task(world.read()) for _ in range(3)]
    await eventually(lambda: open_streams() == 3)
    world.history.hanging = asyncio.Event()
    world.hint()
    world.streams.end()
    assert await asyncio.gather(*reading) == [[1]] * 3
    await eventually(lambda: open_streams() == 0)


async def test_who_goes_away_leaves_nothing_behind(world: World) -> None:
    world.happens(1)
    stream = await world.follow()
    assert [await anext(stream), (await anext(stream))[:6]] == [OPENING, b"id: 1\n"]
    assert open_streams() == 1
    await stream.aclose()
    assert open_streams() == 0
    waiting = asyncio.create_task(world.read())
    await eventually(lambda: open_streams() == 1)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await eventually(lambda: open_streams() == 0)
    world.hint()
    world.hint(key=None)
    world.hint(key=b"\xff")
    assert len(asyncio.all_tasks()) == 1


async def test_silence_is_filled_with_heartbeats() -> None:
    async def silent() -> AsyncGenerator[bytes]:
        await asyncio.get_running_loop().create_future()
        yield b"never"

    ending: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    stream = paced(silent(), ending, known, heartbeat_seconds=0.01)
    assert [await anext(stream) for _ in range(3)] == [OPENING, HEARTBEAT, HEARTBEAT]
    ending.set_result(None)
    assert await anext(stream, None) is None
