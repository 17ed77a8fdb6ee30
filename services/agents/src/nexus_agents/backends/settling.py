"""Settles what calls of models have cost, also where whoever waited for them is gone meanwhile."""

import asyncio

from nexus_agents.domain.spending import Reserved, Spending


class Settling:
    def __init__(self, spending: Spending) -> None:
        self._spending = spending
        self._under_way: set[asyncio.Task[None]] = set()

    async def settle(self, reserved: Reserved, usd: float) -> None:
        """Goes on where it is cancelled."""
        settling = asyncio.create_task(self._spending.settle(reserved, usd))
        self._under_way.add(settling)
        settling.add_done_callback(self._under_way.discard)
        await asyncio.shield(settling)

    async def close(self) -> None:
        """Returns when all that has begun is done."""
        await asyncio.gather(*self._under_way)
