"""Finds dates in a text, in the usual English and Chinese spellings."""

import re
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from .contract import Impossible, Refusal
from .patterns import lazy_pattern

MONTHS: list[str] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
WEEKDAYS: list[str] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTH = (
    r"(?P<{}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_ORDINAL = r"(?:st|nd|rd|th)?"
_YEAR = r"(?:(?:,?\s*|-)(?:of\s+)?(?P<{}>\d{{4}}|'?\d{{2}}(?=\s*$|\s*[?.,]|\s+(?:to|and|until|plus|is|was|-))))?"
_DATE = lazy_pattern(
    r"(?<![A-Za-z0-9.])(?:"
    r"(?P<y7>(?:1[5-9]|20|21)\d\d)(?P<m7>0[1-9]|1[0-2])(?P<d7>0[1-9]|[12]\d|3[01])(?!\d)|"
    r"(?P<y1>\d{4})\s*[-/.]\s*(?P<m1>\d{1,2})\s*[-/.]\s*(?P<d1>\d{1,2})(?![\d])"
    r"|(?P<y2>\d{4})\s*年\s*(?P<m2>\d{1,2})\s*月\s*(?P<d2>\d{1,2})\s*[日号]?"
    r"|(?P<m5>\d{1,2})\s*月\s*(?P<d5>\d{1,2})\s*[日号]"
    rf"|{_MONTH.format('m3')}\s+(?P<d3>\d{{1,2}}){_ORDINAL}\b{_YEAR.format('y3')}"
    rf"|(?:the\s+)?(?P<d4>\d{{1,2}}){_ORDINAL}(?:\s+(?:of\s+)?|-){_MONTH.format('m4')}\b{_YEAR.format('y4')}"
    r"|(?P<a>\d{1,2})[/.-](?P<b>\d{1,2})[/.-](?P<y6>\d{4}|\d{2})(?![\d/.-])"
    r"|(?P<holiday>xmas(?: eve| day)?|christmas(?: eve| day)?|new year'?s?(?: day| eve)?|halloween|boxing day|"
    r"valentine'?s(?: "
    r"day)?)\b(?:,?\s*(?:in\s+|of\s+)?(?P<y8>\d{4}))?"
    r"|(?P<word>(?:the )?day after tomorrow|(?:the )?day before yesterday|today|tomorrow|yesterday|now)\b"
    rf"|(?P<which>next|last|this|coming|on)\s+(?P<weekday>{'|'.join(WEEKDAYS)})\b"
    r")|(?:(?P<y9>\d{4})\s*年的?)?(?P<zh>大后天|后天|大前天|前天|今天|今日|明天|明日|昨天|昨日|现在|圣诞节?|元旦|"
    r"国庆节?|劳动节|儿童节|教师节|情人节|妇女节|平安夜)",
    re.IGNORECASE,
)
_WEEKDAY_OF = lazy_pattern(r"(?:on|this|coming|last|next)\s+[a-z]+day,?\s*(?:the\s+)?", re.IGNORECASE)
"""`on Friday, 4 December` is one day."""
_RELATIVE = {
    **{
        "today": 0,
        "now": 0,
        "今天": 0,
        "今日": 0,
        "现在": 0,
        "tomorrow": 1,
        "明天": 1,
        "明日": 1,
        "后天": 2,
        "大后天": 3,
    },
    **{"yesterday": -1, "昨天": -1, "昨日": -1, "前天": -2, "大前天": -3},
    **{"day after tomorrow": 2, "day before yesterday": -2},
}
_HOLIDAYS = {"christmas eve": (12, 24), "christmas": (12, 25), "new year's eve": (12, 31), "halloween": (10, 31)} | {
    "valentine": (2, 14),
    "new year": (1, 1),
    "boxing day": (12, 26),
    "圣诞": (12, 25),
    "元旦": (1, 1),
    "国庆": (10, 1),
    "劳动节": (5, 1),
    "儿童节": (6, 1),
    "教师节": (9, 10),
    "情人节": (2, 14),
    "妇女节": (3, 8),
    "平安夜": (12, 24),
}


class FoundDate(NamedTuple):
    """A date and where it stands. `recurring`: written without a year, it means the next such day from today on."""

    start: int
    end: int
    day: date
    recurring: bool = False


def dates_in(text: str, today: date) -> list[FoundDate]:
    """The dates in `text`, in order. Raises Refusal for one that does not exist or can be read in two ways."""
    found = [_found(one, today) for one in _DATE.finditer(text)]
    named = {one for one, other in pairwise(found) if _WEEKDAY_OF.fullmatch(text[one.start : other.start])}
    return [one for one in found if one not in named]


def _found(found: "re.Match[str]", today: date) -> FoundDate:
    start, end = found.span()
    word = (found["word"] or found["zh"] or found["holiday"] or "").lower().removeprefix("the ")
    if word in _RELATIVE:
        return FoundDate(start, end, moved(today, _RELATIVE[word]))
    if word:
        word = word.replace("xmas", "christmas")
        month, day = next(
            value for name, value in _HOLIDAYS.items() if word.startswith(name.removesuffix("'s")) or name in word
        )
        if year := found["y8"] or found["y9"]:
            return FoundDate(start, end, day_of(int(year), month, day))
        return FoundDate(start, end, _next(month, day, today), True)
    if found["weekday"]:
        return FoundDate(start, end, _weekday(found["which"].lower(), found["weekday"].lower(), today))
    if found["y6"]:
        return FoundDate(start, end, _slashed(int(found["a"]), int(found["b"]), found["y6"], found.group()))
    at = next(n for n in "712534" if found[f"d{n}"])
    month = _month(found[f"m{at}"])
    year = None if at == "5" else found[f"y{at}"]
    if year is None:
        return FoundDate(start, end, _next(month, int(found[f"d{at}"]), today), True)
    return FoundDate(start, end, day_of(_full_year(year), month, int(found[f"d{at}"])))


def _full_year(written: str) -> int:
    """Two digits are a year from 1970 to 2069."""
    digits = written.lstrip("'")
    return int(digits) if len(digits) == 4 else int(digits) + (2000 if int(digits) < 70 else 1900)


def _month(name: str) -> int:
    if name.isdigit():
        return int(name)
    return 1 + next(n for n, month in enumerate(MONTHS) if month.startswith(name.lower()[:3]))


def _slashed(first: int, second: int, last: str, written: str) -> date:
    year = _full_year(last)
    if len(last) == 2 and "-" in written and (first > 31 or (first > 12 and int(last) <= 31)):
        raise Refusal(
            f"I cannot tell year and day in {written}: please write the date as year-month-day with four digits.",
            f"{written} 中分不清年和日：请用四位数的年份，按 年-月-日 书写。",
        )
    if first > 12 or first == second or ("." in written and second <= 12):
        return day_of(year, second, first)
    if second > 12:
        return day_of(year, first, second)
    iso_us, iso_eu = f"{year}-{first:02}-{second:02}", f"{year}-{second:02}-{first:02}"
    raise Refusal(
        f"{written} can be {iso_us} or {iso_eu}: please write the date as year-month-day.",
        f"{written} 可能是 {iso_us}，也可能是 {iso_eu}：请按 年-月-日 书写。",
    )


def _weekday(which: str, weekday: str, today: date) -> date:
    ahead = (WEEKDAYS.index(weekday) - today.weekday()) % 7
    if which == "last":
        return moved(today, ahead - 7 if ahead else -7)
    return moved(today, ahead or (7 if which == "next" else 0))


def _next(month: int, day: int, today: date) -> date:
    for year in range(today.year, min(today.year + 9, 9999)):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return day_of(today.year, month, day)


def day_of(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        written = f"{year}-{month:02}-{day:02}"
        raise Impossible(f"There is no date {written}.", f"{written} 这个日期不存在。") from None


def moved(day: date, days: int) -> date:
    """`day` plus `days`. Raises Refusal outside the years 1 to 9999."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise Refusal("That is outside the years 1 to 9999.", "超出了公元 1 年到 9999 年的范围。") from None


def moved_months(day: date, months: int) -> date:
    """`day` plus calendar months; the 31st becomes the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise Refusal("That is outside the years 1 to 9999.", "超出了公元 1 年到 9999 年的范围。")
    last = (
        (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
        if (year, month) != (9999, 11)
        else 31
    )
    return date(year, month + 1, min(day.day, last))


def moved_working_days(day: date, count: int) -> date:
    """`day` plus `count` days from Monday to Friday; holidays are not known."""
    step = 1 if count > 0 else -1
    whole, left = divmod(abs(count), 5)
    while day.weekday() > 4:
        day = moved(day, -step)
    day = moved(day, 7 * whole * step)
    while left:
        day = moved(day, step)
        left -= day.weekday() < 5
    return day
