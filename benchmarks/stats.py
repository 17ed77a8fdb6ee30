"""Statistics: events through one process, the figures' age, what reading and counting anew cost, and memory.

`STATS_BENCH_INVOCATIONS` (1,000,000) is how many are counted; builds are one for each 200. Events are published as fast
as the broker takes them, in portions of batches that are made before the clock runs; it stops when the figures show the
last one. CPU is that of the process alone. Reading is through the gateway by one client: a tenant of few invocations
and the one of all others in turns, so that both figures are of the same seconds.
"""

import asyncio
import functools
import os
import sys
import time
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import psutil
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
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
FEW, AGENTS, PORTION = 100, 50, 25_000
RATE, RATE_SECONDS, LOOK_SECONDS, COUNTED_SECONDS = 500, 20, 0.02, 0.1
READS, HISTORY = 300, 10_000
OVERVIEW = "/api/v1/statistics/overview"
MANY_TENANT, FEW_TENANT = "many", "few"
TOPICS = (BUILDS_EVENTS.name, AGENTS_EVENTS.name)
SECRET = "of benchmarks alone, thirty-two characters"
ISSUER, AUDIENCE = "https://id.example", "nexus"
SIGNED = {"IDENTITY_SECRET": SECRET}
ENVIRONMENT = {
    "gateway": {
        "AUTHENTICATION": "on",
        "JWT_SECRET": SECRET,
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        **SIGNED,
    },
    "builds": SIGNED,
    "agents": SIGNED,
    "stats": SIGNED,
}
Place = tuple[str, int]
"""Topic and partition."""
USAGE: JsonValue = {"input_tokens": 120, "output_tokens": 40, "tool_calls": 1, "cost_usd": 0.0021}


@dataclass
class Publishing:
    """Owners that publish what happens to one tenant. `invocations` and `builds`: how many of each there were;
    they are numbered from `first`."""

    http: aiohttp.ClientSession
    producer: Any
    tenant: str
    builds_every: int
    first: int
    invocations: int = 0
    builds: int = 0

    async def invocation(self) -> None:
        """One that started now and has ended, as two events."""
        for event in self._next():
            await self.producer.send(topic_of(event), event.body(), key=event.subject.encode(), headers=event.headers())

    async def many(self, count: int) -> float:
        """Portion by portion, each counted before the next one is published; the seconds until they were."""
        seconds = 0.0
        for start in range(0, count, PORTION):
            events = [event for _ in range(min(PORTION, count - start)) for event in self._next()]
            batches = await self._batches(events)
            began = time.perf_counter()
            await self._send(batches)
            await self.counted()
            seconds += time.perf_counter() - began
        return seconds

    def _next(self) -> list[CloudEvent]:
        """The events of one more invocation, and now and then of a build."""
        self.invocations += 1
        now = datetime.now(UTC)
        events = invocation_events(self.first + self.invocations, now, self.tenant)
        if self.invocations % self.builds_every == 0:
            self.builds += 1
            events += build_events(self.first + self.builds, now, self.tenant)
        return events

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
        async with self.http.get(OVERVIEW, headers=_signed_in(self.tenant)) as answer:
            return (await answer.json())["data"]

    async def _batches(self, events: list[CloudEvent]) -> dict[Place, list[Any]]:
        """As the producer makes them: by partition, each as full as its limit allows."""
        partition_of = DefaultPartitioner()
        partitions = {topic: sorted(await self.producer.partitions_for(topic)) for topic in TOPICS}
        batches: dict[Place, list[Any]] = defaultdict(list)
        for event in events:
            topic, key = topic_of(event), event.subject.encode()
            record = {"timestamp": None, "key": key, "value": event.body(), "headers": event.headers()}
            own = batches[topic, partition_of(key, partitions[topic], partitions[topic])]
            if not own or own[-1].append(**record) is None:
                own.append(self.producer.create_batch())
                own[-1].append(**record)
        return batches

    async def _send(self, batches: dict[Place, list[Any]]) -> None:
        """Of each partition in order, of all at once."""

        async def send(place: Place) -> None:
            for batch in batches[place]:
                await self.producer.send_batch(batch, place[0], partition=place[1])

        await asyncio.gather(*map(send, batches))


@functools.cache
def _signed_in(tenant: str) -> dict[str, str]:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 86_400, "sub": "bench", "tenant": tenant}
    return {"Authorization": f"Bearer {jwt.encode({**claims, 'scope': 'admin'}, SECRET, algorithm='HS256')}"}


def topic_of(event: CloudEvent) -> str:
    return (BUILDS_EVENTS if event.type.startswith("nexus.build.") else AGENTS_EVENTS).name


def invocation_events(number: int, now: datetime, tenant: str) -> list[CloudEvent]:
    invocation = f"inv_{number:032x}"
    about: dict[str, JsonValue] = {
        "invocation_id": invocation,
        "agent_id": f"proj_{number % AGENTS:032x}:helper",
        "user_id": "default",
        "started_at": format_timestamp(now),
    }
    ended = {**about, "duration_ms": _spread(number), "completed_at": format_timestamp(now), "usage": USAGE}
    return [
        _event("nexus.invocation.started.v1", invocation, 1, now, about, tenant),
        _event("nexus.invocation.succeeded.v1", invocation, 2, now, ended, tenant),
    ]


def build_events(number: int, now: datetime, tenant: str) -> list[CloudEvent]:
    project = f"proj_{number:032x}"
    about: dict[str, JsonValue] = {"project_id": project, "attempt": 1}
    started = {**about, "builder": "platform", "trigger": "created"}
    ended = {**about, "duration_seconds": _spread(number) / 1000, "usage": USAGE}
    return [
        _event("nexus.build.started.v1", project, 1, now, started, tenant),
        _event("nexus.build.completed.v1", project, 2, now, ended, tenant),
    ]


def _spread(number: int) -> int:
    """Milliseconds, evenly over five decades: many of them fill every bin of a sketch."""
    return round(10 ** (number * 61 % 500 / 100))


def _event(
    kind: str, subject: str, sequence: int, time: datetime, data: dict[str, JsonValue], tenant: str
) -> CloudEvent:
    return CloudEvent(
        id=f"evt_{subject}-{sequence}",
        source="/bench",
        type=kind,
        subject=subject,
        time=time,
        data=data,
        sequence=sequence,
        nexustenant=tenant,
    )


async def measure() -> list[Figure]:
    figures: list[Figure] = []
    async with _platform() as (stack, few, many):
        await few.many(FEW)
        await many.many(FEW)
        _, before = await _reading(few, many)
        figures += await _visible(many)
        process = psutil.Process(stack.pid("stats"))
        tenth, _ = await _throughput(many, INVOCATIONS // 10, process)
        memory = process.memory_info().rss / 2**20
        rest, cpu = await _throughput(many, INVOCATIONS - many.invocations, process)
        after = process.memory_info().rss / 2**20
        of_few, of_many = await _reading(few, many)
        figures += [
            Figure("events a second, tenth", tenth, "1/s", 3_000, at_least=True),
            Figure("events a second, rest", rest, "1/s", 3_000, at_least=True),
            Figure("CPU of an event", cpu, "us", 333),
            Figure("memory after a tenth", memory, "MB"),
            Figure("memory at the end", after, "MB", memory * 1.15 + 16),
            Figure(f"overview p50, {FEW}, earlier", before, "ms", 10),
            Figure(f"overview p50, {FEW}", of_few, "ms", 10),
            Figure(f"overview p50, {many.invocations}", of_many, "ms", 10),
            Figure("... against few", of_many / of_few, "x", 1.1),
        ]
        figures += await _recounting(stack)
    return figures


@asynccontextmanager
async def _platform() -> AsyncGenerator[tuple[Stack, Publishing, Publishing]]:
    """With authentication, as it is by their tokens that tenants are told apart."""
    async with platform("stats", "gateway", "builds", "agents", "stats", env=ENVIRONMENT) as stack:
        producer: Any = AIOKafkaProducer(bootstrap_servers=stack.endpoints.kafka_bootstrap_servers, linger_ms=5)
        await producer.start()
        try:
            async with aiohttp.ClientSession(stack.gateway_url) as http:
                yield (
                    stack,
                    Publishing(http, producer, FEW_TENANT, 20, 10**10),
                    Publishing(http, producer, MANY_TENANT, 200, 0),
                )
        finally:
            await producer.stop()


async def _reading(*tenants: Publishing) -> list[float]:
    """p50 of each tenant's overview, read in turns by one client."""

    async def read(number: int) -> None:
        await tenants[number % len(tenants)].overview()

    latencies = (await load(read, clients=1, count=READS * len(tenants), seconds=60)).latencies
    return [percentile(latencies[turn :: len(tenants)], 50) for turn in range(len(tenants))]


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
        events = invocation_events(10**9 + number, past + timedelta(milliseconds=20 * number), MANY_TENANT)
        await database.write(*history.record(events[0].subject, [_entry(event) for event in events]))

    await load(record, clients=16, count=invocations, seconds=600)
    await database.stop()


def _entry(event: CloudEvent) -> HistoryEntry:
    return HistoryEntry(sequence=event.sequence or 0, id=event.id, type=event.type, time=event.time, data=event.data)
