"""Durations in a text: which way each is to be gone from a date, and how."""

import re
from collections.abc import Callable
from datetime import date

from .calendar_dates import moved, moved_months, moved_working_days
from .patterns import lazy_pattern

DURATION = lazy_pattern(
    r"(?<![\d.])(?P<count>\d{1,9}|an?|another)\s*(?P<business>business |working |work ?|"
    r"week)?(?P<unit>(?:(?<=\d)|(?<=\d\s))d|"
    r"days?|weeks?|"
    r"fortnights?|months?|years?|个?工作日|天|日(?!期)|个?星期|周|个?礼拜|个?月|年)(?![a-z])",
    re.IGNORECASE,
)
BACK = lazy_pattern(
    r"\b(?:ago|before|earlier|prior|subtract|minus|back|take away|less)\b|(?<=\s)-(?=\s*\d)|之前|以前|前|减",
    re.IGNORECASE,
)
_SIGN = lazy_pattern(
    r"(?P<minus>\b(?:minus|subtract|less|take away)\b|(?<=\s)-|减)|(?P<plus>\b(?:plus|add)\b|\+|加)", re.IGNORECASE
)


def signs_in(rest: str) -> dict[int, int]:
    """By where a duration begins, whether it is added or taken away: each as said before it, else as all the others."""
    sign = -1 if BACK.search(_SIGN.sub(" ", rest)) else 1
    signs, end = dict[int, int](), 0
    for found in DURATION.finditer(rest):
        said = list(_SIGN.finditer(rest, end, found.start()))
        if said:
            sign = -1 if said[-1]["minus"] else 1
        signs[found.start()], end = sign, found.end()
    return signs


def step_of(found: "re.Match[str]") -> Callable[[date, int], date]:
    unit = found["unit"].lower()
    if found["business"] or "工作日" in unit:
        return moved_working_days
    if unit.startswith("month") or unit.endswith("月"):
        return moved_months
    if unit.startswith("year") or unit == "年":
        return lambda day, count: moved_months(day, 12 * count)
    if unit.startswith("fortnight"):
        return lambda day, count: moved(day, 14 * count)
    if unit.startswith("week") or unit[-1] in "周期拜":
        return lambda day, count: moved(day, 7 * count)
    return moved
