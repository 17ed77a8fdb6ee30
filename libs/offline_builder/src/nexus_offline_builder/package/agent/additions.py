"""A follow-up that adds to the turn before: `also a 5` to a list of numbers, `and 5 more?` to days that were added."""

import re

from ..tools.patterns import lazy_pattern
from ..tools.wording import MONTH, digits_for_words, plain_signs, with_points
from .substitution import NUMBER

_LONGEST = 80
_LONGEST_BEFORE = 400
_ANOTHER = lazy_pattern(
    rf"(?:(?P<more>\band an?(?=\s+[$€£¥]?\d)|\b(?:also|too|another|more|add(?:itional)?|extra|forgot|missed|as well|"
    rf"plus)\b|还有|再加上?|再来|漏了|加上)|\b(?:and|if|oh|sorry|wait|i|we|have|had|got|forgot|missed|one|"
    rf"there is|there's|there was|was|a|"
    rf"an|the|of|ah|ok|please|now|put|in|"
    rf"just|then|it|that|my|mark|number|receipt|value|grade|score|item|amount|bill|with|for)\b|"
    rf"[\s,.;!:-]|一个|了|我)*"
    rf"[$€£¥]?\s*(?P<number>{NUMBER})\s*(?:[$€£¥]|euros?|dollars?|元|块|分)?"
    r"(?:[\s,.!?;]|\b(?:too|as well|please|to (?:it|that|the list)|also|thanks)\b|吧|也)*",
    re.IGNORECASE,
)
_DIGIT = lazy_pattern(r"\d")
_LISTED = lazy_pattern(
    rf"(?<![\d.]){NUMBER}(?:(?:\s*(?:,|;|\band\b|和|、)\s*|\s+)+[$€£¥]?\s*{NUMBER})+(?![\w.]*\d|\s*%)", re.IGNORECASE
)
_DAYS = (
    r"(?P<unit>(?:business |working |week ?|calendar )?(?:days?|weeks?|months?|years?)\b|个?工作日|天|"
    r"个?星期|周|个月|年)"
)
_OF_DAYS = lazy_pattern(rf"(?<![-/.\d])\d+\s*{_DAYS}(?!\s*\d)", re.IGNORECASE)
_MORE = lazy_pattern(
    rf"(?:(?:and|then|ok|okay|plus|add|so|what about|how about|now|再|又|还)[\s,]*)*(?:(?:another|a "
    rf"further|再加?|又过)\s*(?P<number>\d+)\s*{_DAYS}?|"
    rf"(?P<n>\d+)\s*(?:more|further|additional)(?:\s*{_DAYS.replace('unit', 'u')})?)(?:\s*(?:later|"
    rf"after that|on top|more|之?后|呢|是几号|是哪天))*[\s?.!？。]*",
    re.IGNORECASE,
)
_FEWEST = 2
_LEFT_OUT = lazy_pattern(
    r"(?:(?:and|now|ok|so|what|how|about|if|we|i|please|but|it|is|be|the|average|avg|mean|total|sum|median)[\s,]+)*"
    r"(?:without|leav(?:e|ing) out|drop(?:ping)?|ignor(?:e|ing)|excluding|exclude|except(?: for)?|not "
    r"counting|don't count|remov(?:e|ing)|"
    r"skip(?:ping)?|minus|take out|去掉|不算|除去|扣除|不要)\s*(?:the\s+|那个?|最)?"
    rf"(?:(?P<number>{NUMBER})|(?P<low>lowest|smallest|worst|minimum|[低小]的?)|(?P<high>highest|largest|biggest|"
    rf"best|maximum|[高大]的?))"
    r"(?:\s*(?:one|mark|grade|score|number|value|分|呢|的话))*[\s?.!？。]*",
    re.IGNORECASE,
)
_MONTH_NAME = rf"{MONTH}\.?"
_WRITTEN = (
    rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{4}}\s*年\s*\d{{1,2}}\s*月\s*\d{{1,2}}\s*[日号]?|"
    rf"\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH_NAME},?\s+\d{{4}}|{_MONTH_NAME}\s+\d{{1,2}}(?:st|nd|rd|"
    rf"th)?,?\s+\d{{4}}|"
    r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
)
_DAYS_WRITTEN = lazy_pattern(_WRITTEN, re.IGNORECASE)
_ON_DAY = lazy_pattern(
    r"(?:(?:and|so|ok|what|how|about|old|then|or|if|race|event|day|is|was|will|be|he|she|they|the)[\s,]+)*(?:那|"
    r"如果)?(?:on|at|"
    r"by|as of|until|到了?|在)?\s*"
    rf"(?P<day>{_WRITTEN})(?:的时候|时|那天|呢)*[\s?.!？。]*",
    re.IGNORECASE,
)
_IN_YEAR = lazy_pattern(
    r"(?:(?:and|what|about|how|so|ok|then)[\s,]+)*(?:in\s+)?(?P<year>(?:19|20)\d\d)[\s?.!]*|"
    r"(?:那|换成)?(?P<zh>(?:19|20)\d\d)年的?呢[\s?？。]*",
    re.IGNORECASE,
)
_DAY_AND_MONTH = lazy_pattern(
    rf"(?:\d{{4}}\s*年\s*)?(?P<zh>\d{{1,2}}\s*月\s*\d{{1,2}}\s*[日号]?)|"
    rf"(?:\d{{4}})(?P<iso>[-/.]\d{{1,2}}[-/.]\d{{1,2}})(?!\d)|"
    rf"(?P<day>\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH_NAME}|{_MONTH_NAME}\s+\d{{1,2}}(?:st|nd|rd|"
    rf"th)?)(?:,?\s+\d{{4}})?",
    re.IGNORECASE,
)
_BREAK = lazy_pattern(
    r"(?:(?:and|so|with|but|minus|less|without|take off|subtract|an?|"
    r"the)[\s,]+)*(?P<minutes>\d{1,3})[\s-]*(?:min(?:ute)?s?|m)\s*"
    r"(?:(?:unpaid\s*)?(?:lunch|break|pause|lunch break))?(?: off)?[\s?.!]*|(?:减去?|"
    r"扣除?)(?P<zhm>\d{1,3})分钟(?:休息|午休)?[\s。]*",
    re.IGNORECASE,
)
_SHIFT = lazy_pattern(r"\d\s*(?:[:：]\s*\d\d|[ap]m).*\d\s*(?:[:：]\s*\d\d|[ap]m)", re.IGNORECASE)
_BORN = lazy_pattern(
    r"\b(?:born|dob|d\.o\.b|birth(?:day|date)?|age|how old)\b|出生|生于|生日|年龄|几岁|多大", re.IGNORECASE
)
_SUMMED = lazy_pattern(r"\b(?:sum|total|add)\b|总|合计|求和", re.IGNORECASE)


def extended(prompt: str, before: str) -> str | None:
    """`before` with what `prompt` adds to it; None where it adds nothing."""
    if len(prompt) > _LONGEST or len(before) > _LONGEST_BEFORE:
        return None
    plain = prompt.strip()
    return (
        _with_another(plain, before)
        or _without(plain, before)
        or _further(plain, before)
        or _on_a_day(plain, before)
        or _in_a_year(plain, before)
        or _with_break(plain, before)
    )


def _with_another(prompt: str, before: str) -> str | None:
    """`also a 5` after `average of 5.5, 4 and 6`: the list with one more behind its last number."""
    said = _ANOTHER.fullmatch(with_points(plain_signs(prompt if _DIGIT.search(prompt) else digits_for_words(prompt))))
    listed = with_points(plain_signs(before))
    found = list(_LISTED.finditer(listed))
    if said is None or len({one.group() for one in found}) != 1 or not (said["more"] or _SUMMED.search(before)):
        return None
    return _LISTED.sub(lambda one: f"{one.group()}, {said['number']}", listed)


def _without(prompt: str, before: str) -> str | None:
    """`without the 66`, `drop the lowest`: the list with one less."""
    said = _LEFT_OUT.fullmatch(plain_signs(prompt))
    listed = with_points(plain_signs(before))
    found = list(_LISTED.finditer(listed))
    if said is None or len({one.group() for one in found}) != 1:
        return None
    numbers = re.findall(NUMBER, found[0].group())
    extreme = min if said["low"] else max
    wanted = said["number"] or extreme(numbers, key=lambda one: float(one.replace(",", "")))
    kept = [one for one in numbers if float(one.replace(",", "")) != float(wanted.replace(",", ""))]
    if len(kept) != len(numbers) - 1 or len(kept) < _FEWEST:
        return None
    joint = "\n" if "\n" in found[0].group() else ", "
    return _LISTED.sub(joint.join(kept), listed)


def _on_a_day(prompt: str, before: str) -> str | None:
    """`and on 2027-03-01?` after `born 5 May 2008`: the age on another day."""
    said = _ON_DAY.fullmatch(prompt)
    return f"age born {_born_on(before)}, {said['day']}" if said and _born_on(before) else None


def _in_a_year(prompt: str, before: str) -> str | None:
    """`and in 2030?` after `25 December`: the same day of another year."""
    said = _IN_YEAR.fullmatch(prompt)
    days = list(_DAY_AND_MONTH.finditer(before)) if said else []
    if said is None or len(days) != 1:
        return None
    day, year = days[0], said["year"] or said["zh"]
    written = f"{year}年{day['zh']}" if day["zh"] else f"{day['day']} {year}" if day["day"] else f"{year}{day['iso']}"
    return f"{before[: day.start()]}{written}{before[day.end() :]}"


def _with_break(prompt: str, before: str) -> str | None:
    """`minus 30 min lunch` after `8:30 to 17:15`."""
    said = _BREAK.fullmatch(prompt)
    return (
        f"{before.rstrip('?. ')} minus {said['minutes'] or said['zhm']} min break"
        if said and _SHIFT.search(before)
        else None
    )


def _born_on(before: str) -> str:
    found = _DAYS_WRITTEN.findall(before) if _BORN.search(before) else []
    return found[0] if found else ""


def _further(prompt: str, before: str) -> str | None:
    """`and 5 more?` after `add 15 working days to 2026-11-30`: as many again of what was added."""
    said = _MORE.fullmatch(digits_for_words(prompt))
    number = (said["number"] or said["n"]) if said else None
    unit = (said["unit"] or said["u"]) if said else None
    units = {found["unit"] for found in _OF_DAYS.finditer(digits_for_words(before))}
    if number is None or not units or (unit is None and len(units) > 1):
        return None
    return f"{before.rstrip('?!. ？。')} plus {number} {unit or units.pop()}"
