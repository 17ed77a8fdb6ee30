"""How long a month or a year is, whether it is a leap year; and durations in words as numbers of days or months."""

import re
from datetime import timedelta
from fractions import Fraction
from functools import partial

from .calendar_dates import MONTHS, day_of
from .calendar_periods import last_of_month
from .contract import CERTAIN, LIKELY, Answer, Question, Refusal, Task, Value
from .date_spans import span
from .leap_years import one_year
from .patterns import lazy_pattern
from .wording import digits_for_words

_LEAP = lazy_pattern(
    r"(?:\bis |\bwas )?(?P<year>\d{1,4})\s*(?:年)?\s*(?:is |was )?(?:是不是|是)?\s*(?:an? )?(?:leap(?: year)?\b|闰年)|"
    r"\bleap year\s*[:,]?\s*(?:is |was |in )?(?P<behind>\d{3,4})\b",
    re.IGNORECASE,
)
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in MONTHS)
_DAYS_IN = lazy_pattern(
    rf"(?:(?<![a-z])|(?<=week)|(?<=work))days?\b(?: (?:are|is|there|does|do|did|has|have))*(?: (?:in|of))?(?: "
    rf"the)?(?: month(?: of)?| year)?\s+"
    rf"(?:(?P<name>{_MONTH})\.?|(?=\d{{4}}))\s*,?\s*(?P<year>\d{{4}})(?![-/\d])(?:\s+(?:have|has|had))?|"
    rf"^\s*(?P<name2>{_MONTH})\.?\s*,?\s*(?P<year2>\d{{4}})\s*[,:]?\s*(?:has |have )?(?:how many |number of )?days\b|"
    r"(?P<y>\d{4})\s*年(?:\s*(?P<m>\d{1,2})\s*月)?(?:份)?\s*(?:一共|总共)?有(?:多少|几)(?:天|个?(?P<zh>工作日))",
    re.IGNORECASE,
)
_SPECIAL = lazy_pattern(
    r"(?<![\w.,/])(?P<working>\d{1,5})\s*(?:bds?|wds?|b(?:us(?:iness)?|iz|\.)?\.?[\s-]*days?)(?![a-z\d])|"
    r"(?:(?<=\s)-\s*|\+\s*|\b(?:plus|minus|add|subtract)\s+)(?P<months>\d{1,5})\s*m(?![a-z\d])",
    re.IGNORECASE,
)
"""`10bd`, and `m` for months behind a sign."""
_COUNTS_WORKING = lazy_pattern(r"\b(?:business|working|work|week)[\s-]?days?\b|工作[日天]", re.IGNORECASE)
_COUNTS_DAYS = lazy_pattern(r"\bdays?\b|天", re.IGNORECASE)
_COUNTS_OTHER = lazy_pattern(r"\b(?:weeks?|months?|years?|hours?)\b|周|星期|月|年", re.IGNORECASE)
_BARE_STEP = lazy_pattern(
    r"((?:\b(?:today|now|tomorrow|yesterday)|\d{4}-\d{1,2}-\d{1,2}|[a-z]{3,9}\.?(?: \d{1,2},?)? ?\d{4}|[日号今明]天?)"
    r"\s*(?:\+|(?<=\s)-(?=\s))\s*\d{1,5})(?=[\s?=.]*$)",
    re.IGNORECASE,
)
_YEAR = lazy_pattern(
    r"\s*(?:(?:and|what about|how about|is|year)\s+)*(1[5-9]\d\d|2[0-3]\d\d)\s*年?[\s?？呢]*", re.IGNORECASE
)
_IN_FULL = {"d": "days", "w": "weeks", "wk": "weeks", "mo": "months", "mth": "months", "yr": "years", "y": "years"}
_SHORT = lazy_pattern(r"(?<=\d)\s?(wks?|w|mths?|mos?|yrs?|y|d)\b(?![/.'-])", re.IGNORECASE)
_STAMP = lazy_pattern(
    rf"\b(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?(?P<name>{_MONTH})\s+(?P<day>\d{{1,2}}),?\s+"
    r"\d{1,2}:\d{2}(?::\d{2})?(?:\s+[A-Z]{2,4})?,?\s+(?P<year>\d{4})(?:\s+[A-Z]{2,4}\b)?|"
    r"(?P<iso>\d{4}-\d\d-\d\d)[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z\b|[+-]\d{2}:?\d{2}|UTC\b|GMT\b)",
    re.IGNORECASE,
)
_IN_DAYS = lazy_pattern(
    r"(?<![\w.:])(?P<count>\d{1,4})(?:\s*(?P<nights>nights?\b|[晚夜])|\s*(?:hours|hrs|个?小时|个?钟头)(?![a-z]))",
    re.IGNORECASE,
)
_CLOCK = lazy_pattern(r"\bnow\b|现在|\d:\d\d|\d\s*[ap]\.?m\b|\d\s*[点时]", re.IGNORECASE)
_WORKING = lazy_pattern(r"\b(?:working|business|week|work)[\s-]*$", re.IGNORECASE)
_ASKING = lazy_pattern(
    r"\b(?:how|many|number|of|the|what|is|are|count|tell|me|please|and|so|total|then|in|all)\b|请问|[\s?.!？。，,]",
    re.IGNORECASE,
)


def about_a_period(text: str, question: Question) -> Task | None:
    """A claim on `is 2024 a leap year`, `days in February 2024`, `working days in March 2025`."""
    if (found := _LEAP.search(text)) and not re.search(r"\d", text[: found.start()] + text[found.end() :]):
        year = int(found["year"] or found["behind"])
        return Task(CERTAIN, lambda: _leap(year, question))
    if question.alone and (year := _YEAR.fullmatch(text)):
        return Task(LIKELY, lambda: _leap(int(year[1]), question))
    found = _DAYS_IN.search(text)
    if found is None:
        return None
    before = _WORKING.sub("", text[: found.start()])
    if _ASKING.sub("", before + text[found.end() :]):
        return None
    working = before != text[: found.start()] or found["zh"] is not None
    return Task(CERTAIN, partial(_days_in, found, working, question))


def with_bare_steps(text: str, requirement: str) -> str:
    """`today + 90` with the unit that the requirement counts in: days, if it names none or those besides others."""
    working = _COUNTS_WORKING.search(requirement) is not None
    days = _COUNTS_DAYS.search(_COUNTS_WORKING.sub(" ", requirement)) is not None
    if working and not days:
        return _BARE_STEP.sub(r"\1 business days", text)
    return _BARE_STEP.sub(r"\1 days", text) if days or not _COUNTS_OTHER.search(requirement) else text


def with_plain_stamps(text: str) -> str:
    """`Feb 28 23:59:59 2027 GMT` as the day that it is; between two of them the hours count."""
    text = re.sub(r"\b(?:the )?leap day (?:in|of) (\d{4})\b", r"29 February \1", text, flags=re.IGNORECASE)
    stamps = list(_STAMP.finditer(text[:400]))
    if len(stamps) != 1:
        return text
    day = stamps[0]["iso"] or "{name} {day} {year}".format_map(stamps[0].groupdict())
    return f"{text[: stamps[0].start()]}{day}{text[stamps[0].end() :]}"


def with_whole_days(text: str) -> str:
    """`17 nights` and `72 hours` in days, numbers being digits already; not beside times of day."""
    return text if _CLOCK.search(text) else _IN_DAYS.sub(_whole_days, text)


def _whole_days(found: "re.Match[str]") -> str:
    days, left = (int(found["count"]), 0) if found["nights"] else divmod(int(found["count"]), 24)
    return f"{days} days" if not left else found.group()


def with_durations(text: str) -> str:
    """`text` with `the day after`, `half a year`, `net 30` and the like as numbers of days, weeks or months."""
    text = _SPECIAL.sub(_in_words, text)
    text = re.sub(r"(?<=\d)\s*\.\.+\s*(?=\d)", " to ", text)
    text = _SHORT.sub(lambda found: f" {_IN_FULL[found[1].lower().rstrip('s')]}", text)
    text = re.sub(r"\bone(?= (?:day|week|month|year)\b)", "1", text, flags=re.IGNORECASE)
    text = re.sub(r"\bnext ((?:working|business|work|week) ?day) (after|from)\b", r"1 \1 after", text, flags=re.I)
    text = re.sub(r"(?:的)?下一?个工作日", "之后1个工作日", text)
    text = re.sub(
        r"(?<!working )(?<!business )(?<!work )(?<!next )(?<!first )(?<!last )(?:(?<=-\d\d )|(?<!\d ))\b(?:the )?(day|"
        r"week|month|year) (after|before)\b(?! (?:tomorrow|yesterday))",
        r"1 \1 \2",
        text,
        flags=re.I,
    )
    text = re.sub(r"\bnet (\d{1,3})(?: days)?\b(?!\s*[-/.\d])", r"plus \1 days", text, flags=re.IGNORECASE)
    text = re.sub(r"的?(?:第二天|次日(?!期)|后一天)", " 1天后", re.sub(r"的?前一天", " 1天前", text))
    text = re.sub(r"([\d一二两三四五六七八九十]+)年半", _chinese_months, text)
    text = re.sub(r"\bhalf an? year\b|(?<![个一1])半年", "6 months", text, flags=re.IGNORECASE)
    text = re.sub(
        r"\b(\d{1,4}|an?|one|two|three)(?: years?)? and an? half(?: years?)?\b",
        _months_of_years,
        text,
        flags=re.IGNORECASE,
    )
    return re.sub(r"(?<![\d.])(\d{1,4})\.5 years?\b", _months_of_years, text, flags=re.IGNORECASE)


def _in_words(found: "re.Match[str]") -> str:
    if found["working"]:
        return f"{found['working']} business days"
    return f"{found.group().rstrip('mM ')} months"


def _chinese_months(found: "re.Match[str]") -> str:
    return f"{12 * int(digits_for_words(found[1])) + 6}个月"


def _months_of_years(found: "re.Match[str]") -> str:
    """`a year and a half`; other units by halves are left as they are, and then not understood."""
    if "year" not in found.group().lower():
        return found.group()
    count = re.sub(r"^an?$", "1", found[1], flags=re.IGNORECASE)
    return f"{12 * int(digits_for_words(count)) + 6} months"


def _days_in(found: "re.Match[str]", working: bool, question: Question) -> Answer:
    year = int(found["year"] or found["year2"] or found["y"])
    named = found["name"] or found["name2"]
    month = 1 + [name[:3] for name in MONTHS].index(named.lower()[:3]) if named else int(found["m"] or 0)
    first = day_of(year, month or 1, 1)
    last = last_of_month(year, month or 12)
    if working:
        return span(first, last + timedelta(days=1), "working days", question)
    count, name = (last - first).days + 1, f"{year}-{month:02}" if month else str(year)
    text = f"{name} 有 {count} 天。" if question.chinese else f"{name} has {count} days."
    return Answer(text, {"period": name}, {"days": count}, (Value(str(count), Fraction(count)),))


def _leap(year: int, question: Question) -> Answer:
    if year == 0:
        raise Refusal("There is no year 0.", "没有公元 0 年。")
    return one_year(year, question)
