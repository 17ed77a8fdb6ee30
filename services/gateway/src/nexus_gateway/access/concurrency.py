"""How many requests and streams of one caller are under way at once: the rest is for the others."""

from collections import Counter
from collections.abc import Callable

from nexus_contracts.errors import RateLimitExceeded
from nexus_contracts.principal import Principal
from nexus_gateway.settings import GatewaySettings

Caller = tuple[str, str]


class Concurrency:
    """Without authentication there is one caller, and no limit."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._most = settings.max_requests_per_caller if settings.authentication == "on" else None
        self._under_way: Counter[Caller] = Counter()

    def begin(self, asker: Principal) -> Callable[[], None]:
        """One more request; returns what is to be called when it has ended. Raises RateLimitExceeded."""
        if self._most is None:
            return _nothing
        asking = (asker.tenant, asker.id)
        if self._under_way[asking] >= self._most:
            raise RateLimitExceeded(
                f"{self._most} requests and streams of this caller are under way, and no more may be",
                suggestion="Wait until some of them have ended, or end some streams.",
                limit=self._most,
            )
        self._under_way[asking] += 1
        return lambda: self._end(asking)

    def _end(self, asking: Caller) -> None:
        self._under_way[asking] -= 1
        if not self._under_way[asking]:
            del self._under_way[asking]


def _nothing() -> None:
    return
