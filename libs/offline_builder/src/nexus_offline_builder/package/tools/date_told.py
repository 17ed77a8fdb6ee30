"""What is told of a single day: its weekday, whether it is a working day, how far it is from today."""

import re
from datetime import date

from .calendar_dates import MONTHS, WEEKDAYS, FoundDate
from .contract import Answer, Impossible, Question, Value
from .date_spans import span
from .patterns import lazy_pattern

_NAME = r"(?P<en>mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
WEEKDAY_BEFORE = lazy_pattern(
    rf"\b{_NAME}\.?,?\s*(?:the\s+)?$|(?:周|星期|礼拜)(?P<zh>[一二三四五六日天1-6])[,，]?\s*$", re.IGNORECASE
)
WEEKDAY_BEHIND = lazy_pattern(
    rf"\s*[(（]?(?:周|星期|礼拜)(?P<zh>[一二三四五六日天1-6])|\s*[(,]\s*{_NAME}\b(?!\?)", re.IGNORECASE
)
_CHINESE_WEEKDAYS = "一二三四五六日"
_SIGNS = str.maketrans("123456", "一二三四五六")


def refuse_other_weekday(text: str, found: "list[FoundDate]") -> None:
    """Raises Impossible for `Mon 28 Nov 2026`, which is a Saturday: either may be what is meant."""
    for one in found:
        said = WEEKDAY_BEFORE.search(text[: one.start]) or WEEKDAY_BEHIND.match(text[one.end :])
        if said is None or one.recurring or not re.search(r"\d", text[one.start : one.end]):
            continue
        named = said.groupdict()
        sign = (named.get("zh") or "").replace("天", "日").translate(_SIGNS)
        weekday = _CHINESE_WEEKDAYS.index(sign) if sign else _weekday_of(named["en"])
        if weekday != one.day.weekday():
            raise Impossible(
                f"{one.day} is a {weekday_name(one.day, False)}, not a {WEEKDAYS[weekday].title()}: which do you mean?",
                f"{one.day} 是{weekday_name(one.day, True)}，不是星期{_CHINESE_WEEKDAYS[weekday]}：请问指哪一天？",
            )


def _weekday_of(name: str) -> int:
    return next(at for at, day in enumerate(WEEKDAYS) if day.startswith(name.lower()[:3]))


def tell_day(day: date, question: Question) -> Answer:
    weekday = weekday_name(day, question.chinese)
    relation = "" if day != question.today else ("（今天，UTC）" if question.chinese else " (today, UTC)")
    if question.chinese:
        text = f"{day.year} 年 {day.month} 月 {day.day} 日{relation}是{weekday}（{day}）。"
    else:
        text = f"{day}{relation} is a {weekday}: {MONTHS[day.month - 1].title()} {day.day}, {day.year}."
    return Answer(text, {"date": str(day)}, {"weekday": WEEKDAYS[day.weekday()]}, (Value(str(day)),))


def tell_kind(day: date, asked: str, question: Question) -> Answer:
    """Whether the day is from Monday to Friday, or at a weekend; which day it is says why."""
    told, free = tell_day(day, question), day.weekday() > 4
    wanted = free == (re.search(r"weekend|周末", asked, re.IGNORECASE) is not None)
    if question.chinese:
        head = f"{'是' if wanted else '不是'}，{'在周末' if free else '在周一到周五'}（不考虑节假日）。"
    else:
        kind = "at a weekend" if free else "from Monday to Friday"
        head = f"{'Yes' if wanted else 'No'}, it is {kind}, holidays ignored."
    return told._replace(text=f"{head} {told.text}", tool_output={**told.tool_output, "weekend": free})


def tell_all(day: date, question: Question) -> Answer:
    """A date and nothing asked of it: its weekday, and how far it is from today."""
    told = tell_day(day, question)
    if day == question.today:
        return told
    first, last = sorted((day, question.today))
    apart = span(first, last, "years", question)
    return told._replace(text=f"{told.text}\n{apart.text}", tool_output={**told.tool_output, **apart.tool_output})


def weekday_name(day: date, chinese: bool) -> str:
    return f"星期{_CHINESE_WEEKDAYS[day.weekday()]}" if chinese else WEEKDAYS[day.weekday()].title()
