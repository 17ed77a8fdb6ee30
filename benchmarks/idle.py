"""What the platform costs while nobody asks for anything, how it starts, and how late the first command is then.

CPU time of all processes, broker and database included, over half a minute of rest; and what each service had used
when the platform was ready. A busy machine (`load average before`) makes all of it longer, CPU time too.
"""

import asyncio
import time

import aiohttp

from benchmarks.runner.cpu import cpu_seconds
from benchmarks.runner.figures import Figure, percentile
from benchmarks.runner.platform import platform
from nexus_devstack.stack import Stack

CALM_SECONDS, WATCHED_SECONDS, APART_SECONDS = 65.0, 30.0, 60.0
COMMANDS = 3
AGENT_PROCESSES = "agent processes"
IDLE_BUDGET, LATE_BUDGET_MS, READY_BUDGET_SECONDS, START_CPU_BUDGET = 100.0, 150.0, 4.0, 1.0


async def measure() -> list[Figure]:
    began = time.perf_counter()
    async with platform("idle") as stack, aiohttp.ClientSession(stack.gateway_url) as http:
        figures = [
            Figure("ready", time.perf_counter() - began, "s", READY_BUDGET_SECONDS),
            *_start_cpu(stack),
        ]
        await _create(http)
        # After a minute also what is told beforehand rests longer.
        await asyncio.sleep(CALM_SECONDS)
        figures += await _at_rest(stack)
        late = [await _first_command(http) for _ in range(COMMANDS)]
        return [*figures, Figure("command after an idle minute", percentile(late, 50), "ms", LATE_BUDGET_MS)]


def _start_cpu(stack: Stack) -> list[Figure]:
    used = cpu_seconds(_pids(stack), AGENT_PROCESSES)
    services = ("gateway", "builds", "worker", "agents", "stats")
    return [Figure(f"start cpu {name}", used[name], "s", START_CPU_BUDGET) for name in services]


async def _at_rest(stack: Stack) -> list[Figure]:
    began, before = time.perf_counter(), cpu_seconds(_pids(stack), AGENT_PROCESSES)
    await asyncio.sleep(WATCHED_SECONDS)
    after, elapsed = cpu_seconds(_pids(stack), AGENT_PROCESSES), time.perf_counter() - began
    cores = {name: (after[name] - before[name]) / elapsed for name in after}
    each = [Figure(f"idle {name}", 1000 * used, "ms/s") for name, used in cores.items()]
    return [Figure("idle all", 1000 * sum(cores.values()), "ms/s", IDLE_BUDGET), *each]


async def _first_command(http: aiohttp.ClientSession) -> float:
    """Milliseconds."""
    await asyncio.sleep(APART_SECONDS)
    began = time.perf_counter()
    await _create(http)
    return (time.perf_counter() - began) * 1000


async def _create(http: aiohttp.ClientSession) -> None:
    body = {"requirement": "an agent that adds", "auto_start": False}
    async with http.post("/api/v1/projects", json=body) as response:
        if response.status != 201:
            raise ValueError(f"not created: {response.status} {await response.text()}")


def _pids(stack: Stack) -> dict[str, int]:
    return {name: stack.pid(name) for name in stack.supervisor.names}
