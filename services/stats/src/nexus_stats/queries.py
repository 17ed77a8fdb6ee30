"""The figures of one tenant, from its counters: a handful of reads, however many events there were."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from nexus_contracts.stats import (
    Activity,
    AgentCategories,
    AgentRank,
    BuildsReport,
    InvocationsReport,
    Overview,
    TopAgents,
    TrendMetric,
    Trends,
    UsageReport,
)
from nexus_runtime.process.clock import Clock
from nexus_stats.domain import figures, rankings
from nexus_stats.domain.activities import ACTIVITY_DAYS, position
from nexus_stats.domain.figures import NOTHING, TRENDS, ByDay, Period, TimedByDay
from nexus_stats.domain.rows import (
    AGENT_GROUPS,
    MODELS,
    Counts,
    added,
    agent_totals,
    agents_metric,
    build_totals,
    category_totals,
)
from nexus_stats.generations import Stores


@dataclass(frozen=True)
class StatisticsQueries:
    """`now` decides which day is today."""

    stores: Stores
    now: Clock

    async def overview(self, tenant: str) -> Overview:
        store, today = await self.stores.reading(), self.now().date().isoformat()
        agents, builds = agent_totals(tenant), build_totals(tenant)
        totals, calls = await asyncio.gather(
            store.timed(tenant, builds.metric, agents.name, builds.name),
            store.counted(tenant, "invocations", today, today),
        )
        existing = totals.get(agents.name, NOTHING).counts
        return figures.overview(totals.get(builds.name, NOTHING), existing, calls.get(today, {}))

    async def builds(self, tenant: str, start: date | None, end: date | None) -> BuildsReport:
        chosen = self._period(start, end)
        return figures.builds_report(chosen, await self._timed(tenant, chosen, "builds"))

    async def invocations(self, tenant: str, start: date | None, end: date | None) -> InvocationsReport:
        chosen = self._period(start, end)
        return figures.invocations_report(chosen, await self._timed(tenant, chosen, "invocations"))

    async def trends(self, tenant: str, metric: TrendMetric, start: date | None, end: date | None) -> Trends:
        chosen = self._period(start, end)
        return figures.trends(metric, chosen, await self._days(tenant, chosen, *TRENDS[metric][0]))

    async def agent_categories(self, tenant: str) -> AgentCategories:
        row = category_totals(tenant)
        store = await self.stores.reading()
        counted = await store.counted(tenant, row.metric, row.name, row.name)
        return rankings.agent_categories(counted.get(row.name, {}))

    async def top_agents(
        self, tenant: str, by: AgentRank, limit: int, start: date | None, end: date | None
    ) -> TopAgents:
        chosen = self._period(start, end)
        return rankings.top_agents(by, limit, chosen, await self._agents(tenant, chosen))

    async def usage(self, tenant: str, start: date | None, end: date | None) -> UsageReport:
        chosen = self._period(start, end)
        days, models, agents = await asyncio.gather(
            self._days(tenant, chosen, "invocations", "usage"),
            self._days(tenant, chosen, MODELS),
            self._agents(tenant, chosen),
        )
        return rankings.usage_report(chosen, days, added(models.values()), agents)

    async def recent_activities(self, tenant: str, limit: int, before: str | None) -> tuple[list[Activity], str | None]:
        """Newest first, and the position to continue from."""
        store, since = await self.stores.reading(), self.now() - timedelta(days=ACTIVITY_DAYS)
        found = await store.activities(tenant, limit + 1, before, since)
        page = found[:limit]
        more = position(page[-1]) if len(found) > limit else None
        return page, more

    def _period(self, start: date | None, end: date | None) -> Period:
        return figures.period(start, end, self.now().date())

    async def _timed(self, tenant: str, chosen: Period, metric: str) -> TimedByDay:
        store = await self.stores.reading()
        return await store.timed(tenant, metric, chosen.start.isoformat(), chosen.end.isoformat())

    async def _days(self, tenant: str, chosen: Period, *metrics: str) -> ByDay:
        """The rows of the metrics by day, added up."""
        store, first, last = await self.stores.reading(), chosen.start.isoformat(), chosen.end.isoformat()
        found = await asyncio.gather(*(store.counted(tenant, metric, first, last) for metric in metrics))
        return {day: added(rows.get(day, {}) for rows in found) for day in {day for rows in found for day in rows}}

    async def _agents(self, tenant: str, chosen: Period) -> Mapping[str, Counts]:
        """The figures of each agent in the period: one query per group, concurrently."""
        groups: Sequence[ByDay] = await asyncio.gather(
            *(self._days(tenant, chosen, agents_metric(group)) for group in range(AGENT_GROUPS))
        )
        return rankings.together(counts for days in groups for counts in days.values())
