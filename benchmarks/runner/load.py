"""Closed-loop load: some clients, each sending its next request when the last one was answered."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

Request = Callable[[int], Awaitable[None]]
"""Sends request number n and checks its answer."""


@dataclass(frozen=True)
class Load:
    """The latencies in milliseconds, in the order of the answers, and how long all took."""

    latencies: list[float]
    seconds: float

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


async def load(request: Request, *, clients: int, count: int, seconds: float, first: int = 0) -> Load:
    """`count` requests, numbered from `first`; fewer where they do not fit into `seconds`. Any failure ends it."""
    numbers = iter(range(first, first + count))
    latencies: list[float] = []
    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(clients):
            tasks.create_task(_client(request, numbers, began + seconds, latencies))
    return Load(latencies, time.perf_counter() - began)


async def _client(request: Request, numbers: Iterator[int], deadline: float, latencies: list[float]) -> None:
    for number in numbers:
        began = time.perf_counter()
        await request(number)
        ended = time.perf_counter()
        latencies.append((ended - began) * 1000)
        if ended > deadline:
            return
