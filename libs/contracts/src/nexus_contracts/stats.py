"""The figures of `stats`. Rates are percentages with 2 decimals, dates and times are in UTC."""

from enum import StrEnum

from pydantic import Field

from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message


class Quantiles(Message):
    """Percentiles of durations; each is within 1 % of an actual duration (all zero if there are none)."""

    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0


class Overview(Message):
    """All-time figures; `today_calls` counts the invocations that started today (UTC). Rates have 2 decimals."""

    total_agents: int
    running_agents: int
    building_agents: int
    offline_agents: int
    total_builds: int
    success_rate: float
    avg_build_time_minutes: float
    today_calls: int
    build_time_minutes: Quantiles = Quantiles()


class BuildsOfDay(Message):
    """The builds that started on `date`; `builds_by_stage` counts each under the stage it has reached."""

    date: str
    total_builds: int
    successful_builds: int
    failed_builds: int
    cancelled_builds: int
    avg_duration_minutes: float
    builds_by_stage: dict[str, int]
    duration_minutes: Quantiles = Quantiles()


class InvocationsOfDay(Message):
    """The invocations that started on `date`, session turns included; durations are of ended ones."""

    date: str
    total: int
    successful: int
    failed: int
    cancelled: int
    success_rate: float
    avg_duration_ms: float
    duration_ms: Quantiles = Quantiles()


class BuildsReport(Message):
    items: list[BuildsOfDay]
    start_date: str
    end_date: str


class InvocationsReport(Message):
    items: list[InvocationsOfDay]
    start_date: str
    end_date: str


class TrendMetric(StrEnum):
    """`success_rate` is that of builds; `tokens` are all of invocations (their day) and builds (when used)."""

    BUILDS = "builds"
    INVOCATIONS = "invocations"
    SUCCESS_RATE = "success_rate"
    INVOCATION_SUCCESS_RATE = "invocation_success_rate"
    AVG_BUILD_TIME_MINUTES = "avg_build_time_minutes"
    AVG_DURATION_MS = "avg_duration_ms"
    TOKENS = "tokens"


class DataPoint(Message):
    date: str
    value: float


class Trends(Message):
    metric: TrendMetric
    data_points: list[DataPoint]
    start_date: str
    end_date: str


class AgentCategory(Message):
    """The existing agents; `category` is null for those without one."""

    category: str | None
    total_agents: int
    running_agents: int
    building_agents: int
    offline_agents: int


class AgentCategories(Message):
    """The largest category first."""

    items: list[AgentCategory]


class AgentRank(StrEnum):
    """What agents are ranked by: the highest comes first."""

    INVOCATIONS = "invocations"
    SUCCESS_RATE = "success_rate"
    DURATION = "duration"
    COST = "cost"


class AgentFigures(Message):
    """An agent's invocations that started within the period; the agent may have been deleted since."""

    agent_id: str
    project_id: str
    agent_name: str
    invocations: int
    successful: int
    failed: int
    cancelled: int
    success_rate: float
    avg_duration_ms: float
    tokens: int
    cost_usd: float


class TopAgents(Message):
    by: AgentRank
    items: list[AgentFigures]
    start_date: str
    end_date: str


class Activity(Message):
    """Something that happened to a build or an agent; `id` and `type` are the event's."""

    id: str
    type: str
    time: Timestamp
    project_id: str
    attempt: int | None = None
    agent_id: str | None = None


class UsageFigures(Message):
    input_tokens: int = 0
    output_tokens: int = 0
    tool_calls: int = 0
    cost_usd: float = 0.0


class UsageOfDay(UsageFigures):
    date: str


class UsageOfAgent(UsageFigures):
    """Usage of invocations only: a build belongs to no agent."""

    agent_id: str


class UsageOfModel(UsageFigures):
    """`model` is null if none was named."""

    model: str | None


class UsageReport(Message):
    """Invocations count on the day on which they started, builds on that of the use.

    `by_agent` and `by_model` have the most expensive first; `by_day` and `by_model` add up to `total`.
    """

    total: UsageFigures
    by_day: list[UsageOfDay]
    by_agent: list[UsageOfAgent]
    by_model: list[UsageOfModel]
    start_date: str
    end_date: str


class ServiceHealth(Message):
    """`status` is unavailable if the service does not answer; `failing` has its failing checks, with the reasons."""

    status: str = Field(examples=["healthy"])
    error: str | None = None
    failing: dict[str, str] = {}


class OutboxHealth(Message):
    """The number of aggregates with unpublished events, and the age of the oldest in seconds."""

    depth: int
    oldest_seconds: int


class SystemHealth(Message):
    """The health of the platform. What cannot be determined is null or missing; `services` says why."""

    status: str = Field(examples=["healthy"], description="healthy; degraded where anything is not")
    services: dict[str, ServiceHealth] = Field(description="builds, agents, stats, and the build worker")
    consumer_lag: dict[str, dict[str, int]] = Field(description="records behind, by service and topic")
    outbox: dict[str, OutboxHealth]
    dead_letters: dict[str, int] | None = Field(
        description="open (neither redriven nor dropped), by topic of dead letters; those without are left out"
    )
