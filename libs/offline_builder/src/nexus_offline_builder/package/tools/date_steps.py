"""Durations added to a date or taken from it, one after the other."""

import re
from collections.abc import Callable
from datetime import date

from .calendar_dates import moved, moved_months, moved_working_days
from .contract import Answer, Question, Refusal, Value
from .date_told import weekday_name
from .patterns import lazy_pattern

_LARGEST_COUNT = 10_000_000
DURATION = lazy_pattern(
    r"(?<![\d.])(?!(?:19|20)\d\d\s*年)"
    r"(?P<count>\d{1,9}|an?|another)\s*(?P<business>business |working |work ?|week)?(?P<unit>(?<=\d)d|"
    r"days?|weeks?|"
    r"fortnights?|months?|years?|个?工作日|天|日(?!期)|个?星期|周|个?礼拜|个?月|年)(?![a-z])",
    re.IGNORECASE,
)
BACK = lazy_pattern(
    r"\b(?:ago|before|earlier|prior|subtract|minus|take away|less|(?:days?|weeks?|months?|"
    r"years?|go|going|count|counting) back|back (?=\d+ (?:days?|weeks?|months?|years?)\b(?!.*\b(?:later|"
    r"after)\b)))\b|(?<=\s)-(?=\s*\d)|之前|以前|前|减",
    re.IGNORECASE,
)
_SIGN = lazy_pattern(
    r"(?P<minus>\b(?:minus|subtract|less|take away)\b|(?<=\s)-|减)|(?P<plus>\b(?:plus|add)\b|\+|加)", re.IGNORECASE
)


def added(start: date, rest: str, question: Question) -> Answer:
    day, signs = start, _signs(rest)
    steps: list[str] = []
    for found in sorted(
        DURATION.finditer(rest),
        key=lambda found: "年月".find(found["unit"][-1]) < 0 and found["unit"][0] not in "ymYM",
    ):
        count = signs[found.start()] * (int(found["count"]) if found["count"].isdigit() else 1)
        if abs(count) > _LARGEST_COUNT:
            raise Refusal("That is outside the years 1 to 9999.", "超出了公元 1 年到 9999 年的范围。")
        day = _step(found)(day, count)
        steps.append(f"{count:+d} {found['business'] or ''}{found['unit']}")
    weekday = weekday_name(day, question.chinese)
    shown = "，".join(steps) if question.chinese else ", ".join(steps)
    text = (
        f"{start}（{shown}）是 {day}，{weekday}。" if question.chinese else f"{start} ({shown}) is {day}, a {weekday}."
    )
    return Answer(text, {"from": str(start), "add": ", ".join(steps)}, {"date": str(day)}, (Value(str(day)),))


def _signs(rest: str) -> dict[int, int]:
    """By where a duration begins, whether it is added or taken away: each as said before it, else as all the others."""
    sign = -1 if BACK.search(_SIGN.sub(" ", rest)) else 1
    signs, end = dict[int, int](), 0
    for found in DURATION.finditer(rest):
        said = list(_SIGN.finditer(rest, end, found.start()))
        if said:
            sign = -1 if said[-1]["minus"] else 1
        signs[found.start()], end = sign, found.end()
    return signs


def _step(found: "re.Match[str]") -> Callable[[date, int], date]:
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
