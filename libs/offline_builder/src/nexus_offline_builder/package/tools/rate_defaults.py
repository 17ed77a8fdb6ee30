"""What a requirement does to every amount, as `VAT 19%, net from gross`: for prompts that are nothing but an amount."""

import re
from fractions import Fraction
from typing import NamedTuple

from .bills import refuse_mixed_currencies
from .contract import Question, Refusal
from .patterns import lazy_pattern
from .priced_pieces import (
    AMOUNT,
    COUNTED,
    KINDS,
    NUMBERED,
    RATE,
    TAX,
    WITH_TAX,
    Kind,
    Told,
    names_only,
    plain_number,
    told_in,
)
from .tax_sides import BOTH_WAYS, PUTS_ON, TAKES_OUT, direction, is_gross, roles_in, side
from .taxes import roles_alone, tax_in
from .wording import digits_for_words, plain_signs, without_habits

_LONGEST_PROMPT = 120
_CUT = lazy_pattern(r"打?\s*(\d(?:\.\d)?|\d\d)\s*折")
_PEOPLE = lazy_pattern(
    r"(\d{1,2})\s*(?:people|persons?|of us|friends|flatmates|housemates|roommates|ways|colleagues|guests)\b|"
    r"(\d{1,2})\s*个?(?:人|室友|朋友)",
    re.IGNORECASE,
)
_FOR_SO_MANY = lazy_pattern(
    r"\b(?:for|by|between|among|we are)\s+(\d{1,2})(?=\s*(?:$|[,;.?!]|with\b|and\b|at\b|each\b|\d))", re.IGNORECASE
)
_BARE_RATE = lazy_pattern(r"\b(vat|gst|mwst)\s*(?:of|is|at|:)?\s*(\d{1,2}(?:\.\d+)?)(?![\d.%]|\s*%)", re.IGNORECASE)
_SHARED = lazy_pattern(
    r"\b(?:split\w*|shar\w+|each|owes?|per (?:person|head)|divid\w+)\b|平[分摊]|均摊|每个?人|AA", re.IGNORECASE
)
_JOINS = lazy_pattern(r"\b(?:at|with|and|for|by|between|among|we are|are|each)\b|[,;@/]|[，；]", re.IGNORECASE)
_CONDITIONAL = lazy_pattern(
    r"\b(?:if|unless|except|over|above|below|under|only|members?|students?|seniors?|pensioners?|children|kids)\b|"
    r"如果|超过|满|会员|学生|老人|儿童|除",
    re.IGNORECASE,
)
_HOW_MUCH_TAX = lazy_pattern(
    r"(?:(?:and|so|ok|what about|now)[\s,]+)*(?:the |just the |only the )?(?:tax|vat)(?: (?:part|"
    r"amount|in it))?[\s?.!]*|"
    r"(?:(?:and|so|ok)[\s,]+)*(?:how much|what) (?:of (?:it|that|this) )?(?:is|was) (?:the |"
    r"just the )?(?:tax|vat)[\s?.!]*|"
    r"(?:那|其中)*税(?:额|金)?(?:是|有)?多少[？?。]*",
    re.IGNORECASE,
)
_TAXED = lazy_pattern(r"(?P<net>[\d.]+) plus (?P<rate>[\d.]+)% VAT|remove (?P<in>[\d.]+)% VAT from (?P<gross>[\d.]+)")


class _Rule(NamedTuple):
    """What the requirement does to an amount; `kind` is None for a tax. `rate` is empty where each prompt names it."""

    kind: Kind | None
    rate: str


_UNLESS_SAID = lazy_pattern(
    r"[,;(]?\s*\b(?:but )?(?:unless|except (?:when|if)|if not|if nothing|if (?:i|we|they|you) (?:don'?t|"
    r"do not))\b[^,;.)]*?"
    r"\b(?:says?|said|tell|told|state\w*|mention\w*|specif\w+|writ\w+|giv\w+|otherwise|other|else|another|"
    r"different)\b[^,;.)]*\)?|"
    r"[,;]?\s*(?:then|or what(?:ever)?) i (?:say|tell|write|type)(?: it| you| so)*|"
    r"[,;]?\s*(?:and )?(?:it (?:should|can|could) )?also\b[^.;]*\b(?:when|if) i (?:ask|say|want)\b[^.;]*|"
    r"除非[^，。；]*|不说就|没说(?:就|都)?",
    re.IGNORECASE,
)
_SOMETIMES = lazy_pattern(
    r"(?:\b(?:sometimes|reduced|lower|food|books|rarely|occasionally)\b|有时|部分)[^\d%]{0,24}$", re.IGNORECASE
)
"""Of money, three digits behind a point are no cents."""
_DECIMALS = lazy_pattern(
    r"保留\S{1,2}位小数|\b(?:to|with|rounded to)? ?(?:\d|two|three) (?:decimals?(?: places)?|dp)\b|\bfirst\b|第二件",
    re.IGNORECASE,
)
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
_EVERY = lazy_pattern(r"(?P<each>每)?满\s*(?P<full>\d+)\s*元?\s*(?:立?减|优惠)\s*(?P<off>\d+)\s*元?", re.IGNORECASE)
_ASKS_TAX = lazy_pattern(
    r"税[额金款]|税(?:费)?(?:是|有)?多少|\b(?:vat|tax|gst) (?:amount|part|content|inside|in it)|"
    r"\bhow much (?:of it is )?(?:the )?(?:vat|tax|gst)\b|"
    r"\b(?:vat|tax|gst)\s*\?",
    re.IGNORECASE,
)
_PERCENT = lazy_pattern(r"%|\bper ?cent|\brate\b|百分", re.IGNORECASE)


def in_full(question: Question, requirement: str) -> str | None:
    """An amount together with what is done to each, as in `remove 19% VAT from 476`; None if that is not all clear."""
    text = without_habits(plain_signs(question.text.strip()))
    if len(text) > _LONGEST_PROMPT or "\n" in text:
        return None
    if question.earlier and (_HOW_MUCH_TAX.fullmatch(text) or roles_alone(text)):
        return _tax_before(question.earlier[0], text)
    if not tax_in(text) and (lines := tax_in(digits_for_words(text), requirement)):
        return "\n".join(lines)
    wanted = _UNLESS_SAID.sub(" ", plain_signs(requirement))
    wanted = digits_for_words(re.sub(r"\bone\b", " ", _DECIMALS.sub(" ", wanted), flags=re.IGNORECASE))
    moved, wanted_now = _moved(text, _BARE_RATE.sub(r"\1 \2%", wanted))
    if (taxed := _with_rate(moved, wanted_now)) is not None:
        return taxed
    return (
        _shared(moved, wanted_now)
        or _cut(text, wanted)
        or _chained(text)
        or _ruled(question, _BARE_RATE.sub(r"\1 \2%", wanted))
    )


def _moved(text: str, wanted: str) -> tuple[str, str]:
    """The prompt without the rate and the people that it names, which take the place of the requirement's."""
    if _SHARED.search(wanted):
        text = _FOR_SO_MANY.sub(r" \1 people ", text)
    for form in (RATE, _PEOPLE):
        found = list(form.finditer(text))
        if len(found) == 1:
            text = text.replace(found[0].group(), " ")
            wanted = f"{form.sub(' ', wanted)} {found[0].group()}"
    return text, wanted


def _rest(wanted: str, *read: "re.Match[str]") -> str:
    for found in read:
        wanted = wanted.replace(found.group(), " ")
    return wanted


def _alone(text: str) -> str | None:
    """The only number of a prompt that is otherwise a label."""
    amount = AMOUNT.search(text)
    if amount is None or re.search(r"\d", left := f"{text[: amount.start()]} {text[amount.end() :]}"):
        return None
    refuse_mixed_currencies(text)
    return plain_number(amount[1]) if names_only(_JOINS.sub(" ", left), 1) else None


def _shared(text: str, wanted: str) -> str | None:
    """A bill among as many as the requirement says, with the tip that it says."""
    people, number = list(_PEOPLE.finditer(wanted)), _alone(text)
    if len(people) != 1 or not _SHARED.search(wanted) or number is None:
        return None
    rates = list(RATE.finditer(wanted))
    tip = KINDS[0].said.search(wanted)
    if re.search(r"\d", _rest(wanted, *people, *rates)) or len(rates) > 1 or (rates and not tip):
        return None
    share = f", {rates[0][1] or rates[0][2]}% tip" if rates else ""
    return f"bill {number}, {people[0][1] or people[0][2]} people{share}"


def _cut(text: str, wanted: str) -> str | None:
    if full := _EVERY.search(text):
        told = told_in(_EVERY.sub(" ", text))
        if told is None or len(told.amounts) != 1 or told.rates:
            return None
        often = int(Fraction(told.amounts[0]) // int(full["full"]))
        return f"{told.amounts[0]} - {often if full['each'] else min(often, 1)} * {full['off']}"
    found = list(_CUT.finditer(digits_for_words(text))) or list(_CUT.finditer(wanted))
    wanted = wanted if not _CUT.search(digits_for_words(text)) else ""
    wanted = wanted or "".join(one.group() for one in found)
    if len(found) != 1 or re.search(r"\d", _rest(wanted, *found)):
        return None
    tenths = found[0][1] if "." in found[0][1] or len(found[0][1]) == 1 else f"{found[0][1][0]}.{found[0][1][1]}"
    told = told_in(digits_for_words(_CUT.sub(" ", digits_for_words(text))))
    form = "{n}打{t}折" if _CUT.search(digits_for_words(text)) else "{n} * {t} / 10"
    return "\n".join(form.format(n=one, t=tenths) for one in told.amounts) if told and not told.rates else None


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
    told = told_in(_MORE.sub(" ", _LESS.sub(" ", _AND_THEN.sub(" ", plain))))
    return f"{told.amounts[0]}{''.join(steps)}" if told is not None and len(told.amounts) == 1 else None


def _rule_in(wanted: str, text: str) -> _Rule | None:
    """The rate that is meant where none is said, and what is done with it; a prompt about tax is about nothing else."""
    rates = list(RATE.finditer(wanted))
    if re.search(r"\d", _rest(wanted, *rates)) or _CONDITIONAL.search(wanted):
        return None
    usual = [one for at, one in enumerate(rates) if not (at and _SOMETIMES.search(wanted[: one.start()]))]
    if len(usual) > 1:
        return None
    rate, at = ((usual[0][1] or usual[0][2]), usual[0].start()) if usual else ("", 0)
    if TAX.search(wanted) and (
        TAX.search(text) or (side(text) is not None and not any(kind.said.search(text) for kind in KINDS))
    ):
        return _Rule(None, rate)
    if TAX.search(wanted):
        return (
            _Rule(None, rate)
            if not any(kind.said.search(TAKES_OUT.sub(" ", PUTS_ON.sub(" ", wanted))) for kind in KINDS)
            else None
        )
    near = sorted(
        (min(abs(one.start() - at) for one in found), index)
        for index, kind in enumerate(KINDS)
        if (found := list(kind.said.finditer(wanted)))
    )
    if not near or (len(near) > 1 and (not usual or near[0][0] == near[1][0])):
        return None
    return _Rule(KINDS[near[0][1]], rate)


def _ruled(question: Question, wanted: str) -> str | None:
    """Each amount of the prompt with the rate that it names, or the requirement does. Raises Refusal without either."""
    text = without_habits(plain_signs(question.text.strip()))
    rule, told = _rule_in(wanted, text), told_in(text)
    if rule is None or told is None or (not told.amounts and not told.rates):
        return None
    if rule.kind is None and _ASKS_TAX.search(text):
        gross = side(_ASKS_TAX.sub(" ", text))
        rates = told.rates or [rule.rate]
        if gross is None or len(told.amounts) != 1 or len(rates) != 1 or not rates[0]:
            return None
        return (
            f"{told.amounts[0]} - {told.amounts[0]} / (100% + {rates[0]}%)"
            if gross
            else f"{told.amounts[0]} * {rates[0]}%"
        )
    refuse_mixed_currencies(text)
    if not told.amounts:
        if question.earlier or len(told.rates) > 1:
            return None
        raise Refusal(f"{told.rates[0]}% of which amount?", f"{told.rates[0]}% 是按哪个金额算？")
    rates = told.rates or ([rule.rate] if rule.rate else [])
    if len(rates) > 1 and (rule.kind is None or len(rule.kind.forms) > 1):
        return None
    if not rates:
        if rule.kind is None or not _PERCENT.search(wanted):
            return None
        raise Refusal("How many percent?", "百分之几？")
    if rule.kind is not None:
        forms = [
            form.replace(" {r}%", " " + f" {form[4]} ".join(f"{one}%" for one in rates)) for form in rule.kind.forms
        ]
        return "\n".join(form.format(n=one) for one in told.amounts for form in forms)
    return _taxed(told, rates[0], wanted)


def _taxed(told: Told, rate: str, wanted: str) -> str | None:
    if len(told.amounts) > 1:
        gross = direction(wanted) if side(" ".join(told.said)) is None else side(" ".join(told.said))
        form = None if gross is None else "{n} / (100% + {r}%)" if gross else "{n} + {r}%"
        return "\n".join(form.format(n=one, r=rate) for one in told.amounts) if form else None
    number, said = told.amounts[0], told.said
    if added := WITH_TAX.search(" ".join(said)):
        plus = bool(added["plus"] or added["zh"])
        return (
            (f"{number} plus {rate}% VAT" if plus else f"remove {rate}% VAT from {number}")
            if side(WITH_TAX.sub(" ", " ".join(said))) in (None, not plus)
            else None
        )
    gross = is_gross(said, wanted)
    if gross is None and not (side(" ".join(said)) is not None or BOTH_WAYS.search(wanted)):
        return f"{number} plus {rate}% VAT\nremove {rate}% VAT from {number}"
    if gross is None:
        return None
    whole = f"remove {rate}% VAT from {number}" if gross else f"{number} plus {rate}% VAT"
    if "tax" not in roles_in(wanted)[1]:
        return whole
    lines = (f"{number} / (100% + {rate}%)", f"{number} - {number} / (100% + {rate}%)")
    return "\n".join(lines if gross else (f"{number} * {rate}%", f"{number} + {rate}%"))


def _with_rate(text: str, wanted: str) -> str | None:
    """`vat in 300 gross` with the only rate that the requirement names."""
    rates = list(RATE.finditer(wanted))
    if (
        len(rates) != 1
        or not TAX.search(wanted)
        or re.search(r"\d", _rest(wanted, *rates))
        or _CONDITIONAL.search(wanted)
    ):
        return None
    whole = f"{text.rstrip('?. ')}, {rates[0][1] or rates[0][2]}%"
    if not TAX.search(whole):
        whole = re.sub(r"\b(inc|incl|ex|excl)\b\.?", r"\1 vat", whole, count=1, flags=re.IGNORECASE)
    return whole if tax_in(whole) else None


def _tax_before(before: str, asked: str) -> str | None:
    """The tax in the amount of the turn before, or the amount without or with it."""
    found = _TAXED.fullmatch(before)
    if found is None:
        return None
    amount, rate = found["net"] or found["gross"], found["rate"] or found["in"]
    asked_side = side(asked)
    if asked_side is None:
        return f"{amount} * {rate}%" if found["net"] else f"{amount} - {amount} / (1 + {rate}%)"
    if asked_side == (found["net"] is None):
        return None
    return before
