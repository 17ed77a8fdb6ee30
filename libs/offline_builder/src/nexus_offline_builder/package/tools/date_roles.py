"""Dates and durations by the part that each plays, whatever else is told beside them.

What has to be accounted for: every date, duration and number, exclusions and alternatives that stand at one. What is
asked is said in the prompt, or else by the requirement.
"""

import re
from collections.abc import Callable

from .calendar_dates import FoundDate, dates_in, moved_months
from .contract import CERTAIN, LIKELY, Impossible, Question, Refusal, Task, is_refused
from .date_ages import BORN, age
from .date_defaults import EDGE, asked_of, asks_age, rule_in, sign_in
from .date_ends import in_one_year, without_dates
from .date_names import ASKS_WEEKDAY
from .date_rules import counts_first, ruled_day
from .date_series import series
from .date_steps import BACK, DURATION, added
from .date_told import refuse_other_weekday, tell_day
from .leap_years import leap_task
from .month_rules import month_task
from .patterns import lazy_pattern
from .wording import digits_for_words, plain_signs

_Understood = Callable[[Question], "Task | None"]
_ASIDE = lazy_pattern(
    r"\b\d{1,2}:\d{2}(?::\d\d)?(?:\s*[ap]\.?m\b\.?)?|\b\d{1,2}\s*(?:[ap]\.?m\b\.?|o'?clock)|#\s*\d+|"
    r"\b\d{1,3}[- ]years?[- ]old\b|"
    r"\b(?:room|no\.?|nr\.?|number|class|bus|route|page|line|bed|ward|flat|gate|step|level|form|grade) \d{1,4}\b|"
    r"\b(?:[a-z]+\d+[a-z]*|\d+[a-z](?![a-z]))(?!\w)|\d{1,2}点半?|第\d+[次针个期]|"
    r"\b\d{1,2}\s+(?!days|weeks|months|years|working|business|hours|minutes|times|dates|nights|sleeps|others)[a-z]{3,}s\b",
    re.IGNORECASE,
)
"""Numbers that name something."""
_CLAUSE = lazy_pattern(r"[,.!?;:()\n，。！？；：（）]+|\b(?:because|since (?!\0)|but|although)\b", re.IGNORECASE)
_ASKS = lazy_pattern(
    r"\b(?:how|what|which|when|whose|age|old|born|dob|due|until|till|since|weekends?|incl\w*|excl\w*|except|without|count\w*|days?|weeks?|months?|years?|weekday)\b|多|几|哪|什么|岁|星期|周",
    re.IGNORECASE,
)
_UNSURE = lazy_pattern(
    r"\0\s*(?:after|before|earlier|later|[之以]?[前后])\s*(?:,|$)|"
    r"\b(?:or|not|than|half|couple|few|several|about|around|roughly|circa)\s+(?:(?:the|an?|in|of|on)\s+){0,2}[\0\x01]|[\0\x01]\s*(?:or|ish)\b|"
    r"\b(?:excluding|except|without|not counting|skipping|ignoring|omit\w*|incl\w*|counted|counting|"
    r"weekends?|both|(?:last|final) day)\b|\b(?:or|and)\s+so\b|除了|"
    r"不算|不含|不包括|[\0\x01]左右|大[概约][\0\x01]|"
    r"\b(?:before|after|earlier|later|plus|minus)\s*(?:or\b|/)|[前后加减]\s*(?:或|还是)|"
    r"\b(?:twice|thrice|double|triple|half (?:of|the))\b|倍|一半",
    re.IGNORECASE,
)
_AFTER = lazy_pattern(
    r"\x01\s*(?:after|later|from|past|following|hence)\b|\x01\s*[之以]?后|\bin\s+\x01|\+\s*\x01", re.IGNORECASE
)
_BEFORE = lazy_pattern(
    r"\x01\s*(?:before|prior|ahead|earlier|ago|back)\b|\x01\s*[之以]?前|提前\s*\x01|(?<=\s)-\s*\x01", re.IGNORECASE
)
_DISTANCE = lazy_pattern(
    r"\bhow (?:long|many|much time)\b|\buntil\b|\btill\b|\bsince\b|\bleft\b|\bago\b|\bto go\b|"
    r"\bbetween\b|多少天|几天|多久|还有|相差|距",
    re.IGNORECASE,
)
_ASKS_ITSELF = lazy_pattern(
    r"[?？+]|\b(?:how|what|which|when|whose|old|age|until|till|since|between|ago|after|before|later|plus|minus|add|subtract|"
    r"from|to|and|or|not|incl\w*|ends?|(?<!\d )(?:days|weeks|months|years))\b|[多几哪吗呢前后]|什么|"
    r"星期|岁|到|至|加|减",
    re.IGNORECASE,
)
_ASKS_DUE = lazy_pattern(
    r"\b(?:due|deadline|when|expir\w*|last day)\b|到期|截止|几号|哪一?天|什么时候|何时", re.IGNORECASE
)
_BETWEEN = lazy_pattern(r"\bbetween\b(?!.*\b(?:now|today)\b)|之间", re.IGNORECASE)
_OPEN_START = lazy_pattern(
    r"从[^\0\d]{1,12}[到至]\s*\0|\bfrom (?:my|the|our|when|his|her)\b[^\0\d]{0,30}\b(?:to|until|till?)\s*\0",
    re.IGNORECASE,
)
"""From a day that is not said."""
_DIED = lazy_pattern(r"\b(?:died|dead|passed|death|killed)\b|去世|逝世", re.IGNORECASE)


def asks_by_rule(question: Question) -> bool:
    """Whether it asks when something is due after its only date, and the requirement says how long that is."""
    if question.earlier or not _ASKS_DUE.search(question.text) or rule_in(question.requirement) is None:
        return False
    return not DURATION.search(digits_for_words(question.text))


def asks_nothing(text: str) -> bool:
    """Whether it is for the requirement to say what is asked."""
    return _ASKS_ITSELF.search(text) is None


def by_roles(question: Question, in_figures: Callable[[str], str], understood: _Understood) -> Task | None:
    """A claim that can be met; `in_figures` puts numbers in digits and periods as dates, `understood` reads that."""
    try:
        plain = digits_for_words(plain_signs(question.text))
        task = leap_task(plain, question) or month_task(plain, question)
        task = task or _of_dates(in_figures(" ".join(question.text.split())), question, understood)
        return task if task is not None and not is_refused(task) else None
    except Impossible:
        raise
    except Refusal:
        return None


def _of_dates(text: str, question: Question, understood: _Understood) -> Task | None:
    found = [one for one in in_one_year(dates_in(text, question.today)) if _is_written(one, text)]
    refuse_other_weekday(text, found)
    if (task := series(text, found, question)) is not None:
        return task
    if not 0 < len(found) < 3:
        return None
    rest = _ASIDE.sub(" ", without_dates(text, found).replace("\0", " "))
    durations = list(DURATION.finditer(rest))
    marked = DURATION.sub("\x01", _marked(text, found))
    kept = " , ".join(
        one
        for one in _CLAUSE.split(marked)
        if "\0" in one or "\x01" in one or re.search(r"\d", one) or _ASKS.search(one)
    )
    if re.search(r"\d", _ASIDE.sub(" ", kept)) or _UNSURE.search(kept):
        return None
    sure = CERTAIN if question.alone else LIKELY
    first = found[0]
    rule = rule_in(question.requirement)
    if durations:
        return _moved(first, durations, kept, question) if len(found) == 1 and rule is None else None
    if len(found) == 1 and (ASKS_WEEKDAY.search(kept) or _only_weekday(kept, question)):
        return Task(sure, lambda: tell_day(first.day, question))
    if asks_age(kept, question.requirement) and not first.recurring:
        return _aged(found, kept, question)
    if len(found) == 1 and (_BETWEEN.search(kept) or _OPEN_START.search(marked)):
        return None
    if _DISTANCE.search(kept) and rule is None:
        return _again(f"{_asked_distance(kept)} {' and '.join(str(one.day) for one in found)}", question, understood)
    if rule is not None and len(found) == 1 and (task := ruled_day(first.day, rule, question)) is not None:
        return task
    whole = asked_of([one.day for one in found], question)
    task = _again(whole, question, understood) if whole is not None else None
    return task._replace(confidence=min(task.confidence, sure)) if task is not None else None


def _is_written(one: FoundDate, text: str) -> bool:
    """`now` and `today` stand in any text."""
    return (
        re.search(r"\d", text[one.start : one.end]) is not None
        or re.search(r"today|tomorrow|yesterday|今|明|昨|后天|mas|节|旦", text[one.start : one.end], re.IGNORECASE)
        is not None
    )


def _marked(text: str, found: list[FoundDate]) -> str:
    text = text.replace("\0", " ")
    for one in reversed(found):
        text = f"{text[: one.start]} \0 {text[one.end :]}"
    return text


def _again(text: str, question: Question, understood: _Understood) -> Task | None:
    return understood(question._replace(text=text, earlier=()))


def _asked_distance(kept: str) -> str:
    unit = re.search(r"\b(?:(?:working|business) days|weeks|months|years|days)\b|工作日|周|月|年", kept, re.IGNORECASE)
    return f"how many {unit.group() if unit else 'days'} between"


def _only_weekday(kept: str, question: Question) -> bool:
    """Whether the requirement asks for the day of the week and for nothing else of a date."""
    asked = question.requirement[:1000]
    return (
        ASKS_WEEKDAY.search(asked) is not None
        and not _DISTANCE.search(kept)
        and not (EDGE.search(asked) or BORN.search(asked) or _DISTANCE.search(asked) or DURATION.search(asked))
    )


def _moved(start: FoundDate, durations: "list[re.Match[str]]", kept: str, question: Question) -> Task | None:
    """From the date on, or back; a period of the prompt besides the one of the requirement is unclear."""
    after, before = _AFTER.search(kept), _BEFORE.search(kept)
    if after and before:
        return None
    sign = (
        "minus"
        if before
        else "plus"
        if after
        else sign_in(question.requirement) or ("minus" if BACK.search(kept) else "plus")
    )
    day = start.day
    if (
        start.recurring
        and day > question.today
        and sign == "plus"
        and re.search(r"\b(?:was|since|did|placed|brewed|ago|last)\b", kept, re.IGNORECASE)
    ):
        day = moved_months(day, -12)
    steps = " ".join(f"{sign} {one.group()}" for one in durations)
    if counts_first(question):
        return ruled_day(day, steps, question)
    return Task(CERTAIN if question.alone else LIKELY, lambda: added(day, steps, question))


def _aged(found: list[FoundDate], kept: str, question: Question) -> Task | None:
    if len(found) == 1 and _DIED.search(kept):
        return None
    born, on = (
        (found[0], FoundDate(0, 0, question.today)) if len(found) == 1 else sorted(found, key=lambda one: one.day)
    )
    if len(found) == 1 and born.day > question.today:
        return None
    return Task(CERTAIN, lambda: age(born, on, question))
