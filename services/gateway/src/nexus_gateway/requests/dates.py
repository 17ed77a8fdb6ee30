"""Ranges of dates, both ends included, UTC."""

import re
from datetime import date

from pydantic import JsonValue

from nexus_contracts.errors import ValidationFailed

DEFAULT_DAYS = 30
MAX_DAYS = 366
_FORM = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def date_range(start: str | None, end: str | None, today: date) -> dict[str, str]:
    """The range asked for; without `end` up to today, without `start` 30 days.

    Raises ValidationFailed for what is not a date, a start after the end, and more than 366 days.
    """
    last = today if end is None else _date("end_date", end)
    first = _days_before(last, DEFAULT_DAYS - 1) if start is None else _date("start_date", start)
    if first > last:
        raise _invalid("start_date", "must not be after end_date", "date_order")
    if (last - first).days >= MAX_DAYS:
        raise _invalid("end_date", f"must be less than {MAX_DAYS} days after start_date", "date_range")
    return {"start_date": first.isoformat(), "end_date": last.isoformat()}


def _days_before(day: date, days: int) -> date:
    return date.fromordinal(max(1, day.toordinal() - days))


def _date(name: str, text: str) -> date:
    try:
        if _FORM.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _invalid(name, "must be a date, YYYY-MM-DD", "date")


def _invalid(name: str, message: str, kind: str) -> ValidationFailed:
    errors: list[JsonValue] = [{"location": f"query.{name}", "message": message, "type": kind}]
    return ValidationFailed("the range of dates is not valid", errors=errors)
