"""A real server on a socket: what it takes of a request's head, and what not."""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator

import pytest
import uvicorn
from fastapi import FastAPI, Request

from nexus_runtime.process.http_protocol import MAX_HEAD_BYTES, BoundedHttp


@pytest.fixture
async def port() -> AsyncGenerator[int]:
    app = FastAPI()

    @app.post("/length")
    async def length(request: Request) -> int:  # pyright: ignore[reportUnusedFunction]  # the route is
        return len(await request.body())

    server = uvicorn.Server(uvicorn.Config(app, port=0, http=BoundedHttp, ws="none", log_config=None, lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        yield listening.getsockname()[1]
        server.should_exit = True
        await serving


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
