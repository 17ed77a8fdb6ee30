"""Numbers of a prompt that are no part of what is worked out, and numbers that might stand in place of one."""

import re

from ..tools.patterns import lazy_pattern
from ..tools.wording import MONTH

OF_TEXT = frozenset(
    {
        "text_statistics",
        "text_changes",
        "pattern_extraction",
        "list_cleanup",
        "session_notes",
        "fact_lookup",
        "json_to_csv",
        "csv_to_json",
    }
)
"""Tools that work on a text: what a prompt hands over to them is no request."""
_LABEL = lazy_pattern(
    r"(?:\b(?:question|room|page|no|nr|number|class|grade|ward|bed|flat|table|seat|exercise|task|problem|nummer|bus|"
    r"turns|turning|reaches|becomes|line|chapter|day|week|year|level|unit|step|size|age|aged|bay|gate|lane|route|form|"
    r"item|lot|job|case|receipt|"
    r"invoice|order|ticket|ref(?:erence)?|sample|code|id)\.?\s*)$|"
    r"\bare (?:all |each )?(?:out )?of\s*$|(?:第)$",
    re.IGNORECASE,
)
_CLOCK = lazy_pattern(r"\s*(?:[ap]\.?m\b|o'?clock|点|时)", re.IGNORECASE)
_CODE = lazy_pattern(r"(?![dwmyh])[a-z](?!\w)", re.IGNORECASE)
"""`4b` names a class."""
_IN_A_STAMP = lazy_pattern(r"(?:\s+[A-Z]{2,4})?,?\s+(?:19|20)\d\d\b")
"""`23:59:59 2027`: the time of day of a date."""
_FOR_A_TIME = lazy_pattern(r"\s*(?:min(?:ute)?s?|h(?:ou)?rs?|sec(?:ond)?s?)\b", re.IGNORECASE)
_READS = lazy_pattern(r"\s+(?:reads?|shows?|is|was|weighs?|measures?|has|holds?)\s", re.IGNORECASE)
_BOUND = lazy_pattern(
    r"\b(?:than|least|most|over|under|above|below|first|last|every|after|before)\s*$|[超大小高低多少]于?过?$",
    re.IGNORECASE,
)
_KEPT = lazy_pattern(r"\s*(?:-\s*\d+\s*)?(?:min|h(?:ou)?rs?\b|°|degrees?|分钟|小时|度|cm\b|inch)", re.IGNORECASE)
_MONTH = rf"{MONTH}\.?"
_MONTH_AHEAD = lazy_pattern(rf"\b{_MONTH}\s*$", re.IGNORECASE)
_MONTH_BEHIND = lazy_pattern(rf"(?:st|nd|rd|th)?\s*(?:of\s+)?{_MONTH}\b|\s*[年月日号]", re.IGNORECASE)
_LONGEST_PLAIN = 6


def names_something(ahead: str, behind: str, tool: str) -> bool:
    """Whether a number names something, is part of a date, or says what nothing is worked out with."""
    if _LABEL.search(ahead) or behind[:1] in (":", "：") or (_CLOCK.match(behind) and re.search(r"\bat\s*$", ahead)):
        return True
    if _MONTH_AHEAD.search(ahead) or _MONTH_BEHIND.match(behind):
        return True
    if tool == "date_arithmetic" and (_CODE.match(behind) or _IN_A_STAMP.match(behind)):
        return True
    if tool == "unit_conversion" and re.search(r"\b(?:for|after)\s+$", ahead) and _FOR_A_TIME.match(behind):
        return True
    if tool == "unit_conversion" and re.search(r"[a-z]{2} #?$", ahead) and _READS.match(behind):
        return True
    if tool == "unit_conversion" and re.search(r"\bat\s*$", ahead) and re.match(r"\s*(?:[,;.!?]|$|and\b)", behind):
        return True
    if tool in OF_TEXT or tool == "json_query":
        return _BOUND.search(ahead) is None
    return tool == "proportion" and _KEPT.match(behind) is not None


def other_numbers(number: str) -> list[str]:
    """Numbers of the same form: one not much different, a small one, a large one."""
    if parts := re.fullmatch(r"(\d+)([-/:.]\d+[-/:.]|[-/:])(\d+)", number):
        last = parts[3][:-1] + str((int(parts[3][-1]) + 1) % 10 or 1)
        first = parts[1][:-1] + str((int(parts[1][-1]) + 1) % 10 or 1)
        return [f"{parts[1]}{parts[2]}{last}", f"{first}{parts[2]}{parts[3]}"]
    if number.isdigit() and len(number) > _LONGEST_PLAIN:
        return []
    first = str(int(number[0]) % 9 + 1) + number[1:]
    return [one for one in (first, "1", *(["1000"] if number.isdigit() else ["0.5", "1000.5"])) if one != number]
