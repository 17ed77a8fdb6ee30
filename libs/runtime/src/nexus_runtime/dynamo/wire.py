"""DynamoDB's wire protocol: JSON over HTTP, signed with AWS Signature Version 4, and sent again where that may help.

Credentials, region and certificates are found by aiobotocore's session; its client would cost four times the CPU of
all this for every call (ADR 25).
"""

import asyncio
import hashlib
import hmac
import os
import random
import ssl
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pydantic_core

from nexus_runtime.process.settings import VERSION, is_loopback

CONNECTIONS = 64
CONNECT_SECONDS, READ_SECONDS, IDLE_SECONDS = 2.0, 10.0, 12.0
TRIES = 3
PAUSE_SECONDS = 0.05
_TYPE = "application/x-amz-json-1.0"
_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)


class Unanswered(Exception):
    """There was no answer, or no credentials to ask with: the outcome is unknown."""


class RefusedByDatabase(Exception):
    """An error from the database. `reasons` are the codes of a cancelled transaction, one per action."""

    def __init__(self, code: str, message: str, status: int, reasons: Sequence[str] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.status, self.reasons = code, status, list(reasons)

    @property
    def passes(self) -> bool:
        """Whether the same request may succeed soon."""
        return self.status >= 500 or self.code in _THROTTLED


class Wire:
    """A connection pool. `credentials` are resolved for every call, so they may be short-lived."""

    def __init__(self, endpoint: str, region: str, credentials: Any, certificates: str | None = None) -> None:
        from botocore.utils import get_environ_proxies

        url = urlsplit(endpoint)
        self._url = f"{url.scheme}://{url.netloc}/"
        host = url.netloc.removesuffix({"http": ":80", "https": ":443"}.get(url.scheme, ""))
        self._signer = Signer(host.lower(), region)
        self._credentials = credentials
        trusted = ssl.create_default_context(cafile=certificates) if url.scheme == "https" else True
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=IDLE_SECONDS, ssl=trusted),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept-Encoding", "Accept", "Content-Type"),
            proxy=None if is_loopback(url.hostname or "") else get_environ_proxies(endpoint).get(url.scheme),
        )

    @classmethod
    async def open(cls, session: Any, endpoint: str | None, region: str) -> "Wire":
        """A pool for `endpoint`, or else for the region's. Sends nothing yet. `session` is aiobotocore's."""
        from botocore.httpsession import get_cert_path

        address = endpoint or await _own_address(session, region)
        chosen = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
        return cls(address, region, await session.get_credentials(), chosen or get_cert_path(True))

    async def close(self) -> None:
        await self._session.close()

    async def call(self, operation: str, request: Any) -> Any:
        """The answer. Raises RefusedByDatabase or Unanswered, after retries where they may help."""
        body = pydantic_core.to_json(request)
        for attempt in range(TRIES):
            try:
                return await self._sent(operation, body)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                if attempt == TRIES - 1:
                    raise Unanswered(repr(error)) from error
            except RefusedByDatabase as error:
                if attempt == TRIES - 1 or not error.passes:
                    raise
            await asyncio.sleep(random.uniform(0, PAUSE_SECONDS * 2**attempt))
        raise AssertionError("the last try returns or raises")

    async def _sent(self, operation: str, body: bytes) -> Any:
        headers = self._signer.headers(operation, body, await self._key(), time.gmtime())
        async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
            answer = await response.read()
        if response.status == 200:
            return pydantic_core.from_json(answer)
        raise _refusal(response.status, answer)

    async def _key(self) -> Any:
        if self._credentials is None:
            raise Unanswered("there are no credentials")
        return await self._credentials.get_frozen_credentials()


class Signer:
    """Signature Version 4. The signing key is derived once a day."""

    def __init__(self, host: str, region: str) -> None:
        self._host = host
        self._region = region
        self._derived: tuple[str, str, bytes] = ("", "", b"")

    def headers(self, operation: str, body: bytes, credentials: Any, now: time.struct_time) -> dict[str, str]:
        """Those of a request; `credentials` have access_key, secret_key and token."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", now)
        signed = {"content-type": _TYPE, "host": self._host, "x-amz-date": stamp}
        if credentials.token:
            signed["x-amz-security-token"] = credentials.token
        signed["x-amz-target"] = f"DynamoDB_20120810.{operation}"
        names = ";".join(signed)
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{stamp[:8]}/{self._region}/dynamodb/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key(stamp[:8], credentials.secret_key), to_sign.encode(), "sha256").hex()
        credential = f"Credential={credentials.access_key}/{scope}"
        return {
            **signed,
            "authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}",
            "accept-encoding": "identity",
            "user-agent": f"nexus-ai/{VERSION}",
        }

    def _key(self, day: str, secret: str) -> bytes:
        if self._derived[:2] != (day, secret):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, "dynamodb", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._derived = (day, secret, key)
        return self._derived[2]


async def _own_address(session: Any, region: str) -> str:
    async with session.create_client("dynamodb", region_name=region) as client:
        return client.meta.endpoint_url


def _refusal(status: int, answer: bytes) -> RefusedByDatabase:
    try:
        told: dict[str, Any] = pydantic_core.from_json(answer)
        code = str(told.get("__type", "")).rpartition("#")[2]
        cancelled: list[dict[str, Any]] = told.get("CancellationReasons") or []
        reasons = [str(reason.get("Code", "None")) for reason in cancelled]
        return RefusedByDatabase(code, str(told.get("message") or told.get("Message") or ""), status, reasons)
    except (ValueError, AttributeError):
        return RefusedByDatabase("", f"HTTP status {status}", status)
