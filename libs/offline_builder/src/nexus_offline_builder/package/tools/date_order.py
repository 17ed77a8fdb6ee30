"""Whether the day or the month comes first in `05-03-1991`: as the requirement or another date says."""

import re

from .contract import Question
from .patterns import lazy_pattern

_DAY_FIRST = lazy_pattern(r"\bdd?\s*[-/.]\s*mm?\s*[-/.]\s*yy|\bday first\b|日[-/.]月[-/.]年", re.IGNORECASE)
_MONTH_FIRST = lazy_pattern(
    r"\bmm?\s*[-/.]\s*dd?\s*[-/.]\s*yy|\bmonth first\b|\b(?:us|american) dates?\b", re.IGNORECASE
)
_DATE = lazy_pattern(r"(?<![\d-])(\d{1,2})([-/])(\d{1,2})\2(\d{4})(?![\d-])")
_LAST_MONTH = 12


def in_order(question: Question) -> Question:
    """The question with such dates as year, month, day, where their order is known."""
    texts = (question.text, *question.earlier)
    day_first = _is_day_first(texts, question.requirement)
    if day_first is None:
        return question
    known: bool = day_first
    text, *earlier = (_DATE.sub(lambda found: _in_iso(found, known), one) for one in texts)
    return question._replace(text=text, earlier=tuple(earlier))


def _is_day_first(texts: tuple[str, ...], requirement: str) -> bool | None:
    said = _DAY_FIRST.search(requirement, 0, 1000), _MONTH_FIRST.search(requirement, 0, 1000)
    if (said[0] is None) != (said[1] is None):
        return said[0] is not None
    found = [(int(one[1]), int(one[3])) for text in texts for one in _DATE.finditer(text)]
    days, months = any(one > _LAST_MONTH for one, _ in found), any(two > _LAST_MONTH for _, two in found)
    return days if days != months else None


def _in_iso(found: "re.Match[str]", day_first: bool) -> str:
    day, month = (found[1], found[3]) if day_first else (found[3], found[1])
    return f"{found[4]}-{month:0>2}-{day:0>2}" if int(month) <= _LAST_MONTH else found.group()
