"""What the gateway costs by itself, and how many idle streams it holds.

Reads are those of one process for a resource of 1 KB, whose owner is a stand-in: what the gateway could serve with a
core of its own is taken from its CPU time, as this load and the owner need the other core. Commands go to `builds`,
whose share is left out. What it does with more than it can serve is in `overload`.

Budgets hold at y = 0.55 ms, so on other machines they are budgets in y.
"""

import asyncio
import resource
from contextlib import AsyncExitStack

import aiohttp
import psutil

from benchmarks.runner.figures import Figure, percentile
from benchmarks.runner.load import Request, load
from benchmarks.runner.meter import LOAD_SECONDS, SETTLE_SECONDS, Meter
from benchmarks.runner.platform import platform
from benchmarks.runner.stand_in import SESSION_ID, standing_in
from benchmarks.runner.yardstick import Yardstick
from nexus_devstack.stack import Stack

CLIENTS, READS, COMMANDS, WARM_UP = 16, 3_000, 400, 200
STREAMS, FOLLOWED = 1_000, 50
FILES = 8_192
SESSION = f"/api/v1/sessions/{SESSION_ID}"
REQUIREMENT = {"requirement": "an agent that adds", "auto_start": False}
BUDGET_Y = 0.55
READS_BUDGET, COMMAND_BUDGET_MS, STREAMS_BUDGET_MB = 1_500, 1.2, 150


async def measure() -> list[Figure]:
    # The gateway inherits it.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))
    async with platform("gateway", "gateway", "builds") as stack, standing_in(stack.ports["AGENTS_PORT"]):
        yardstick = Yardstick(stack.endpoints)
        meter = await Meter.at_rest({"gateway": stack.pid("gateway")}, "none")
        async with aiohttp.ClientSession(stack.gateway_url) as http:
            figures = [*await _reads(meter, http, yardstick), *await _commands(meter, http, yardstick)]
        return [*figures, *await _idle_streams(stack)]


async def _reads(meter: Meter, http: aiohttp.ClientSession, yardstick: Yardstick) -> list[Figure]:
    read = _reading(http)
    await load(read, clients=CLIENTS, count=WARM_UP, seconds=LOAD_SECONDS)
    y = yardstick.y()
    done, cpu = await meter.over(read, clients=CLIENTS, count=READS)
    used = cpu.used["gateway"]
    return [
        Figure("read gateway cpu", used, "ms"),
        Figure("read gateway cpu in y", used / y, "y", 1000 / READS_BUDGET / BUDGET_Y),
        Figure("reads per second of one core", 1000 / used, "1/s"),
        Figure("reads per second here", done.per_second, "1/s"),
        Figure("read p99", percentile(done.latencies, 99), "ms"),
    ]


def _reading(http: aiohttp.ClientSession) -> Request:
    async def read(_number: int) -> None:
        async with http.get(SESSION) as response:
            await response.read()
            if response.status != 200:
                raise ValueError(f"read: {response.status}")

    return read


async def _commands(meter: Meter, http: aiohttp.ClientSession, yardstick: Yardstick) -> list[Figure]:
    async def create(_number: int) -> None:
        await _created(http)

    await load(create, clients=CLIENTS, count=WARM_UP // 4, seconds=LOAD_SECONDS)
    y = yardstick.y()
    done, cpu = await meter.over(create, clients=CLIENTS, count=COMMANDS)
    above = cpu.used["gateway"] - cpu.idle["gateway"]
    return [
        Figure("command gateway cpu", above, "ms"),
        Figure("command gateway cpu in y", above / y, "y", COMMAND_BUDGET_MS / BUDGET_Y),
        Figure("command p50", percentile(done.latencies, 50), "ms"),
    ]


async def _created(http: aiohttp.ClientSession) -> str:
    async with http.post("/api/v1/projects", json=REQUIREMENT) as response:
        answer = await response.json()
        if response.status != 201:
            raise ValueError(f"create: {response.status} {answer}")
        return answer["data"]["project_id"]


async def _idle_streams(stack: Stack) -> list[Figure]:
    process = psutil.Process(stack.pid("gateway"))
    before = process.memory_info().rss
    async with (
        aiohttp.ClientSession(stack.gateway_url, connector=aiohttp.TCPConnector(limit=0)) as http,
        AsyncExitStack() as streams,
    ):
        projects = [await _created(http) for _ in range(FOLLOWED)]
        for number in range(STREAMS):
            path = f"/api/v1/projects/{projects[number % FOLLOWED]}/events"
            stream = await streams.enter_async_context(http.get(path, headers={"Accept": "text/event-stream"}))
            if stream.status != 200:
                raise ValueError(f"stream: {stream.status} {await stream.text()}")
        await asyncio.sleep(SETTLE_SECONDS)
        after = process.memory_info().rss
    return [
        Figure(f"memory with {STREAMS} idle streams", after / 2**20, "MB", STREAMS_BUDGET_MB),
        Figure("memory without", before / 2**20, "MB"),
    ]
