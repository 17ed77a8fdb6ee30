"""What lies between two dates: days, weeks, months and years, weekdays."""

import re
from datetime import date
from fractions import Fraction

from .calendar_dates import WEEKDAYS, moved, moved_months
from .contract import Answer, Question, Value
from .patterns import lazy_pattern

_WORKING = lazy_pattern(r"\b(?:business|working|work|week)\s*days?\b|工作日", re.IGNORECASE)
_CALENDAR = lazy_pattern(
    r"\b(?:months?|years?|how old|age)\b|个月|多少年|几年|几岁|多少岁|周岁|足岁|多大|年龄", re.IGNORECASE
)
_OF_LIFE = lazy_pattern(r"\b(?:how old|ages?|aged|born)\b|[几多]少?岁|周岁|足岁|多大|年龄", re.IGNORECASE)
_SHORTER = lazy_pattern(r"\b(?P<unit>hour|minute|second)s?\b|(?P<zh>小时|分钟|秒)", re.IGNORECASE)
_NAMED = lazy_pattern(rf"\b({'|'.join(WEEKDAYS)})s?\b|(?:周|星期|礼拜)([一二三四五六日天])", re.IGNORECASE)
_SECONDS = {"hour": 24, "小时": 24, "minute": 1440, "分钟": 1440, "second": 86400, "秒": 86400}
_LAST_LEFT_OUT = lazy_pattern(r"the last day not counted(?:, \d+ with it)?|不计最后一天(?:，算上则为 \d+ 个)?")
_LONG_IN_DAYS = 366
_MOST_MONTHS_IN_DAYS = 2
_CHINESE_WEEKDAYS = "一二三四五六日"


def span_with_last(start: date, end: date, asked: str, question: Question) -> Answer:
    """The time from `start` to `end` with the last day counted too."""
    first, last = sorted((start, end))
    answer = span(first, moved(last, 1), asked, question)
    text = answer.text.replace(str(moved(last, 1)), str(last))
    told = "首尾两天都算" if question.chinese else "both days counted"
    counted = _LAST_LEFT_OUT.sub(told, text)
    if counted == text:
        counted = f"{text}（{told}）" if question.chinese else f"{text.rstrip('.')}, {told}."
    return answer._replace(text=counted, tool_input={"from": str(first), "to": str(last), "both": True})


def span(start: date, end: date, asked: str, question: Question) -> Answer:
    """The time from `start` to `end` in what `asked` names, by default days."""
    if _WORKING.search(asked):
        return _counted(start, end, list(range(5)), None, question)
    if found := _NAMED.search(asked):
        day = WEEKDAYS.index(found[1].lower()) if found[1] else _CHINESE_WEEKDAYS.index(found[2].replace("天", "日"))
        return _counted(start, end, [day], day, question)
    if _CALENDAR.search(asked):
        return _in_months(start, end, question, _OF_LIFE.search(asked) is not None)
    if found := _SHORTER.search(asked):
        return _in_hours(start, end, (found["unit"] or found["zh"]).lower(), question)
    if re.search(r"\bhow long\b|多久", asked, re.IGNORECASE) and abs((end - start).days) > _LONG_IN_DAYS:
        return _in_months(start, end, question)
    return _in_days(start, end, asked, question)


def _in_days(start: date, end: date, asked: str, question: Question) -> Answer:
    days = (end - start).days
    count = abs(days)
    wanted = re.search(r"\bweeks?\b|周|星期", asked, re.IGNORECASE) or count >= 14
    weeks = _weeks(count, question.chinese) if wanted else ""
    weeks += _calendar(start, end, question.chinese)
    if question.chinese:
        text = f"从 {start} 到 {end} {'相差' if days >= 0 else '倒数'} {count} 天{weeks}。"
    else:
        text = f"From {start} to {end} it is {_some(count, 'day')}{'' if days >= 0 else ' back'}{weeks}."
    return _answer(text, start, end, {"days": days}, count)


def _weeks(count: int, chinese: bool) -> str:
    weeks, days = divmod(count, 7)
    if chinese:
        return f"（{weeks} 周" + (f"零 {days} 天）" if days else "）")
    return f" ({_some(weeks, 'week')}" + (f" and {_some(days, 'day')})" if days else ")")


def _calendar(start: date, end: date, chinese: bool) -> str:
    """Two months and more, in years, months and days besides."""
    years, months, days = _parts(*sorted((start, end)))
    if 12 * years + months < _MOST_MONTHS_IN_DAYS:
        return ""
    return f"，即 {_said(years, months, days, chinese)}" if chinese else f", or {_said(years, months, days, chinese)}"


def _parts(first: date, last: date, *, of_life: bool = False) -> tuple[int, int, int]:
    """Whole years, the months above them, and the days above those; nobody turns a year older on 28 February."""
    months = (last.year - first.year) * 12 + last.month - first.month
    leapling = of_life and (first.month, first.day, last.month, last.day) == (2, 29, 2, 28)
    months -= leapling or moved_months(first, months) > last
    return *divmod(months, 12), (last - moved_months(first, months)).days


def _said(years: int, months: int, days: int, chinese: bool) -> str:
    if chinese:
        return " ".join(f"{n} {unit}" for n, unit in ((years, "年"), (months, "个月"), (days, "天")) if n) or "0 天"
    parts = [_some(n, unit) for n, unit in ((years, "year"), (months, "month"), (days, "day")) if n]
    return " and ".join(parts) or "0 days"


def _in_hours(start: date, end: date, unit: str, question: Question) -> Answer:
    count = abs((end - start).days) * _SECONDS[unit]
    if question.chinese:
        text = f"从 {start} 到 {end}（都从零点算起）相差 {count} {unit}。"
    else:
        text = f"From {start} to {end}, each from midnight on, it is {_some(count, unit)}."
    return _answer(text, start, end, {f"{unit}s": count}, count)


def _in_months(start: date, end: date, question: Question, of_life: bool = False) -> Answer:
    first, last = sorted((start, end))
    years, left, days = _parts(first, last, of_life=of_life)
    months, total = 12 * years + left, (last - first).days
    said = _said(years, left, days, question.chinese)
    if question.chinese:
        age = f"{years} 岁。" if of_life else ""
        text = f"{age}从 {first} 到 {last} 是 {said}（{months} 个月零 {days} 天，共 {total} 天）。"
    else:
        whole = f"{_some(months, 'month')}, " if years else ""
        text = f"From {first} to {last} it is {said} ({whole}{_some(total, 'day')} in all)."
    return _answer(text, first, last, {"years": years, "months": left, "days": days}, None)


def _counted(start: date, end: date, weekdays: list[int], named: int | None, question: Question) -> Answer:
    """How many days between the dates are one of `weekdays`; the last day does not count."""
    first, last = sorted((start, end))
    whole, left = divmod((last - first).days, 7)
    count = whole * len(weekdays) + sum(moved(first, n).weekday() in weekdays for n in range(left))
    with_last = count + 1 if last.weekday() in weekdays and last != first else None
    if question.chinese:
        left_out = "不计最后一天" + (f"，算上则为 {with_last} 个" if with_last else "")
        kind = "个工作日" if named is None else f"个星期{_CHINESE_WEEKDAYS[named]}"
        rule = f"周一至周五，{left_out}，不考虑节假日" if named is None else left_out
        text = f"从 {start} 到 {end} 有 {count} {kind}（{rule}）。"
    else:
        kind = "weekdays" if named is None else f"{WEEKDAYS[named].title()}{'' if count == 1 else 's'}"
        rule = "the last day not counted" + (f", {with_last} with it" if with_last else "")
        rule = f"Monday to Friday, {rule}, holidays ignored" if named is None else rule
        text = f"From {start} to {end} there {'is' if kind.endswith('y') else 'are'} {count} {kind} ({rule})."
    return _answer(text, start, end, {"weekdays": count}, count)


def _some(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _answer(text: str, start: date, end: date, output: "dict[str, int]", count: int | None) -> Answer:
    values = () if count is None else (Value(str(count), Fraction(count)),)
    return Answer(text, {"from": str(start), "to": str(end)}, {**output}, values)
