"""What the gateway costs by itself, how many idle streams it holds, and what it does with more than it can serve.

Reads are those of one process for a resource of 1 KB, whose owner is a stand-in: what the gateway could serve with a
core of its own is taken from its CPU time, as this load and the owner need the other core. Commands go to `builds`,
whose share is left out. Under too much load requests come at four times the rate that is served here, whether the
ones before are answered or not, each on a connection of its own while no other is free. The client and the owner need
the gateway's cores, too, so what counts is how much of the gateway's own CPU time still goes into reads.

Budgets hold at y = 0.55 ms, so on other machines they are budgets in y.
"""

import asyncio
import os
import resource
from contextlib import AsyncExitStack

import aiohttp
import psutil

from benchmarks.runner.cpu import cpu_seconds
from benchmarks.runner.figures import Figure, percentile
from benchmarks.runner.load import Request, load
from benchmarks.runner.meter import LOAD_SECONDS, SETTLE_SECONDS, Meter
from benchmarks.runner.open_load import at_rate
from benchmarks.runner.platform import platform
from benchmarks.runner.stand_in import SESSION_ID, standing_in
from benchmarks.runner.yardstick import Yardstick
from nexus_devstack.stack import Stack

CLIENTS, READS, COMMANDS, WARM_UP = 16, 3_000, 400, 200
STREAMS, FOLLOWED = 1_000, 50
OVERLOAD, OVERLOAD_SECONDS = 4, 5.0
GOODPUT, SERVED_BUDGET_MS = 0.8, 1_000
FILES = 8_192
SESSION = f"/api/v1/sessions/{SESSION_ID}"
REQUIREMENT = {"requirement": "an agent that adds", "auto_start": False}
BUDGET_Y = 0.55
READS_BUDGET, COMMAND_BUDGET_MS, STREAMS_BUDGET_MB = 1_500, 1.2, 150
EXPECTED = {200, 429, 503}


async def measure() -> list[Figure]:
    # The gateway inherits it.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))
    async with platform("gateway", "gateway", "builds") as stack, standing_in(stack.ports["AGENTS_PORT"]):
        yardstick = Yardstick(stack.endpoints)
        meter = await Meter.at_rest({"gateway": stack.pid("gateway")}, "none")
        async with aiohttp.ClientSession(stack.gateway_url) as http:
            figures = [*await _reads(meter, http, yardstick), *await _commands(meter, http, yardstick)]
        figures += await _idle_streams(stack)
    async with platform("gateway", "gateway", "builds") as stack, standing_in(stack.ports["AGENTS_PORT"]):
        return [*figures, *await _too_much(stack)]


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


async def _too_much(stack: Stack) -> list[Figure]:
    pids = {"gateway": stack.pid("gateway"), "client": os.getpid()}
    meter = await Meter.at_rest(pids, "others")
    async with aiohttp.ClientSession(stack.gateway_url) as http:
        read = _reading(http)
        await load(read, clients=CLIENTS, count=WARM_UP, seconds=LOAD_SECONDS)
        before, cpu = await meter.over(read, clients=CLIENTS, count=READS)
        each = (cpu.used["gateway"] - cpu.idle["gateway"]) / 1000
        at = cpu_seconds(pids, "others")
        told = await at_rate(stack.ports["GATEWAY_PORT"], SESSION, OVERLOAD * before.per_second, OVERLOAD_SECONDS)
        used = {name: used - at[name] for name, used in cpu_seconds(pids, "others").items()}
        await asyncio.sleep(SETTLE_SECONDS)
        after = (await load(read, clients=CLIENTS, count=READS, seconds=LOAD_SECONDS)).per_second
    strange = {str(what): count for what, count in told.outcomes.items() if what not in EXPECTED}
    goodput = told.outcomes[200] * each / (used["gateway"] - meter.idle["gateway"] * told.seconds)
    return [
        Figure("served before", before.per_second, "1/s"),
        Figure("sent under overload", told.sent / OVERLOAD_SECONDS, "1/s"),
        Figure("served under overload", told.outcomes[200] / told.seconds, "1/s"),
        Figure("refused under overload", (told.outcomes[429] + told.outcomes[503]) / told.seconds, "1/s"),
        Figure("gateway cpu that went into reads", goodput, "", GOODPUT, at_least=True),
        Figure("served p50 under overload", percentile(told.latencies, 50), "ms"),
        Figure("served p99 under overload", percentile(told.latencies, 99), "ms", SERVED_BUDGET_MS),
        Figure("gateway under overload", used["gateway"] / told.seconds, "cores"),
        Figure("client under overload", used["client"] / told.seconds, "cores"),
        Figure("answered otherwise than 200, 429, 503", sum(strange.values()), "", 1),
        *(Figure(f"of these {what}", count, "") for what, count in strange.items()),
        Figure("served after it", after, "1/s", before.per_second / 2, at_least=True),
    ]
