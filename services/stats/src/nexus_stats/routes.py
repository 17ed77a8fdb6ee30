"""The figures over HTTP, for the gateway; a range has at most 366 days, by default the last 30."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from nexus_contracts.errors import ValidationFailed
from nexus_runtime.process.clock import Clock
from nexus_runtime.process.queries import json_answer, query_router
from nexus_stats.domain import figures
from nexus_stats.domain.counting import AGENT_TOTALS, BUILD_TOTALS
from nexus_stats.store import StatsStore

Day = Annotated[str | None, Query(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="YYYY-MM-DD, included")]


@dataclass(frozen=True)
class StatisticsQueries:
    """Answers from the counters; `now` decides what today is."""

    store: StatsStore
    now: Clock

    async def get_overview(self) -> Response:
        today = self.now().date().isoformat()
        totals, calls = await asyncio.gather(
            self.store.counted("totals"), self.store.counted("invocations", today, today)
        )
        builds, agents = totals.get(BUILD_TOTALS.name, {}), totals.get(AGENT_TOTALS.name, {})
        return json_answer(figures.overview(builds, agents, calls.get(today, {})))

    async def get_builds(self, start_date: Day = None, end_date: Day = None) -> Response:
        """By the day on which they started."""
        chosen = self._period(start_date, end_date)
        counted = await self.store.counted("builds", chosen.start.isoformat(), chosen.end.isoformat())
        return json_answer(figures.builds_report(chosen, counted))

    async def get_invocations(self, start_date: Day = None, end_date: Day = None) -> Response:
        """By the day on which they started."""
        chosen = self._period(start_date, end_date)
        counted = await self.store.counted("invocations", chosen.start.isoformat(), chosen.end.isoformat())
        return json_answer(figures.invocations_report(chosen, counted))

    def _period(self, start_date: str | None, end_date: str | None) -> figures.Period:
        return figures.period(_date("start_date", start_date), _date("end_date", end_date), self.now().date())


def query_routes(queries: StatisticsQueries) -> APIRouter:
    return query_router(
        ("/overview", queries.get_overview, "getOverview"),
        ("/builds", queries.get_builds, "getBuilds"),
        ("/invocations", queries.get_invocations, "getInvocations"),
    )


def _date(name: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise ValidationFailed(f"{name} is not a date in the calendar") from None
