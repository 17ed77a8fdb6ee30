"""How old somebody is: on a day that a later turn names, or by a date that can be read in two ways."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date

from .calendar_dates import FoundDate, dates_in, moved_months
from .contract import CERTAIN, Answer, Impossible, Question, Refusal, Task, Value
from .date_ends import without_dates
from .date_spans import span
from .date_steps import added
from .patterns import lazy_pattern
from .wording import plain_signs

BORN = lazy_pattern(
    r"\b(?:born|hired|joined|employed|tenure|seniority|ages?|dob|d\.o\.b\.?|b-?day|birth(?:day|date)?)\b|出生|生于|生日|"
    r"年龄|[几周]岁|多大|入职|工龄|司龄",
    re.IGNORECASE,
)
SLASHED = lazy_pattern(r"(?:dob|born|birth(?:day|date)?|出生|生日)?[\s:]*(\d{1,2}/\d{1,2}/\d{4})[\s.?]*", re.IGNORECASE)
_MOST_TURNS_BACK = 4
_ON_THAT_DAY = lazy_pattern(
    r"\b(?:and|or|on|at|by|in|for|if|when|what|how|about|is|was|are|will|would|old|be|were|she|he|they|it|i|you|then|"
    r"the|that|race|event|match|game|start|day|date|of)\b|[那这]天|的时候|[时呢是到在]|[几多]岁|多大|[\s,.:;?!？。，]",
    re.IGNORECASE,
)
_WHEN = lazy_pattern(
    r"\b(?:when|the date|date (?:when|that|of)|(?:what|which) (?:year|date|day))\b|什么时候|哪一?[年天]|几时|何时|几号|"
    r"哪年哪月",
    re.IGNORECASE,
)
_REACHES = lazy_pattern(
    r"\b(?:when|turns?|turning|be|is|are|was|becomes?|reach(?:es|ed)?|hits?|gets?|(?:the )?age(?: of)?|completes?)\s+"
    r"(?:(?:to|the|age|of|full|he|she|they|i|it|\w+['’]s)\s+){0,3}(?P<en>\d{1,3})(?!\s*(?:business |working |work ?|"
    r"week)?(?:days?|weeks?|months?))"
    r"(?: years?(?: old)?| yrs?)?\b(?!\s*(?:and|½))|(?P<nth>\d{1,3})(?:st|nd|rd|th) birthday|(?:满|到|"
    r"过)?(?P<zh>\d{1,3})周?岁",
    re.IGNORECASE,
)
_LONGEST = 200
_HOW_OLD = lazy_pattern(r"\bhow old\b|\bages?\b|[几多]少?岁|周岁|多大|年龄", re.IGNORECASE)
_HOW_FAR = lazy_pattern(r"\bhow many (?:days|weeks|months)\b|\b(?:until|till|since)\b|多少天|几天|还有", re.IGNORECASE)
_IN_A_YEAR = lazy_pattern(
    r"\b(?:in|by|during)\s+(?:the year\s+)?(?P<en>(?:19|20|21)\d\d)\b(?![-/.]\d)|"
    r"(?P<zh>(?:19|20|21)\d\d)\s*年(?!\s*\d)",
    re.IGNORECASE,
)
_YEARS = lazy_pattern(r"\b(?:how many|full|whole|number of|in) years\b|\bhow old\b|[几多]少?年|多大", re.IGNORECASE)
_EITHER = lazy_pattern(r"(?<![\d/.-])(\d{1,2})/(\d{1,2})/(\d{4})(?![\d/])")


def age_on(found: FoundDate, rest: str, question: Question) -> Task | None:
    """`and on 2027-03-01?` after a birthday; `rest` is what the prompt says beside its date."""
    before = next((one for one in question.earlier[:_MOST_TURNS_BACK] if BORN.search(one)), None)
    if before is None or _ON_THAT_DAY.sub("", rest) or re.search(r"\bborn\b|\bdob\b|出生", rest, re.IGNORECASE):
        return None
    born = dates_in(plain_signs(before), question.today)
    if not born or born[0].recurring:
        return None
    return Task(CERTAIN, lambda: age(born[0], found, question))


def age(born: FoundDate, on: FoundDate, question: Question) -> Answer:
    """Raises Impossible for a day before the birth."""
    if born.day > on.day:
        raise Impossible(
            f"{born.day} is after {on.day}: there is no age or time served yet on that day.",
            f"{born.day} 在 {on.day} 之后，那时还没有年龄或工龄。",
        )
    of_people = re.search("岁|年龄|多大|生日|出生", f"{question.requirement[:1000]}{question.text}")
    return span(born.day, on.day, "age" if of_people or not question.chinese else "years", question)


def age_reached(rest: str) -> int | None:
    """67 in `when does she turn 67`, where no other number stands beside it."""
    reached = _REACHES.search(rest) if _WHEN.search(rest) else None
    if reached is None or re.search(r"\d", rest[: reached.start()] + rest[reached.end() :]):
        return None
    return int(reached["en"] or reached["nth"] or reached["zh"])


def turning(text: str, question: Question) -> Task | None:
    """`and when will she be 60?` after a birthday in a turn before."""
    years = age_reached(text)
    before = next((one for one in question.earlier[:_MOST_TURNS_BACK] if BORN.search(one)), None)
    born = dates_in(plain_signs(before), question.today) if before is not None and years is not None else []
    if not born or born[0].recurring or born[0].day >= question.today:
        return None
    return Task(CERTAIN, lambda: added(born[0].day, f"plus {years} years", question))


def refuse_without_year(question: Question) -> None:
    """Raises Impossible for an age where a birthday has no year: `her birthday is 9 August, flight 20 Dec 2026`."""
    text = plain_signs(question.text)
    if len(text) > _LONGEST or not BORN.search(text) or _HOW_FAR.search(text):
        return
    if not _HOW_OLD.search(f"{text} {question.requirement[:1000]}"):
        return
    found: list[FoundDate] = []
    with suppress(Refusal):
        found = dates_in(text, question.today)
    if [one.recurring for one in found] in ([True, False], [False, True]):
        raise Impossible("In which year was the birth?", "是哪一年出生的？")


def age_in_year(question: Question) -> Task | None:
    """`how old in 2030?` of a birth in the prompt or in a turn before: the age from the birthday on."""
    text = plain_signs(question.text.strip())
    asked = _IN_A_YEAR.search(text) if len(text) <= _LONGEST and _HOW_OLD.search(text) else None
    if asked is None:
        return None
    rest = f"{text[: asked.start()]} {text[asked.end() :]}"
    born = dates_in(rest, question.today)
    if re.search(r"\d", without_dates(rest, born)):
        return None
    for before in question.earlier[:_MOST_TURNS_BACK] if not born else ():
        born = born or dates_in(plain_signs(before[:_LONGEST]), question.today)
    year = int(asked["en"] or asked["zh"])
    if len(born) != 1 or born[0].recurring or year <= born[0].day.year:
        return None
    return Task(CERTAIN, lambda: _age_in(born[0].day, year, question))


def _age_in(born: date, year: int, question: Question) -> Answer:
    years = year - born.year
    birthday = moved_months(born, 12 * years)
    if question.chinese:
        text = f"{years} 岁（从 {year} 年的生日 {birthday} 起；之前 {years - 1} 岁）。"
    else:
        text = f"{years} years, from the birthday on {birthday} on; {years - 1} before it."
    return Answer(text, {"born": str(born), "year": year}, {"years": years}, (Value(str(years)),))


def written_either_way(text: str) -> bool:
    return len(_EITHER.findall(text)) == 1


def either_way(question: Question, read: Callable[[Question], Task | None]) -> Task | None:
    """The age by `03/04/1990`, where it is the same in both orders of day and month."""
    found = list(_EITHER.finditer(question.text))
    if len(found) != 1 or not (BORN.search(question.text) or _YEARS.search(question.text)):
        return None
    a, b, year = found[0].groups()
    texts = [
        question.text.replace(found[0].group(), f"{year}-{one:0>2}-{other:0>2}") for one, other in ((a, b), (b, a))
    ]
    tasks = [read(question._replace(text=text)) for text in texts]
    answers = [task.run() for task in tasks if task is not None]
    years = [answer.tool_output.get("years") for answer in answers]
    if len(years) != 2 or years[0] is None or years[0] != years[1]:
        return None
    written, count = found[0].group(), years[0]
    text = (
        f"{count} {'岁' if BORN.search(question.text) else '年'}（{written} 两种读法结果相同）。"
        if question.chinese
        else f"{count} years, in whichever order {written} is read."
    )
    told = Answer(text, {"written": written}, {"years": count}, (Value(str(count)),))
    return Task(CERTAIN, lambda: told)
