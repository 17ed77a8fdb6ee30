"""Load, join, save; and the figures from what was saved."""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from nexus_contracts.stats import BuildsReport, InvocationsReport, Overview
from nexus_runtime.ledger.ledger import ChangedMeanwhile, Contention
from nexus_runtime.process.clock import Clock
from nexus_stats import domain, figures
from nexus_stats.domain import AGENT_TOTALS, BUILD_TOTALS, Fact
from nexus_stats.store import StatsStore

TRIES = 30


async def count(seen: Iterable[Fact], store: StatsStore) -> None:
    """Store what the facts add to those known. May be repeated, also after it was interrupted anywhere."""
    facts = domain.fold(seen)
    for attempt in range(TRIES):
        changes = domain.changes(facts, await store.facts(facts.keys()))
        try:
            await store.commit(changes)
        except ChangedMeanwhile:
            await asyncio.sleep(random.uniform(0, 0.005 * (attempt + 1)))
            continue
        return
    raise Contention("the facts change too fast; try again")


@dataclass(frozen=True)
class StatisticsQueries:
    """Answers from the counters; `now` decides what today is."""

    store: StatsStore
    now: Clock

    async def overview(self) -> Overview:
        today = self.now().date().isoformat()
        totals, calls = await asyncio.gather(
            self.store.counted("totals"), self.store.counted("invocations", today, today)
        )
        builds, agents = totals.get(BUILD_TOTALS.name, {}), totals.get(AGENT_TOTALS.name, {})
        return figures.overview(builds, agents, calls.get(today, {}))

    async def builds(self, start: date | None, end: date | None) -> BuildsReport:
        chosen = figures.period(start, end, self.now().date())
        counted = await self.store.counted("builds", chosen.start.isoformat(), chosen.end.isoformat())
        return figures.builds_report(chosen, counted)

    async def invocations(self, start: date | None, end: date | None) -> InvocationsReport:
        chosen = figures.period(start, end, self.now().date())
        counted = await self.store.counted("invocations", chosen.start.isoformat(), chosen.end.isoformat())
        return figures.invocations_report(chosen, counted)
