"""HTTP requests to the owners, on kept-alive connections."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from typing import IO, Any, NamedTuple, Protocol

import aiohttp
from pydantic import ValidationError
from yarl import URL

from nexus_contracts.errors import GatewayTimeout, InternalError, ServiceUnavailable
from nexus_gateway import answers
from nexus_gateway.answers import refusal_of
from nexus_gateway.breaker import Breaker
from nexus_gateway.settings import GatewaySettings
from nexus_runtime.process import caller, tracing
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.health import CHECK_SECONDS, READY, ReadyView
from nexus_runtime.process.service import is_public

MOST_ASKED = 256
"""Requests to one owner at once. What is more would wait for its answer longer than anybody does."""
UPLOAD_CHUNK_BYTES = 256 * 1024
KEEP_ALIVE_SECONDS = 60.0
"""Shorter than on the owners' side, so that no connection is closed just as it is used."""
CONNECT_SECONDS = 2.0
HEALTH_SECONDS = CHECK_SECONDS + 0.5
"""An owner's own checks may take that much less: then it can still say what it lacks."""
NAMES: tuple[str, ...] = ("builds", "agents", "stats")
WORKER = "worker"
"""Owns nothing, so that no route depends on it; asked for its health like the owners."""


class Answer(NamedTuple):
    """`unchanged`: the caller already has it; the body is empty."""

    body: bytes
    etag: str | None
    unchanged: bool = False


class Owners(Protocol):
    """The owners' reads. `owner` is builds, agents or stats; for health reports also worker."""

    async def get(
        self, owner: str, path: str, query: Mapping[str, str] | None = None, known: str | None = None
    ) -> Answer:
        """The owner's answer to the caller (`caller.principal`). `known`: the versions in If-None-Match.

        Raises RefusedByOwner for its errors, ServiceUnavailable, GatewayTimeout.
        """
        ...


class PuttingOwners(Owners, Protocol):
    """Besides, the owners' small writes that have one effect however often they are sent."""

    async def put(self, owner: str, path: str, query: Mapping[str, str]) -> Answer:
        """The owner's answer. Raises as `Owners.get` does."""
        ...


class UploadingOwners(Protocol):
    """The owners' uploads."""

    async def upload(self, owner: str, path: str, query: Mapping[str, str], content: IO[bytes]) -> Answer:
        """The owner's answer. Raises as `Owners.get` does; after a failure the outcome is unknown."""
        ...


async def _chunks(content: IO[bytes]) -> AsyncGenerator[bytes]:
    # Given the file itself, aiohttp would close it, in a thread and at a time of its choice: its opener closes it.
    while chunk := await asyncio.to_thread(content.read, UPLOAD_CHUNK_BYTES):
        yield chunk


def _upload(content: IO[bytes], timeout: aiohttp.ClientTimeout) -> dict[str, Any]:
    return {"data": _chunks(content), "timeout": timeout}


class HttpOwners:
    """A part of the service: its connections live from start to stop."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._urls = settings.service_urls
        self._seconds = settings.read_timeout_seconds
        self._trust = Trust(settings.identity_secret)
        self._upload_seconds = settings.upload_timeout_seconds
        self._session: aiohttp.ClientSession | None = None
        self._breakers = {owner: Breaker() for owner in self._urls}
        self._asked_now = dict.fromkeys(self._urls, 0)

    async def start(self) -> None:
        # No proxies, cookies or redirects: what an owner is asked carries the caller's signed identity.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
            timeout=aiohttp.ClientTimeout(total=self._seconds, sock_connect=CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept-Encoding", "Accept"),
            trust_env=False,
        )

    async def stop(self) -> None:
        if self._session:
            await self._session.close()

    async def get(
        self, owner: str, path: str, query: Mapping[str, str] | None = None, known: str | None = None
    ) -> Answer:
        headers = {} if known is None else {"If-None-Match": known}
        return await self._ask(owner, "GET", self._url(owner, path, query), dict, headers)

    async def put(self, owner: str, path: str, query: Mapping[str, str]) -> Answer:
        return await self._ask(owner, "PUT", self._url(owner, path, query), dict, {})

    async def upload(self, owner: str, path: str, query: Mapping[str, str], content: IO[bytes]) -> Answer:
        timeout = aiohttp.ClientTimeout(total=self._upload_seconds, sock_connect=CONNECT_SECONDS)
        body = partial(_upload, content, timeout)
        return await self._ask(owner, "POST", self._url(owner, path, query), body, {})

    def _url(self, owner: str, path: str, query: Mapping[str, str] | None) -> URL:
        url = URL(self._urls[owner] + path)
        return url.with_query(query) if query else url

    async def _ask(
        self, owner: str, method: str, url: URL, body: Callable[[], dict[str, Any]], headers: Mapping[str, str]
    ) -> Answer:
        """`body` makes the request's body, anew for each attempt."""
        if self._asked_now[owner] >= MOST_ASKED and not is_public(url.path):
            raise ServiceUnavailable(f"the service for {owner} has more requests than it can serve", service=owner)
        self._asked_now[owner] += 1
        try:
            return await self._answer(owner, method, url, body, headers)
        finally:
            self._asked_now[owner] -= 1

    async def _answer(
        self, owner: str, method: str, url: URL, body: Callable[[], dict[str, Any]], headers: Mapping[str, str]
    ) -> Answer:
        status, etag, received = await self._received(owner, method, url, body, headers)
        if status == 304:
            return Answer(b"", etag, unchanged=True)
        if status != 200:
            raise refusal_of(status, received)
        return Answer(received, etag)

    async def _received(
        self, owner: str, method: str, url: URL, body: Callable[[], dict[str, Any]], headers: Mapping[str, str]
    ) -> tuple[int, str | None, bytes]:
        """Status, ETag and body."""
        # Health says nothing about reads: a process answers it while its database hangs. So it neither closes the
        # breaker of reads, nor is it refused by it.
        breaker = Breaker() if is_public(url.path) else self._breakers[owner]
        if not breaker.admits():
            raise ServiceUnavailable(f"the service for {owner} does not answer", service=owner)
        try:
            received = await self._asked(method, url, body, headers)
        # Before TimeoutError, of which it is a kind: without a connection nothing was sent, so nothing has happened.
        except aiohttp.ConnectionTimeoutError:
            breaker.unanswered()
            raise ServiceUnavailable(f"the service for {owner} is unavailable", service=owner) from None
        except TimeoutError:
            breaker.unanswered()
            raise GatewayTimeout(f"the service for {owner} did not answer in time", service=owner) from None
        except (aiohttp.ClientError, OSError):
            raise ServiceUnavailable(f"the service for {owner} is unavailable", service=owner) from None
        breaker.answered()
        return received

    async def _asked(
        self, method: str, url: URL, body: Callable[[], dict[str, Any]], headers: Mapping[str, str]
    ) -> tuple[int, str | None, bytes]:
        """Status, ETag and body. Tries once more if no connection was made, because then nothing was sent.

        If a kept-alive connection turns out to be closed by the other side, aiohttp itself sends the request again.
        """
        try:
            return await self._sent(method, url, body, headers)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return await self._sent(method, url, body, headers)

    async def _sent(
        self, method: str, url: URL, body: Callable[[], dict[str, Any]], headers: Mapping[str, str]
    ) -> tuple[int, str | None, bytes]:
        if self._session is None:
            raise ServiceUnavailable("the gateway is starting")
        wish: dict[str, Any] = {"headers": {**self._identity(method, url), **headers}, "allow_redirects": False}
        async with self._session.request(method, url, **wish, **body()) as response:
            return response.status, response.headers.get("ETag"), await response.read()

    def _identity(self, method: str, url: URL) -> dict[str, str]:
        return {
            "X-Request-ID": answers.request_id.get(),
            "traceparent": tracing.traceparent.get() or "",
            **self._trust.header(caller.principal.get(), method, url.raw_path_qs),
        }

    async def lacking(self, owner: str) -> Mapping[str, str]:
        """What the owner says that it lacks: the reason by the name of its check. Raises as `get` does."""
        limit = aiohttp.ClientTimeout(total=HEALTH_SECONDS, sock_connect=CONNECT_SECONDS)
        url = self._url(owner, READY, None)
        _, _, told = await self._received(owner, "GET", url, lambda: {"timeout": limit}, {})
        try:
            return ReadyView.model_validate_json(told).reasons
        except ValidationError:
            raise InternalError("a service of the platform sent an answer that cannot be read") from None
