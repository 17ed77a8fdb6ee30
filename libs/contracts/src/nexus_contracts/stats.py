"""The figures that `stats` answers with."""

from nexus_contracts.model import Message


class Overview(Message):
    """All-time; `today_calls` are the invocations that started today (UTC). Rates in per cent, 2 decimals."""

    total_agents: int
    running_agents: int
    building_agents: int
    offline_agents: int
    total_builds: int
    success_rate: float
    avg_build_time_minutes: float
    today_calls: int


class BuildsOfDay(Message):
    """The builds that started on `date`; `builds_by_stage` counts each under the stage it has reached."""

    date: str
    total_builds: int
    successful_builds: int
    failed_builds: int
    cancelled_builds: int
    avg_duration_minutes: float
    builds_by_stage: dict[str, int]


class InvocationsOfDay(Message):
    """The invocations that started on `date`, session turns included; the average is over ended ones."""

    date: str
    total: int
    successful: int
    failed: int
    cancelled: int
    success_rate: float
    avg_duration_ms: float


class BuildsReport(Message):
    items: list[BuildsOfDay]
    start_date: str
    end_date: str


class InvocationsReport(Message):
    items: list[InvocationsOfDay]
    start_date: str
    end_date: str
