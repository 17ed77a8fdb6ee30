"""The statistics before and after, and whether they count exactly what happened."""

import asyncio
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from nexus_contracts.stats import BuildsReport, InvocationsReport, Overview
from nexus_devstack.demo.gateway import GatewayClient
from nexus_devstack.errors import StackError

TITLES = {
    "agents": "agents",
    "builds": "builds",
    "builds_successful": "builds, successful",
    "calls": "invocations",
    "calls_successful": "invocations, successful",
}


@dataclass(frozen=True)
class Pacing:
    """How often the demo looks, and how long it waits; in seconds."""

    build_seconds: float = 300.0
    figures_seconds: float = 15.0
    quiet_seconds: float = 0.5
    """Figures that have not changed for this long are taken as settled."""
    look_seconds: float = 0.1


@dataclass(frozen=True)
class Figures:
    """Counts; the last four cover the days around the demo, so that midnight does not matter."""

    agents: int
    builds: int
    builds_successful: int
    calls: int
    calls_successful: int

    def plus(self, happened: "Figures") -> "Figures":
        own, more = asdict(self), asdict(happened)
        return Figures(**{name: own[name] + more[name] for name in own})


async def read_figures(gateway: GatewayClient, start: datetime) -> Figures:
    """The figures as they are now; `start` is when the demo began."""
    day = timedelta(days=1)
    span = {"start_date": f"{start - day:%Y-%m-%d}", "end_date": f"{start + day:%Y-%m-%d}"}
    overview = Overview.model_validate(await gateway.get("/statistics/overview"))
    builds = BuildsReport.model_validate(await gateway.get("/statistics/builds", **span)).items
    calls = InvocationsReport.model_validate(await gateway.get("/statistics/invocations", **span)).items
    return Figures(
        agents=overview.total_agents,
        builds=overview.total_builds,
        builds_successful=sum(day.successful_builds for day in builds),
        calls=sum(day.total for day in calls),
        calls_successful=sum(day.successful for day in calls),
    )


async def settled_figures(gateway: GatewayClient, start: datetime, patience: Pacing) -> Figures:
    """The figures once they have settled. Raises StackError if they keep changing: others use the platform, too."""
    deadline = time.monotonic() + patience.figures_seconds
    last = await read_figures(gateway, start)
    while time.monotonic() < deadline:
        await asyncio.sleep(patience.quiet_seconds)
        current = await read_figures(gateway, start)
        if current == last:
            return current
        last = current
    raise StackError("the statistics keep changing: somebody else is using this platform; try again when it is idle")


async def figures_after(gateway: GatewayClient, start: datetime, expected: Figures, patience: Pacing) -> Figures:
    """The figures as soon as they are the expected ones, and at the latest after the time for settling."""
    deadline = time.monotonic() + patience.figures_seconds
    while time.monotonic() < deadline:
        if await read_figures(gateway, start) == expected:
            break
        await asyncio.sleep(patience.look_seconds)
    return await settled_figures(gateway, start, patience)


def now() -> datetime:
    return datetime.now(UTC)
