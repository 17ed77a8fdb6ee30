"""A server that takes over, and one that has a successor, on real connections."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import uvicorn
from tests.support.eventually import eventually

from nexus_runtime.process.caller import Trust
from nexus_runtime.process.http_protocol import BoundedHttp
from nexus_runtime.process.server import Server
from nexus_runtime.process.succession import PATH, asked, let_go, succession


async def app(scope: Any, _receive: Any, send: Any) -> None:
    await asyncio.sleep(0.2 if scope["path"] == "/slow" else 0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def bound() -> tuple[socket.socket, str]:
    opened = socket.socket()
    opened.bind(("127.0.0.1", 0))
    return opened, f"http://127.0.0.1:{opened.getsockname()[1]}"


@asynccontextmanager
async def serving(*sockets: socket.socket, **more: Any) -> AsyncGenerator[Callable[[], asyncio.Task[None]]]:
    """The server; what is yielded ends it."""
    settings: dict[str, Any] = {"http": BoundedHttp, "ws": "none", "log_config": None, "timeout_graceful_shutdown": 1}
    server = Server(uvicorn.Config(app, lifespan="off", **settings), lambda: None, **more)
    task = asyncio.create_task(server.serve(list(sockets)))
    await eventually(lambda: server.started)

    def end() -> asyncio.Task[None]:
        server.should_exit = True
        server._asked.set()  # pyright: ignore[reportPrivateUsage]
        return task

    yield end
    await end()


@pytest.fixture
def succeeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(succession, "begun", True)


@pytest.mark.usefixtures("succeeded")
async def test_a_successor_gets_new_connections_and_kept_ones_are_answered_once_more() -> None:
    public, url = bound()
    descriptor = public.dup()
    async with serving(public) as end, aiohttp.ClientSession() as caller, aiohttp.ClientSession() as newcomer:
        slow = asyncio.create_task(caller.get(f"{url}/slow"))
        async with caller.get(url) as answer:
            assert answer.headers["Connection"] == "close"
        ending = end()
        async with serving(descriptor), newcomer.get(f"{url}/slow") as answer:
            await ending
            assert answer.status == 200
        async with await slow as answer:
            assert (answer.status, await answer.text()) == (200, "ok")


async def test_connections_are_taken_over_when_the_successor_can_serve() -> None:
    own, _ = bound()
    public, url = bound()
    public.listen()
    can = asyncio.Event()

    async def serves() -> bool:
        return can.is_set()

    async with serving(own, taken_over=public, serves=serves), aiohttp.ClientSession() as caller:
        waiting = asyncio.create_task(caller.get(url))
        _, pending = await asyncio.wait({waiting}, timeout=0.2)
        assert pending
        can.set()
        async with await waiting as answer:
            assert answer.status == 200


async def test_a_predecessor_that_is_gone_is_not_waited_for() -> None:
    opened, url = bound()
    with opened:
        await let_go(url, Trust(None))
        assert await asked("GET", url, PATH, Trust(None)) is None
