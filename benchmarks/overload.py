"""What the gateway does with four times what it can serve, each request on a connection of its own.

First what it can serve: some clients that ask again when they were answered. Then requests come at four times that
rate, whether the ones before are answered or not. The gateway has a core of its own, and the client, the owner and the
rest share the others: the client must need less than these have (`client under overload`) for the figures to mean
anything. On a machine that is shared the rates vary with what others leave; what still compares then is how much of
the gateway's own CPU time, above what it needs at rest, goes into what is served.

Reads are those of a resource of 1 KB, whose owner is a stand-in. Commands create projects, each of a name of its own:
what was accepted must be there once in the end, and what was refused must not.
"""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TypeVar

import aiohttp

from benchmarks.runner.cores import give_a_core_to
from benchmarks.runner.cpu import cpu_seconds
from benchmarks.runner.figures import Figure, percentile
from benchmarks.runner.meter import SETTLE_SECONDS, Meter
from benchmarks.runner.open_load import OpenLoad, Plan, run
from benchmarks.runner.platform import platform
from benchmarks.runner.stand_in import SESSION_ID, standing_in
from nexus_devstack.stack import Stack

CLIENTS, TIMES = 16, 4
WARM_UP_SECONDS, SECONDS, DRAIN_SECONDS = 1.0, 5.0, 60
GOODPUT, READ_P99_MS, COMMAND_P99_MS = 0.8, 1_000, 10_000
READ = f"/api/v1/sessions/{SESSION_ID}"
PROJECTS = "/api/v1/projects"
DURING = "during-"
T = TypeVar("T")
SERVED, REFUSED = ("200", "201", "202"), ("429", "503")


async def measure() -> list[Figure]:
    async with platform("overload", "gateway", "builds") as stack, standing_in(stack.ports["AGENTS_PORT"]):
        apart = give_a_core_to(stack.pid("gateway"))
        gateway = _Gateway(stack, await Meter.at_rest({"gateway": stack.pid("gateway")}, "none"))
        reads = await _under_load(gateway, READ, None)
        commands = await _under_load(gateway, PROJECTS, "told")
        created = await _projects(stack, set(of(commands.during.numbers, SERVED)))
    return [
        Figure("the gateway has a core of its own", apart, ""),
        *_named("reads", reads.figures(READ_P99_MS)),
        *_named("commands", [*commands.figures(COMMAND_P99_MS), *_kept(commands.during, created)]),
    ]


class _Phase:
    """`served` a second; `cores` that the gateway took, above what it takes at rest."""

    def __init__(self, told: OpenLoad, cores: float) -> None:
        self.told = told
        self.cores = cores
        self.served = len(of(told.latencies, SERVED)) / told.seconds


class _Gateway:
    def __init__(self, stack: Stack, meter: Meter) -> None:
        self.port = stack.ports["GATEWAY_PORT"]
        self._meter = meter

    async def under(self, plan: Plan) -> _Phase:
        before = cpu_seconds(self._meter.pids, "none")["gateway"]
        told = await run(plan)
        used = cpu_seconds(self._meter.pids, "none")["gateway"] - before
        await asyncio.sleep(SETTLE_SECONDS)
        return _Phase(told, used / told.seconds - self._meter.idle["gateway"])


def of(by_outcome: Mapping[str, list[T]], outcomes: Iterable[str]) -> list[T]:
    return [one for outcome in outcomes for one in by_outcome.get(outcome, ())]


class _UnderLoad:
    def __init__(self, before: _Phase, during: _Phase, after: _Phase) -> None:
        self._before, self._during, self._after = before, during, after
        self.during = during.told

    def figures(self, p99_ms: float) -> list[Figure]:
        before, during, told = self._before, self._during, self.during
        strange = {what: len(those) for what, those in told.numbers.items() if what not in SERVED + REFUSED}
        served, refused = of(told.latencies, SERVED), of(told.latencies, REFUSED)
        return [
            Figure("served before", before.served, "1/s"),
            Figure("gateway before", before.cores, "cores"),
            Figure("sent under overload", told.sent / SECONDS, "1/s"),
            Figure("served under overload", during.served, "1/s"),
            Figure("refused under overload", len(refused) / told.seconds, "1/s"),
            Figure("of what was served before", during.served / before.served, "", GOODPUT, at_least=True),
            Figure("gateway cpu for what is served", self._goodput(), "", GOODPUT, at_least=True),
            Figure("served p50 under overload", percentile(served or [0.0], 50), "ms"),
            Figure("served p99 under overload", percentile(served or [0.0], 99), "ms", p99_ms),
            Figure("refused p99 under overload", percentile(refused or [0.0], 99), "ms"),
            Figure("gateway under overload", during.cores, "cores"),
            Figure("client under overload", told.cpu_seconds / told.seconds, "cores"),
            Figure("neither served nor refused", sum(strange.values()), "", 1),
            *(Figure(f"of these {what}", count, "") for what, count in strange.items()),
            Figure("served after it", self._after.served, "1/s", GOODPUT * before.served, at_least=True),
        ]

    def _goodput(self) -> float:
        return self._during.served * (self._before.cores / self._before.served) / self._during.cores


async def _under_load(gateway: _Gateway, path: str, named: str | None) -> _UnderLoad:
    def plan(phase: str, seconds: float, rate: float | None = None) -> Plan:
        body = named and _project(f"{phase}%d")
        return Plan(gateway.port, path, seconds, rate=rate, clients=CLIENTS, body=body)

    await gateway.under(plan("warm-up-", WARM_UP_SECONDS))
    before = await gateway.under(plan("before-", SECONDS))
    during = await gateway.under(plan(DURING, SECONDS, TIMES * before.served))
    return _UnderLoad(before, during, await gateway.under(plan("after-", SECONDS)))


def _project(name: str) -> str:
    return f'{{"requirement": "an agent that adds", "project_name": "{name}", "auto_start": false}}'


async def _projects(stack: Stack, accepted: set[int]) -> Counter[int]:
    """How often each of the requests under overload is a project, once all that were accepted are, or never will be."""
    found = Counter[int]()
    async with aiohttp.ClientSession(stack.gateway_url) as http:
        for _ in range(DRAIN_SECONDS):
            names = [name async for name in _names(http)]
            found = Counter(int(name.removeprefix(DURING)) for name in names if name.startswith(DURING))
            if accepted <= found.keys():
                break
            await asyncio.sleep(SETTLE_SECONDS)
    return found


async def _names(http: aiohttp.ClientSession) -> AsyncIterator[str]:
    query = {"limit": "100"}
    while True:
        async with http.get(PROJECTS, params=query) as answer:
            page = (await answer.json())["data"]
        for project in page["items"]:
            yield project["project_name"]
        if not page["last_key"]:
            return
        query["last_key"] = page["last_key"]


def _kept(told: OpenLoad, created: Counter[int]) -> list[Figure]:
    accepted, refused = of(told.numbers, SERVED), of(told.numbers, REFUSED)
    return [
        Figure("accepted and not there", sum(number not in created for number in accepted), "", 1),
        Figure("there twice", sum(times > 1 for times in created.values()), "", 1),
        Figure("refused and there", sum(number in created for number in refused), "", 1),
    ]


def _named(name: str, figures: list[Figure]) -> list[Figure]:
    return [dataclasses.replace(one, name=f"{name}: {one.name}") for one in figures]
