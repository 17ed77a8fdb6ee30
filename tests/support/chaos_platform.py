"""The platform under test: what it shows when it has come to rest."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from tests.support.chaos_checker import Found, violations
from tests.support.chaos_faults import ALL, SERVICES, Injection, inject, recovered
from tests.support.chaos_history import DECIDED, Fault, History
from tests.support.chaos_load import Load
from tests.support.chaos_topics import consumed, read_all
from tests.support.client import Client
from tests.support.eventually import eventually

from nexus_contracts.envelope import read_event
from nexus_contracts.topics import AGENTS_EVENTS, BUILDS_EVENTS, TOPICS, dead_letter_topics
from nexus_devstack.console import Console
from nexus_devstack.settings import load_settings
from nexus_devstack.stack import Stack
from nexus_tracker import Tracker

EVENTS = (BUILDS_EVENTS, AGENTS_EVENTS)
REST_SECONDS = 90.0
STEP_SECONDS = "0.1"
T = TypeVar("T")


@dataclass
class Platform:
    """Everything that is asked of it is in one history. `recovered`: seconds by fault and kind of operation.

    `records` were on the events' topics when it was looked at last, `repeated` of them not for the first time.
    `verifying`: the invocations by which the agent's own build verified it.
    """

    stack: Stack
    client: Client
    tracker: Tracker
    seed: int
    services: Mapping[str, Client]
    agent_id: str = ""
    verifying: frozenset[str] = frozenset()
    history: History = field(default_factory=History)
    recovered: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    records: int = 0
    repeated: int = 0

    @property
    def servers(self) -> str:
        return self.stack.endpoints.kafka_bootstrap_servers

    def load(self) -> Load:
        return Load(self.client, self.tracker, self.history, self.agent_id, self.seed)

    async def served(self) -> None:
        """Returns when each kind of operation has had its first success from now on."""
        now = Fault("none", self.history.clock())
        await recovered(self.history, now, ALL, REST_SECONDS)

    async def suffer(self, injection: Injection) -> None:
        self.recovered[injection.name] = await inject(injection, self.stack, self.history)

    async def violations(self) -> list[str]:
        """What does not hold once everything has come to rest; every wish is asked once more before."""
        async with asyncio.timeout(REST_SECONDS):
            await self.stack.wait_ready(*SERVICES)  # further processes may stand still, in a trap
            restless = await self.at_rest()
        await self._ask_again()
        return restless + violations(self.history, await self._found())

    async def at_rest(self) -> list[str]:
        """Nothing waits any more in outbox or topics. What still does when the time is over."""

        async def waiting() -> tuple[dict[str, int], bool]:
            return await self._outbox(), await self._active()

        await eventually(
            waiting, lambda seen: not any(seen[0].values()) and not seen[1], seconds=REST_SECONDS / 2, every=0.2
        )
        _, ends = await read_all(self.servers, TOPICS)
        return await consumed(self.servers, TOPICS, ends, REST_SECONDS / 3)

    async def _active(self) -> bool:
        """Whether the platform builds, or an agent is being asked."""
        projects = await self.client.pages("/api/v1/projects?status=building&limit=100")
        asked = await self.asked()
        return any(one["builder"] == "platform" for one in projects) or any(one["status"] == "running" for one in asked)

    async def asked(self) -> list[dict[str, Any]]:
        """All invocations of the agent."""
        return await self.client.pages(f"/api/v1/agents/{self.agent_id}/invocations?limit=100")

    async def _outbox(self) -> dict[str, int]:
        depths: dict[str, int] = {}
        for service in ("builds", "agents"):
            answer = await self.services[service].get("/health/detailed")
            depths[service] = answer.body["checks"]["outbox"]["details"].get("depth", -1)
        return depths

    async def _ask_again(self) -> None:
        load = self.load()
        wishes = self.history.wishes("create", "control", "invoke").values()
        decided = [all_of[0] for all_of in wishes if any(one.outcome in DECIDED for one in all_of)]
        await _few_at_once(load.ask(one.kind, one.wish, one.subject, one.request) for one in decided)

    async def _found(self) -> Found:
        projects = {one["project_id"]: one for one in await self.client.pages("/api/v1/projects?limit=100")}
        whole = await _few_at_once(self.client.project(project_id) for project_id in projects)
        events = await _few_at_once(self.client.events(project_id) for project_id in projects)
        asked = await self.asked()
        records = [read_event(one.value, one.headers) for one in (await read_all(self.servers, EVENTS))[0]]
        self.records, self.repeated = len(records), len(records) - len({record.id for record in records})
        dead, _ = await read_all(self.servers, dead_letter_topics())
        today = datetime.now(UTC).date()
        return Found(
            projects=dict(zip(projects, whole, strict=True)),
            invocations={one["invocation_id"]: one for one in asked if one["invocation_id"] not in self.verifying},
            events=dict(zip(projects, events, strict=True)),
            records=records,
            figures=await self._figures(str(today)),
            today=today,
            outbox=await self._outbox(),
            dead_letters=len(dead),
        )

    async def _figures(self, today: str) -> Mapping[str, Any]:
        path, days = "/api/v1/statistics", f"start_date={today}&end_date={today}"
        return {
            "overview": (await self.client.get(f"{path}/overview")).data,
            "builds": (await self.client.get(f"{path}/builds?{days}")).data["items"],
            "invocations": (await self.client.get(f"{path}/invocations?{days}")).data["items"],
        }


async def _few_at_once(calls: Iterable[Awaitable[T]]) -> list[T]:
    gate = asyncio.Semaphore(8)

    async def one(call: Awaitable[T]) -> T:
        async with gate:
            return await call

    return await asyncio.gather(*(one(call) for call in calls))


@asynccontextmanager
async def chaos_platform(folder: Path, log: Path, seed: int, infra: str, brokers: int = 1) -> AsyncGenerator[Platform]:
    """A whole platform with an agent to invoke; what its processes print goes to `log`."""
    settings = load_settings().model_copy(update={"kafka_brokers": brokers})
    env = {"worker": {"WORKER_STEP_SECONDS": STEP_SECONDS}}
    with log.open("w", encoding="utf-8") as said:
        chosen = Stack(settings=settings, infra=infra, data_dir=folder, ports="free", env=env, console=Console(said))
        async with chosen as stack, aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            tracker = Tracker(stack.endpoints.kafka_bootstrap_servers)
            services = {name: Client(session, stack.url(name)) for name in SERVICES}
            platform = Platform(stack, services["gateway"], tracker, seed, services)
            try:
                await _with_an_agent(platform)
                yield platform
            finally:
                await tracker.stop()


async def _with_an_agent(platform: Platform) -> None:
    load = platform.load()
    project_id = await load.new_project("the agent", auto_start=True)
    platform.agent_id = (await platform.client.built(project_id or "", 90))["agent_id"]
    platform.verifying = frozenset(one["invocation_id"] for one in await platform.asked())
