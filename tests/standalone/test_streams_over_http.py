"""Streams on a real server and real connections, over a history in this process."""

import asyncio
import gc
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import uvicorn
from tests.support.event_streams import Follower, streaming, until_open
from tests.support.eventually import eventually
from tests.support.gateway_fakes import FakePlatform
from tests.support.histories import History, events_of

from nexus_contracts.topics import BUILDS_EVENTS
from nexus_devstack.ports import free_port
from nexus_gateway.openapi.examples import PROJECT_ID
from nexus_runtime.process.http_protocol import BoundedHttp
from nexus_runtime.process.server import Server

pytestmark = pytest.mark.timeout(60)
MANY = 200


@dataclass
class Site:
    platform: FakePlatform
    history: History
    server: Server
    serving: asyncio.Task[None]
    url: str

    def happens(self, events: int = 1, *, ended: bool = False) -> None:
        self.history.length += events
        self.history.ended = ended
        self.platform.streams.notice(Record())


@dataclass
class Record:
    topic: str = BUILDS_EVENTS.name
    key: bytes = PROJECT_ID.encode()
    value: bytes = b"{}"


@pytest_asyncio.fixture
async def site() -> AsyncGenerator[Site]:
    platform, port = FakePlatform(), free_port()
    history = platform.streams._owners = History(length=1)  # pyright: ignore[reportPrivateUsage]
    as_served: dict[str, Any] = {"http": BoundedHttp, "ws": "none", "log_config": None, "timeout_graceful_shutdown": 30}
    config = uvicorn.Config(platform.app, port=port, lifespan="off", **as_served)
    server = Server(config, platform.streams.end)
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    yield Site(platform, history, server, serving, f"http://127.0.0.1:{port}")
    server.should_exit = True
    await serving


async def test_many_streams_at_once_see_everything_and_leave_nothing(site: Site) -> None:
    followers = [Follower(site.url, PROJECT_ID) for _ in range(MANY)]
    following = [asyncio.create_task(follower.followed()) for follower in followers]
    await until_open(site.url, MANY)
    before = len(site.history.asked)
    for _ in range(10):
        site.happens(3)
        await asyncio.sleep(0)
    site.happens(1, ended=True)
    await asyncio.gather(*following)
    assert all(follower.ids == list(range(1, 33)) for follower in followers)
    assert len(site.history.asked) - before < MANY
    await until_open(site.url, 0)


async def test_who_closes_the_connection_is_noticed_without_anything_to_send(site: Site) -> None:
    for _ in range(3):
        async with streaming(site.url, PROJECT_ID) as response:
            assert (await anext(events_of(response.content.iter_any()))).id == 1
            await until_open(site.url, 1)
        await until_open(site.url, 0)
    gc.collect()
    names = [str(task.get_coro()) for task in asyncio.all_tasks()]
    assert not [name for name in names if "_next" in name or "follow" in name]


async def test_a_server_that_stops_ends_its_streams_in_good_order(site: Site) -> None:
    async with streaming(site.url, PROJECT_ID) as response:
        stream = events_of(response.content.iter_any())
        assert (await anext(stream)).id == 1
        site.server.should_exit = True
        assert [event async for event in stream] == []
    async with asyncio.timeout(10):  # a third of what it might wait
        await site.serving


async def test_head_of_a_stream_does_not_hold_its_connection(site: Site) -> None:
    async with asyncio.timeout(10), streaming(site.url, PROJECT_ID) as response:
        assert response.headers["Cache-Control"] == "no-store"
    async with asyncio.timeout(10), aiohttp.ClientSession() as session:
        for _ in range(2):
            url = f"{site.url}/api/v1/projects/{PROJECT_ID}/events"
            async with session.head(url, headers={"Accept": "text/event-stream"}) as head:
                assert (head.status, head.content_type) == (200, "text/event-stream")
    await until_open(site.url, 0)
