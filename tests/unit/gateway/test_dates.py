"""Ranges of dates: both ends included, bounded, by default the last 30 days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_contracts.errors import ValidationFailed
from nexus_gateway.requests.dates import date_range

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        (None, None, "2026-01-31", "2026-03-01"),
        (None, "2026-01-30", "2026-01-01", "2026-01-30"),
        ("2026-02-28", None, "2026-02-28", "2026-03-01"),
        ("2024-01-01", "2024-12-31", "2024-01-01", "2024-12-31"),
        ("2026-03-01", "2026-03-01", "2026-03-01", "2026-03-01"),
        (None, "0001-01-02", "0001-01-01", "0001-01-02"),
    ],
)
def test_what_is_missing_is_filled_in(start: str | None, end: str | None, first: str, last: str) -> None:
    assert date_range(start, end, TODAY) == {"start_date": first, "end_date": last}


@pytest.mark.parametrize(
    ("start", "end", "location"),
    [
        ("2026-03-02", "2026-03-01", "query.start_date"),
        ("2026-03-02", None, "query.start_date"),
        ("2024-01-01", "2025-01-01", "query.end_date"),
        ("2026-02-29", None, "query.start_date"),
        ("20260228", None, "query.start_date"),
        ("2026-W01-1", None, "query.start_date"),
        ("", None, "query.start_date"),
        (None, "2026-03-01T00:00:00", "query.end_date"),
        (None, "٢٠٢٦-٠٣-٠١", "query.end_date"),
    ],
)
def test_a_range_that_cannot_be_is_refused(start: str | None, end: str | None, location: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        date_range(start, end, TODAY)
    assert location in str(refused.value.details["errors"])


@given(st.dates(), st.integers(0, 500))
def test_366_days_are_allowed_and_not_one_more(start: date, days: int) -> None:
    if (date.max - start).days < days:
        return
    end = start + timedelta(days)
    if days < 366:
        assert date_range(start.isoformat(), end.isoformat(), TODAY)["end_date"] == end.isoformat()
    else:
        with pytest.raises(ValidationFailed):
            date_range(start.isoformat(), end.isoformat(), TODAY)
