"""What a requirement does to every amount, as `VAT 19%, net from gross`: for prompts that are nothing but an amount."""

import re
from fractions import Fraction

from .contract import Question
from .exchange import exchanged
from .margins import margin_of
from .patterns import lazy_pattern
from .priced_pieces import COUNTED, NUMBERED, RATE
from .rate_roles import by_the_rate, plain_amounts
from .stated_prices import by_the_price, prices_in
from .stated_rates import stated_in
from .wording import digits_for_words, plain_signs, without_habits

_LONGEST_PROMPT = 120
_CUT = lazy_pattern(r"打?\s*(\d(?:\.\d)?|\d\d)\s*折")
_LESS = lazy_pattern(
    r"\b(?:(?:trade |cash )?discount|off|less|rebate|reduction|deduct)\b(?: the (?:lot|total|price))?|优惠|折扣|减",
    re.IGNORECASE,
)
_MORE = lazy_pattern(
    r"\b(?:gst|vat|(?:sales )?tax|service(?: charge)?|surcharge|mark-?up|plus|add)\b|[加税]", re.IGNORECASE
)
_AND_THEN = lazy_pattern(
    r"\b(?:thereafter|then|after that|afterwards|kindly|please|tell|me|final(?:ly)?|payable|amount|to pay|list|"
    r"price|how much|what|is|rs)\b\.?|"
    r"₹|然后|再|最后",
    re.IGNORECASE,
)
_ASKS_BEFORE = lazy_pattern(r"原价\s*(?:是|为)?\s*多少|折后|折之?后|original|before", re.IGNORECASE)
_EVERY = lazy_pattern(r"(?P<each>每)?满\s*(?P<full>\d+)\s*元?\s*(?:立?减|优惠)\s*(?P<off>\d+)\s*元?", re.IGNORECASE)


def states_a_figure(requirement: str) -> bool:
    """Whether the requirement itself says how much."""
    stated = stated_in(requirement)
    return bool(prices_in(requirement)) or (stated is not None and bool(stated.rate))


def by_what_is_stated(question: Question, requirement: str) -> str | None:
    """The prompt in full by the rate, the price of a unit or the way of exchanging that the requirement states."""
    readings = (read(question, requirement) for read in (margin_of, by_the_rate, by_the_price, exchanged))
    return next((one for one in readings if one is not None), None)


def in_full(question: Question, requirement: str) -> str | None:
    """An amount with the cuts that the prompt or the requirement says, as in `476 * 8 / 10`; None if unclear."""
    text = without_habits(plain_signs(question.text.strip()))
    if len(text) > _LONGEST_PROMPT or "\n" in text:
        return None
    return _cut(text, digits_for_words(plain_signs(requirement))) or _chained(text)


def _cut(text: str, wanted: str) -> str | None:
    if full := _EVERY.search(text):
        amounts = plain_amounts(_EVERY.sub(" ", text))
        if amounts is None or len(amounts) != 1:
            return None
        whole = sum(map(Fraction, re.findall(r"[\d.]+", amounts[0])))
        often = int(whole // int(full["full"]))
        return f"{amounts[0]} - {often if full['each'] else min(often, 1)} * {full['off']}"
    if _ASKS_BEFORE.search(text):
        return None
    said = digits_for_words(text)
    own = list(_CUT.finditer(said))
    found = own or list(_CUT.finditer(wanted))
    if len(found) != 1 or (not own and re.search(r"\d", _CUT.sub(" ", wanted))):
        return None
    tenths = found[0][1] if "." in found[0][1] or len(found[0][1]) == 1 else f"{found[0][1][0]}.{found[0][1][1]}"
    form = "{n}打{t}折" if own else "{n} * {t} / 10"
    amounts = plain_amounts(_CUT.sub(" ", said))
    return "\n".join(form.format(n=one, t=tenths) for one in amounts) if amounts else None


def _chained(text: str) -> str | None:
    """`list price 12,500, discount 8%, then GST 18%`: each rate on what is left before it."""
    plain = digits_for_words(NUMBERED.sub(" ", text))
    rates = list(RATE.finditer(plain))
    ends = [0, *(one.end() for one in rates), len(plain)]
    steps: list[str] = []
    for at, one in enumerate(rates):
        behind = re.split(
            r"[,;.]\s", plain[one.end() : ends[at + 2] if at + 2 < len(ends) - 1 else len(plain)], maxsplit=1
        )[0]
        near = plain[ends[at] : one.start()][-28:] + (
            behind if at + 1 == len(rates) or "," in plain[one.end() : rates[at + 1].start()] else ""
        )
        less, more = _LESS.search(near), _MORE.search(near)
        if (less is None) == (more is None):
            return None
        steps.append(f" {'-' if less else '+'} {one[1] or one[2]}%")
    in_order = len(steps) > 1 and (
        any("-" in step for step in steps) or re.search(r"\b(?:then|after)|再|然后", plain, re.IGNORECASE)
    )
    if not (in_order or (len(steps) == 1 and "-" in steps[0] and COUNTED.search(RATE.sub(" ", plain)))):
        return None
    amounts = plain_amounts(_MORE.sub(" ", _LESS.sub(" ", _AND_THEN.sub(" ", RATE.sub(" ", plain)))))
    return f"{amounts[0]}{''.join(steps)}" if amounts and len(amounts) == 1 else None
