"""Talks to one agent over its Unix socket, and knows of every failure whether bytes were sent before it."""

import asyncio
import errno
import os
import socket
import stat
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import aiohttp
from aiohttp.client_exceptions import UnixClientConnectorError
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.tracing import Trace
from pydantic import JsonValue
from pydantic_core import from_json

from nexus_agents.backends.answers import MAX_ANSWER_BYTES, read_answer
from nexus_agents.backends.bodies import read_bounded
from nexus_agents.backends.payload import accepted, payload_of
from nexus_agents.backends.streams import StreamBroken
from nexus_agents.backends.watching import StreamWatch
from nexus_agents.domain.backend import AgentAnswer, InvokeRequest
from nexus_agents.domain.backend_errors import AgentCrashed, AgentFailed, AgentUnreachable, AnswerRefused

SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"
HEALTHY, BUSY = "Healthy", "HealthyBusy"
_MAX_PING_BYTES = 10_000
_CONNECT_SECONDS = 5.0
_CONNECT_AGAIN_SECONDS = 0.005


class Channel:
    """A socket, held by its inode: an agent that puts another file in its place gains nothing."""

    def __init__(self, path: Path) -> None:
        """Raises FileNotFoundError while the agent has not made it, ConnectionError where it is not a socket."""
        self._path = path
        self._held = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC) if sys.platform == "linux" else -1
        if not stat.S_ISSOCK(os.lstat(path).st_mode if self._held < 0 else os.fstat(self._held).st_mode):
            self.close()
            raise ConnectionError(f"{path.name} is not a socket")
        self._closed = False

    def close(self) -> None:
        """No new requests; those under way keep the socket."""
        self._closed = True
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    async def ping(self) -> str:
        """`Healthy` or `HealthyBusy`. Raises AgentUnreachable, AgentCrashed, AgentFailed."""
        async with self._request("GET", "/ping") as response:
            body = await _bounded(response, _MAX_PING_BYTES)
        value = _json(body)
        status = value.get("status") if isinstance(value, dict) else None
        if response.status != 200 or status not in (HEALTHY, BUSY):
            shown = body[:200].decode(errors="replace")
            raise AgentFailed("UNHEALTHY", f"The agent's /ping answered HTTP {response.status}: {shown}")
        return str(status)

    async def invoke(self, request: InvokeRequest) -> AgentAnswer:
        """Raises AgentUnreachable, AgentCrashed, AgentFailed. Its time is the caller's to limit."""
        headers = headers_of(request)
        async with self._request("POST", "/invocations", headers=headers, json=payload_of(request)) as response:
            watch = StreamWatch(response.content_type, request.observe)
            body = await _bounded(response, MAX_ANSWER_BYTES, watch)
        if "Content-Length" not in response.headers and "Transfer-Encoding" not in response.headers:
            # Such an answer ends where the connection does: at its end, or at a crash.
            await self._still_there()
        try:
            return await read_answer(response.status, response.content_type, body, watch.events)
        except StreamBroken as error:
            raise AgentCrashed(f"The agent's answer was cut off: {error}.") from None

    async def _still_there(self) -> None:
        try:
            await self.ping()
        except AgentUnreachable as error:
            raise AgentCrashed("The agent ended while it answered.") from error
        except AgentFailed:
            return  # whatever it says of itself, it lives

    @asynccontextmanager
    async def _request(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, json: JsonValue = None
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        connector = _Connector(self)
        async with aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
        ) as session:
            sent = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
            try:
                async with session.request(
                    method, f"http://agent{path}", headers=sent, json=json, allow_redirects=False
                ) as response:
                    yield response
            except aiohttp.ClientConnectorError as error:
                raise AgentUnreachable(f"The agent does not accept connections: {error.os_error.strerror}.") from error
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
                raise AgentCrashed("The agent closed the connection before its answer was complete.") from error
            except aiohttp.ClientError as error:
                raise AnswerRefused("INVALID_ANSWER", f"The agent does not speak HTTP: {error}.") from error

    async def connected(self) -> socket.socket:
        """A connected socket. While the agent's queue of connections is full it asks again, for some seconds."""
        if self._closed:
            raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        held = os.dup(self._held) if self._held >= 0 else -1
        address = f"/proc/self/fd/{held}" if held >= 0 else str(self._path)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            await _connect(connection, address)
        except BaseException:
            connection.close()
            raise
        finally:
            if held >= 0:
                os.close(held)
        return connection


class AnswerHandler(ResponseHandler):
    """aiohttp's own leaves who reads a body waiting for ever where what follows in it is no HTTP."""

    def data_received(self, data: bytes) -> None:
        body = self._payload
        super().data_received(data)
        if body is not None and not body.is_eof() and body.exception() is None and (fault := self.exception()):
            body.set_exception(aiohttp.ClientError(str(fault.__cause__ or fault)))


class _Connector(aiohttp.UnixConnector):
    """aiohttp takes a socket whose queue is full for connected and fails while sending: so we connect ourselves."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(path="agent", force_close=True)
        self._channel = channel

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        try:
            connection = await self._channel.connected()
        except OSError as error:
            raise UnixClientConnectorError(self.path, req.connection_key, error) from error
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_unix_connection(lambda: AnswerHandler(loop), sock=connection)
        return protocol


async def _connect(connection: socket.socket, address: str) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _CONNECT_SECONDS
    while True:
        try:
            return connection.connect(address)
        except BlockingIOError:
            if loop.time() > deadline:
                raise OSError(errno.ETIMEDOUT, "its queue of connections stays full") from None
            await asyncio.sleep(_CONNECT_AGAIN_SECONDS)


async def _bounded(response: aiohttp.ClientResponse, limit: int, watch: StreamWatch | None = None) -> bytes:
    too_large = AnswerRefused("ANSWER_TOO_LARGE", f"The agent's answer has more than {limit} bytes.")
    return await read_bounded(response.content, limit, too_large, watch.see if watch else None)


def _json(body: bytes) -> JsonValue:
    try:
        return cast(JsonValue, from_json(body))
    except ValueError:
        return None


def headers_of(request: InvokeRequest) -> dict[str, str]:
    named = {
        "Accept": accepted(request),
        SESSION_HEADER: request.session_id,
        "traceparent": request.traceparent,
    }
    return {name: value for name, value in named.items() if value is not None}
