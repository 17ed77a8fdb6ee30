"""The whole path over HTTP: latency, throughput and CPU time of every kind of request.

CPU time is all that the processes use from the first request to the last answer, their idle use included, and what they
use above it in the second after that, in which events are still published and counted. `services` are gateway, builds,
agents and stats; `all` adds the build worker, the broker, the database and the agents' own processes. Figures of a
machine that was busy with other things (`load average before`) compare with nothing.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping, Sized
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks.runner.figures import Figure, percentile
from benchmarks.runner.load import Request, load
from benchmarks.runner.meter import LOAD_SECONDS, SETTLE_SECONDS, Cpu, Meter
from benchmarks.runner.platform import platform
from nexus_devstack.stack import Stack

REQUIREMENT = "an agent that answers arithmetic questions"
SERVICES = ("gateway", "builds", "agents", "stats")
AGENT_PROCESSES = "agent processes"
MANY = 16
BUILD_SECONDS = 60.0
WARM_UP = 20


@dataclass
class Api:
    """Requests as a user's program sends them. `projects` are those that were created, `agent_id` was built."""

    http: aiohttp.ClientSession
    projects: list[str] = field(default_factory=list[str])
    agent_id: str = ""

    async def create(self, _number: int) -> None:
        body = {"requirement": REQUIREMENT, "auto_start": False}
        self.projects.append((await self.call("POST", "/projects", body))["project_id"])

    async def get(self, number: int) -> None:
        await self.call("GET", f"/projects/{self.projects[number % len(self.projects)]}")

    async def list(self, _number: int) -> None:
        await self.call("GET", "/projects?limit=20")

    async def control(self, number: int) -> None:
        await self.call("PUT", f"/projects/{self.projects[number]}/control", {"action": "stop"})

    async def invoke(self, number: int) -> None:
        answer = await self.call("POST", f"/agents/{self.agent_id}/invoke", {"input_text": f"What is {number} + 1?"})
        if str(number + 1) not in answer["output"]:
            raise ValueError(f"{number} + 1 should not be {answer['output']!r}")

    async def overview(self, _number: int) -> None:
        await self.call("GET", "/statistics/overview")

    async def build_agent(self) -> None:
        """One project built to its end; its agent is the one to be invoked."""
        project = (await self.call("POST", "/projects", {"requirement": REQUIREMENT}))["project_id"]
        async with asyncio.timeout(BUILD_SECONDS):
            while (status := (await self.call("GET", f"/projects/{project}"))["status"]) != "completed":
                if status != "building":
                    raise ValueError(f"the build is {status}")
                await asyncio.sleep(0.1)
        self.agent_id = (await self.call("GET", f"/agents?project_id={project}"))["items"][0]["agent_id"]

    async def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        async with self.http.request(method, f"/api/v1{path}", json=body) as response:
            answer = await response.json()
            if response.status not in (200, 201):
                raise ValueError(f"{method} {path} answered {response.status}: {answer}")
            return answer["data"]


@dataclass(frozen=True)
class Operation:
    """`alone` and `together`: how many requests one client sends, and sixteen do; no more than there are in `stock`.

    Budgets by the figure's ending.
    """

    name: str
    request: Request
    alone: int
    together: int
    budgets: Mapping[str, float] = field(default_factory=dict[str, float])
    stock: Sized | None = None

    def count(self, wanted: int, done: int = 0) -> int:
        return wanted if self.stock is None else min(wanted, len(self.stock) - done)


def operations(api: Api) -> list[Operation]:
    """In this order: the projects created first, a thousand in all, are read, listed and controlled after that."""
    return [
        Operation("create", api.create, 150, 850, {f"{MANY} cpu services": 7.6, "1 p50": 15}),
        Operation("get", api.get, 300, 1500, {f"{MANY} cpu services": 2.8}),
        Operation("list", api.list, 150, 500, {f"{MANY} cpu services": 11}),
        Operation("control", api.control, 100, 400, {f"{MANY} cpu services": 5}, api.projects),
        Operation("invoke", api.invoke, 150, 500),
        Operation("overview", api.overview, 200, 800, {"1 p50": 700, f"{MANY} p50": 700}),
    ]


async def measure() -> list[Figure]:
    busy = os.getloadavg()[0]
    async with _platform() as (stack, api):
        await api.build_agent()
        wanted = operations(api)
        for operation in wanted:
            await load(operation.request, clients=2, count=WARM_UP, seconds=LOAD_SECONDS)
        api.projects.clear()
        await asyncio.sleep(SETTLE_SECONDS)
        meter = await Meter.at_rest({name: stack.pid(name) for name in stack.supervisor.names}, AGENT_PROCESSES)
        figures = [Figure("load average before", busy, "")]
        idle = {**_sums(meter.idle), **meter.idle}
        figures += [Figure(f"idle cpu {name}", 1000 * seconds, "ms/s") for name, seconds in idle.items()]
        for operation in wanted:
            figures += await _measured(operation, meter)
        return [*figures, Figure("projects", len(api.projects), "")]


@asynccontextmanager
async def _platform() -> AsyncGenerator[tuple[Stack, Api]]:
    async with platform("whole_path") as stack:
        connector = aiohttp.TCPConnector(limit=MANY)
        async with aiohttp.ClientSession(stack.gateway_url, connector=connector) as http:
            yield stack, Api(http)


async def _measured(operation: Operation, meter: Meter) -> list[Figure]:
    alone, cpu_alone = await meter.over(operation.request, clients=1, count=operation.count(operation.alone))
    done = len(alone.latencies)
    together, cpu_together = await meter.over(
        operation.request, clients=MANY, count=operation.count(operation.together, done), first=done
    )
    values = [("1 p50", percentile(alone.latencies, 50), "ms"), ("1 p99", percentile(alone.latencies, 99), "ms")]
    values += [(f"1 cpu {name}", value, "ms") for name, value in _shares(cpu_alone).items()]
    values += [(f"{MANY} per second", together.per_second, "1/s")]
    values += [(f"{MANY} p{percent}", percentile(together.latencies, percent), "ms") for percent in (50, 99)]
    shares = {**_shares(cpu_together), **cpu_together.used}
    values += [(f"{MANY} cpu {name}", value, "ms") for name, value in shares.items()]
    return [
        Figure(f"{operation.name} {name}", value, unit, operation.budgets.get(name)) for name, value, unit in values
    ]


def _shares(cpu: Cpu) -> dict[str, float]:
    """`services above idle` leaves out what the services use whether they are asked or not."""
    above = _services(cpu.used) - _services(cpu.idle)
    return {**_sums(cpu.used), "services above idle": above}


def _sums(cpu: Mapping[str, float]) -> dict[str, float]:
    return {"services": _services(cpu), "all": sum(cpu.values())}


def _services(cpu: Mapping[str, float]) -> float:
    return sum(cpu[name] for name in SERVICES)
