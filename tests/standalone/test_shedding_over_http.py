"""A gateway with more requests than it takes, on real connections: some are refused while the others are served."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
import uvloop
from tests.support.eventually import eventually
from tests.support.gateway_fakes import FakePlatform

from nexus_gateway.owners import Answer
from nexus_gateway.shedding import MOST_WAITING
from nexus_runtime.process.http_protocol import BoundedHttp
from nexus_runtime.process.server import Server

PROJECTS = "GET /api/v1/projects HTTP/1.1"
EMPTY = Answer(b'{"items": [], "count": 0, "last_key": null}', None)


class Serving:
    """A gateway on a port; while `held`, its owners do not answer."""

    def __init__(self, **settings: Any) -> None:
        self.platform = FakePlatform(**settings)
        self.platform.owners.get = self._get
        self.asked = 0
        self.held = asyncio.Event()
        self.held.set()
        self.port = 0

    async def _get(self, *_: object, **__: object) -> Answer:
        self.asked += 1
        await self.held.wait()
        return EMPTY

    async def run(self) -> AsyncGenerator["Serving"]:
        settings: Any = {"ws": "none", "log_config": None, "lifespan": "off", "timeout_keep_alive": 75}
        config = uvicorn.Config(self.platform.app, http=BoundedHttp, **settings)
        self.server = server = Server(config, lambda: None, shedder=self.platform.app.state.shedder)
        with socket.create_server(("127.0.0.1", 0), backlog=1000) as listening:
            self.port = listening.getsockname()[1]
            serving = asyncio.create_task(server.serve([listening]))
            await eventually(lambda: server.started)
            yield self
            self.held.set()
            server.should_exit = True
            await serving


@pytest_asyncio.fixture
async def gateway() -> AsyncGenerator[Serving]:
    async for serving in Serving().run():
        yield serving


@pytest_asyncio.fixture
async def small() -> AsyncGenerator[Serving]:
    """One that takes one request at a time."""
    async for serving in Serving(max_requests=1, allowed_origins="https://page.example").run():
        yield serving


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @staticmethod
    async def to(serving: Serving) -> "Connection":
        return (await Connection.several_to(serving, 1))[0]

    @staticmethod
    async def several_to(serving: Serving, number: int) -> list["Connection"]:
        """Which the server has: they are no newcomers any more."""
        known = serving.server.server_state.connections
        wanted = len(known) + number
        opened = [Connection(*await asyncio.open_connection("127.0.0.1", serving.port)) for _ in range(number)]
        await eventually(lambda: len(known) == wanted)
        return opened

    def send(self, line: str = PROJECTS, *headers: str, body: str = "") -> None:
        self._writer.write("\r\n".join([line, "Host: x", *headers, "", body]).encode())

    async def status(self) -> int:
        status, _, _ = await self.answer()
        return status

    async def answer(self) -> tuple[int, str, Any]:
        async with asyncio.timeout(20):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.partition("\r\ncontent-length: ")[2].partition("\r\n")[0])
            body = await self._reader.readexactly(length)
        return int(head.split()[1]), head, json.loads(body)

    async def ended(self) -> bool:
        async with asyncio.timeout(20):
            return await self._reader.read() == b""

    def send_raw(self, text: str) -> None:
        self._writer.write(text.encode())

    def close(self) -> None:
        self._writer.close()


async def test_of_many_requests_at_once_some_are_refused_and_the_others_are_served(gateway: Serving) -> None:
    connections = await Connection.several_to(gateway, 3 * MOST_WAITING)
    for connection in connections:
        connection.send()
    statuses = [await connection.status() for connection in connections]
    assert set(statuses) == {200, 503}
    assert statuses.count(200) == gateway.asked >= MOST_WAITING
    for connection in connections:
        connection.send()
        assert await connection.status() == 200, "one after the other they are all served, on the same connections"
        connection.close()


@pytest_asyncio.fixture
async def busy(small: Serving) -> AsyncGenerator[Serving]:
    """The small one while it is at a request."""
    small.held.clear()
    first = await Connection.to(small)
    first.send()
    await eventually(lambda: small.asked == 1)
    yield small
    small.held.set()
    assert await first.status() == 200
    first.close()


async def test_what_is_too_much_is_refused_in_the_envelope_and_health_is_still_told(busy: Serving) -> None:
    other = await Connection.to(busy)
    other.send()
    status, head, told = await other.answer()
    assert (status, told["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert "\r\nretry-after: 2\r\n" in head
    assert "\r\ndate: " in head
    other.send("GET /health HTTP/1.1")
    assert await other.status() == 200
    busy.held.set()
    await eventually(lambda: busy.platform.app.state.shedder.under_way == 0)
    other.send()
    assert await other.status() == 200
    other.close()


async def test_a_refused_body_is_no_request(busy: Serving) -> None:
    other = await Connection.to(busy)
    for _ in range(2):
        other.send("POST /api/v1/projects HTTP/1.1", "Content-Length: 200000", body="GET / HTTP/1.1\r\n" * 12_500)
        assert await other.status() == 503
    other.send("GET /health HTTP/1.1")
    assert await other.status() == 200
    other.close()


@pytest.mark.parametrize(
    ("line", "headers"),
    [
        ("POST /api/v1/projects HTTP/1.1", ["Expect: 100-continue", "Content-Length: 2"]),
        (PROJECTS, ["Connection: close"]),
        ("GET /api/v1/projects HTTP/1.0", []),
    ],
)
async def test_a_refusal_ends_a_connection_that_cannot_go_on(busy: Serving, line: str, headers: list[str]) -> None:
    other = await Connection.to(busy)
    other.send(line, *headers)
    status, head, _ = await other.answer()
    assert (status, "\r\nconnection: close\r\n" in head) == (503, True)
    assert await other.ended()
    other.close()


async def test_requests_that_come_together_are_refused_one_by_one(busy: Serving) -> None:
    other = await Connection.to(busy)
    for _ in range(2_000):
        other.send()
    other.send("GET /health HTTP/1.1")
    assert [await other.status() for _ in range(2_001)] == [503] * 2_000 + [200]
    other.close()


async def newcomer(serving: Serving, line: str = PROJECTS, *headers: str, body: str = "") -> Connection:
    """Its request is there before the server has seen its connection: nothing is awaited between."""
    opened = socket.create_connection(("127.0.0.1", serving.port))
    opened.sendall("\r\n".join([line, "Host: x", *headers, "", body]).encode())
    return Connection(*await asyncio.open_connection(sock=opened))


async def test_of_many_newcomers_at_once_as_many_are_served_as_there_is_room_for(gateway: Serving) -> None:
    crowd = [await newcomer(gateway) for _ in range(MOST_WAITING)]
    assert [await one.status() for one in crowd] == [200] * MOST_WAITING
    for one in crowd:
        one.close()


async def test_a_newcomer_is_refused_without_a_connection_of_the_server_and_health_is_told(busy: Serving) -> None:
    known = len(busy.server.server_state.connections)
    refused = await newcomer(busy, PROJECTS, "X-Request-ID: mine", "Origin: https://page.example")
    status, head, told = await refused.answer()
    assert (status, told["error"]["code"], told["request_id"]) == (503, "SERVICE_UNAVAILABLE", "mine")
    assert "\r\naccess-control-allow-origin: https://page.example\r\n" in head
    assert "\r\nconnection: close\r\n" in head
    assert await refused.ended()
    assert len(busy.server.server_state.connections) == known
    probe = await newcomer(busy, "GET /health HTTP/1.1")
    assert await probe.status() == 200
    for one in (refused, probe):
        one.close()


async def test_a_newcomer_with_a_body_is_refused_or_has_its_say(busy: Serving) -> None:
    line, sent = "POST /api/v1/projects HTTP/1.1", "{}"
    whole = await newcomer(busy, line, "Content-Length: 2", body=sent)
    assert await whole.status() == 503
    assert await whole.ended()
    half = await newcomer(busy, line, "Content-Length: 200000", body=sent)
    assert await half.status() == 503
    half.send_raw(" " * 199_998)
    half.send("GET /health HTTP/1.1")
    assert await half.status() == 200
    for one in (whole, half):
        one.close()


async def test_newcomers_that_leave_before_they_are_served_keep_no_place(gateway: Serving) -> None:
    for _ in range(MOST_WAITING + 10):
        with socket.create_connection(("127.0.0.1", gateway.port)) as leaving:
            leaving.sendall(f"{PROJECTS}\r\nHost: x\r\n\r\n".encode())
    after_them = await newcomer(gateway, "GET /health HTTP/1.1")
    assert await after_them.status() == 200
    await eventually(lambda: gateway.platform.app.state.shedder.waiting == 0)
    other = await newcomer(gateway)
    assert await other.status() == 200
    for one in (after_them, other):
        one.close()


def test_newcomers_do_not_wait_for_a_turn_each() -> None:
    async def turns() -> int:
        settings: Any = {"http": BoundedHttp, "ws": "none", "log_config": None, "lifespan": "off"}
        server = Server(uvicorn.Config(FakePlatform().app, **settings), lambda: None)
        with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
            address = listening.getsockname()
            serving = asyncio.create_task(server.serve([listening]))
            await eventually(lambda: server.started)
            newcomers = [socket.create_connection(address) for _ in range(50)]
            taken = 0
            while len(server.server_state.connections) < len(newcomers):
                taken += 1
                await asyncio.sleep(0)
            for newcomer in newcomers:
                newcomer.close()
            server.should_exit = True
            await serving
        return taken

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(asyncio.wait_for(turns(), 20)) < 20
