"""What a requirement makes of a day: `280 days after`, `ten years minus a day`, `3 months to the end of the month`."""

import re
from datetime import date
from itertools import pairwise

from .calendar_dates import WEEKDAYS, moved, moved_months, moved_working_days
from .calendar_lengths import with_durations
from .calendar_periods import last_of_month
from .contract import CERTAIN, LIKELY, Answer, Question, Refusal, Task, Value
from .date_steps import DURATION
from .date_told import weekday_name
from .patterns import lazy_pattern

_MOST_STEPS = 3
_MINUS = lazy_pattern(r"\b(?:minus|less)\s*$|减去?\s*$|提?前\s*$", re.IGNORECASE)
_BEFORE = lazy_pattern(r"\s*(?:before|prior|earlier|ahead|ago|in advance)\b|\s*[之以]?前", re.IGNORECASE)
_MONTH_END = lazy_pattern(
    r"\b(?:end|last day|close) of (?:the |that |its |this )?(?P<next>next |following )?(?:calendar )?month\b|"
    r"\bmonth[- ]end\b|"
    r"(?P<zh_next>下个?)?月(?:底|末|的?最后1天)",
    re.IGNORECASE,
)
_WEEKEND = lazy_pattern(r"\bweekends?\b|\bsaturdays?\b|\bsundays?\b|周末|周[六日]|星期[六日天]", re.IGNORECASE)
_LATER = lazy_pattern(
    r"\b(?:next|following|after|monday|moves? (?:on|to)|roll\w*)\b|周一|星期一|顺延|之后|往后", re.IGNORECASE
)
_EARLIER = lazy_pattern(r"\b(?:before|previous|preceding|friday|earlier|back)\b|周五|星期五|提前|往前", re.IGNORECASE)
_THEN_WEEKDAY = lazy_pattern(
    rf"\b(?:next|first|following)\s+(?P<day>{'|'.join(WEEKDAYS)})(?P<on>\s+on or after)?", re.IGNORECASE
)
_CONDITION = lazy_pattern(
    r"\b(?:if|unless|except\w*|excluding|otherwise|or|depending|either|adults?|children)\b|如果|除非|除了|或者?|否则",
    re.IGNORECASE,
)
_CLAUSE = lazy_pattern(r"[,;.，；。（）()]|\b(?:and|but|then)\b", re.IGNORECASE)
_FIRST_COUNTS = lazy_pattern(
    r"\b(?:counts?|is|being|counting|counted) (?:itself )?as (?:the )?(?:day (?:one|1)|first day|1st "
    r"day)\b|\b(?:is|being) (?:the )?"
    r"(?:day (?:one|1)\b|first of)|当[天日]?就?算第[一1][天日]|[天日]就?算(?:作|是)?第[一1][天日]|"
    r"(?:含|包括|算上)当[天日]",
    re.IGNORECASE,
)
_LISTED = lazy_pattern(r"(?<![\w./-])\d{1,4}\s*(?:[,/、和到-]|\b(?:and|to)\b)[\s,]*$", re.IGNORECASE)
_JOINED = lazy_pattern(r"\s*(?:[,/、]|\band\b|[和到-]|\s)*", re.IGNORECASE)
_VARIABLE = lazy_pattern(r"\b(?:every|each|in|e\.?g\.?|like|such as)\s*$|[每第]\s*$", re.IGNORECASE)


def counts_first(question: Question) -> bool:
    """Whether the day itself is the first of those that are counted."""
    return _FIRST_COUNTS.search(f"{question.requirement[:1000]} {question.text}") is not None


def has_more_steps(wanted: str) -> bool:
    """Whether it says more than one period."""
    durations = _durations(with_durations(wanted))
    return bool(durations) and (
        len(durations) > 1 or any(said.search(wanted) for said in (_MONTH_END, _WEEKEND, _THEN_WEEKDAY, _FIRST_COUNTS))
    )


def ruled_day(day: date, wanted: str, question: Question) -> Task | None:
    """A claim on a day where `wanted`, a requirement in digits, says what becomes of it; refused where it says more."""
    wanted = with_durations(wanted)
    durations = _durations(wanted)
    if not durations:
        return None
    shift = _WEEKEND.search(wanted)
    rest = " , ".join(
        one for one in _CLAUSE.split(wanted) if not (shift and re.search(_CONDITIONAL, one, re.IGNORECASE))
    )
    unclear = len(durations) > _MOST_STEPS or _CONDITION.search(_without_weekend(rest) if shift else rest)
    if unclear or _says_several(wanted, durations):
        return Task(LIKELY, lambda: _refuse(durations[0].group()))
    steps: list[str] = []
    result, first_counts = day, counts_first(question)
    for one in durations:
        back = _MINUS.search(wanted[: one.start()]) or _BEFORE.match(wanted, one.end())
        count = (int(one["count"]) if one["count"].isdigit() else 1) * (-1 if back else 1)
        if first_counts and one["unit"].lower().endswith(("day", "days", "天", "日")):
            count -= 1 if count > 0 else -1
        result = _moved(result, count, one)
        steps.append(f"{count:+d} {(one['business'] or '').strip()} {one['unit']}".replace("  ", " "))
    if end := _MONTH_END.search(wanted):
        month = moved_months(result.replace(day=1), 1) if end["next"] or end["zh_next"] else result
        result = last_of_month(month.year, month.month)
        steps.append("月底" if question.chinese else "end of the month")
    if (then := _THEN_WEEKDAY.search(wanted)) and not shift:
        ahead = (WEEKDAYS.index(then["day"].lower()) - result.weekday()) % 7
        result = moved(result, ahead or (0 if then["on"] else 7))
        steps.append(then.group())
    elif shift and result.weekday() > 4:
        said = wanted[max(0, shift.start() - 60) :]
        if (_LATER.search(said) is None) == (_EARLIER.search(said) is None):
            return Task(LIKELY, lambda: _refuse(shift.group()))
        forth = _LATER.search(said) is not None
        result = moved(result, 7 - result.weekday() if forth else 4 - result.weekday())
        steps.append("避开周末" if question.chinese else "not at a weekend")
    return Task(CERTAIN, lambda: _told(day, steps, result, question))


_CONDITIONAL = r"\b(?:if|unless|when)\b|如果|遇"


def _without_weekend(text: str) -> str:
    return re.sub(r"\bsaturdays? or sundays?\b", " ", text, flags=re.IGNORECASE)


def _durations(wanted: str) -> "list[re.Match[str]]":
    return [
        one
        for one in DURATION.finditer(wanted)
        if one["count"].isdigit() and not _VARIABLE.search(wanted[: one.start()])
    ]


def _says_several(wanted: str, durations: "list[re.Match[str]]") -> bool:
    """`30, 60 and 90 days`, `30 days and 60 days` are several days, not one after all of them."""
    alike = (
        one["unit"].lower().rstrip("s") == other["unit"].lower().rstrip("s")
        and _JOINED.fullmatch(wanted, one.end(), other.start())
        for one, other in pairwise(durations)
    )
    return any(alike) or any(_LISTED.search(wanted[: one.start()]) for one in durations)


def _moved(day: date, count: int, found: "re.Match[str]") -> date:
    unit = found["unit"].lower()
    if found["business"] or "工作日" in unit:
        return moved_working_days(day, count)
    if unit.startswith(("month", "year")) or unit[-1] in "月年":
        return moved_months(day, count * (12 if unit.startswith("year") or unit == "年" else 1))
    days = 14 if unit.startswith("fortnight") else 7 if unit.startswith("week") or unit[-1] in "周期拜" else 1
    return moved(day, count * days)


def _told(start: date, steps: list[str], day: date, question: Question) -> Answer:
    shown, weekday = ", ".join(steps), weekday_name(day, question.chinese)
    text = (
        f"{start}（{shown}）是 {day}，{weekday}。" if question.chinese else f"{start} ({shown}) is {day}, a {weekday}."
    )
    return Answer(text, {"from": str(start), "add": shown}, {"date": str(day)}, (Value(str(day)),))


def _refuse(part: str) -> Answer:
    raise Refusal(
        f"I am not sure how '{part}' is to be reckoned here. Please say what you want to know of this date.",
        f"我不确定“{part}”在这里怎么算。请说明想知道这个日期的什么。",
    )
