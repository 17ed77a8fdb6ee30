"""Dates in a text that asks nothing: a letter, a receipt, a note."""

import re
from collections.abc import Sequence

from .calendar_dates import WEEKDAYS, FoundDate
from .contract import Answer, JsonValue, Question, Value
from .patterns import lazy_pattern

_FEWEST_WORDS = 3
_MOST_LABEL_WORDS = 2
_MOST_LABEL_SIGNS = 4
_CHINESE = lazy_pattern("[\u4e00-\u9fff]")
_PERIOD_SIGNS = lazy_pattern("[日月年周天时点号半每几多再内起至]")
_ASKS = lazy_pattern(
    r"[?？+]|\b(?:how|what|which|when|whose|why|who|is|are|will|between|since|after|before|from|ago|later|plus|minus|"
    r"add|subtract|count|calculate|tell|days?|weeks?|months?|years?|hours?|minutes?|weekdays?|old|age|born|left|"
    r"difference|apart|convert|remind|book|fortnights?|quarters?|ends?|start|beginning|first|last)\b|多少|几|哪|吗|多大|岁|"
    r"相差|间隔|距|之后|之前|以后|以前|后|前|加|减|"
    r"到.*天|星期|年龄|出生|生日",
    re.IGNORECASE,
)


def is_prose(text: str, rest: str) -> bool:
    """Whether `text` only mentions its dates; `rest` is what it says besides."""
    words = re.findall(r"[^\W\d_]{2,}|[\u4e00-\u9fff]", rest)
    return len(words) >= _FEWEST_WORDS and _ASKS.search(text) is None


def is_label(rest: str) -> bool:
    """Whether what stands beside a date only names it: `deadline`, `my birthday`; nothing at all does too."""
    signs = "".join(_CHINESE.findall(rest))
    words = re.findall(r"[^\W_]+", _CHINESE.sub(" ", rest))
    if len(signs) > _MOST_LABEL_SIGNS or _PERIOD_SIGNS.search(signs):
        return False
    return len(words) <= _MOST_LABEL_WORDS and not (re.search(r"\d", rest) or _ASKS.search(rest))


def listed(dates: Sequence[FoundDate], question: Question) -> Answer:
    """Every date with its day of the week."""
    days = [one.day for one in dates]
    if question.chinese:
        shown = [f"{day}（星期{'一二三四五六日'[day.weekday()]}）" for day in days]
        text = f"日期（{len(days)}）：{'、'.join(shown)}"
    else:
        text = f"dates ({len(days)}): " + ", ".join(f"{day} ({WEEKDAYS[day.weekday()].title()})" for day in days)
    found: list[JsonValue] = [str(day) for day in days]
    values = (Value(str(days[0])),) if len(days) == 1 else ()
    return Answer(text, {"characters": len(question.text)}, {"dates": found}, values)
