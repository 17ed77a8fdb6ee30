"""Statistics: events through one process, the figures' age, what reading and counting anew cost, and memory.

`STATS_BENCH_INVOCATIONS` (1,000,000) is how many are counted; builds are one for each 200. Events are published as fast
as the broker takes them, in portions that are made before the clock runs; it stops when the figures show the last one.
CPU is that of the process alone. Reading is through the gateway by one client, first with 100 invocations.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from aiokafka import AIOKafkaProducer
from pydantic import JsonValue

from benchmarks.runner.figures import Figure, percentile
from benchmarks.runner.load import load
from benchmarks.runner.platform import platform
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.history import HistoryEntry
from nexus_contracts.identifiers import format_timestamp
from nexus_contracts.topics import AGENTS_EVENTS, BUILDS_EVENTS
from nexus_devstack.stack import Stack
from nexus_runtime.dynamo import Database
from nexus_runtime.ledger.history import History, history_table
from nexus_runtime.process.settings import OwnerSettings

INVOCATIONS = int(os.environ.get("STATS_BENCH_INVOCATIONS", "1000000"))
FEW, BUILDS_EVERY, AGENTS, PORTION = 100, 200, 50, 10_000
RATE, RATE_SECONDS, LOOK_SECONDS, COUNTED_SECONDS = 500, 20, 0.02, 0.1
READS, HISTORY = 300, 10_000
OVERVIEW = "/api/v1/statistics/overview"
Record = tuple[str, bytes, bytes, list[tuple[str, bytes]]]
"""Topic, key, value and headers."""
USAGE: JsonValue = {"input_tokens": 120, "output_tokens": 40, "tool_calls": 1, "cost_usd": 0.0021}


@dataclass
class Publishing:
    """Owners that publish what happens. `invocations` and `builds`: how many of each there were."""

    http: aiohttp.ClientSession
    producer: Any
    invocations: int = 0
    builds: int = 0

    async def invocation(self) -> None:
        """One that started now and has ended, as two events."""
        await self._send(self._next())

    async def many(self, count: int) -> float:
        """Portion by portion, each counted before the next one is published; the seconds until they were."""
        seconds = 0.0
        for start in range(0, count, PORTION):
            records = [record for _ in range(min(PORTION, count - start)) for record in self._next()]
            began = time.perf_counter()
            await self._send(records)
            await self.counted()
            seconds += time.perf_counter() - began
        return seconds

    def _next(self) -> list[Record]:
        """The events of one more invocation, and now and then of a build."""
        self.invocations += 1
        now = datetime.now(UTC)
        records = [(AGENTS_EVENTS.name, event) for event in invocation_events(self.invocations, now)]
        if self.invocations % BUILDS_EVERY == 0:
            self.builds += 1
            records += [(BUILDS_EVENTS.name, event) for event in build_events(self.builds, now)]
        return [(topic, event.subject.encode(), event.body(), event.headers()) for topic, event in records]

    async def counted(self) -> None:
        """Returns when the figures have everything."""
        await self.producer.flush()
        async with asyncio.timeout(600):
            while True:
                seen = await self.overview()
                if seen["today_calls"] >= self.invocations and seen["total_builds"] >= self.builds:
                    return
                await asyncio.sleep(COUNTED_SECONDS)

    async def overview(self) -> Any:
        async with self.http.get(OVERVIEW) as answer:
            return (await answer.json())["data"]

    async def _send(self, records: list[Record]) -> None:
        for topic, key, value, headers in records:
            await self.producer.send(topic, value, key=key, headers=headers)


def invocation_events(number: int, now: datetime) -> list[CloudEvent]:
    invocation = f"inv_{number:032x}"
    about: dict[str, JsonValue] = {
        "invocation_id": invocation,
        "agent_id": f"proj_{number % AGENTS:032x}:helper",
        "user_id": "default",
        "started_at": format_timestamp(now),
    }
    ended = {**about, "duration_ms": _spread(number), "completed_at": format_timestamp(now), "usage": USAGE}
    return [
        _event("nexus.invocation.started.v1", invocation, 1, now, about),
        _event("nexus.invocation.succeeded.v1", invocation, 2, now, ended),
    ]


def build_events(number: int, now: datetime) -> list[CloudEvent]:
    project = f"proj_{number:032x}"
    about: dict[str, JsonValue] = {"project_id": project, "attempt": 1}
    started = {**about, "builder": "platform", "trigger": "created"}
    ended = {**about, "duration_seconds": _spread(number) / 1000, "usage": USAGE}
    return [
        _event("nexus.build.started.v1", project, 1, now, started),
        _event("nexus.build.completed.v1", project, 2, now, ended),
    ]


def _spread(number: int) -> int:
    """Milliseconds, evenly over five decades: many of them fill every bin of a sketch."""
    return round(10 ** (number * 61 % 500 / 100))


def _event(kind: str, subject: str, sequence: int, time: datetime, data: dict[str, JsonValue]) -> CloudEvent:
    return CloudEvent(
        id=f"evt_{subject}-{sequence}",
        source="/bench",
        type=kind,
        subject=subject,
        time=time,
        data=data,
        sequence=sequence,
        nexustenant="default",
    )


async def measure() -> list[Figure]:
    figures: list[Figure] = []
    async with _platform() as (stack, publishing):
        await publishing.many(FEW)
        few = await _reading(publishing)
        figures += await _visible(publishing)
        process = psutil.Process(stack.pid("stats"))
        tenth, _ = await _throughput(publishing, INVOCATIONS // 10, process)
        before = process.memory_info().rss / 2**20
        rest, cpu = await _throughput(publishing, INVOCATIONS - publishing.invocations, process)
        after = process.memory_info().rss / 2**20
        many = await _reading(publishing)
        figures += [
            Figure("events a second, first tenth", tenth, "1/s", 3_000, at_least=True),
            Figure("events a second, the rest", rest, "1/s", 3_000, at_least=True),
            Figure("CPU of an event", cpu, "us", 333),
            Figure("memory after the first tenth", before, "MB"),
            Figure("memory at the end", after, "MB", before * 1.15 + 16),
            Figure(f"overview p50, {FEW} invocations", few, "ms", 10),
            Figure(f"overview p50, {publishing.invocations} invocations", many, "ms", 10),
            Figure("... against few", many / few, "x", 1.5),
        ]
        figures += await _recounting(stack)
    return figures


@asynccontextmanager
async def _platform() -> AsyncGenerator[tuple[Stack, Publishing]]:
    async with platform("stats", "gateway", "builds", "agents", "stats") as stack:
        producer: Any = AIOKafkaProducer(bootstrap_servers=stack.endpoints.kafka_bootstrap_servers, linger_ms=5)
        await producer.start()
        try:
            async with aiohttp.ClientSession(stack.gateway_url) as http:
                yield stack, Publishing(http, producer)
        finally:
            await producer.stop()


async def _reading(publishing: Publishing) -> float:
    async def read(_number: int) -> None:
        await publishing.overview()

    return percentile((await load(read, clients=1, count=READS, seconds=60)).latencies, 50)


async def _throughput(publishing: Publishing, invocations: int, process: psutil.Process) -> tuple[float, float]:
    """Events a second, and the CPU of one in microseconds."""
    used, builds = _cpu_seconds(process), publishing.builds
    seconds = await publishing.many(invocations)
    events = 2 * (invocations + publishing.builds - builds)
    return events / seconds, (_cpu_seconds(process) - used) / events * 1e6


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


async def _visible(publishing: Publishing) -> list[Figure]:
    """A steady stream; the age of what the figures show, looked at all the time."""
    ages: list[float] = []
    sent: dict[int, float] = {}

    async def watch() -> None:
        shown = publishing.invocations
        while True:
            calls = (await publishing.overview())["today_calls"]
            ages.extend((time.perf_counter() - sent[number]) * 1000 for number in range(shown + 1, calls + 1))
            shown = max(shown, calls)
            await asyncio.sleep(LOOK_SECONDS)

    watching, began = asyncio.create_task(watch()), time.perf_counter()
    for number in range(RATE * RATE_SECONDS // 2):
        await asyncio.sleep(max(0.0, began + number / (RATE / 2) - time.perf_counter()))
        sent[publishing.invocations + 1] = time.perf_counter()
        await publishing.invocation()
    await publishing.counted()
    await asyncio.sleep(5 * LOOK_SECONDS)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return [
        Figure(f"visible at {RATE}/s p50", percentile(ages, 50), "ms"),
        Figure(f"visible at {RATE}/s p99", percentile(ages, 99), "ms", 1_000),
    ]


async def _recounting(stack: Stack) -> list[Figure]:
    """A rebuild from histories of so many events, by the command itself."""
    environment = {**os.environ, **stack.environment("stats")}
    await _record(stack, HISTORY // 2)
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("nexus-admin")),
        *("stats", "rebuild"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(said.decode())
    # Differences are certain, as these histories were never published: what it tells is without the looks at them.
    seconds = _counting_seconds(said.decode())
    return [Figure("rebuild, events a second", HISTORY / seconds, "1/s", 2_000, at_least=True)]


def _counting_seconds(said: str) -> float:
    """As the command tells them."""
    (line,) = (line for line in said.splitlines() if line.startswith("counted "))
    return float(line.rpartition(" in ")[2].removesuffix(" s"))


async def _record(stack: Stack, invocations: int) -> None:
    """Histories in the owner's table, of past days, two events in an item each."""
    settings = OwnerSettings(
        dynamodb_endpoint_url=stack.endpoints.dynamodb_endpoint_url, table_prefix=stack.settings.table_prefix
    )
    for name, value in stack.endpoints.environment().items():
        os.environ.setdefault(name, value)
    database = Database(settings)
    await database.start()
    history = History(database, history_table("AgentsHistory"))
    past = datetime.now(UTC) - timedelta(days=3)

    async def record(number: int) -> None:
        events = invocation_events(10**9 + number, past + timedelta(milliseconds=20 * number))
        await database.write(*history.record(events[0].subject, [_entry(event) for event in events]))

    await load(record, clients=16, count=invocations, seconds=600)
    await database.stop()


def _entry(event: CloudEvent) -> HistoryEntry:
    return HistoryEntry(sequence=event.sequence or 0, id=event.id, type=event.type, time=event.time, data=event.data)
