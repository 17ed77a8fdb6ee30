"""A day that a rule names in a month: the last working day, the third Friday, the 2nd working day of the next month."""

import re
from datetime import date

from .calendar_dates import MONTHS, WEEKDAYS, day_of, moved, moved_months
from .calendar_periods import MONTH_NAME, last_of_month
from .contract import CERTAIN, Answer, JsonValue, Question, Task, Value
from .date_told import weekday_name
from .patterns import lazy_pattern
from .wording import digits_for_words, plain_signs

_LONGEST, _LONGEST_REQUIREMENT = 400, 1000
_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1, "final": -1, "penultimate": -2}
_RULE = lazy_pattern(
    rf"\b(?P<nth>{'|'.join(_NTH)}|\d{{1,2}}(?:st|nd|rd|th)?)(?P<before> but one|[- ]to[- "
    rf"]last)?\s+(?P<working>working|business|work|"
    rf"banking|week)?[\s-]?(?P<day>days?\b|{'|'.join(WEEKDAYS)})\s*(?:of|in)\s+(?:(?:the|each|every|a|that|any|its|this|same|given|"
    r"calendar)\s+)*(?P<next>next |following )?month\b"
    r"(?:\s+(?:(?P<ahead>before|preceding|prior to)|(?P<behind>after|following))\b(?=.*\d))?|"
    r"(?P<zh_next>下个?)?月的?(?P<zh>最后[一1]|倒数第?[一1]|倒数第?2|第?\d{1,2})个?(?P<zh_day>工作日|天|(?:周|星期|礼拜)[一二三四五六日天1-6])",
    re.IGNORECASE,
)
_ALSO = lazy_pattern(rf"\b({'|'.join(_NTH)})\s+(?:and|&)\s+(?:the\s+)?$", re.IGNORECASE)
_A_MONTH = lazy_pattern(
    rf"(?<!\d)(?:\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?=(?:{MONTH_NAME})\b))?(?:(?P<iso>\d{{4}})[-/.](?P<number>\d{{1,2}})(?:[-/.]\d{{1,2}})?(?!\d)|(?<![a-z])(?P<name>(?:{MONTH_NAME}))\b\.?(?:\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?!\d))?"
    r"(?:,?\s*(?:of\s+)?(?P<year>\d{4}|'\d\d))?)|(?P<rel>this|next|last) month\b|"
    r"(?:(?P<zh_year>\d{4})年)?(?P<zh>\d{1,2})月|(?P<zh_rel>这个?|本|下个?|上个?)月",
    re.IGNORECASE,
)
_ASIDE = lazy_pattern(r"\s*\([^()\d]*\)")
_MAY = lazy_pattern(
    r"\bmay (?:i|we|be|it|have|not)\b|\b(?:march|mar) (?:on|off|to)\b|\b(?:declare|decline|deci|second|"
    r"jung|octop|market|marc(?!h\b))\w*",
    re.IGNORECASE,
)


def beside_month_task(question: Question) -> Task | None:
    """A claim on `the last day of the month before 15 March`, which is a day of another month than that."""
    text = digits_for_words(plain_signs(question.text)) if len(question.text) <= _LONGEST else ""
    rule = _RULE.search(text)
    return month_task(text, question) if rule is not None and (rule["ahead"] or rule["behind"]) else None


def month_task(text: str, question: Question) -> Task | None:
    """A claim where the requirement or the prompt has such a rule, and the prompt a month; `text` in digits."""
    always = _ASIDE.sub(" ", digits_for_words(question.requirement[:_LONGEST_REQUIREMENT]))
    rule = _RULE.search(text) or _RULE.search(always)
    if rule is None:
        return None
    rest = _MAY.sub(" ", _RULE.sub(" ", text))
    months = [one for one in (_month(found, question.today) for found in _A_MONTH.finditer(rest)) if one]
    if not months or re.search(r"\d(?!\d?(?:st|nd|rd|th)\b)(?!st|nd|rd|th)", _A_MONTH.sub(" ", rest)):
        return None
    away = 1 if rule["next"] or rule["zh_next"] or rule["behind"] else -1 if rule["ahead"] else 0
    months = [moved_months(one, away) for one in months]
    also = _ALSO.search(rule.string[: rule.start()])
    numbers = [*([_NTH.get(also[1].lower(), 0)] if also else []), _nth(rule)]
    days = [day for month in months for nth in numbers if (day := _day(rule, nth, month)) is not None]
    sure = len(days) == len(months) * len(numbers)
    return Task(CERTAIN, lambda: _told(days, rule.group().strip(), question)) if sure else None


def _month(found: "re.Match[str]", today: date) -> date | None:
    """Its first day; without a year, of the next such month from the present one on."""
    if rel := found["rel"] or found["zh_rel"]:
        away = {"n": 1, "下": 1, "l": -1, "上": -1}.get(rel[0].lower(), 0)
        return moved_months(today.replace(day=1), away)
    if found["iso"]:
        number, year = int(found["number"]), found["iso"]
    elif found["name"]:
        named = found["name"].lower()
        number = next(
            (
                1 + at
                for at, name in enumerate(MONTHS)
                if name.startswith(named) or name[:3] == named or named == "sept"
            ),
            0,
        )
        number, year = (9 if named == "sept" else number), found["year"]
    else:
        number, year = int(found["zh"]), found["zh_year"]
    if not 0 < number < 13:
        return None
    full = int(year.lstrip("'")) if year else today.year + (number < today.month)
    return day_of(full + (2000 if full < 100 else 0), number, 1)


def _day(rule: "re.Match[str]", nth: int, month: date) -> date | None:
    kind = (rule["day"] or rule["zh_day"]).lower()
    last = last_of_month(month.year, month.month)
    days = [moved(month, at) for at in range(last.day)]
    if rule["working"] or kind == "工作日":
        days = [day for day in days if day.weekday() < 5]
    elif kind not in ("day", "days", "天"):
        sign = kind[-1].replace("天", "日")
        weekday = (
            WEEKDAYS.index(kind) if kind in WEEKDAYS else ("123456" if sign.isdigit() else "一二三四五六日").index(sign)
        )
        days = [day for day in days if day.weekday() == weekday]
    return days[nth - 1 if nth > 0 else nth] if -len(days) <= nth <= len(days) and nth else None


def _nth(rule: "re.Match[str]") -> int:
    said = (rule["nth"] or rule["zh"]).lower()
    number = re.search(r"\d+", said)
    if said.startswith(("最后", "倒数")):
        return -2 if said.endswith("2") else -1
    plain = int(number.group()) if number else _NTH[said]
    return -abs(plain) - (1 if "but" in (rule["before"] or "") else 0) if rule["before"] else plain


def _told(days: list[date], rule: str, question: Question) -> Answer:
    shown = [
        f"{day}（{weekday_name(day, True)}）" if question.chinese else f"{day}, a {weekday_name(day, False)}"
        for day in days
    ]
    note = "（不考虑节假日）" if question.chinese else " (holidays ignored)"
    text = "; ".join(shown) + (note if re.search("work|business|bank|工作", rule, re.IGNORECASE) else "")
    listed: list[JsonValue] = [str(day) for day in days]
    output: dict[str, JsonValue] = {"date": listed[0]} if len(days) == 1 else {"dates": listed}
    return Answer(text, {"rule": rule}, output, (Value(str(days[0])),) if len(days) == 1 else ())
