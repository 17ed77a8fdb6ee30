"""What the gateway does with four times what it can serve, each request on a connection of its own.

First what it can serve: some clients that ask again when they were answered. Then requests come at four times that
rate, whether the ones before are answered or not. The gateway has a core of its own, and the client, the owner and the
rest share the other: so the client must need less than that (`client under overload`) for the figures to mean
anything. On a machine that others use the rates vary with what these leave; what compares then is how much of the
gateway's own CPU time goes into what is served.

Reads are those of a resource of 1 KB, whose owner is a stand-in. Commands create projects, each of its own name: what
was accepted must be there once, what was refused must not.
"""

import asyncio

from benchmarks.runner.cores import give_a_core_to
from benchmarks.runner.cpu import cpu_seconds
from benchmarks.runner.figures import Figure, percentile
from benchmarks.runner.meter import SETTLE_SECONDS
from benchmarks.runner.open_load import OpenLoad, Plan, run
from benchmarks.runner.platform import platform
from benchmarks.runner.stand_in import SESSION_ID, standing_in
from nexus_devstack.stack import Stack

CLIENTS, TIMES = 16, 4
SECONDS = 5.0
GOODPUT, READ_P99_MS, COMMAND_P99_MS = 0.8, 1_000, 10_500
READ = f"/api/v1/sessions/{SESSION_ID}"
CREATE = '{"requirement": "an agent that adds", "project_name": "overload-%d", "auto_start": false}'
EXPECTED = {"200", "201", "202", "429", "503"}


async def measure() -> list[Figure]:
    async with platform("overload", "gateway", "builds") as stack, standing_in(stack.ports["AGENTS_PORT"]):
        apart = give_a_core_to(stack.pid("gateway"))
        figures = [Figure("the gateway has a core of its own", apart, "")]
        return [*figures, *await _too_much(stack, "reads", READ, None, READ_P99_MS)]


async def _too_much(stack: Stack, name: str, path: str, body: str | None, p99: float) -> list[Figure]:
    port = stack.ports["GATEWAY_PORT"]
    await run(Plan(port, path, 1.0, clients=CLIENTS, body=body))
    before = await _Measured.of(stack, Plan(port, path, SECONDS, clients=CLIENTS, body=body))
    during = await _Measured.of(stack, Plan(port, path, SECONDS, rate=TIMES * before.served, body=body))
    after = await _Measured.of(stack, Plan(port, path, SECONDS, clients=CLIENTS, body=body))
    outcomes = during.told.outcomes
    strange = {what: count for what, count in outcomes.items() if what not in EXPECTED}
    latencies = during.told.latencies
    served = latencies.get("200", []) + latencies.get("201", []) + latencies.get("202", [0.0])
    goodput = before.cpu_each * during.served / during.cores
    figures = [
        Figure("served before", before.served, "1/s"),
        Figure("gateway before", before.cores, "cores"),
        Figure("sent under overload", during.told.sent / SECONDS, "1/s"),
        Figure("served under overload", during.served, "1/s"),
        Figure("refused under overload", (outcomes["429"] + outcomes["503"]) / during.told.seconds, "1/s"),
        Figure("of what was served before", during.served / before.served, "", GOODPUT, at_least=True),
        Figure("of gateway cpu for what is served", goodput, "", GOODPUT, at_least=True),
        Figure("served p50 under overload", percentile(served, 50), "ms"),
        Figure("served p99 under overload", percentile(served, 99), "ms", p99),
        Figure("refused p99 under overload", percentile(latencies.get("503", [0.0]), 99), "ms"),
        Figure("gateway under overload", during.cores, "cores"),
        Figure("client under overload", during.told.cpu_seconds / during.told.seconds, "cores"),
        Figure("neither served nor refused", sum(strange.values()), "", 1),
        *(Figure(f"of these {what}", count, "") for what, count in strange.items()),
        Figure("served after it", after.served, "1/s", GOODPUT * before.served, at_least=True),
    ]
    return [Figure(f"{name}: {one.name}", one.value, one.unit, one.budget, one.at_least) for one in figures]


class _Measured:
    """`served` a second; `cores` that the gateway took."""

    def __init__(self, told: OpenLoad, cpu: float) -> None:
        self.told = told
        self.served = sum(told.outcomes[status] for status in ("200", "201", "202")) / told.seconds
        self.cores = cpu / told.seconds

    @property
    def cpu_each(self) -> float:
        return self.cores / self.served

    @classmethod
    async def of(cls, stack: Stack, plan: Plan) -> "_Measured":
        pids = {"gateway": stack.pid("gateway")}
        before = cpu_seconds(pids, "none")["gateway"]
        told = await run(plan)
        used = cpu_seconds(pids, "none")["gateway"] - before
        await asyncio.sleep(SETTLE_SECONDS)
        return cls(told, used)
