"""Statistics: figures of builds and invocations, all from events."""

from fastapi import APIRouter, Request, Response

from nexus_contracts.stats import BuildsReport, InvocationsReport, Overview
from nexus_gateway.dependencies import gateway_of
from nexus_gateway.openapi import examples
from nexus_gateway.openapi.operations import operation
from nexus_gateway.requests.dates import date_range
from nexus_gateway.routes.parameters import EndDate, StartDate
from nexus_runtime.process.clock import utc_now

router = APIRouter(tags=["statistics"])
_ROOT = "/api/v1/statistics"


@router.get(
    _ROOT + "/overview",
    **operation("getOverview", "Read the overall figures", Overview, examples.OVERVIEW),
)
async def get_overview(request: Request) -> Response:
    """Of all time; `today_calls` are the invocations that started today (UTC)."""
    return await gateway_of(request).reads.figures("stats", "/overview", {})


@router.get(
    _ROOT + "/builds",
    **operation(
        "getBuildStatistics",
        "Read figures of builds by day",
        BuildsReport,
        examples.report(examples.BUILDS_OF_DAY),
    ),
)
async def get_build_statistics(request: Request, start_date: StartDate = None, end_date: EndDate = None) -> Response:
    """By the day on which builds started; days without any are there with zeros. At most 366 days."""
    days = date_range(start_date, end_date, utc_now().date())
    return await gateway_of(request).reads.figures("stats", "/builds", days)


@router.get(
    _ROOT + "/invocations",
    **operation(
        "getInvocationStatistics",
        "Read figures of invocations by day",
        InvocationsReport,
        examples.report(examples.INVOCATIONS_OF_DAY),
    ),
)
async def get_invocation_statistics(
    request: Request, start_date: StartDate = None, end_date: EndDate = None
) -> Response:
    """By the day on which they started, turns of sessions included. At most 366 days."""
    days = date_range(start_date, end_date, utc_now().date())
    return await gateway_of(request).reads.figures("stats", "/invocations", days)
