"""Dates that come again: `every 2 weeks from 9 December, the next 3`, from a start that the prompt gives."""

import re
from collections.abc import Callable
from datetime import date

from .calendar_dates import MONTHS, FoundDate, moved, moved_months, moved_working_days
from .calendar_periods import MONTH_NAME
from .contract import CERTAIN, LIKELY, Answer, JsonValue, Question, Refusal, Task, Value
from .date_told import weekday_name
from .patterns import lazy_pattern

_LONGEST_REQUIREMENT = 1000
_MOST = 60
_UNIT = r"(?:business |working |work ?|week)?days?|weeks?|fortnights?|months?|quarters?|years?"
_EVERY = lazy_pattern(
    rf"\b(?:every|each|once (?:in |every )?)\s*(?P<other>(?:other|second|"
    rf"2nd)\s+)?(?:(?P<count>\d{{1,3}})[\s-]*)?(?P<unit>{_UNIT})\b|"
    rf"\b(?P<count2>\d{{1,3}})[\s-]+(?P<unit2>weekly|monthly|daily|yearly)\b|"
    r"\b(?P<word>fortnightly|bi-?weekly|bi-?monthly|weekly|monthly|quarterly|half-?yearly|yearly|annual(?:ly)?|daily)\b|"
    r"每隔?(?P<zh_count>\d{1,3})?(?P<zh>个?工作日|天|日|周|个?星期|个?礼拜|个?月|个?季度|年)",
    re.IGNORECASE,
)
_WORDS = {
    "fortnightly": (2, "week"),
    "weekly": (1, "week"),
    "monthly": (1, "month"),
    "quarterly": (3, "month"),
    "daily": (1, "day"),
} | {
    "halfyearly": (6, "month"),
    "yearly": (1, "year"),
    "annual": (1, "year"),
    "annually": (1, "year"),
}
_ORDINAL = lazy_pattern(
    r"\b(?:number|no\.?|session|visit|dose|shot|payment|instal?lment|appointment|round|nr\.?|#)\s*(\d{1,3})\b|\b(\d{1,3})(?:st|nd|rd|th)\b|"
    r"第(\d{1,3})(?!个?[天周月])",
    re.IGNORECASE,
)
_NAMED = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NAMED_ORDINAL = lazy_pattern(
    rf"\b({'|'.join(_NAMED)})\b(?!\s*\0|\s+(?:one|time|was|is|on|\w+ (?:was|is|on))\b)", re.IGNORECASE
)
_COUNT = lazy_pattern(
    r"\b(?P<which>next|following|first|coming|upcoming)\s+(?P<count>\d{1,2})\b|"
    r"\b(?P<count2>\d{1,2})\s+(?:more\s+)?(?:next |following )?"
    r"(?:dates?|times|ones|appointments?|sessions?|visits?|payments?|doses?)\b|(?P<zh>接下来|之后|后面|下面|前|最近)的?(?P<zh_count>\d{1,2})[次个回期]",
    re.IGNORECASE,
)
_IN_MONTH = lazy_pattern(
    rf"\b(?:in|for|during)\s+(?P<name>(?:{MONTH_NAME}))\b\.?(?:\s+(?P<year>\d{{4}}))?|(?<!\d)(?P<zh>\d{{1,2}})月(?:份|里|的|有|是|哪|几|$)",
    re.IGNORECASE,
)
_UNTIL = lazy_pattern(r"\b(?:until|till|before|by|up to|to|through|end(?:s|ing)?)\b|到|至|之前|为止", re.IGNORECASE)


def comes_again(text: str) -> bool:
    return _EVERY.search(text) is not None


def series(text: str, found: list[FoundDate], question: Question) -> Task | None:
    """A claim on a prompt with a start, where it or the requirement says how often; `text` has numbers in digits."""
    own = _EVERY.search(text)
    every = own or _EVERY.search(question.requirement, 0, _LONGEST_REQUIREMENT)
    dated = [one for one in found if re.search(r"\d", text[one.start : one.end]) or one.day == question.today]
    if every is None or not 0 < len(dated) < 3 or not (own or _ORDINAL.search(text) or _COUNT.search(text)):
        return None
    step = _step(every)
    if step is None:
        return Task(LIKELY, lambda: _refuse_step(every.group().strip()))
    rest = text
    for one in reversed(dated):
        rest = f"{rest[: one.start]} \0 {rest[one.end :]}"
    rest = _EVERY.sub(" ", rest)
    start = dated[0].day
    last = dated[1].day if len(dated) > 1 else None
    if last is not None and not _UNTIL.search(rest):
        return None
    days = _asked(rest, start, last, step, question)
    if days is None or not days:
        return None
    return Task(CERTAIN, lambda: _told(start, days, every.group().strip(), question))


def _step(every: "re.Match[str]") -> Callable[[date, int], date] | None:
    said = every.groupdict()
    if word := said["word"]:
        count, unit = _WORDS.get(word.lower().replace("-", ""), (0, ""))
    else:
        unit = (said["unit"] or said["unit2"] or said["zh"]).lower().removeprefix("个")
        count = int(said["count"] or said["count2"] or said["zh_count"] or (2 if said["other"] else 1))
    if not count:
        return None
    if "work" in unit or "business" in unit or "weekday" in unit or "工作日" in unit:
        return lambda day, times: moved_working_days(day, count * times)
    if unit.startswith(("month", "月", "quarter", "季", "year", "年")):
        months = count * (12 if unit.startswith(("year", "年")) else 3 if unit.startswith(("quarter", "季")) else 1)
        return lambda day, times: moved_months(day, months * times)
    days = count * (14 if unit.startswith("fort") else 7 if unit.startswith(("week", "周", "星期", "礼拜")) else 1)
    return lambda day, times: moved(day, days * times)


def _asked(
    rest: str, start: date, last: date | None, step: Callable[[date, int], date], question: Question
) -> list[tuple[int, date]] | None:
    """The dates with their numbers, the start being the first; None where a number is left that says none of this."""
    if last is not None:
        days = [(1, start)]
        while len(days) < _MOST and (day := step(start, len(days))) <= last:
            days.append((len(days) + 1, day))
        return days if not re.search(r"\d", rest) and len(days) < _MOST else None
    if month := _IN_MONTH.search(rest):
        number = int(month["zh"] or 0) or 1 + next(
            at for at, name in enumerate(MONTHS) if name.startswith(month["name"].lower()[:3])
        )
        year = int(month["year"] or 0) or max(start, question.today).year + (number < max(start, question.today).month)
        every = [(at + 1, step(start, at)) for at in range(_MOST * 12)]
        inside = [(at, day) for at, day in every if (day.year, day.month) == (year, number)]
        return inside if not re.search(r"\d", _IN_MONTH.sub(" ", rest)) else None
    if count := _COUNT.search(rest):
        many = int(count["count"] or count["count2"] or count["zh_count"])
        first = (count["which"] or "").lower() == "first" or count["zh"] == "前"
        left = _COUNT.sub(" ", rest, count=1)
        return (
            [(at + 1, step(start, at)) for at in range(not first, many + (not first))]
            if not re.search(r"\d", left)
            else None
        )
    numbers = [int(one[1] or one[2] or one[3]) for one in _ORDINAL.finditer(rest)]
    numbers += [1 + _NAMED.index(one[1].lower()) for one in _NAMED_ORDINAL.finditer(rest)]
    if re.search(r"\d", _ORDINAL.sub(" ", rest)):
        return None
    if any(not 0 < one <= 10 * _MOST for one in numbers):
        return None
    if numbers:
        return [(one, step(start, one - 1)) for one in numbers]
    at = 1
    while (
        start <= question.today
        and step(start, at) < question.today
        and at < 10 * _MOST
        and not re.search(r"after that|之后", rest)
    ):
        at += 1
    return [(at + 1, step(start, at))]


def _told(start: date, days: list[tuple[int, date]], every: str, question: Question) -> Answer:
    shown = [
        f"{day}（{weekday_name(day, True)}）" if question.chinese else f"{day} ({weekday_name(day, False)})"
        for _, day in days
    ]
    text = f"{start}, {every}: {', '.join(shown)}"
    listed: list[JsonValue] = [str(day) for _, day in days]
    values = (Value(str(days[0][1])),) if len(days) == 1 else ()
    output: dict[str, JsonValue] = {"date": listed[0]} if len(days) == 1 else {"dates": listed}
    return Answer(text, {"from": str(start), "every": every}, output, values)


def _refuse_step(said: str) -> Answer:
    raise Refusal(f"How many days or weeks is '{said}'?", f"“{said}”是隔几天或几周？")
