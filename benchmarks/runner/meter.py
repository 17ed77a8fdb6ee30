"""CPU time of the processes under a load, by request."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from benchmarks.runner.cpu import Pids, cpu_seconds
from benchmarks.runner.load import Load, Request, load

LOAD_SECONDS, SETTLE_SECONDS, IDLE_SECONDS = 8.0, 1.0, 3.0


@dataclass(frozen=True)
class Cpu:
    """Milliseconds per request by process. `idle` is the part of `used` that they would use without any request."""

    used: Mapping[str, float]
    idle: Mapping[str, float]


@dataclass(frozen=True)
class Meter:
    """`children` is the name for all descendants of the processes; `idle` what each uses in an idle second."""

    pids: Pids
    children: str
    idle: Mapping[str, float]

    @classmethod
    async def at_rest(cls, pids: Pids, children: str) -> Self:
        """Measures the idle use: nothing may be asked in the meantime."""
        began, before = time.perf_counter(), cpu_seconds(pids, children)
        await asyncio.sleep(IDLE_SECONDS)
        after, elapsed = cpu_seconds(pids, children), time.perf_counter() - began
        return cls(pids, children, {name: (after[name] - before[name]) / elapsed for name in after})

    async def over(self, request: Request, *, clients: int, count: int, first: int = 0) -> tuple[Load, Cpu]:
        """The load, and its CPU time: that until the last answer, and what the second after it takes above idle."""
        before = cpu_seconds(self.pids, self.children)
        done = await load(request, clients=clients, count=count, seconds=LOAD_SECONDS, first=first)
        answered, at = cpu_seconds(self.pids, self.children), time.perf_counter()
        await asyncio.sleep(SETTLE_SECONDS)
        settled, seconds = cpu_seconds(self.pids, self.children), time.perf_counter() - at
        rest = {name: max(0.0, settled[name] - answered[name] - self.idle[name] * seconds) for name in settled}
        each = 1000 / len(done.latencies)
        used = {name: each * (answered[name] - before[name] + rest[name]) for name in settled}
        return done, Cpu(used, {name: each * idle * done.seconds for name, idle in self.idle.items()})
