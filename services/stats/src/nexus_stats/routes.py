"""The figures of the caller's tenant over HTTP, for the gateway."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from nexus_contracts.errors import ValidationFailed
from nexus_contracts.stats import AgentRank, TrendMetric
from nexus_runtime.process import caller
from nexus_runtime.process.queries import json_answer, page_answer, query_router
from nexus_stats.queries import StatisticsQueries

Day = Annotated[str | None, Query(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="YYYY-MM-DD, included")]
Limit = Annotated[int, Query(ge=1, le=100)]


@dataclass(frozen=True)
class TenantAnswers:
    """Answers for the caller's tenant. A range has at most 366 days, by default the last 30."""

    figures: StatisticsQueries

    async def get_overview(self) -> Response:
        return json_answer(await self.figures.overview(_tenant()))

    async def get_builds(self, start_date: Day = None, end_date: Day = None) -> Response:
        return json_answer(await self.figures.builds(_tenant(), *_range(start_date, end_date)))

    async def get_invocations(self, start_date: Day = None, end_date: Day = None) -> Response:
        return json_answer(await self.figures.invocations(_tenant(), *_range(start_date, end_date)))

    async def get_trends(self, metric: TrendMetric, start_date: Day = None, end_date: Day = None) -> Response:
        return json_answer(await self.figures.trends(_tenant(), metric, *_range(start_date, end_date)))

    async def get_agent_categories(self) -> Response:
        return json_answer(await self.figures.agent_categories(_tenant()))

    async def get_top_agents(
        self,
        by: AgentRank = AgentRank.INVOCATIONS,
        limit: Limit = 10,
        start_date: Day = None,
        end_date: Day = None,
    ) -> Response:
        return json_answer(await self.figures.top_agents(_tenant(), by, limit, *_range(start_date, end_date)))

    async def get_usage(self, start_date: Day = None, end_date: Day = None) -> Response:
        return json_answer(await self.figures.usage(_tenant(), *_range(start_date, end_date)))

    async def list_recent_activities(self, limit: Limit = 20, last_key: str | None = None) -> Response:
        return page_answer(*await self.figures.recent_activities(_tenant(), limit, last_key))


def query_routes(figures: StatisticsQueries) -> APIRouter:
    answers = TenantAnswers(figures)
    return query_router(
        ("/overview", answers.get_overview, "getOverview"),
        ("/builds", answers.get_builds, "getBuilds"),
        ("/invocations", answers.get_invocations, "getInvocations"),
        ("/trends", answers.get_trends, "getTrends"),
        ("/agent-categories", answers.get_agent_categories, "getAgentCategories"),
        ("/top-agents", answers.get_top_agents, "getTopAgents"),
        ("/usage", answers.get_usage, "getUsage"),
        ("/recent-activities", answers.list_recent_activities, "listRecentActivities"),
    )


def _range(start: str | None, end: str | None) -> tuple[date | None, date | None]:
    return _date("start_date", start), _date("end_date", end)


def _date(name: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise ValidationFailed(f"{name} is not a date in the calendar") from None


def _tenant() -> str:
    return caller.principal.get().tenant
