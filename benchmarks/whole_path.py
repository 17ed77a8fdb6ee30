"""The whole path over HTTP: latency, throughput and CPU time of every kind of request.

Medians of rounds in which the kinds take turns. Budgets are in y, the yardstick, measured anew before each kind.

CPU time is all that the processes use from the first request to the last answer, their idle use included, and what they
use above it in the second after that, in which events are still published and counted. `services` are gateway, builds,
agents and stats; `all` adds the build worker, the broker, the database and the agents' own processes. Figures of a
machine that was busy with other things (`load average before`) compare with nothing.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

import aiohttp

from benchmarks.runner.figures import Figure, percentile
from benchmarks.runner.load import Request, load
from benchmarks.runner.meter import LOAD_SECONDS, SETTLE_SECONDS, Cpu, Meter
from benchmarks.runner.platform import platform
from benchmarks.runner.yardstick import Yardstick
from nexus_devstack.stack import Stack

REQUIREMENT = "an agent that answers arithmetic questions"
SERVICES = ("gateway", "builds", "agents", "stats")
AGENT_PROCESSES = "agent processes"
MANY = 16
BUILD_SECONDS = 60.0
WARM_UP = 20
PROJECTS, ROUNDS = 1_000, 3


@dataclass
class Api:
    """Requests as a user's program sends them. `projects` are those that were created, `agent_id` was built.

    The first `stopped` of the projects are stopped.
    """

    http: aiohttp.ClientSession
    projects: list[str] = field(default_factory=list[str])
    agent_id: str = ""
    stopped: int = 0

    async def create(self, _number: int) -> None:
        body = {"requirement": REQUIREMENT, "auto_start": False}
        self.projects.append((await self.call("POST", "/projects", body))["project_id"])

    async def get(self, number: int) -> None:
        await self.call("GET", f"/projects/{self.projects[number % len(self.projects)]}")

    async def stages(self, number: int) -> None:
        await self.call("GET", f"/projects/{self.projects[number % len(self.projects)]}/stages")

    async def list(self, _number: int) -> None:
        await self.call("GET", "/projects?limit=20")

    async def control(self, _number: int) -> None:
        self.stopped += 1
        await self.call("PUT", f"/projects/{self.projects[self.stopped - 1]}/control", {"action": "stop"})

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
    """How many requests one client sends in a round, and sixteen do. Budgets are in y: of the CPU, and of the p50."""

    name: str
    request: Request
    alone: int
    together: int
    cpu: float | None = None
    p50: float | None = None


def operations(api: Api) -> list[Operation]:
    return [
        Operation("get", api.get, 100, 500, cpu=1.2, p50=3),
        Operation("stages", api.stages, 100, 500, cpu=1.2, p50=3),
        Operation("list", api.list, 50, 160, cpu=3, p50=6),
        Operation("create", api.create, 50, 250, cpu=2.5, p50=7),
        Operation("control", api.control, 50, 250, cpu=2.8, p50=8),
        Operation("invoke", api.invoke, 50, 160),
        Operation("overview", api.overview, 60, 250),
    ]


async def measure() -> list[Figure]:
    async with http_platform() as (stack, api):
        yardstick = Yardstick(stack.endpoints)
        await api.build_agent()
        await load(api.create, clients=MANY, count=PROJECTS, seconds=20 * LOAD_SECONDS)
        wanted = operations(api)
        for operation in wanted:
            await load(operation.request, clients=2, count=WARM_UP, seconds=LOAD_SECONDS)
        await asyncio.sleep(SETTLE_SECONDS)
        meter = await Meter.at_rest({name: stack.pid(name) for name in stack.supervisor.names}, AGENT_PROCESSES)
        idle = {**_sums(meter.idle), **meter.idle}
        figures = [Figure(f"idle cpu {name}", 1000 * seconds, "ms/s") for name, seconds in idle.items()]
        rounds = [[await measured(operation, meter, yardstick) for operation in wanted] for _ in range(ROUNDS)]
        for number in range(len(wanted)):
            figures += _medians([one[number] for one in rounds])
        return [*figures, Figure("projects", len(api.projects), "")]


def _medians(rounds: Sequence[Sequence[Figure]]) -> list[Figure]:
    """Of the same figures, measured several times."""
    return [replace(same[0], value=median(one.value for one in same)) for same in zip(*rounds, strict=True)]


@asynccontextmanager
async def http_platform() -> AsyncGenerator[tuple[Stack, Api]]:
    async with platform("whole_path") as stack:
        connector = aiohttp.TCPConnector(limit=MANY)
        async with aiohttp.ClientSession(stack.gateway_url, connector=connector) as http:
            yield stack, Api(http)


async def measured(operation: Operation, meter: Meter, yardstick: Yardstick) -> list[Figure]:
    y = yardstick.y()
    alone, cpu_alone = await meter.over(operation.request, clients=1, count=operation.alone)
    together, cpu_together = await meter.over(operation.request, clients=MANY, count=operation.together)
    p50, shares = percentile(alone.latencies, 50), _shares(cpu_together)
    figures = [
        Figure("y", y, "ms"),
        Figure(f"{MANY} cpu services in y", shares["services"] / y, "y", operation.cpu),
        Figure("1 p50 in y", p50 / y, "y", operation.p50),
        Figure("1 p50", p50, "ms"),
        Figure("1 p99", percentile(alone.latencies, 99), "ms"),
        *(Figure(f"1 cpu {name}", value, "ms") for name, value in _shares(cpu_alone).items()),
        Figure(f"{MANY} per second", together.per_second, "1/s"),
        *(Figure(f"{MANY} p{percent}", percentile(together.latencies, percent), "ms") for percent in (50, 99)),
        *(Figure(f"{MANY} cpu {name}", value, "ms") for name, value in {**shares, **cpu_together.used}.items()),
    ]
    return [replace(one, name=f"{operation.name} {one.name}") for one in figures]


def _shares(cpu: Cpu) -> dict[str, float]:
    """`services above idle` leaves out what the services use whether they are asked or not."""
    above = _services(cpu.used) - _services(cpu.idle)
    return {**_sums(cpu.used), "services above idle": above}


def _sums(cpu: Mapping[str, float]) -> dict[str, float]:
    return {"services": _services(cpu), "all": sum(cpu.values())}


def _services(cpu: Mapping[str, float]) -> float:
    return sum(cpu[name] for name in SERVICES)
