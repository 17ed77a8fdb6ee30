"""Ranges of days, and what the figures say of counters."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nexus_contracts.errors import ValidationFailed
from nexus_stats.domain.figures import Period, builds_report, invocations_report, overview, period
from nexus_stats.domain.sketch import Timed

TODAY = date(2026, 3, 1)
ONE_DAY = Period(TODAY, TODAY)


def test_without_dates_the_range_is_the_last_30_days() -> None:
    assert period(None, None, TODAY) == (date(2026, 1, 31), TODAY)
    assert len(period(None, None, TODAY).days()) == 30


def test_one_date_leaves_the_other_to_its_default() -> None:
    assert period(date(2026, 2, 27), None, TODAY).days() == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert period(None, date(2025, 1, 30), TODAY) == (date(2025, 1, 1), date(2025, 1, 30))
    assert period(None, date(1, 1, 3), TODAY).start == date.min


@given(st.dates(), st.integers(0, 365))
@example(TODAY, 365)
def test_up_to_366_days_are_given_one_by_one(start: date, more: int) -> None:
    end = date.fromordinal(min(date.max.toordinal(), start.toordinal() + more))
    days = period(start, end, TODAY).days()
    assert (days[0], days[-1], len(days)) == (str(start), str(end), (end - start).days + 1)
    assert days == sorted(set(days))


@pytest.mark.parametrize("days", [-1, 366])
def test_a_range_that_ends_before_it_starts_or_is_too_long_is_refused(days: int) -> None:
    with pytest.raises(ValidationFailed):
        period(TODAY, TODAY + timedelta(days=days), TODAY)


def test_a_start_in_the_future_needs_an_end() -> None:
    with pytest.raises(ValidationFailed):
        period(TODAY + timedelta(days=1), None, TODAY)


def test_nothing_counted_gives_zeros() -> None:
    assert set(overview(Timed({}), {}, {}).model_dump(exclude={"build_time_minutes"}).values()) == {0}
    (builds,) = builds_report(ONE_DAY, {}).items
    assert (builds.total_builds, builds.avg_duration_minutes) == (0, 0.0)
    assert set(builds.builds_by_stage.values()) == {0}
    (invocations,) = invocations_report(ONE_DAY, {}).items
    assert (invocations.success_rate, invocations.avg_duration_ms) == (0.0, 0.0)


def test_running_and_cancelled_ones_are_no_failures_but_cancelled_ones_have_ended() -> None:
    counts = {"total": 7, "successful": 2, "failed": 1, "cancelled": 1, "duration_ms": 240_000}
    figures = overview(Timed(counts), {"running": 2, "offline": 1}, {"total": 4})
    assert figures.success_rate == 66.67
    assert figures.avg_build_time_minutes == 1.0
    assert (figures.total_agents, figures.running_agents, figures.offline_agents, figures.today_calls) == (3, 2, 1, 4)
    (day,) = invocations_report(ONE_DAY, {"2026-03-01": Timed(counts)}).items
    assert (day.total, day.success_rate, day.avg_duration_ms) == (7, 66.67, 60_000.0)


def test_only_cancelled_ones_give_no_rate() -> None:
    assert overview(Timed({"total": 1, "cancelled": 1, "duration_ms": 600}), {}, {}).success_rate == 0.0
