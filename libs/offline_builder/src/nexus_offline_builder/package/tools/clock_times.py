"""Hours and minutes: how long it is from one time of day to another, and the sum of several durations."""

import re
from fractions import Fraction

from . import figures
from .contract import CERTAIN, Answer, Question, Task, Value
from .patterns import lazy_pattern
from .wording import plain_signs

_LONGEST = 200
_DAY = 24 * 60
_TIME = (
    r"(?:(?P<h{0}>\d{{1,2}}):(?P<m{0}>\d{{2}})\s*(?P<p{0}>[ap]\.?m\.?)?|(?P<g{0}>\d{{1,2}})\s*(?P<q{0}>[ap]\.?m\.?))"
)
_BREAK = (
    r"(?:[\s,]*(?:minus|less|with|without|and)?\s*(?:an?\s+)?(?P<off>\d{1,3})[\s-]*(?:min(?:ute)?s?|"
    r"m|分钟)\s*(?:lunch|break|pause|lunch break|休息|午休)+)?"
)
_RANGE = lazy_pattern(
    r"(?:(?:how (?:long|many hours)|hours|time|work(?:ed)?|i|was|is|are|it|there|at|the|from|between|"
    r"shift|从|工作)[\s:]*)*"
    + _TIME.format(1)
    + r"\s*(?:to|-|until|till|and|through|到|至)\s*"
    + _TIME.format(2)
    + _BREAK
    + r"(?:,?\s*(?:how (?:long|many hours)(?: is (?:that|it))?|is how (?:long|many hours)|hours|一共|"
    r"共|是|有|多久|多长时间|多少小时|几个?小时|多少分钟)*)[\s?？.。]*",
    re.IGNORECASE,
)
_DURATION = (
    r"(?:\d{1,4}(?:\.\d+)?\s*(?:hours?|hrs?|h|小时)(?:\s*(?:and\s+)?\d{1,3}\s*(?:minutes?|mins?|m|"
    r"分钟?))?|\d{1,4}\s*(?:minutes?|mins?|分钟?))"
)
_SUM = lazy_pattern(
    rf"(?:(?:add(?: up)?|sum(?: of)?|total(?: of)?|what is)[\s:]+)*{_DURATION}(?:\s*(?:\+|,|;|plus|"
    rf"and|加上?|、)\s*{_DURATION})+[\s?=.]*",
    re.IGNORECASE,
)
_CLOCKED = lazy_pattern(
    r"(?:(?:add(?: up)?|sum(?: of)?|total(?: of)?|what is)[\s:]+)*\d{1,3}:[0-5]\d(?:\s*(?:\+|plus|"
    r"加)\s*\d{1,3}:[0-5]\d)+[\s?=.]*",
    re.IGNORECASE,
)
_USUAL_BREAK = lazy_pattern(
    r"\d\s*-?(?:min\w*|h\w*|分钟|小时)[^\d.;]{0,16}(?:break|lunch|pause|休息|午休)|half an hour (?:break|lunch)",
    re.IGNORECASE,
)
"""Each working time is less the break that the requirement names: not read here."""
_PART = lazy_pattern(r"(\d+(?:\.\d+)?)\s*(h|小时|m|分)", re.IGNORECASE)


def clock_task(question: Question) -> Task | None:
    """A claim on a prompt that is two times of day, or a sum of durations, and nothing else."""
    text = plain_signs(question.text).strip()
    if len(text) > _LONGEST:
        return None
    if (found := _RANGE.fullmatch(text)) and (minutes := _apart(found)) is not None:
        if not found["off"] and _USUAL_BREAK.search(question.requirement):
            return None
        return Task(CERTAIN, lambda: _answer(Fraction(minutes), text, question.chinese))
    if _SUM.fullmatch(text):
        parts = [
            Fraction(number) * (60 if unit.lower() in ("h", "小时") else 1) for number, unit in _PART.findall(text)
        ]
        return Task(CERTAIN, lambda: _answer(sum(parts, Fraction(0)), text, question.chinese))
    if _CLOCKED.fullmatch(text):
        hours = [Fraction(found[0]) * 60 + Fraction(found[1]) for found in re.findall(r"(\d+):(\d+)", text)]
        return Task(CERTAIN, lambda: _answer(sum(hours, Fraction(0)), text, question.chinese))
    return None


def _apart(found: "re.Match[str]") -> int | None:
    """Minutes from the first to the second time, which is on the next day where it is earlier; None where unclear."""
    half = [(found[f"p{n}"] or found[f"q{n}"] or "").lower()[:1] for n in (1, 2)]
    times = [_minutes(found[f"h{n}"] or found[f"g{n}"], found[f"m{n}"] or "0", half[n - 1]) for n in (1, 2)]
    if None in times or (half[0] == "") != (half[1] == ""):
        return None
    first, second = (time or 0 for time in times)
    apart = (second - first) % _DAY - int(found["off"] or 0)
    return apart if apart >= 0 else None


def _minutes(hour: str, minute: str, half: str) -> int | None:
    hours, minutes = int(hour), int(minute)
    if minutes > 59 or hours > (12 if half else 24) or (half and not hours):
        return None
    return (hours % 12 + (12 if half == "p" else 0) if half else hours) * 60 + minutes


def _answer(minutes: Fraction, asked: str, chinese: bool) -> Answer:
    whole, left = divmod(minutes, 60)
    hours = minutes / 60
    shown = figures.shown(round(hours, 2))
    sign = "=" if round(hours, 2) == hours else "≈"
    if chinese:
        text = f"{asked.rstrip('?？。 ')}：{whole} 小时 {figures.shown(left)} 分钟（{sign} {shown} 小时）"
    else:
        text = f"{asked.rstrip('?. ')}: {whole} h {figures.shown(left)} min ({sign} {shown} hours)"
    return Answer(
        text, {"asked": asked}, {"minutes": figures.for_json(minutes)}, (Value(figures.carried(hours), hours),)
    )
