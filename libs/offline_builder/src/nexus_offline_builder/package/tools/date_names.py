"""What an agent for one date is asked, and periods that run from a day."""

import re

from .calendar_dates import dates_in
from .contract import Question
from .patterns import lazy_pattern
from .wording import plain_signs

_LONGEST_QUESTION = 60
ASKS_WEEKDAY = lazy_pattern(
    r"\bweek ?day\b|\b(?:(?:what|which) day|day of (?:the )?week)\b|星期几|周几|礼拜几", re.IGNORECASE
)
ASKS_TODAY = lazy_pattern(
    r"(?:(?:can you )?(?:please )?(?:tell me )?)?(?:what(?:'s| is|s)?|which) (?:the )?(?:today'?s? )?(?:current "
    r")?(?:date|day)(?: (?:is )?(?:it )?(?:today|now|is it))*[\s?!.]*|"
    r"what(?:'s| is) today(?:'s date)?[\s?!.]*|today'?s date[\s?!.]*|"
    r"(?:请问)?今天(?:的日期)?是?(?:几月)?(?:几号|几日|什么日期|多少号|哪天|"
    r"星期几|周几|日期)[?？。]*",
    re.IGNORECASE,
)
_UNITS_OF_TIME = (
    ("working days", r"\b(?:working|business|work|week)[\s-]?days\b(?! is)|工作日"),
    ("weeks", r"\bweeks\b|周|星期"),
    ("months", r"\bmonths\b|个月"),
)
_ASKS_HOW_FAR = lazy_pattern(
    r"(?:(?:and|so|ok|please|tell me|how|many|much|long|far|what|which|is|are|it|there|the|a|to|go|still|more|until|"
    r"till|left|"
    r"remaining|away|days?|weeks?|months?|time|working|business|work|weekday|countdown|sleeps|now|on|that|then|"
    r"big day|date|event|"
    r"wedding|party|exam|trip|day of the week|还|有|多少|几|天|周|个?月|星期|工作日|多久|剩|倒计时|那天|是|现在|"
    r"距离?)\s*)+",
    re.IGNORECASE,
)


def about_its_date(question: Question, requirement: str) -> str | None:
    """`how many weeks left?` of an agent that was built for one date."""
    found = dates_in(plain_signs(requirement), question.today) if re.search(r"\d", requirement) else []
    text = question.text.strip().rstrip("?？.。! ")
    if len(found) != 1 or found[0].recurring or len(text) > _LONGEST_QUESTION or re.search(r"\d", text):
        return None
    if not _ASKS_HOW_FAR.fullmatch(text) or not re.search(r"\d{4}", requirement[found[0].start : found[0].end]):
        return None
    day = found[0].day
    if ASKS_WEEKDAY.search(text):
        return f"which weekday is {day}"
    unit = next((name for name, said in _UNITS_OF_TIME if re.search(said, text, re.IGNORECASE)), "days")
    first, last = sorted((question.today, day))
    return f"how many {unit} between {first} and {last}"
