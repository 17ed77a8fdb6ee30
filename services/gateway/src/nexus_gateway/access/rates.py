"""How often a caller may ask: counted by `limits`, in this process or in a store that several gateways share."""

import math
import time
from typing import Literal, NamedTuple

from limits import RateLimitItem, parse
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from nexus_contracts.errors import RateLimitExceeded
from nexus_contracts.principal import Principal
from nexus_gateway.settings import GatewaySettings
from nexus_runtime.process import log

logger = log.get(__name__)
RouteClass = Literal["read", "write", "invoke"]


class Rate(NamedTuple):
    """What a caller has left of a class of routes (draft-ietf-httpapi-ratelimit-headers)."""

    name: RouteClass
    limit: RateLimitItem
    remaining: int
    seconds: int

    def headers(self) -> dict[str, str]:
        policy = f'"{self.name}";q={self.limit.amount};w={self.limit.get_expiry()}'
        return {"RateLimit-Policy": policy, "RateLimit": f'"{self.name}";r={self.remaining};t={self.seconds}'}


class Rates:
    """While a shared store does not answer, nobody is limited."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._limits = {name: parse(text) for name, text in settings.rate_limits.items()}
        storage = storage_from_string(settings.rate_limit_store, wrap_exceptions=True)
        self._counter = SlidingWindowCounterRateLimiter(storage)  # pyright: ignore[reportArgumentType]  # async+ is

    async def count(self, name: RouteClass, asker: Principal) -> Rate | None:
        """Counts a request of the caller; None if there is no limit. `remaining` is -1 if it is exceeded."""
        limit = self._limits.get(name)
        if limit is None:
            return None
        try:
            allowed = await self._counter.hit(limit, name, asker.tenant, asker.id)
            reset, remaining = await self._counter.get_window_stats(limit, name, asker.tenant, asker.id)
        except StorageError as error:
            logger.warning("rate limits cannot be counted", reason=repr(error))
            return None
        seconds = max(1, math.ceil(reset - time.time()))
        return Rate(name, limit, remaining if allowed else -1, seconds)


def exceeded(rate: Rate) -> RateLimitExceeded:
    return RateLimitExceeded(
        f"more than {rate.limit.amount} requests in {rate.limit.get_expiry()} s", route_class=rate.name
    )
