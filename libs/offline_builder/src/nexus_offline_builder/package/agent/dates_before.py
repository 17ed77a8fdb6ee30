"""A later turn about a date before: `they cannot make it, push it by 4 days`, `what weekday do we come back?`."""

import re
from collections.abc import Iterable
from datetime import date

from ..tools.calendar_dates import dates_in, moved_months
from ..tools.calendar_dates import moved as moved_days
from ..tools.contract import Refusal
from ..tools.date_names import ASKS_WEEKDAY
from ..tools.patterns import lazy_pattern
from ..tools.wording import digits_for_words, plain_signs

_LONGEST = 160
_ISO = lazy_pattern(r"\d{4}-\d\d-\d\d")
_SPAN = lazy_pattern(
    r"(?<![\d-])(?P<n>\d+)\s*(?:more |further |extra |additional )?(?P<unit>(?:working |business |week ?)?(?:days?|"
    r"weeks?|months?|"
    r"years?)|nights?|个?工作日|天|个?星期|周|个月|年)(?![a-z])",
    re.IGNORECASE,
)
_BACK = lazy_pattern(
    r"\b(?:earlier|before|minus|less|sooner|subtract|back by|bring \w+ forward)\b|提前|之?前|减|早", re.IGNORECASE
)
_ON = lazy_pattern(
    r"\b(?:later|after|plus|add\w*|more|push\w*|postpon\w+|delay\w*|extend\w*|extra|another|on top|longer|further|"
    r"late)\b|再|之?后|加|推迟|延|晚",
    re.IGNORECASE,
)
_RATHER = lazy_pattern(r"呢\s*[?？。]*$")
"""Says another period in the place of the one before."""
_FURTHER = lazy_pattern(r"再|又|还|继续")
_OWN_DATE = lazy_pattern(r"\d\s*[-/.]\s*\d|\d\s*[月日号]|\b(?:today|tomorrow|yesterday)\b|今天|明天", re.IGNORECASE)
_LAST = lazy_pattern(
    r"\b(?:back|return\w*|end\w*|last|finish\w*|until|check[ -]?out|second|over)\b|回|结束|最后|止", re.IGNORECASE
)
_FIRST = lazy_pattern(
    r"\b(?:leave|leaving|start\w*|begin\w*|first|depart\w*|set off|go|check[ -]?in)\b|出发|开始|入住|第一",
    re.IGNORECASE,
)
_SAME = lazy_pattern(r"\bsame\b|[同一]样的?日[期子]|同[期日天]|一样的时间", re.IGNORECASE)
_DAY = lazy_pattern(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)")


def moved(prompt: str, day: str) -> str | None:
    """The question that `prompt` is after the date `day`; None where it does not move it."""
    text = digits_for_words(plain_signs(prompt))
    text = re.sub(r"\ban? (?=(?:week|month|year|day|night)\b)", "1 ", text, flags=re.IGNORECASE)
    spans = list(_SPAN.finditer(text))
    if len(prompt) > _LONGEST or not _ISO.fullmatch(day) or len(spans) != 1 or _OWN_DATE.search(text):
        return None
    if len(re.findall(r"\d+", text)) != 1:
        return None
    if _RATHER.search(text) and not _FURTHER.search(text):
        return None
    back, on = _BACK.search(text) is not None, _ON.search(text) is not None
    if back == on:
        return None
    unit = re.sub(r"night", "day", spans[0]["unit"].lower())
    if unit.isascii():
        return f"{day} {'minus' if back else 'plus'} {spans[0]['n']} {unit}"
    return f"{day}{'减' if back else '加'}{spans[0]['n']}{unit}"


def same_dates(prompt: str, before: str, today: date) -> str | None:
    """`and the same dates a year later?`: the prompt before with all its dates moved."""
    text = re.sub(
        r"\bnext (year|month|week)\b", r"1 \1 later", digits_for_words(plain_signs(prompt)), flags=re.IGNORECASE
    )
    text = re.sub(r"明年", "1年后", re.sub(r"\ban? (?=(?:week|month|year)\b)", "1 ", text, flags=re.IGNORECASE))
    spans = list(_SPAN.finditer(text))
    back = _BACK.search(text) is not None
    if len(prompt) > _LONGEST or len(spans) != 1 or not _SAME.search(text) or back == bool(_ON.search(text)):
        return None
    try:
        found = dates_in(plain := plain_signs(before[:_LONGEST]), today)
        for one in reversed(found):
            count = int(spans[0]["n"]) * (-1 if back else 1)
            plain = f"{plain[: one.start]}{_shifted(one.day, count, spans[0]['unit'].lower())}{plain[one.end :]}"
    except Refusal:
        return None
    return plain if found and not re.search(r"\d", _SPAN.sub("", text)) else None


def _shifted(day: date, count: int, unit: str) -> date:
    if unit.startswith(("year", "month")) or unit[-1] in "年月":
        return moved_months(day, count * (12 if unit.startswith("year") or unit[-1] == "年" else 1))
    return moved_days(day, count * (7 if unit.startswith("week") or unit[-1] in "周期" else 1))


def weekday_of_one(prompt: str, before: Iterable[str]) -> str | None:
    """The weekday of the one that `prompt` means, of the two dates of the latest prompt that has any."""
    last, first = _LAST.search(prompt) is not None, _FIRST.search(prompt) is not None
    if last == first or not ASKS_WEEKDAY.search(prompt) or re.search(r"\d", prompt):
        return None
    for text in before:
        if days := _DAY.findall(text):
            return f"what weekday is {days[1] if last else days[0]}" if len(days) == 2 else None
    return None
