"""Counts days between dates, adds to dates, and names days of the week. Dates are calendar days in UTC."""

import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction

from .calendar_dates import MONTHS, WEEKDAYS, FoundDate, dates_in, moved, moved_months, moved_working_days
from .contract import CERTAIN, LIKELY, Answer, Question, Refusal, Task, Tool, Value
from .wording import digits_for_words, plain_signs

_LONGEST_PROMPT = 400
_LARGEST_COUNT = 10_000_000
_DURATION = re.compile(
    r"(?<![\d.])(?P<count>\d{1,9}|an?)\s*(?P<business>business |working |work |week)?(?P<unit>days?|weeks?|"
    r"fortnights?|months?|years?|个?工作日|天|日(?!期)|个?星期|周|个?礼拜|个?月|年)(?![a-z])",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"\b(?:ago|before|earlier|prior|subtract|minus|back|take away|less)\b|(?<=\s)-(?=\s*\d)|之前|以前|前|减",
    re.IGNORECASE,
)
_FORTH = re.compile(
    r"\b(?:after|from|in|add|plus|later|hence|past|within|following)\b|\+|之后|以后|后|加|再过|过", re.IGNORECASE
)
_WEEKDAY = re.compile(
    r"\b(?:what|which) (?:day|weekday)(?! (?:was|is) (?:it )?\d)|\bday of (?:the )?week\b|\bweekday\b|\bwhat day\b|"
    r"星期几|周几|礼拜几",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"\bbetween\b|\bfrom\b.+\b(?:to|until|till)\b|\buntil\b|\btill\b|\bto go\b|\bsince\b|\bhow (?:many|long)\b|"
    r"\bdifference\b|\bdays? to\b|\baway\b|\bapart\b|\bleft\b|\bhow old\b|"
    r"多少天|几天|多少个?(?:周|星期|月|工作日)|相差|相隔|间隔|距离?|还有|多久|到",
    re.IGNORECASE,
)
_DISTANCE = re.compile(
    r"\buntil\b|\btill\b|\bto go\b|\bsince\b|\bhow (?:many|long)\b|\bdays? to\b|\baway\b|\bleft\b|\bhow old\b|"
    r"多少天|几天|多少个?(?:周|星期|月|工作日)|相差|距离?|还有|多久",
    re.IGNORECASE,
)
_TODAY = re.compile(
    r"(?:(?:can you )?(?:please )?(?:tell me )?)?(?:what(?:'s| is|s)?|which) (?:the )?(?:today'?s? )?(?:current "
    r")?(?:date|day)(?: (?:is )?(?:it )?(?:today|now|is it))*[\s?!.]*|"
    r"what(?:'s| is) today(?:'s date)?[\s?!.]*|today'?s date[\s?!.]*|"
    r"(?:请问)?今天(?:的日期)?是?(?:几月)?(?:几号|几日|什么日期|多少号|哪天|"
    r"星期几|周几|日期)[?？。]*",
    re.IGNORECASE,
)
_LEAP = re.compile(
    r"(?:\bis |\bwas )?(?P<year>\d{1,4})\s*(?:年)?\s*(?:is |was )?(?:是不是|是)?\s*(?:an? )?(?:leap year|闰年)",
    re.IGNORECASE,
)
_OTHER_WORK = re.compile(
    r"\b(?:divide|multiply)\b|\bhow many \w+ (?:are )?(?:there )?in (?:an? |one )?\d*\s*(?:weeks?|days?|months?|"
    r"years?|hours?|fortnights?)\b(?! from)|[天周年]等于",
    re.IGNORECASE,
)
_CHINESE_WEEKDAYS = "一二三四五六日"


def understand(question: Question) -> Task | None:
    text = question.text.strip()
    if len(text) > _LONGEST_PROMPT or "\n" in text:
        return None
    text = re.sub(r"半年", "6个月", re.sub(r"半个月", "15天", text))
    text = digits_for_words(plain_signs(text.replace("日历", " ")).replace("星期日", "星期天"))
    if _TODAY.fullmatch(text):
        return Task(CERTAIN, lambda: _tell_day(question.today, question))
    if found := _LEAP.search(text):
        year = int(found["year"])
        return Task(CERTAIN, lambda: _leap(year, question))
    return _about_dates(text, question)


def _about_dates(text: str, question: Question) -> Task | None:
    if _OTHER_WORK.search(text):
        return None
    found = _in_one_year(dates_in(text, question.today))
    rest = _without(text, found)
    durations = list(_DURATION.finditer(rest))
    if len(found) >= 2 and _BETWEEN.search(text) and not _FORTH.search(rest.replace("from", "")):
        return Task(CERTAIN, lambda: _between(found[0], found[1], rest, question))
    if durations and (_BACK.search(rest) or _FORTH.search(rest)) and len(found) <= 1:
        start = found[0].day if found else question.today
        sure = bool(found) or re.search(
            r"\b(?:ago|from now|date|day|today)\b|\bin \d|几号|哪天|日期|星期|[天周月年]后|[天周月年]前|之后|之前", rest
        )
        return Task(CERTAIN if sure else LIKELY, lambda: _added(start, rest, question))
    if len(found) == 2:
        return Task(LIKELY, lambda: _between(found[0], found[1], rest, question))
    if len(found) != 1:
        return _unanchored(text, durations)
    if _WEEKDAY.search(rest) or re.search(r"\b(?:date|day)\b.{0,12}$|几号|哪一?天", rest):
        return Task(CERTAIN, lambda: _tell_day(found[0].day, question))
    if _DISTANCE.search(text):
        here = FoundDate(0, 0, question.today)
        first, second = sorted((here, found[0]), key=lambda one: one.day)
        return Task(CERTAIN, lambda: _between(first, second, rest, question))
    return None


def _unanchored(text: str, durations: "list[re.Match[str]]") -> Task | None:
    if durations or not (_WEEKDAY.search(text) or re.search(r"\bdays? (?:between|until|since)\b", text, re.IGNORECASE)):
        return None
    return Task(LIKELY, _refuse_without_date)


def _refuse_without_date() -> Answer:
    raise Refusal("Please name the date, for example 2024-01-31.", "请写出日期，例如 2024-01-31。")


def _in_one_year(found: list[FoundDate]) -> list[FoundDate]:
    """A date without a year takes the year of the one that it is compared with."""
    if len(found) != 2 or found[0].recurring == found[1].recurring:
        return found
    first, second = found
    if first.recurring:
        day = moved_months(first.day, 12 * (second.day.year - first.day.year))
        return [first._replace(day=day if day <= second.day else moved_months(day, -12)), second]
    day = moved_months(second.day, 12 * (first.day.year - second.day.year))
    return [first, second._replace(day=day if day >= first.day else moved_months(day, 12))]


def _without(text: str, found: list[FoundDate]) -> str:
    for one in reversed(found):
        text = f"{text[: one.start]} , {text[one.end :]}"
    return text


def _between(first: FoundDate, second: FoundDate, rest: str, question: Question) -> Answer:
    start, end = first.day, second.day
    if second.recurring and re.search(r"\bsince\b|\bago\b|已经|过去了", rest, re.IGNORECASE):
        start, end = moved_months(end, -12), start
    days = (end - start).days
    if re.search(r"\b(?:business|working|work|week)\s*days?\b|工作日", rest, re.IGNORECASE):
        return _working_days(start, end, question)
    count = abs(days)
    weeks = (
        _weeks(count, question.chinese) if re.search(r"\bweeks?\b|周|星期", rest, re.IGNORECASE) or count >= 14 else ""
    )
    if question.chinese:
        text = f"从 {start} 到 {end} {'相差' if days >= 0 else '倒数'} {count} 天{weeks}。"
    else:
        direction = "" if days >= 0 else " back"
        text = f"From {start} to {end} it is {count} day{'' if count == 1 else 's'}{direction}{weeks}."
    return Answer(text, {"from": str(start), "to": str(end)}, {"days": days}, (Value(str(count), Fraction(count)),))


def _weeks(count: int, chinese: bool) -> str:
    weeks, days = divmod(count, 7)
    if chinese:
        return f"（{weeks} 周" + (f"零 {days} 天）" if days else "）")
    shown = f"{weeks} week{'' if weeks == 1 else 's'}"
    return f" ({shown}" + (f" and {days} day{'' if days == 1 else 's'})" if days else ")")


def _working_days(start: date, end: date, question: Question) -> Answer:
    first, last = sorted((start, end))
    whole, left = divmod((last - first).days, 7)
    count = whole * 5 + sum(moved(first, n).weekday() < 5 for n in range(left))
    text = (
        f"从 {start} 到 {end} 有 {count} 个工作日（周一至周五，不计最后一天，不考虑节假日）。"
        if question.chinese
        else (
            f"From {start} to {end} there are {count} weekdays (Monday to Friday, the last day not counted, "
            f"holidays ignored)."
        )
    )
    return Answer(
        text, {"from": str(start), "to": str(end)}, {"weekdays": count}, (Value(str(count), Fraction(count)),)
    )


def _added(start: date, rest: str, question: Question) -> Answer:
    sign = -1 if _BACK.search(rest) else 1
    day = start
    steps: list[str] = []
    for found in sorted(
        _DURATION.finditer(rest),
        key=lambda found: "年月".find(found["unit"][-1]) < 0 and found["unit"][0] not in "ymYM",
    ):
        count = sign * (int(found["count"]) if found["count"].isdigit() else 1)
        if abs(count) > _LARGEST_COUNT:
            raise Refusal("That is outside the years 1 to 9999.", "超出了公元 1 年到 9999 年的范围。")
        day = _step(found)(day, count)
        steps.append(f"{count:+d} {found['business'] or ''}{found['unit']}")
    weekday = _weekday_name(day, question.chinese)
    shown = "，".join(steps) if question.chinese else ", ".join(steps)
    text = (
        f"{start}（{shown}）是 {day}，{weekday}。" if question.chinese else f"{start} ({shown}) is {day}, a {weekday}."
    )
    return Answer(text, {"from": str(start), "add": ", ".join(steps)}, {"date": str(day)}, (Value(str(day)),))


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


def _tell_day(day: date, question: Question) -> Answer:
    weekday = _weekday_name(day, question.chinese)
    relation = "" if day != question.today else ("（今天，UTC）" if question.chinese else " (today, UTC)")
    if question.chinese:
        text = f"{day.year} 年 {day.month} 月 {day.day} 日{relation}是{weekday}（{day}）。"
    else:
        text = f"{day}{relation} is a {weekday}: {MONTHS[day.month - 1].title()} {day.day}, {day.year}."
    return Answer(text, {"date": str(day)}, {"weekday": WEEKDAYS[day.weekday()]}, (Value(str(day)),))


def _weekday_name(day: date, chinese: bool) -> str:
    return f"星期{_CHINESE_WEEKDAYS[day.weekday()]}" if chinese else WEEKDAYS[day.weekday()].title()


def _leap(year: int, question: Question) -> Answer:
    if year == 0:
        raise Refusal("There is no year 0.", "没有公元 0 年。")
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if question.chinese:
        text = f"{year} 年{'是' if leap else '不是'}闰年。"
    else:
        text = f"{year} is {'a' if leap else 'not a'} leap year."
    return Answer(text, {"year": year}, {"leap": leap})


TOOL = Tool(
    name="date_arithmetic",
    ability="count days between dates, add days, weeks, months or years to a date, and name the day of the week",
    ability_chinese="计算日期（两个日期相差几天、加减天数、星期几）",
    example="How many days are there between 2024-01-01 and 2024-03-01?",
    example_chinese="今天之后 30 天是几号？",
    understand=understand,
)
