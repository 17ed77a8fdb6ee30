"""Days that are named by the month, year or week that they lie in, put as dates."""

import re
from datetime import date, timedelta

from .calendar_dates import MONTHS, WEEKDAYS, dates_in, day_of, moved, moved_months
from .contract import Refusal
from .patterns import lazy_pattern
from .wording import digits_for_words

MONTH_NAME = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?"
)
_DAY_OF = lazy_pattern(
    r"(?:the\s+)?(?P<which>first day|last day|first(?= of (?:this|next|last|the) )|start|beginning|"
    r"end)\s+of\s+(?:the\s+)?(?:"
    r"(?P<rel>this|next|last|previous|current)?\s*(?P<period>month|year)(?!\s*\d)|"
    rf"(?P<month>{MONTH_NAME})\b(?:\s*,?\s*(?:of\s+)?(?P<year>\d{{4}}))?|(?P<only>\d{{4}})(?![-/\d]))",
    re.IGNORECASE,
)
_NUMBERED = lazy_pattern(
    r"(?:the\s+)?(?P<day>\d{1,2})(?:st|nd|rd|th)\s+(?:of\s+)?(?P<rel>this|next|last)\s+month\b", re.IGNORECASE
)
_MONTH_OF_YEAR = lazy_pattern(
    rf"(?<!\d )(?<!\d)(?<!st )(?<!nd )(?<!rd )(?<!th )(?<!of "
    rf")\b(?P<month>{MONTH_NAME})\.?\s+(?P<year>\d{{4}})(?![-/.\d])",
    re.IGNORECASE,
)
_DAYS_OF_MONTH = lazy_pattern(
    rf"(?<![\d-])(?:from\s+)?(?P<a>\d{{1,2}})(?:st|nd|rd|th)?\s*(?:-|–|to|until)\s*(?P<b>\d{{1,2}})(?:st|nd|rd|th)?\s+"
    rf"(?P<month>{MONTH_NAME})\b(?P<year>,?\s+\d{{4}})?|(?P<name>{MONTH_NAME})\s+(?P<c>\d{{1,2}})\s*(?:-|"
    rf"–)\s*(?P<d>\d{{1,2}})"
    r"\b(?!\s*[-/.:]\d)(?P<of>,?\s+\d{4})?",
    re.IGNORECASE,
)
_ORDINALS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "last": -1}
_NTH = lazy_pattern(
    rf"(?:the\s+)?(?P<nth>{'|'.join(_ORDINALS)})\s+(?P<day>{'|'.join(WEEKDAYS)})\s+(?:of|in)\s+(?:the\s+)?"
    rf"(?:(?P<rel>this|next|last)\s+month|(?P<month>{MONTH_NAME})\b(?:,?\s*(?:of\s+)?(?P<year>\d{{4}}))?)",
    re.IGNORECASE,
)
_LEFT = lazy_pattern(
    r"\b(?:left|remaining)\s+(?:in\s+|of\s+)?(?:(?:this|the)\s+)?(?P<period>year|month|\d{4}\b(?![-/]))", re.IGNORECASE
)
_LEFT_CHINESE = lazy_pattern(r"(?P<period>今年|本年度?|这个?月|本月)(?:里|内)?还?(?:有|剩下?|剩余)(?:多少|几)天")
_DAY_LATER = lazy_pattern(r"\b(?:this day|today)\s+(?P<rel>next|last)\s+(?P<period>year|month)\b", re.IGNORECASE)
_MONTH_CHINESE = lazy_pattern(
    r"(?P<rel>上上个|下下个|上个?|下个?|这个?|本|当)月的?(?:(?P<last>最后一天|月?底|月?末)|(?P<first>第一天|月?初)|"
    r"(?P<today>今天)|"
    r"(?P<day>[\d一二三四五六七八九十]{1,3})[号日])"
)
_YEAR_CHINESE = lazy_pattern(
    r"(?P<rel>前年|去年|今年|明年|后年)的?(?:(?P<last>最后一天|年?底|年?末)|(?P<first>第一天|元旦|年?初)|"
    r"(?P<today>今天|今日)|"
    r"(?P<holiday>圣诞节?|国庆节?)|(?P<month>[\d一二三四五六七八九十]{1,2})月(?P<day>[\d一二三四五六七八九十]{1,3})"
    r"[号日])"
)
_WEEK_CHINESE = lazy_pattern(
    r"(?P<rel>上上个?|下下个?|上个?|下个?|这个?|本)(?:周|星期|礼拜)(?P<day>[一二三四五六日天])"
)
_END_CHINESE = lazy_pattern(r"(?<![\d上下这本当个年])(?P<period>[年月])(?:底|末)")
_EDGE_OF_DATE = lazy_pattern(
    r"(?:the\s+)?\b(?P<edge>end|last day|first day|start|beginning) of (?:the |that |its |this |same )?month\b(?! of)|"
    r"\b(?:month[\s-]?ends?|eom)\b|(?<![\d上下本这])(?:当|那个?|该)?月的?(?:(?P<zh_first>初|第一天)|底|末|最后一天)",
    re.IGNORECASE,
)
_EDGE_WORDS = lazy_pattern(
    r"\b(?:what|which|when|is|the|date|day|for|of|in|from|after|on|containing|please|get|give|me|contract|starts?)\b|"
    r"[\s,.:;?=>→()-]|[的是在所哪天几号]",
    re.IGNORECASE,
)
_EDGE_OF_MONTH = lazy_pattern(
    r"(?:(?P<year>\d{4})\s*年\s*)?(?<!\d)(?P<month>\d{1,2})\s*月份?的?(?:(?P<first>第[一1]天|初(?!\w*\d))|最后[一1]天|底|末)"
)
_SAME_MONTH = lazy_pattern(
    r"(?P<year>\d{4}\s*年\s*)?(?P<month>\d{1,2})\s*月\s*(?P<first>\d{1,2})\s*[日号]?\s*(?P<to>到|至|-|~)"
    r"\s*(?P<last>\d{1,2})\s*[日号]"
)
_MONTHS_AWAY = {"上上个": -2, "下下个": 2, "上": -1, "上个": -1, "下": 1, "下个": 1} | {
    "previous": -1,
    "last": -1,
    "next": 1,
}
_YEARS_AWAY = {"前年": -2, "去年": -1, "今年": 0, "明年": 1, "后年": 2}
_HOLIDAYS = {"圣诞": (12, 25), "国庆": (10, 1)}


def with_periods(text: str, today: date) -> str:
    """`text` with `the last day of next month`, `明年今天`, `下周五` and the like as year-month-day."""
    text = _DAY_OF.sub(lambda found: f" {_day_of_period(found, today)} ", text)
    text = _DAYS_OF_MONTH.sub(_both_days, text)
    text = _NTH.sub(lambda found: f" {_nth_weekday(found, today)} ", text)
    text = _NUMBERED.sub(lambda found: f" {_numbered(found, today)} ", text)
    if len(_MONTH_OF_YEAR.findall(text)) == 2 and re.search(r"\bmonths?\b", text, re.IGNORECASE):
        text = _MONTH_OF_YEAR.sub(lambda found: f" {day_of(int(found['year']), _month(found['month']), 1)} ", text)
    text = _LEFT.sub(lambda found: _until_end(found, today), text)
    text = _LEFT_CHINESE.sub(lambda found: f"到 {_end(today, '年' in found['period'])} 还有多少天", text)
    text = _EDGE_OF_MONTH.sub(lambda found: f" {_edge(found, today)} ", text)
    text = _DAY_LATER.sub(lambda found: f" {_same_day(found, today)} ", text)
    text = _MONTH_CHINESE.sub(lambda found: f" {_in_month(found, today)} ", text)
    text = _YEAR_CHINESE.sub(lambda found: f" {_in_year(found, today)} ", text)
    text = _WEEK_CHINESE.sub(lambda found: f" {_in_week(found, today)} ", text)
    text = _END_CHINESE.sub(lambda found: f" {_end(today, found['period'] == '年')} ", text)
    return _SAME_MONTH.sub(_spelled_out, text)


def with_edges(text: str, today: date) -> str:
    """`text` with `month end of 2027-02-10` as the date that this is; `the end of the month` is of the only date."""
    edges = list(_EDGE_OF_DATE.finditer(text))
    found = [one for one in dates_in(text, today) if re.search(r"\d", text[one.start : one.end])]
    if len(edges) != 1 or len(found) != 1 or (edges[0].start() < found[0].end and found[0].start < edges[0].end()):
        return text
    day, edge = found[0].day, edges[0]
    first = edge["zh_first"] or (edge["edge"] or "").lower() in ("first day", "start", "beginning")
    far = day.replace(day=1) if first else last_of_month(day.year, day.month)
    rest = f"{text[: found[0].start]} {text[found[0].end :]}".replace(edge.group(), " ")
    return str(far) if not _EDGE_WORDS.sub("", rest) else text.replace(edge.group(), f" {far} ")


def last_of_month(year: int, month: int) -> date:
    return moved(moved_months(date(year, month, 1), 1), -1) if (year, month) != (9999, 12) else date.max


def first_of(month: str, year: str | None, today: date) -> date:
    """The first day of a month by name; without a year, of the next such month from the present one on."""
    number = _month(month)
    return day_of(int(year) if year else today.year + (number < today.month), number, 1)


def _end(day: date, of_year: bool) -> date:
    return last_of_month(day.year, 12 if of_year else day.month)


def _until_end(found: "re.Match[str]", today: date) -> str:
    """Of a year by number only where it is the present one."""
    period = found["period"].lower()
    if period.isdigit() and int(period) != today.year:
        return found.group()
    return f" until {_end(today, period != 'month')} "


def _month(name: str) -> int:
    return 1 + next(n for n, month in enumerate(MONTHS) if month.startswith(name.lower()[:3]))


def _nth_weekday(found: "re.Match[str]", today: date) -> date:
    """Without a year it is the next such month from today on."""
    month = _month(found["month"]) if found["month"] else today.month
    inside = day_of(int(found["year"] or today.year + (month < today.month)), month, 1)
    if found["rel"]:
        inside = moved_months(today.replace(day=1), _MONTHS_AWAY.get(found["rel"].lower(), 0))
    weekday, nth = WEEKDAYS.index(found["day"].lower()), _ORDINALS[found["nth"].lower()]
    if nth < 0:
        last = last_of_month(inside.year, inside.month)
        return moved(last, -((last.weekday() - weekday) % 7))
    return moved(inside, (weekday - inside.weekday()) % 7 + 7 * nth)


def _both_days(found: "re.Match[str]") -> str:
    """`3-17 January` as two dates."""
    month, year = found["month"] or found["name"], (found["year"] or found["of"] or "").replace(",", "")
    return f"from {found['a'] or found['c']} {month}{year} to {found['b'] or found['d']} {month}{year}"


def _numbered(found: "re.Match[str]", today: date) -> date:
    inside = moved_months(today.replace(day=1), _MONTHS_AWAY.get(found["rel"].lower(), 0))
    return day_of(inside.year, inside.month, int(found["day"]))


def _day_of_period(found: "re.Match[str]", today: date) -> date:
    last = found["which"].lower() in ("last day", "end")
    if found["only"]:
        return day_of(int(found["only"]), 12 if last else 1, 31 if last else 1)
    if found["month"]:
        month = _month(found["month"])
        year = int(found["year"]) if found["year"] else today.year + (month < today.month)
        return last_of_month(year, month) if last else day_of(year, month, 1)
    away = _MONTHS_AWAY.get((found["rel"] or "").lower(), 0)
    of_year = found["period"].lower() == "year"
    inside = moved_months(today.replace(day=1), away * (12 if of_year else 1))
    return _end(inside, of_year) if last else inside.replace(month=1, day=1) if of_year else inside


def _edge(found: "re.Match[str]", today: date) -> date:
    """`2028年2月的最后一天`; without a year, of the next such month from the present one on."""
    month = int(found["month"])
    if not 0 < month < 13:
        raise Refusal(f"There is no month {month}.", f"没有 {month} 月。")
    year = int(found["year"]) if found["year"] else today.year + (month < today.month)
    return day_of(year, month, 1) if found["first"] else last_of_month(year, month)


def _same_day(found: "re.Match[str]", today: date) -> date:
    months = 12 if found["period"].lower() == "year" else 1
    return moved_months(today, months if found["rel"].lower() == "next" else -months)


def _in_month(found: "re.Match[str]", today: date) -> date:
    inside = moved_months(today.replace(day=1), _MONTHS_AWAY.get(found["rel"], 0))
    if found["today"]:
        return moved_months(today, _MONTHS_AWAY.get(found["rel"], 0))
    if found["last"]:
        return last_of_month(inside.year, inside.month)
    return inside if found["first"] else day_of(inside.year, inside.month, int(digits_for_words(found["day"])))


def _in_year(found: "re.Match[str]", today: date) -> date:
    away = _YEARS_AWAY[found["rel"]]
    year = today.year + away
    if found["today"]:
        return moved_months(today, 12 * away)
    if found["holiday"]:
        return day_of(year, *_HOLIDAYS[found["holiday"][:2]])
    if found["month"]:
        return day_of(year, int(digits_for_words(found["month"])), int(digits_for_words(found["day"])))
    return day_of(year, 12, 31) if found["last"] else day_of(year, 1, 1)


def _in_week(found: "re.Match[str]", today: date) -> date:
    weeks = {"上上": -2, "下下": 2, "上": -1, "下": 1}.get(found["rel"].removesuffix("个"), 0)
    monday = today - timedelta(days=today.weekday())
    return moved(monday, 7 * weeks + "一二三四五六日天".index(found["day"].replace("天", "日")))


def _spelled_out(found: "re.Match[str]") -> str:
    head = f"{found['year'] or ''}{found['month']}月"
    return f"{head}{found['first']}日到{head}{found['last']}日"
