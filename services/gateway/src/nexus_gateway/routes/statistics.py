"""Statistics of builds and invocations, all computed from events."""

from fastapi import APIRouter, Request, Response

from nexus_contracts.answers import ListOf
from nexus_contracts.stats import (
    Activity,
    AgentCategories,
    AgentRank,
    BuildsReport,
    InvocationsReport,
    Overview,
    SystemHealth,
    TopAgents,
    TrendMetric,
    Trends,
    UsageReport,
)
from nexus_gateway.answers import success
from nexus_gateway.dependencies import OperationRoute, gateway_of
from nexus_gateway.openapi import examples
from nexus_gateway.openapi.operations import operation
from nexus_gateway.requests.dates import date_range
from nexus_gateway.routes.parameters import DEFAULT_LIMIT, EndDate, LastKey, Limit, StartDate
from nexus_runtime.process.clock import utc_now

router = APIRouter(tags=["statistics"], route_class=OperationRoute)
_ROOT = "/api/v1/statistics"
TOP_AGENTS = 10


@router.get(
    _ROOT + "/overview",
    **operation("getOverview", "Read the overall figures", Overview, examples.OVERVIEW),
)
async def get_overview(request: Request) -> Response:
    """All-time figures; `today_calls` counts the invocations that started today (UTC)."""
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
    """By the day on which builds started; days without any have zeros. At most 366 days."""
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
    """By the day on which they started, including turns of sessions. At most 366 days."""
    days = date_range(start_date, end_date, utc_now().date())
    return await gateway_of(request).reads.figures("stats", "/invocations", days)


@router.get(_ROOT + "/trends", **operation("getTrends", "Read one metric by day", Trends, examples.TRENDS))
async def get_trends(
    request: Request, metric: TrendMetric, start_date: StartDate = None, end_date: EndDate = None
) -> Response:
    """One value per day; zero if there was nothing. `success_rate` is that of builds. At most 366 days."""
    days = date_range(start_date, end_date, utc_now().date())
    return await gateway_of(request).reads.figures("stats", "/trends", {**days, "metric": metric})


@router.get(
    _ROOT + "/agent-categories",
    **operation(
        "getAgentCategories", "Read how many agents each category has", AgentCategories, examples.AGENT_CATEGORIES
    ),
)
async def get_agent_categories(request: Request) -> Response:
    """The categories of existing agents, the largest first."""
    return await gateway_of(request).reads.figures("stats", "/agent-categories", {})


@router.get(
    _ROOT + "/top-agents",
    **operation("getTopAgents", "Read which agents are highest in something", TopAgents, examples.TOP_AGENTS),
)
async def get_top_agents(
    request: Request,
    by: AgentRank = AgentRank.INVOCATIONS,
    limit: Limit = TOP_AGENTS,
    start_date: StartDate = None,
    end_date: EndDate = None,
) -> Response:
    """By invocations that started in the period, including agents deleted since; by duration, the longest first."""
    days = date_range(start_date, end_date, utc_now().date())
    return await gateway_of(request).reads.figures("stats", "/top-agents", {**days, "by": by, "limit": str(limit)})


@router.get(
    _ROOT + "/usage",
    **operation("getUsage", "Read tokens and cost by day, agent and model", UsageReport, examples.USAGE_REPORT),
)
async def get_usage(request: Request, start_date: StartDate = None, end_date: EndDate = None) -> Response:
    """Usage of invocations and builds; the most expensive agents and models first. At most 366 days."""
    days = date_range(start_date, end_date, utc_now().date())
    return await gateway_of(request).reads.figures("stats", "/usage", days)


@router.get(
    _ROOT + "/recent-activities",
    **operation(
        "listRecentActivities",
        "List recent activities of builds and agents",
        ListOf[Activity],
        examples.page_of(examples.ACTIVITY),
    ),
)
async def list_recent_activities(request: Request, limit: Limit = DEFAULT_LIMIT, last_key: LastKey = None) -> Response:
    """The last 90 days, newest first. Invocations are not included: list them by agent."""
    return await gateway_of(request).reads.page("stats", "/recent-activities", limit, last_key)


@router.get(
    _ROOT + "/system-health",
    **operation("getSystemHealth", "Read how the platform is", SystemHealth, examples.SYSTEM_HEALTH),
)
async def get_system_health(request: Request) -> Response:
    """Services, consumers, outboxes and dead letters. A service that does not answer is shown as unavailable."""
    return success((await gateway_of(request).health.look()).model_dump_json().encode())
