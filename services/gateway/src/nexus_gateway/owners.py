"""The owners' query routes, asked over HTTP on kept-alive connections."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import IO, Any, NamedTuple, Protocol, cast

import aiohttp
from yarl import URL

from nexus_contracts.errors import GatewayTimeout, ServiceUnavailable
from nexus_gateway import answers
from nexus_gateway.answers import refusal_of
from nexus_gateway.settings import GatewaySettings
from nexus_runtime.process import caller, tracing
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.health import Unhealthy

CONNECTIONS = 256
UPLOAD_CHUNK_BYTES = 256 * 1024
KEEP_ALIVE_SECONDS = 60.0
"""Shorter than the owners keep theirs, so that none is closed just when it is used."""


class Answer(NamedTuple):
    body: bytes
    etag: str | None


class Owners(Protocol):
    """Who can be asked. `owner` is builds, agents or stats."""

    async def get(self, owner: str, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """The owner's answer to whoever asks, `caller.principal`.

        Raises RefusedByOwner for its errors, ServiceUnavailable, GatewayTimeout.
        """
        ...


class UploadingOwners(Protocol):
    """Who can be sent a file."""

    async def upload(self, owner: str, path: str, query: Mapping[str, str], content: IO[bytes]) -> Answer:
        """The owner's answer. Raises as `Owners.get` does; here a failure leaves the outcome unknown."""
        ...


async def _chunks(content: IO[bytes]) -> AsyncGenerator[bytes]:
    # Given the file itself, aiohttp would close it, on a thread and at a time of its own: whoever opened it closes it.
    while chunk := await asyncio.to_thread(content.read, UPLOAD_CHUNK_BYTES):
        yield chunk


class HttpOwners:
    """A part of the service: connections live from start to stop."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._urls = settings.owner_urls
        self._seconds = settings.read_timeout_seconds
        self._trust = Trust(settings.identity_secret)
        self._upload_seconds = settings.upload_timeout_seconds
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE_SECONDS),
            timeout=aiohttp.ClientTimeout(total=self._seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept-Encoding", "Accept"),
            trust_env=False,
        )

    async def stop(self) -> None:
        if self._session:
            await self._session.close()

    async def get(self, owner: str, path: str, query: Mapping[str, str] | None = None) -> Answer:
        return await self._ask("GET", owner, path, query)

    async def upload(self, owner: str, path: str, query: Mapping[str, str], content: IO[bytes]) -> Answer:
        timeout = aiohttp.ClientTimeout(total=self._upload_seconds)
        return await self._ask("POST", owner, path, query, data=_chunks(content), timeout=timeout)

    async def _ask(self, method: str, owner: str, path: str, query: Mapping[str, str] | None, **sent: Any) -> Answer:
        if self._session is None:
            raise ServiceUnavailable("the gateway is starting")
        url = URL(self._urls[owner] + path)
        if query:
            url = url.with_query(query)
        headers = {
            "X-Request-ID": answers.request_id.get(),
            "traceparent": tracing.traceparent.get() or "",
            **self._trust.header(caller.principal.get(), method, url.raw_path_qs),
        }
        wish: dict[str, Any] = {"headers": headers, "allow_redirects": False, **sent}
        try:
            async with self._session.request(method, url, **wish) as response:
                body = await response.read()
        except TimeoutError:
            raise GatewayTimeout(f"the service for {owner} did not answer in time", service=owner) from None
        except (aiohttp.ClientError, OSError):
            raise ServiceUnavailable(f"the service for {owner} is unavailable", service=owner) from None
        if response.status != 200:
            raise refusal_of(response.status, body)
        return Answer(body, response.headers.get("ETag"))

    async def check(self) -> Mapping[str, Any]:
        """For the health answer: the state of each owner. Raises Unhealthy, naming those that do not answer."""
        states = dict(zip(self._urls, await asyncio.gather(*map(self._state, self._urls)), strict=True))
        away = [owner for owner, state in states.items() if state != "healthy"]
        if away:
            raise Unhealthy("; ".join(f"{owner}: {states[owner]}" for owner in away))
        return states

    async def _state(self, owner: str) -> str:
        try:
            async with asyncio.timeout(1.5):
                answer = cast("dict[str, Any]", json.loads((await self.get(owner, "/health")).body))
        except TimeoutError:
            return "no answer in time"
        except Exception as error:  # noqa: BLE001  # any failure is the answer to the question asked
            return str(error)
        return str(answer.get("status", "unknown"))
