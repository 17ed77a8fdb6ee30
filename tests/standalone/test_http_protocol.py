"""A real server on a socket: what it takes of a request's head, and what not, and how connections end."""

import asyncio
import re
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from tests.support.eventually import eventually

from nexus_runtime.process import http_protocol
from nexus_runtime.process.http_protocol import BoundedHttp
from nexus_runtime.process.shedding import MAX_HEAD_BYTES

PORTION = 2_000_000
LARGE = 10 * PORTION
"""More than the buffers of both ends hold."""


@pytest.fixture
async def served() -> AsyncGenerator[tuple[uvicorn.Server, int]]:
    """The server, and its port."""
    app = FastAPI()

    @app.post("/length")
    async def length(request: Request) -> int:  # pyright: ignore[reportUnusedFunction]  # the route is
        return len(await request.body())

    @app.api_route("/header", methods=["GET", "POST"])
    async def header(request: Request) -> list[str]:  # pyright: ignore[reportUnusedFunction]  # the route is
        await request.body()
        return request.headers.getlist("x")

    @app.get("/soon")
    async def soon() -> str:  # pyright: ignore[reportUnusedFunction]  # the route is
        await asyncio.sleep(0.2)  # the caller's end of the connection arrives in the meantime
        return "soon"

    @app.get("/large")
    async def large() -> str:  # pyright: ignore[reportUnusedFunction]  # the route is
        return "x" * LARGE

    @app.get("/stream")
    async def stream(events: int, length: int = 0) -> StreamingResponse:  # pyright: ignore[reportUnusedFunction]  # the route is
        async def told() -> AsyncIterator[str]:
            for number in range(events):
                yield f"data: {number}{' ' * length}\n\n"
                await asyncio.sleep(0)

        return StreamingResponse(told(), media_type="text/event-stream")

    server = uvicorn.Server(uvicorn.Config(app, port=0, http=BoundedHttp, ws="none", log_config=None, lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        yield server, listening.getsockname()[1]
        server.should_exit = True
        await serving


@pytest.fixture
def port(served: tuple[uvicorn.Server, int]) -> int:
    return served[1]


async def answer(port: int, pieces: AsyncIterator[bytes]) -> bytes | None:
    """What comes back until the server closes, or None where it closes before all was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await reader.read()
    except ConnectionError:
        return None
    finally:
        writer.close()


HEAD = b"POST /length HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


async def endless(head: bytes, piece: bytes) -> AsyncIterator[bytes]:
    """More than is taken, by far, but not without end: a server that takes it all must fail the test, not hang it."""
    yield head
    for _ in range(200):
        yield piece * (MAX_HEAD_BYTES // 32 // len(piece))
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        pytest.param(HEAD, b"A: b\r\n", id="headers without end"),
        pytest.param(HEAD + b"A: ", b"b", id="one header without end"),
        pytest.param(b"POST /", b"a", id="a path without end"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n", id="trailers without end"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a", id="a chunk extension without end"),
    ],
)
async def test_a_head_without_end_is_cut_off(port: int, head: bytes, piece: bytes) -> None:
    async with asyncio.timeout(20):
        received = await answer(port, endless(head, piece))
    assert received is None or b"400 Bad Request" in received


@pytest.mark.parametrize(
    ("line", "field"),
    [("GET /header HTTP/1.1", "X: " + "b" * MAX_HEAD_BYTES), ("GET /" + "a" * MAX_HEAD_BYTES + " HTTP/1.1", "X: b")],
    ids=["a field", "a path"],
)
async def test_a_head_that_is_too_large_is_refused_also_when_it_comes_at_once(port: int, line: str, field: str) -> None:
    assert b"400 Bad Request" in await halved(port, request(line, field))


async def test_a_head_of_nearly_all_that_is_taken_is_answered(port: int) -> None:
    sent = request("GET /header HTTP/1.1", "Connection: close", "Y: " + "b" * (MAX_HEAD_BYTES - 100))
    assert (await halved(port, sent)).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("line", "hosts", "status"),
    [
        ("GET /header HTTP/1.1", [], b"400"),
        ("GET /header HTTP/1.1", ["Host: x", "Host: x"], b"400"),
        ("GET /header HTTP/1.0", ["Host: x", "Host: y"], b"400"),
        ("GET /header HTTP/1.1", ["Host:"], b"200"),
        ("GET /header HTTP/1.0", [], b"200"),
    ],
)
async def test_a_request_has_one_host_and_in_http_1_0_perhaps_none(
    port: int, line: str, hosts: list[str], status: bytes
) -> None:
    received = await halved(port, "\r\n".join([line, *hosts, "", ""]))
    assert received.split()[1] == status


async def body(size: int) -> AsyncIterator[bytes]:
    yield HEAD + b"Content-Length: %d\r\n\r\n" % size
    for _ in range(size // 1000):
        yield b"x" * 1000


async def test_a_body_is_not_taken_for_a_head(port: int) -> None:
    size = 20 * MAX_HEAD_BYTES // 1000 * 1000
    async with asyncio.timeout(20):
        received = await answer(port, body(size))
    assert received is not None
    assert received.endswith(b"\r\n\r\n%d" % size)


async def halved(port: int, text: str) -> bytes:
    """What a caller gets that says all of `text`, closes its way of speaking, and listens to the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(20):
        writer.write(text.encode())
        writer.write_eof()
        received = await reader.read()
    writer.close()
    return received


def request(line: str, *headers: str) -> str:
    return "\r\n".join([line, "Host: x", *headers, "", ""])


@pytest.mark.parametrize("blank", [" ", "\t", " \t "])
async def test_blanks_around_a_value_are_none_of_it(port: int, blank: str) -> None:
    lines = [f"X:{blank}a b{blank}", f"X:{blank}", "X:c"]
    received = await halved(port, request("GET /header HTTP/1.1", *lines))
    assert received.endswith(b'["a b","","c"]')


async def test_what_comes_behind_a_body_is_no_header(port: int) -> None:
    chunked = "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: late\r\n\r\n"
    both = request("POST /header HTTP/1.1", "X: early")[:-2] + chunked + request("GET /header HTTP/1.1", "X: next")
    assert re.findall(rb'\["[a-z",]+\]', await halved(port, both)) == [b'["early"]', b'["next"]']


async def test_cookies_cost_nothing(port: int) -> None:
    cookie = 'Cookie: a="' + "\\" * 40_000 + '"'
    async with asyncio.timeout(5):
        assert (await halved(port, request("GET /header HTTP/1.1", cookie, "X: a"))).endswith(b'["a"]')


async def test_who_has_said_everything_is_still_answered(port: int) -> None:
    received = await halved(port, request("GET /soon HTTP/1.1"))
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert b"connection: close" in received
    assert received.endswith(b'"soon"')


async def test_all_that_was_asked_before_is_answered_in_order(port: int) -> None:
    asked = request("GET /soon HTTP/1.1") + request("GET /header HTTP/1.1", "X: 1") + request("GET /soon HTTP/1.1")
    received = await halved(port, asked)
    assert received.count(b"HTTP/1.1 200 OK") == 3
    assert received.index(b'"soon"') < received.index(b'["1"]') < received.rindex(b'"soon"')


async def test_a_large_answer_comes_whole_to_who_has_said_everything(port: int) -> None:
    received = await halved(port, request("GET /large HTTP/1.1"))
    assert received.count(b"x") == LARGE


async def test_a_stream_comes_to_who_has_said_everything(port: int) -> None:
    received = await halved(port, request("GET /stream?events=3 HTTP/1.1"))
    assert received.endswith(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")


@pytest.mark.parametrize("text", ["", "GET /soon HT", request("POST /length HTTP/1.1", "Content-Length: 5") + "1234"])
async def test_half_a_request_is_no_request(port: int, text: str) -> None:
    assert await halved(port, text) == b""


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
async def test_http_1_0_gets_no_chunks_and_the_end_of_the_connection(port: int, connection: str) -> None:
    async def asked(line: str) -> AsyncIterator[bytes]:
        yield request(line, f"Connection: {connection}").encode()

    async with asyncio.timeout(20):
        streamed = await answer(port, asked("GET /stream?events=3 HTTP/1.0"))
        whole = await answer(port, asked("GET /header HTTP/1.0"))
    assert streamed is not None
    assert b"chunked" not in streamed.lower()
    assert b"connection: close" in streamed
    assert streamed.endswith(b"\r\n\r\ndata: 0\n\ndata: 1\n\ndata: 2\n\n")
    assert whole is not None
    assert whole.endswith(b"\r\n\r\n[]")


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> float:
    """How long a request may take to arrive here."""
    monkeypatch.setattr(http_protocol, "RECEIVING_SECONDS", 0.5)
    monkeypatch.setattr(http_protocol, "BYTES_A_SECOND", 100)
    return 0.5


async def slowly(first: str, piece: bytes, pieces: int, every: float = 0.02) -> AsyncIterator[bytes]:
    yield first.encode()
    for _ in range(pieces):
        await asyncio.sleep(every)  # a slow caller
        yield piece


BEGUN = "POST /length HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2000\r\n"


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize(
    ("first", "piece"),
    [
        pytest.param("", b"", id="nothing"),
        pytest.param("", b"\r\n", id="empty lines"),
        pytest.param(BEGUN, b"A: b\r\n", id="a slow head"),
        pytest.param(BEGUN + "\r\n", b"", id="no body"),
        pytest.param(BEGUN + "\r\n", b"x", id="a slow body"),
        pytest.param(request("GET /header HTTP/1.1") + "GET", b"", id="a slow second request"),
    ],
)
async def test_slow_callers_are_left(port: int, first: str, piece: bytes) -> None:
    async with asyncio.timeout(10):
        received = await answer(port, slowly(first, piece, 1000 if piece else 0))
    assert received is None or received.count(b"HTTP/1.1") == ("header" in first)


async def test_a_body_may_take_long_while_it_comes_steadily(port: int, brief: float) -> None:
    async with asyncio.timeout(10):
        received = await answer(port, slowly(BEGUN + "\r\n", b"x" * 100, 20, brief / 15))
    assert received is not None
    assert received.endswith(b"\r\n\r\n2000")


async def connected_narrowly(port: int, text: str) -> socket.socket:
    """Has asked, and has little room for the answer."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.setblocking(False)
    await asyncio.get_running_loop().sock_connect(opened, ("127.0.0.1", port))
    opened.send(text.encode())
    return opened


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize(
    "line", ["GET /large HTTP/1.1", "GET /large HTTP/1.0", "GET /stream?events=1000&length=100000 HTTP/1.1"]
)
async def test_who_does_not_take_the_answer_is_left(served: tuple[uvicorn.Server, int], line: str) -> None:
    server, port = served
    connections = server.server_state.connections
    with await connected_narrowly(port, request(line)):
        await eventually(lambda: len(connections) == 1)
        await eventually(lambda: not connections, seconds=10)


async def test_who_takes_an_answer_slowly_but_steadily_gets_it_whole(port: int, brief: float) -> None:
    received = rests = 0
    with await connected_narrowly(port, request("GET /large HTTP/1.0")) as opened:
        began, loop = time.monotonic(), asyncio.get_running_loop()
        async with asyncio.timeout(60):
            while piece := await loop.sock_recv(opened, 1_000_000):
                received += piece.count(b"x")
                if received // PORTION > rests:
                    rests += 1
                    await asyncio.sleep(brief / 3)  # a slow caller
    assert received == LARGE
    assert time.monotonic() - began > 2 * brief, "it was looked at several times"


async def test_of_too_many_connections_the_slowest_is_left(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "MOST_CONNECTIONS", 3)
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    async with asyncio.timeout(10):
        assert (await halved(port, request("GET /header HTTP/1.1"))).startswith(b"HTTP/1.1 200")
        assert await slow[0][0].read() == b""
    for _, writer in slow:
        writer.close()
