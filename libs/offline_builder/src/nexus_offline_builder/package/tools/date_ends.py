"""Whether the last day of a span counts too, and the names of weekdays that stand beside dates."""

import re
from collections.abc import Sequence

from .calendar_dates import FoundDate, moved_months
from .date_told import WEEKDAY_BEFORE, WEEKDAY_BEHIND
from .patterns import lazy_pattern

_END = (
    r"(?:(?:the )?(?:(?:first|start)(?: (?:day|date))? (?:and|&) (?:the )?(?:last|end)|last|end|final|both|all|two)"
    r"(?: |$)?(?:days?|dates?|ends?)?)"
)
_INCLUSIVE = lazy_pattern(
    r"(?<!not )(?<!n't )(?<!\bnot)(?<!n't)[(（,，;-]?\s*(?:"
    r"\b(?:up )?(?:to|until|till|through|and) and (?:including|incl\b\.?)|"
    rf"\b(?:with )?{_END}\s*(?:are |is |being )?(?:incl(?:uded|usive|\b\.?)|count(?:ed|s|ing)?\b)|"
    r"(?<!first )(?<!start )(?<!first day )(?<!start day )(?<!first date )(?<!only )"
    rf"\bincl(?:uding|uded|usively|usive|\b)\.?(?:(?:\s+(?:of\s+)?{_END})+|"
    r"(?=\s*(?:$|[,.;:?!)）=]|(?:how|what|please|are|is)\b)))|"
    rf"\bcounting\s+{_END}|"
    r"[包]?[含括]?(?:首尾|头尾|两头|首末)(?:两[天日])?(?:[都也均]?[算含计]|在内|都包括)?|(?:含|包括|算上)(?:当[天日]|最后一天|两[端头]))\s*[)）]?",
    re.IGNORECASE,
)
_UP_TO = lazy_pattern(r"\b(?:up )?(?:to|until|till?) and (?:including|incl\b\.?)", re.IGNORECASE)
_THROUGH = lazy_pattern(r"\b(?:through|thru)\b", re.IGNORECASE)
INCLUDED = " ,both-ends"
"""Stands for every wording of it."""


def with_included(text: str) -> str:
    """`text` with one word for `incl.`, `both days counted`, `up to and including`, `含首尾`."""
    text = _UP_TO.sub("to", text) + INCLUDED if _UP_TO.search(text) else text
    text = _THROUGH.sub("to", text) + INCLUDED if _THROUGH.search(text) else text
    return f"{plain}{INCLUDED}" if (plain := _INCLUSIVE.sub(" ", text)) != text else text


def without_dates(text: str, found: Sequence[FoundDate]) -> str:
    """`text` with a comma for every date and the weekday that is named beside it."""
    for one in reversed(found):
        before, behind = text[: one.start], text[one.end :]
        if re.search(r"\d", text[one.start : one.end]):
            before = WEEKDAY_BEFORE.sub(" ", before)
            named = WEEKDAY_BEHIND.match(behind)
            behind = behind[named.end() :].lstrip(")）") if named else behind
        text = f"{before} , {behind}"
    return text


def in_one_year(found: list[FoundDate]) -> list[FoundDate]:
    """A date without a year takes the year of the one that it is compared with."""
    if len(found) == 2 and found[0].recurring and found[1].recurring and found[1].day < found[0].day:
        return [found[0]._replace(day=moved_months(found[0].day, -12)), found[1]]
    if len(found) != 2 or found[0].recurring == found[1].recurring:
        return found
    first, second = found
    if first.recurring:
        day = moved_months(first.day, 12 * (second.day.year - first.day.year))
        return [first._replace(day=day if day <= second.day else moved_months(day, -12)), second]
    day = moved_months(second.day, 12 * (first.day.year - second.day.year))
    return [first, second._replace(day=day if day >= first.day else moved_months(day, 12))]
