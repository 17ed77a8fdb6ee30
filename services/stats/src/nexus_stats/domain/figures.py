"""From counters to the figures that people see. Rates are per cent with 2 decimals, minutes have 4, times are UTC."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from nexus_contracts.errors import ValidationFailed
from nexus_contracts.stages import STAGES
from nexus_contracts.stats import BuildsOfDay, BuildsReport, InvocationsOfDay, InvocationsReport, Overview
from nexus_stats.domain.counting import Counts, stage_counter

DEFAULT_DAYS = 30
MAX_DAYS = 366
MINUTE_MS = 60_000
ByDay = Mapping[str, Counts]


class Period(NamedTuple):
    """Both ends are inclusive."""

    start: date
    end: date

    def days(self) -> list[str]:
        count = (self.end - self.start).days + 1
        return [(self.start + timedelta(days=number)).isoformat() for number in range(count)]


def period(start: date | None, end: date | None, today: date) -> Period:
    """From `start` to `end`; by default the last 30 days. Raises ValidationFailed for over 366 days or none."""
    last = end or today
    first = start or date.fromordinal(max(1, last.toordinal() - DEFAULT_DAYS + 1))
    if first > last:
        raise ValidationFailed("start_date must not be after end_date")
    if (last - first).days + 1 > MAX_DAYS:
        raise ValidationFailed(f"the range must be at most {MAX_DAYS} days")
    return Period(first, last)


def overview(builds: Counts, agents: Counts, today: Counts) -> Overview:
    """`builds` and `agents` are of all time, `today` are the invocations that started today."""
    by_status = {status: agents.get(status, 0) for status in ("running", "building", "offline")}
    return Overview(
        total_agents=sum(by_status.values()),
        running_agents=by_status["running"],
        building_agents=by_status["building"],
        offline_agents=by_status["offline"],
        total_builds=builds.get("total", 0),
        success_rate=_success_rate(builds),
        avg_build_time_minutes=_average(builds, MINUTE_MS, 4),
        today_calls=today.get("total", 0),
    )


def builds_report(chosen: Period, counted: ByDay) -> BuildsReport:
    """One item for each day, oldest first; zeros where nothing started."""
    items = [_builds_of(day, counted.get(day, {})) for day in chosen.days()]
    return BuildsReport(items=items, start_date=chosen.start.isoformat(), end_date=chosen.end.isoformat())


def invocations_report(chosen: Period, counted: ByDay) -> InvocationsReport:
    """One item for each day, oldest first; zeros where nothing started."""
    items = [_invocations_of(day, counted.get(day, {})) for day in chosen.days()]
    return InvocationsReport(items=items, start_date=chosen.start.isoformat(), end_date=chosen.end.isoformat())


def _builds_of(day: str, counts: Counts) -> BuildsOfDay:
    return BuildsOfDay(
        date=day,
        total_builds=counts.get("total", 0),
        successful_builds=counts.get("successful", 0),
        failed_builds=counts.get("failed", 0),
        cancelled_builds=counts.get("cancelled", 0),
        avg_duration_minutes=_average(counts, MINUTE_MS, 4),
        builds_by_stage={stage.name: counts.get(stage_counter(stage.number), 0) for stage in STAGES},
    )


def _invocations_of(day: str, counts: Counts) -> InvocationsOfDay:
    return InvocationsOfDay(
        date=day,
        total=counts.get("total", 0),
        successful=counts.get("successful", 0),
        failed=counts.get("failed", 0),
        cancelled=counts.get("cancelled", 0),
        success_rate=_success_rate(counts),
        avg_duration_ms=_average(counts, 1, 2),
    )


def _success_rate(counts: Counts) -> float:
    """Running and cancelled ones are not failures."""
    successful = counts.get("successful", 0)
    decided = successful + counts.get("failed", 0)
    return round(100 * successful / decided, 2) if decided else 0.0


def _average(counts: Counts, unit_ms: int, decimals: int) -> float:
    """Of the ended ones."""
    ended = sum(counts.get(outcome, 0) for outcome in ("successful", "failed", "cancelled"))
    return round(counts.get("duration_ms", 0) / ended / unit_ms, decimals) if ended else 0.0
