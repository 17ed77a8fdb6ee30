"""Turns about the list of numbers before: `without the 66`, `drop the lowest`, `the 66 was a 70`, `median?`."""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from . import figures
from .contract import CERTAIN, Question, Refusal, Task
from .number_lists import answer_of, asked_alone, asked_in, numbers_alone
from .patterns import lazy_pattern
from .wording import digits_for_words, plain_signs

_LONGEST = 80
_N = r"-?\d+(?:\.\d+)?"
_LOW = r"(?:lowest|worst|smallest|minimum|bottom|最低分?|最小值?|最差)"
_HIGH = r"(?:highest|best|largest|biggest|maximum|top|最高分?|最大值?|最好)"
_PRO_ONE = lazy_pattern(r"\b(\w+st|that|the|top|bottom)\s+one\b", re.IGNORECASE)
_LEAD = r"(?:(?:and|but|ok|now|so|then|what|how|about|if|please|i|we|you|那么?|如果|要是|再)[\s,]*)*"
_ONE = r"(?:\s*(?:one|mark|score|grade|value|number|分|那个|的))*"
_OUT = lazy_pattern(
    rf"{_LEAD}(?:without|drop|remove|minus|except|excluding|leave out|leaving out|ignore|skip|not counting|"
    rf"take (?:out|away)|delete|"
    rf"去掉|除去|除了|不算|不要|删掉?)\s*(?:(?:the|my|a|an|that|最后)\s+)*(?:(?P<low>{_LOW})|(?P<high>{_HIGH})|"
    rf"(?P<value>{_N})){_ONE}(?:呢|的话|\s*(?:please|then|too))*[\s?.!？。]*",
    re.IGNORECASE,
)
_IN = lazy_pattern(
    rf"{_LEAD}(?:(?:with|plus|add|also|another|too|i (?:also )?(?:got|have)|加上?|还有|再加)\s+)*(?:an?\s+|"
    rf"one\s+)?(?P<value>{_N})"
    rf"(?P<too>(?:\s*(?:too|as well|also|added|on top|more|进去))*)(?:呢|的话)*[\s?.!？。]*",
    re.IGNORECASE,
)
_SAYS_MORE = lazy_pattern(
    r"\b(?:with|plus|add|also|another|too|got|have|as well|added)\b|加|还有|进去|\band an?\b", re.IGNORECASE
)
_CHANGED = lazy_pattern(
    rf"{_LEAD}(?:change|replace|make|correct|把|将)?\s*(?:the\s+)?(?P<old>{_N})\s*(?:was|is|to|with|by|should be|were|"
    rf"becomes?|->|→|"
    rf"(?:改|换)[成为]?|应该是|其实是)(?:\s*(?:really|actually|an?))*\s*(?P<new>{_N})(?:呢|的话)*[\s?.!？。]*",
    re.IGNORECASE,
)
_IN_FULL = lazy_pattern(r"(?P<name>average|median|max|min|product|sum) of (?P<list>[-\d., ]+)")


_HEADED = lazy_pattern(r"(?P<asked>[^\d\n]{1,60})[:：]\s*\n+(?P<rest>.*)", re.DOTALL)


class _List(NamedTuple):
    numbers: list[Fraction]
    asked: list[str]


def list_turn(question: Question) -> Task | None:
    """A claim on a turn that changes the list before, or asks something else of it."""
    text = plain_signs(question.text.strip())
    if not question.earlier or len(text) > _LONGEST:
        return None
    text = digits_for_words(_PRO_ONE.sub(r"\1", text))
    change, asked = _change(text), asked_alone(text)
    before = _before(question.earlier) if change or asked else None
    if before is None:
        return None
    if change is None:
        return Task(CERTAIN, lambda: answer_of(before.numbers, [asked or "sum"], question))
    return Task(CERTAIN, lambda: answer_of(change(before.numbers), before.asked, question))


def _before(earlier: tuple[str, ...]) -> _List | None:
    """The list as the turns in between left it."""
    for at, text in enumerate(earlier):
        known = _listed(text)
        if known is None:
            continue
        for later in reversed(earlier[:at]):
            plain = digits_for_words(_PRO_ONE.sub(r"\1", plain_signs(later.strip())))
            if change := _change(plain):
                known = known._replace(numbers=change(known.numbers))
        return known
    return None


def _listed(text: str) -> _List | None:
    lines = [_IN_FULL.fullmatch(line.strip()) for line in text.split("\n")]
    if all(lines):
        found = [line for line in lines if line is not None]
        members = [Fraction(one.replace(",", "")) for one in re.split(r",?\s+", found[0]["list"].strip(" ,"))]
        return _List(members, [line["name"] for line in found])
    if headed := _HEADED.fullmatch(text):
        members, names = numbers_alone(plain_signs(headed["rest"])), asked_in(headed["asked"])
        return _List(members, names) if members is not None and names else None
    numbers = numbers_alone(plain_signs(text))
    return _List(numbers, ["sum", "average"]) if numbers is not None else None


def _change(text: str) -> Callable[[list[Fraction]], list[Fraction]] | None:
    if out := _OUT.fullmatch(text):
        return lambda numbers: _without(numbers, out)
    if changed := _CHANGED.fullmatch(text):
        old, new = Fraction(changed["old"]), Fraction(changed["new"])
        return lambda numbers: [new if at == _place(numbers, old) else one for at, one in enumerate(numbers)]
    if (more := _IN.fullmatch(text)) and _SAYS_MORE.search(text):
        return lambda numbers: [*numbers, Fraction(more["value"])]
    return None


def _without(numbers: list[Fraction], out: "re.Match[str]") -> list[Fraction]:
    value = min(numbers) if out["low"] else max(numbers) if out["high"] else Fraction(out["value"])
    at = _place(numbers, value)
    left = numbers[:at] + numbers[at + 1 :]
    if not left:
        raise Refusal("Then no number is left.", "这样就没有数了。")
    return left


def _place(numbers: list[Fraction], value: Fraction) -> int:
    if value not in numbers:
        shown = figures.shown(value)
        raise Refusal(f"There is no {shown} among the numbers.", f"这些数中没有 {shown}。")
    return numbers.index(value)
