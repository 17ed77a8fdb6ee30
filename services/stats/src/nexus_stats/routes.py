"""The figures over HTTP, for the gateway."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from nexus_contracts.errors import ValidationFailed
from nexus_contracts.stats import BuildsReport, InvocationsReport, Overview
from nexus_stats.handlers import StatisticsQueries

Day = Annotated[str | None, Query(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="YYYY-MM-DD, included")]


def stats_routes(figures: StatisticsQueries) -> APIRouter:
    """/overview, /builds and /invocations; a range has at most 366 days, by default the last 30."""
    router = APIRouter(tags=["statistics"])

    @router.get("/overview", operation_id="getOverview", summary="All-time figures and today's calls")
    async def get_overview() -> Overview:  # pyright: ignore[reportUnusedFunction]  # a route
        return await figures.overview()

    @router.get("/builds", operation_id="getBuilds", summary="Builds by the day on which they started")
    async def get_builds(  # pyright: ignore[reportUnusedFunction]  # a route
        start_date: Day = None, end_date: Day = None
    ) -> BuildsReport:
        return await figures.builds(_date("start_date", start_date), _date("end_date", end_date))

    @router.get("/invocations", operation_id="getInvocations", summary="Invocations by the day on which they started")
    async def get_invocations(  # pyright: ignore[reportUnusedFunction]  # a route
        start_date: Day = None, end_date: Day = None
    ) -> InvocationsReport:
        return await figures.invocations(_date("start_date", start_date), _date("end_date", end_date))

    return router


def _date(name: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise ValidationFailed(f"{name} is no date of the calendar") from None
