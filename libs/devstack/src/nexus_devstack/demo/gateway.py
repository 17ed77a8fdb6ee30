"""The platform as a user's program sees it: only through REST."""

import json
from collections.abc import Mapping
from typing import Self, cast
from uuid import uuid4

import aiohttp
from pydantic import JsonValue

from nexus_devstack.errors import StackError

REQUEST_SECONDS = 60.0
Json = dict[str, JsonValue]


def _refusal(answer: Json, status: int) -> str:
    error = cast("Json", answer.get("error") or {})
    faults = cast("list[Json]", cast("Json", error.get("details") or {}).get("errors") or [])
    reasons = "; ".join(f"{fault.get('location')}: {fault.get('message')}" for fault in faults)
    said = f"{error.get('code', status)}: {error.get('message', 'no message')}"
    return f"{said} ({reasons})" if reasons else said


class GatewayClient:
    """A client of one gateway; an async context manager. Every method raises StackError if the platform refuses."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, **query: str) -> Json:
        return await self._request("GET", path, query=query)

    async def post(self, path: str, body: Mapping[str, JsonValue]) -> Json:
        return await self._request("POST", path, body=body)

    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, JsonValue] | None = None,
    ) -> Json:
        if self._session is None:
            raise StackError("the connection to the gateway is not open")
        headers = {"Idempotency-Key": uuid4().hex} if method == "POST" else {}
        url = f"{self.url}/api/v1{path}"
        try:
            async with self._session.request(method, url, params=query, json=body, headers=headers) as response:
                answer = cast("Json", json.loads(await response.text()))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise StackError(f"{method} {url} failed: {error or 'no answer'}") from None
        if not answer.get("success"):
            raise StackError(f"{method} {url} was refused: {_refusal(answer, response.status)}")
        return cast("Json", answer["data"])


async def is_platform(url: str) -> bool:
    """Whether a gateway of this platform answers there and is ready for requests."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3.0)) as session,
            session.get(f"{url}/health/ready") as ready,
            session.get(f"{url}/stages/info") as stages,
        ):
            return ready.status == 200 and stages.status == 200
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False
