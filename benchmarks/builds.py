"""Stage reports through one builds process, and commands: rate, time until visible, memory.

Throughput: all reports are published as fast as the broker takes them; the clock stops when the history of every
project has the last of them. Visible: one of the 200 reports a second is followed over HTTP, again and again, every
20 ms (half of which is in the figure on average); the figures are those of all that were followed.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import psutil
from aiokafka import AIOKafkaProducer

from benchmarks.runner.figures import Figure, percentile
from benchmarks.runner.load import load
from benchmarks.runner.platform import platform
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.topics import BUILDS_REPORTS
from nexus_devstack.stack import Stack

REPORTS = 10_000
MEMORY_REPORTS = 100_000
SPREADS = ((1, None), (50, 2_000.0), (1_000, None))
"""Over how many projects the reports are spread, and the least rate that is budgeted."""
COMMANDS, CLIENTS = 1_000, 16
VISIBLE_RATE, VISIBLE_SECONDS, VISIBLE_PROJECTS, LOOK_SECONDS = 200, 20, 50, 0.02
BUDGET_VISIBLE_MS = 300.0


@dataclass
class Reporting:
    """An external system: creates projects, publishes reports, and looks whether they are there."""

    http: aiohttp.ClientSession
    builds: str
    producer: Any
    published: int = 0

    async def project(self) -> str:
        """An external project whose first stage runs, as soon as builds has taken the report."""
        body = {"requirement": "an agent that somebody else builds", "auto_start": False}
        async with self.http.post("/api/v1/projects", json=body) as answer:
            project_id = (await answer.json())["data"]["project_id"]
        await self.publish(project_id, "nexus.stage.started.v1", {})
        return project_id

    async def projects(self, count: int) -> list[str]:
        """All created and begun."""
        made: list[str] = []

        async def one(_number: int) -> None:
            made.append(await self.project())

        await load(one, clients=CLIENTS, count=count, seconds=600)
        for project_id in made:
            await self.recorded(project_id, BEGUN)
        return made

    async def publish(self, project_id: str, kind: str, content: dict[str, Any]) -> None:
        """Handed to the producer; flush to be sure."""
        self.published += 1
        where = {"project_id": project_id, "attempt": 1, "stage_name": "orchestrator"}
        event = CloudEvent(
            id=str(self.published),
            source="/bench",
            type=kind,
            subject=project_id,
            time=datetime.now(UTC),
            data={**where, **content},
        )
        key = project_id.encode()
        await self.producer.send(BUILDS_REPORTS.name, event.body(), key=key, headers=event.headers())

    async def log(self, project_id: str) -> None:
        entry = {"timestamp": "2026-01-01T00:00:00Z", "level": "info", "message": f"line {self.published}"}
        await self.publish(project_id, "nexus.stage.logged.v1", {"entries": [entry]})

    async def recorded(self, project_id: str, sequence: int) -> None:
        """Returns when the project's history has come so far."""
        path = f"{self.builds}/projects/{project_id}/events?limit=1&last_key={sequence - 1}"
        async with asyncio.timeout(120):
            while True:
                async with self.http.get(path) as answer:
                    if (await answer.json())["items"]:
                        return
                await asyncio.sleep(LOOK_SECONDS)


BEGUN = 3
"""Entries of the history of a project that was just begun: created, build started, stage started."""


async def measure() -> list[Figure]:
    figures: list[Figure] = []
    async with reporting_platform() as (stack, reporting):
        await reporting.projects(5)
        for projects, budget in SPREADS:
            rate = await throughput(reporting, projects, REPORTS)
            figures.append(Figure(f"reports {projects} projects", rate, "1/s", budget, at_least=True))
        figures += await _visible(reporting)
        figures += await _commands(reporting)
        figures += await _memory(reporting, psutil.Process(stack.pid("builds")))
        figures.append(Figure("takeover, one of two killed", await _takeover(stack, reporting), "s"))
    return figures


@asynccontextmanager
async def reporting_platform() -> AsyncGenerator[tuple[Stack, Reporting]]:
    async with platform("builds", "gateway", "builds", "stats") as stack:
        servers = stack.endpoints.kafka_bootstrap_servers
        producer: Any = AIOKafkaProducer(bootstrap_servers=servers, acks="all", linger_ms=2)
        await producer.start()
        try:
            async with aiohttp.ClientSession(stack.gateway_url) as http:
                yield stack, Reporting(http, stack.url("builds"), producer)
        finally:
            await producer.stop()


async def throughput(reporting: Reporting, projects: int, reports: int) -> float:
    """Reports a second, from the first published to the last recorded."""
    ids = await reporting.projects(projects)
    began = time.perf_counter()
    for number in range(reports):
        await reporting.log(ids[number % projects])
    await reporting.producer.flush()
    for project_id in ids:
        await reporting.recorded(project_id, BEGUN + reports // projects)
    return reports / (time.perf_counter() - began)


async def _visible(reporting: Reporting) -> list[Figure]:
    """A steady stream; one report at a time is followed."""
    ids = await reporting.projects(VISIBLE_PROJECTS)
    told = dict.fromkeys(ids, BEGUN)
    seen: list[float] = []
    following: asyncio.Task[None] | None = None

    async def follow(project_id: str, sequence: int, began: float) -> None:
        await reporting.recorded(project_id, sequence)
        seen.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    for number in range(VISIBLE_RATE * VISIBLE_SECONDS):
        await asyncio.sleep(max(0.0, began + number / VISIBLE_RATE - time.perf_counter()))
        project_id = ids[number % len(ids)]
        told[project_id] += 1
        at = time.perf_counter()
        await reporting.log(project_id)
        if following is None or following.done():
            following = asyncio.create_task(follow(project_id, told[project_id], at))
    if following:
        await following
    name = f"visible at {VISIBLE_RATE}/s"
    return [
        Figure(f"{name} p50", percentile(seen, 50), "ms"),
        Figure(f"{name} p99", percentile(seen, 99), "ms", BUDGET_VISIBLE_MS),
        Figure(f"{name} followed", len(seen), ""),
    ]


async def _commands(reporting: Reporting) -> list[Figure]:
    """Creates and stops, as many clients at once as the other benchmark has."""
    ids: list[str] = []

    async def create(_number: int) -> None:
        ids.append(await reporting.project())

    async def stop(number: int) -> None:
        path = f"/api/v1/projects/{ids[number]}/control"
        async with reporting.http.put(path, json={"action": "stop"}) as answer:
            answer.raise_for_status()

    made = await load(create, clients=CLIENTS, count=COMMANDS, seconds=60)
    stopped = await load(stop, clients=CLIENTS, count=len(ids), seconds=60)
    return [
        Figure(f"commands create {CLIENTS} clients", made.per_second, "1/s"),
        Figure(f"commands stop {CLIENTS} clients", stopped.per_second, "1/s"),
    ]


async def _memory(reporting: Reporting, builds: psutil.Process) -> list[Figure]:
    """What the process holds after so many reports more, against what it held after the first tenth of them."""
    await throughput(reporting, 100, MEMORY_REPORTS // 10)
    before = builds.memory_info().rss / 2**20
    rate = await throughput(reporting, 100, MEMORY_REPORTS)
    after = builds.memory_info().rss / 2**20
    return [
        Figure(f"memory before {MEMORY_REPORTS} reports", before, "MB"),
        Figure(f"memory after {MEMORY_REPORTS} reports", after, "MB", before * 1.15 + 16),
        Figure(f"reports 100 projects, {MEMORY_REPORTS}", rate, "1/s"),
    ]


async def _takeover(stack: Stack, reporting: Reporting) -> float:
    """Seconds from the kill of one of two processes until reports on every project are taken, whoever had them."""
    reporting.builds = stack.url(await stack.add_replica("builds"))
    ids = await reporting.projects(4 * BUILDS_REPORTS.partitions)
    began = time.perf_counter()
    stack.kill("builds")
    for project_id in ids:
        await reporting.log(project_id)
    for project_id in ids:
        await reporting.recorded(project_id, BEGUN + 1)
    return time.perf_counter() - began
