"""Turns counters into the figures of the API. Rates are percentages with 2 decimals, minutes have 4; times are UTC."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from nexus_contracts.errors import ValidationFailed
from nexus_contracts.stages import STAGES
from nexus_contracts.stats import (
    BuildsOfDay,
    BuildsReport,
    DataPoint,
    InvocationsOfDay,
    InvocationsReport,
    Overview,
    Quantiles,
    TrendMetric,
    Trends,
)
from nexus_stats.domain.counting import stage_counter
from nexus_stats.domain.rows import Counts
from nexus_stats.domain.sketch import Bins, Timed, quantiles

DEFAULT_DAYS = 30
MAX_DAYS = 366
MINUTE_MS = 60_000
ByDay = Mapping[str, Counts]
TimedByDay = Mapping[str, Timed]
NOTHING = Timed({})


class Period(NamedTuple):
    """Both ends are inclusive."""

    start: date
    end: date

    def days(self) -> list[str]:
        count = (self.end - self.start).days + 1
        return [(self.start + timedelta(days=number)).isoformat() for number in range(count)]

    def ends(self) -> dict[str, str]:
        return {"start_date": self.start.isoformat(), "end_date": self.end.isoformat()}


def period(start: date | None, end: date | None, today: date) -> Period:
    """From `start` to `end`; by default the last 30 days. Raises ValidationFailed for over 366 days or none."""
    last = end or today
    first = start or date.fromordinal(max(1, last.toordinal() - DEFAULT_DAYS + 1))
    if first > last:
        raise ValidationFailed("start_date must not be after end_date")
    if (last - first).days + 1 > MAX_DAYS:
        raise ValidationFailed(f"the range must be at most {MAX_DAYS} days")
    return Period(first, last)


def overview(builds: Timed, agents: Counts, today: Counts) -> Overview:
    """`builds` and `agents` are of all time, `today` are the invocations that started today."""
    by_status = {status: agents.get(status, 0) for status in ("running", "building", "offline")}
    return Overview(
        total_agents=sum(by_status.values()),
        running_agents=by_status["running"],
        building_agents=by_status["building"],
        offline_agents=by_status["offline"],
        total_builds=builds.counts.get("total", 0),
        success_rate=success_rate(builds.counts),
        avg_build_time_minutes=average(builds.counts, MINUTE_MS, 4),
        today_calls=today.get("total", 0),
        build_time_minutes=_quantiles(builds.bins, MINUTE_MS, 4),
    )


def builds_report(chosen: Period, counted: TimedByDay) -> BuildsReport:
    """One item for each day, oldest first; zeros where nothing started."""
    items = [_builds_of(day, *counted.get(day, NOTHING)) for day in chosen.days()]
    return BuildsReport(items=items, **chosen.ends())


def invocations_report(chosen: Period, counted: TimedByDay) -> InvocationsReport:
    """One item for each day, oldest first; zeros where nothing started."""
    items = [_invocations_of(day, *counted.get(day, NOTHING)) for day in chosen.days()]
    return InvocationsReport(items=items, **chosen.ends())


def tokens(counts: Counts) -> int:
    return counts.get("input_tokens", 0) + counts.get("output_tokens", 0)


TRENDS: Mapping[TrendMetric, tuple[tuple[str, ...], Callable[[Counts], float]]] = {
    TrendMetric.BUILDS: (("builds",), lambda counts: counts.get("total", 0)),
    TrendMetric.INVOCATIONS: (("invocations",), lambda counts: counts.get("total", 0)),
    TrendMetric.SUCCESS_RATE: (("builds",), lambda counts: success_rate(counts)),
    TrendMetric.INVOCATION_SUCCESS_RATE: (("invocations",), lambda counts: success_rate(counts)),
    TrendMetric.AVG_BUILD_TIME_MINUTES: (("builds",), lambda counts: average(counts, MINUTE_MS, 4)),
    TrendMetric.AVG_DURATION_MS: (("invocations",), lambda counts: average(counts, 1, 2)),
    TrendMetric.TOKENS: (("invocations", "usage"), tokens),
}
"""Which rows each metric is made of, and how its value is computed from their sum."""


def trends(metric: TrendMetric, chosen: Period, counted: ByDay) -> Trends:
    """One point for each day, oldest first."""
    value = TRENDS[metric][1]
    points = [DataPoint(date=day, value=value(counted.get(day, {}))) for day in chosen.days()]
    return Trends(metric=metric, data_points=points, **chosen.ends())


def _builds_of(day: str, counts: Counts, bins: Bins) -> BuildsOfDay:
    return BuildsOfDay(
        date=day,
        total_builds=counts.get("total", 0),
        successful_builds=counts.get("successful", 0),
        failed_builds=counts.get("failed", 0),
        cancelled_builds=counts.get("cancelled", 0),
        avg_duration_minutes=average(counts, MINUTE_MS, 4),
        builds_by_stage={stage.name: counts.get(stage_counter(stage.number), 0) for stage in STAGES},
        duration_minutes=_quantiles(bins, MINUTE_MS, 4),
    )


def _invocations_of(day: str, counts: Counts, bins: Bins) -> InvocationsOfDay:
    return InvocationsOfDay(
        date=day,
        total=counts.get("total", 0),
        successful=counts.get("successful", 0),
        failed=counts.get("failed", 0),
        cancelled=counts.get("cancelled", 0),
        success_rate=success_rate(counts),
        avg_duration_ms=average(counts, 1, 2),
        duration_ms=_quantiles(bins, 1, 2),
    )


def success_rate(counts: Counts) -> float:
    """Per cent of those that succeeded or failed; running and cancelled ones do not count."""
    successful = counts.get("successful", 0)
    decided = successful + counts.get("failed", 0)
    return round(100 * successful / decided, 2) if decided else 0.0


def average(counts: Counts, unit_ms: int, decimals: int) -> float:
    """The average duration of those that have ended."""
    ended = sum(counts.get(outcome, 0) for outcome in ("successful", "failed", "cancelled"))
    return round(counts.get("duration_ms", 0) / ended / unit_ms, decimals) if ended else 0.0


def _quantiles(bins: Bins, unit_ms: int, decimals: int) -> Quantiles:
    p50, p95, p99 = (round(value / unit_ms, decimals) for value in quantiles(bins, (0.5, 0.95, 0.99)))
    return Quantiles(p50=p50, p95=p95, p99=p99)
