"""Which years are leap years: one, the next one, those of a period, and how long February is."""

import re
from fractions import Fraction

from .calendar_dates import dates_in
from .contract import CERTAIN, Answer, JsonValue, Question, Task, Value
from .date_names import ASKS_WEEKDAY
from .patterns import lazy_pattern
from .wording import digits_for_words

_LEAP = lazy_pattern(r"\bleap\b|闰年", re.IGNORECASE)
_FEBRUARY = lazy_pattern(r"\bfeb(?:ruary)?\b|2月|二月", re.IGNORECASE)
_YEAR = lazy_pattern(r"(?<![\d.,/:-])(?:1[5-9]\d\d|2\d{3})(?![\d/:-]|[.,]\d|\s*月)")
_NEXT = lazy_pattern(
    r"\b(?:next|first|following|upcoming|comes after)\b|\bafter\b|下[一1]?个|之后|以后|第一个", re.IGNORECASE
)
_BEFORE = lazy_pattern(r"\b(?:before|previous|last|prior|most recent)\b|上一?个|之前|以前|最近", re.IGNORECASE)
_MANY = lazy_pattern(r"\bhow many\b|\bnumber of\b|\bcount\b|(?:多少|几)个", re.IGNORECASE)
_DAYS = lazy_pattern(r"\bdays?\b|天", re.IGNORECASE)
_COUNT = lazy_pattern(r"\b(?:next|following|coming)\s+(\d{1,2})\b|(?:接下来|之后|后)的?(\d{1,2})个", re.IGNORECASE)
_BETWEEN = lazy_pattern(r"\bexclu|\bstrictly\b", re.IGNORECASE)
_MOST = 400
_OTHER_PERIOD = lazy_pattern(r"\b(?:days?|weeks?|months?)\b|[天周月日]", re.IGNORECASE)


def wants_leap_years(requirement: str) -> bool:
    """Whether a requirement asks of a day if its year is a leap year, and not which weekday it is before that."""
    leap = _LEAP.search(requirement, 0, 1000)
    return leap is not None and ASKS_WEEKDAY.search(requirement[: leap.start()]) is None


def leap_task(text: str, question: Question) -> Task | None:
    """A claim where the prompt, or else the requirement, is about leap years; `text` has numbers in digits."""
    about = _LEAP.search(text) or _LEAP.search(question.requirement, 0, 1000)
    years = [int(one.group()) for one in _YEAR.finditer(text)]
    asked = _COUNT.search(text)
    rest = _COUNT.sub(" ", _FEBRUARY.sub(" ", _YEAR.sub(" ", text)))
    rest = re.sub(r"[第下上]1个", " ", rest)
    rest = re.sub(r"\b\d+[a-z]\w*|\b\d{1,2}(?:st|nd|rd|th)\b", " ", rest, flags=re.IGNORECASE)
    if not about or re.search(r"\d", rest) or len(years) > 2:
        return None
    if not (_LEAP.search(text) or wants_leap_years(question.requirement)) and dates_in(text, question.today):
        return None
    this = re.search(r"\bthis year\b|今年", text, re.IGNORECASE)
    years = years or ([question.today.year] if this else [])
    on = not years and question.earlier and (_NEXT.search(text) or _BEFORE.search(text))
    if on and not _OTHER_PERIOD.search(text) and (years := _years_before(question)):
        text = f"{text} leap"
    if len(years) == 2:
        return _of_a_period(sorted(years), text, question)
    if _FEBRUARY.search(text) and _DAYS.search(text) and years:
        return Task(CERTAIN, lambda: _february(years[0], question))
    if not _LEAP.search(text) and not (years and (question.alone or _LEAP.search(question.requirement))):
        return None
    if asked or ((_NEXT.search(text) or _BEFORE.search(text)) and not _MANY.search(text)):
        back = _BEFORE.search(text) is not None and not _NEXT.search(re.sub(r"\bfirst\b", "", text))
        start = years[0] if years else question.today.year
        many = int(asked[1] or asked[2]) if asked else 1
        run = range(start - 1, 0, -1) if back else range(start + 1, 9999)
        return Task(CERTAIN, lambda: _listed([one for one in run[: 8 * many + 8] if is_leap(one)][:many], question))
    return Task(CERTAIN, lambda: one_year(years[0], question)) if years and not _MANY.search(text) else None


def _years_before(question: Question) -> list[int]:
    """The year that the turn before was about: the last that it told, or else the one that was asked for."""
    before = question._replace(text=question.earlier[0], earlier=question.earlier[1:])
    task = leap_task(digits_for_words(before.text), before)
    answer = task.run() if task is not None else None
    told = (answer.tool_output.get("years") or answer.tool_input.get("year")) if answer is not None else None
    return [int(str(year)) for year in (told[-1:] if isinstance(told, list) else [told]) if year]


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def one_year(year: int, question: Question) -> Answer:
    if question.chinese:
        text = f"{year} 年{'是' if is_leap(year) else '不是'}闰年。"
    else:
        text = f"{year} is {'a' if is_leap(year) else 'not a'} leap year."
    return Answer(text, {"year": year}, {"leap": is_leap(year)})


def _of_a_period(ends: list[int], text: str, question: Question) -> Task | None:
    first, last = ends
    if _BETWEEN.search(text):
        first, last = first + 1, last - 1
    found = [one for one in range(first, last + 1) if is_leap(one)]
    if _MANY.search(text):
        return Task(CERTAIN, lambda: _counted(found, ends, question))
    return Task(CERTAIN, lambda: _listed(found, question)) if len(found) <= _MOST else None


def _counted(found: list[int], ends: list[int], question: Question) -> Answer:
    count, (first, last) = len(found), ends
    if question.chinese:
        text = f"{first} 年到 {last} 年有 {count} 个闰年（首尾都算）。"
    else:
        text = f"There are {count} leap years from {first} to {last}, both included."
    return Answer(text, {"from": first, "to": last}, {"count": count}, (Value(str(count), Fraction(count)),))


def _listed(years: list[int], question: Question) -> Answer:
    listed: list[JsonValue] = list(years)
    said = ", ".join(map(str, years)) or ("没有" if question.chinese else "none")
    text = f"闰年：{said}" if question.chinese else f"Leap years: {said}"
    values = (Value(str(years[0]), Fraction(years[0])),) if len(years) == 1 else ()
    return Answer(text, {"asked": question.text[:100]}, {"years": listed}, values)


def _february(year: int, question: Question) -> Answer:
    days = 29 if is_leap(year) else 28
    text = f"{year} 年 2 月有 {days} 天。" if question.chinese else f"February {year} has {days} days."
    return Answer(text, {"period": f"{year}-02"}, {"days": days}, (Value(str(days), Fraction(days)),))
