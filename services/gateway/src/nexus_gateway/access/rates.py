"""How often a caller may ask: counted by `limits`, in this process or in a store that several gateways share."""

import ipaddress
import math
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from limits import RateLimitItem, parse
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from nexus_contracts.errors import RateLimitExceeded
from nexus_contracts.principal import Principal
from nexus_gateway.settings import GatewaySettings
from nexus_runtime.process import log

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

logger = log.get(__name__)
RouteClass = Literal["read", "write", "invoke"]
UNAUTHENTICATED = "unauthenticated"
KNOWN = 1024
"""Callers send many requests from an address: it is parsed once."""
STORE_SECONDS = 0.25
"""How long a store on the network is waited for."""


class Rate(NamedTuple):
    """What a caller has left of a class of routes (draft-ietf-httpapi-ratelimit-headers)."""

    name: str
    limit: RateLimitItem
    remaining: int
    seconds: int

    def headers(self) -> dict[str, str]:
        policy = f'"{self.name}";q={self.limit.amount};w={self.limit.get_expiry()}'
        return {"RateLimit-Policy": policy, "RateLimit": f'"{self.name}";r={max(0, self.remaining)};t={self.seconds}'}


class Rates:
    """While a shared store does not answer, nobody is limited."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._limits = {name: parse(text) for name, text in settings.rate_limits.items()}
        self._connections, options = _connections(settings.rate_limit_store)
        storage = storage_from_string(settings.rate_limit_store, wrap_exceptions=True, **options)
        self._counter = SlidingWindowCounterRateLimiter(storage)  # pyright: ignore[reportArgumentType]  # async+ is

    async def start(self) -> None:
        """Does nothing: the first request connects."""

    async def stop(self) -> None:
        """Closes the connections to a shared store."""
        if self._connections is not None:
            await self._connections.disconnect()

    async def count(self, name: RouteClass, asker: Principal) -> Rate | None:
        """Counts a request of the caller; None if there is no limit. `remaining` is -1 if it is exceeded."""
        return await self._looked(name, self._counter.hit, asker.tenant, asker.id)

    async def of_address(self, address: str) -> Rate | None:
        """What an address has left of requests without valid credentials, as `count`; nothing is counted."""
        return await self._looked(UNAUTHENTICATED, self._counter.test, _network(address))

    async def count_unauthenticated(self, address: str) -> None:
        """One more from there."""
        await self._looked(UNAUTHENTICATED, self._counter.hit, _network(address))

    async def _looked(self, name: str, look: Callable[..., Awaitable[bool]], *whose: str) -> Rate | None:
        limit = self._limits.get(name)
        if limit is None:
            return None
        try:
            allowed = await look(limit, name, *whose)
            reset, remaining = await self._counter.get_window_stats(limit, name, *whose)
        except StorageError as error:
            logger.warning("rate limits cannot be counted", reason=repr(error))
            return None
        seconds = max(1, math.ceil(reset - time.time()))
        return Rate(name, limit, remaining if allowed else -1, seconds)


def _connections(store: str) -> tuple["ConnectionPool | None", dict[str, Any]]:
    """The connections to a store on the network, and what `limits` is told of it: it would never close its own."""
    if store.startswith("async+memory"):
        return None, {}
    from redis.asyncio import ConnectionPool

    url, seconds = store.removeprefix("async+"), STORE_SECONDS
    pool: ConnectionPool = ConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]
        url, socket_timeout=seconds, socket_connect_timeout=seconds
    )
    return pool, {"implementation": "redispy", "connection_pool": pool}


def exceeded(rate: Rate) -> RateLimitExceeded:
    what = "requests without valid credentials" if rate.name == UNAUTHENTICATED else "requests"
    return RateLimitExceeded(
        f"more than {rate.limit.amount} {what} in {rate.limit.get_expiry()} s",
        route_class=rate.name,
        retry_after_seconds=rate.seconds,
    )


@lru_cache(KNOWN)
def _network(address: str) -> str:
    """Of IPv6 the network: whoever has one address there has all of them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
