"""Callers send an API key or a token, as `Authorization: Bearer ...`."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request

from nexus_contracts.errors import PlatformError, Unauthenticated
from nexus_gateway.access.identity import Identity
from nexus_gateway.access.keys import PREFIX, Keys, StoredKey
from nexus_gateway.access.tokens import BearerTokens
from nexus_runtime.dynamo import ConditionFailed
from nexus_runtime.process import log

logger = log.get(__name__)
KNOWN_SECONDS = 5.0
"""How long a key is trusted without looking it up again; a deleted one may work for that long."""
MOST_KNOWN = 10_000
USED_APART = timedelta(minutes=1)


class Credentials:
    """Checks credentials. With `tokens` None only API keys are accepted."""

    def __init__(
        self,
        keys: Keys,
        tokens: BearerTokens | None,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self._now = now
        self._clock = clock
        self._known: dict[bytes, tuple[StoredKey, float]] = {}
        self._noted: dict[str, datetime] = {}
        self._writing: set[asyncio.Task[None]] = set()

    async def identify(self, request: Request) -> Identity:
        token = _bearer(request.headers.getlist("authorization"))
        if token.startswith(PREFIX):
            return await self._by_key(token)
        if self._tokens is None:
            raise Unauthenticated("the API key is not valid")
        return await self._tokens.identify(token)

    async def _by_key(self, token: str) -> Identity:
        # By its digest, so that the cache holds no secrets.
        digest, now = hashlib.sha256(token.encode()).digest(), self._clock()
        key, until = self._known.get(digest, (None, 0.0))
        if key is None or now >= until or not key.good(self._now()):
            self._known.pop(digest, None)
            key = await self._keys.verified(token)
            if key is None:
                raise Unauthenticated("the API key is not valid")
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[digest] = (key, now + KNOWN_SECONDS)
        self._note(key)
        return key.identity()

    def _note(self, key: StoredKey) -> None:
        """Records the use, at most once a minute and in the background: the request does not depend on it."""
        now = self._now()
        last = self._noted.get(key.key_id, key.last_used_at)
        if last is not None and now - last < USED_APART:
            return
        if len(self._noted) >= MOST_KNOWN:
            self._noted.clear()
        # Noted before it is written: requests that come in the meantime must not write it once more each.
        self._noted[key.key_id] = now
        self._begin(self._used(key))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _used(self, key: StoredKey) -> None:
        try:
            await self._keys.used(key)
        except (PlatformError, ConditionFailed) as error:
            logger.warning("the use of a key was not recorded", key_id=key.key_id, reason=str(error))


def _bearer(lines: list[str]) -> str:
    if len(lines) != 1:
        raise Unauthenticated("credentials are required" if not lines else "only one Authorization header is allowed")
    scheme, _, token = lines[0].partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("credentials are sent as `Authorization: Bearer ...`")
    return token.strip()
