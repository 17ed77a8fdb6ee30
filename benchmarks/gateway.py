"""What the gateway costs by itself, how many idle streams it holds, and what it does with more than it can serve.

Reads are those of one process for a resource of 1 KB, whose owner is a stand-in in this process: what the gateway could
serve with a core of its own is taken from its CPU time, as this load and its owner need the other core. Commands go to
`builds`, whose share is left out. Under too much load requests come at four times the rate that was served before,
whether the ones before are answered or not, and the gateway takes few at once.
"""

import asyncio
import json
import resource
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import psutil
from aiohttp import web

from benchmarks.runner.figures import Figure, percentile
from benchmarks.runner.load import load
from benchmarks.runner.meter import LOAD_SECONDS, SETTLE_SECONDS, Meter
from benchmarks.runner.platform import platform
from nexus_devstack.stack import Stack

CLIENTS, READS, COMMANDS, WARM_UP = 16, 3_000, 400, 200
STREAMS, FOLLOWED = 1_000, 50
OVERLOAD, OVERLOAD_SECONDS, TICK_SECONDS = 4, 5.0, 0.01
AT_ONCE = "64"
FILES = 8_192
SESSION = "/api/v1/sessions/sess_" + "5" * 32
RESOURCE = json.dumps({"session_id": "sess_" + "5" * 32, "metadata": {"text": "x" * 930}}).encode()
REQUIREMENT = {"requirement": "an agent that adds", "auto_start": False}
READS_BUDGET, COMMAND_BUDGET_MS, STREAMS_BUDGET_MB = 1_500, 1.2, 150
EXPECTED = {200, 201, 429, 503}


async def measure() -> list[Figure]:
    # The gateway inherits it.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))
    async with platform("gateway", "gateway", "builds") as stack, _owner(stack.ports["AGENTS_PORT"]):
        meter = await Meter.at_rest({"gateway": stack.pid("gateway")}, "none")
        async with aiohttp.ClientSession(stack.gateway_url) as http:
            figures = [*await _reads(meter, http), *await _commands(meter, http)]
        figures += await _idle_streams(stack)
    busy = {"gateway": {"MAX_REQUESTS": AT_ONCE}}
    async with platform("gateway", "gateway", "builds", env=busy) as stack, _owner(stack.ports["AGENTS_PORT"]):
        return [*figures, *await _too_much(stack)]


@asynccontextmanager
async def _owner(port: int) -> AsyncGenerator[None]:
    """Stands in for `agents`: answers whatever it is asked with the resource."""

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(body=RESOURCE, content_type="application/json", headers={"ETag": '"3"'})

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def _reads(meter: Meter, http: aiohttp.ClientSession) -> list[Figure]:
    async def read(_number: int) -> None:
        async with http.get(SESSION) as response:
            await response.read()
            if response.status != 200:
                raise ValueError(f"read: {response.status}")

    await load(read, clients=CLIENTS, count=WARM_UP, seconds=LOAD_SECONDS)
    done, cpu = await meter.over(read, clients=CLIENTS, count=READS)
    used = cpu.used["gateway"]
    return [
        Figure("read gateway cpu", used, "ms"),
        Figure("reads per second of one core", 1000 / used, "1/s", READS_BUDGET, at_least=True),
        Figure("reads per second here", done.per_second, "1/s"),
        Figure("read p99", percentile(done.latencies, 99), "ms"),
    ]


async def _commands(meter: Meter, http: aiohttp.ClientSession) -> list[Figure]:
    async def create(_number: int) -> None:
        await _created(http)

    await load(create, clients=CLIENTS, count=WARM_UP // 4, seconds=LOAD_SECONDS)
    done, cpu = await meter.over(create, clients=CLIENTS, count=COMMANDS)
    above = cpu.used["gateway"] - cpu.idle["gateway"]
    return [
        Figure("command gateway cpu", above, "ms", COMMAND_BUDGET_MS),
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
    answers: Counter[int | str] = Counter()

    async def read(_number: int) -> None:
        try:
            async with http.get(SESSION) as response:
                await response.read()
                answers[response.status] += 1
        except (aiohttp.ClientError, TimeoutError) as error:
            answers[type(error).__name__] += 1

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(stack.gateway_url, connector=connector) as http:
        await load(read, clients=CLIENTS, count=WARM_UP, seconds=LOAD_SECONDS)
        served = (await load(read, clients=CLIENTS, count=READS, seconds=LOAD_SECONDS)).per_second
        answers.clear()
        began = time.perf_counter()
        sent = await _sent_at(OVERLOAD * served, read)
        seconds = time.perf_counter() - began
        after = (await load(read, clients=CLIENTS, count=READS, seconds=LOAD_SECONDS)).per_second
    strange = sum(count for what, count in answers.items() if what not in EXPECTED)
    return [
        Figure("served alone", served, "1/s"),
        Figure("sent under overload", sent / OVERLOAD_SECONDS, "1/s"),
        Figure("answered otherwise than 200, 429, 503", strange, "", 1),
        Figure("refused", answers[503] + answers[429], ""),
        Figure("served under overload", answers[200] / seconds, "1/s"),
        Figure("served after it", after, "1/s", served / 2, at_least=True),
    ]


async def _sent_at(rate: float, read: Callable[[int], Coroutine[Any, Any, None]]) -> int:
    """Requests at that rate, answered or not; returns how many, when all of them have ended."""
    sent, began = 0, time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        while (passed := time.perf_counter() - began) < OVERLOAD_SECONDS:
            due = int(passed * rate)
            for number in range(sent, due):
                tasks.create_task(read(number))
            sent = due
            await asyncio.sleep(TICK_SECONDS)
    return sent
