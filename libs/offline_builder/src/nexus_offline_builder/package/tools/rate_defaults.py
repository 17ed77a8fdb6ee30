"""What a requirement does to every amount, as `VAT 19%, net from gross`: for prompts that are nothing but an amount."""

import re
from typing import NamedTuple

from .bills import refuse_mixed_currencies
from .contract import Question
from .patterns import lazy_pattern
from .taxes import roles_alone, tax_in
from .wording import digits_for_words, plain_signs, without_habits

_LONGEST_PROMPT = 80
_AMOUNT = lazy_pattern(
    r"(?<![A-Za-z0-9_.,])[$€£¥]?\s*((?:\d{1,3}(?:[.,' ]\d{3})+|\d+)(?:[.,]\d{1,2})?)(?![\w,.]*\d)(?!\s*%)"
)
_RATE = lazy_pattern(r"(\d+(?:\.\d+)?)\s*(?:%|percent\b|per cent\b)|百分之\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
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
_NET = lazy_pattern(
    r"\b(?:net(?:to)?|before (?:the )?(?:tax|vat)|excl\w*|without (?:the )?(?:tax|vat)|ex (?:tax|vat))\b|"
    r"不含税|税前|未税",
    re.IGNORECASE,
)
_GROSS = lazy_pattern(
    r"\b(?:gross|brutto|incl\w*|with (?:the )?(?:tax|vat)|after (?:the )?(?:tax|vat))\b|(?<!不)含税|税后", re.IGNORECASE
)
_ASKS_FOR = lazy_pattern(
    r"\b(?:what|how much|give me|to|into|is|the|please|i need)\b|->|→|=|[,;?？，]|多少|是|求|算", re.IGNORECASE
)
_TO_FIRST = lazy_pattern(r"\b(?:from|of|out of|when|given|if|using|based on)\b", re.IGNORECASE)
_TO_SECOND = lazy_pattern(r"\b(?:in)?to\b|->|→|[算换转求得到]", re.IGNORECASE)
_BOTH_WAYS = lazy_pattern(r"\b(?:other way|both|vice versa|reverse|back)\b|<-*>|↔|互|反过来|两", re.IGNORECASE)
_TAKES_OUT = lazy_pattern(
    r"\b(?:remove|take (?:out|off)|strip|deduct|subtract|exclude|back out) (?:the )?(?:\S+ ){0,2}(?:tax|vat|"
    r"gst)\b|去税|扣税",
    re.IGNORECASE,
)
_PUTS_ON = lazy_pattern(
    r"\b(?:add|adds|adding|plus|put|with) (?:the |on )?(?:\S+ ){0,2}(?:tax|vat|gst)\b|加税|加上税", re.IGNORECASE
)
_TAX = lazy_pattern(r"\b(?:vat|tax|gst|mwst|ust|iva|tva)\b|税", re.IGNORECASE)
_WITH_TAX = lazy_pattern(
    r"(?:(?P<plus>\bplus|\+|\badd)|\bminus|\bless|-|\bremove|\btake off)\s*(?:the )?(?:vat|tax|gst|mwst|ust|iva|tva)\b|"
    r"(?P<zh>加上?)税",
    re.IGNORECASE,
)
_LABEL = lazy_pattern(
    r"\b(?:is|comes to|came to|price|bill|total|amount|invoice|cost|costs|it|for|my|our|a|an|rent|dinner|lunch|check|"
    r"eur|euros?|usd|dollars?|gbp|pounds?|was|bucks|of)\b|[€$£¥:.!]|一共|总共|合计|共|消费|花了?|吃了?|元|块|价格?|原价|账单|金额|发票",
    re.IGNORECASE,
)
_JOINS = lazy_pattern(r"\b(?:at|with|and|for|by|between|among|we are|are|each)\b|[,;@/]|[，；]", re.IGNORECASE)
_CONDITIONAL = lazy_pattern(
    r"\b(?:if|unless|except|over|above|below|under|only|members?|students?|seniors?|pensioners?|children|kids)\b|"
    r"如果|超过|满|会员|学生|老人|儿童|除",
    re.IGNORECASE,
)
_NAME = lazy_pattern(
    r"\s*(?:(?:the|a|my|this)\s+)?(?!(?:half|double|twice|triple|third|quarter|square|root|sqrt|minus|plus|times|"
    r"negative|"
    r"dozen|log|cube|without|not|over|about|less|more|only|except|than|off)\b)([a-z]{3,})\s*[:=]?\s*",
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
    """How a rate is applied: by which words, and the prompts in full for the amount and the rate."""

    said: "re.Pattern[str]"
    forms: tuple[str, ...]


_RULES = (
    _Rule(
        lazy_pattern(r"\btips?\b|\bgratuit(?:y|ies)\b|\bservice charges?\b|小费|服务费", re.IGNORECASE),
        ("{n} * {r}%", "{n} + {r}%"),
    ),
    _Rule(
        lazy_pattern(
            r"\boff\b|\bdiscount\w*|\bon sale\b|\bmarkdowns?\b|\brebate\b|\breduc\w+|优惠|折扣|降价|减免", re.IGNORECASE
        ),
        ("{n} - {r}%",),
    ),
    _Rule(
        lazy_pattern(
            r"\bcommissions?\b|\bfees?\b|\broyalt\w+|\bprovisions?\b|\bmy (?:cut|share)\b|佣金|提成|手续费",
            re.IGNORECASE,
        ),
        ("{n} * {r}%", "{n} - {r}%"),
    ),
    _Rule(lazy_pattern(r"\bdeposits?\b|\bdown payments?\b|定金|首付", re.IGNORECASE), ("{n} * {r}%", "{n} - {r}%")),
    _Rule(
        lazy_pattern(r"\bmark-?up\b|\braises?\b|\bincreases?\b|\bsurcharge\b|加价|涨价|上调", re.IGNORECASE),
        ("{n} + {r}%",),
    ),
)


def in_full(question: Question, requirement: str) -> str | None:
    """An amount together with what is done to each, as in `remove 19% VAT from 476`; None if that is not all clear."""
    text = without_habits(plain_signs(question.text.strip()))
    if len(text) > _LONGEST_PROMPT or "\n" in text:
        return None
    if question.earlier and (_HOW_MUCH_TAX.fullmatch(text) or roles_alone(text)):
        return _tax_before(question.earlier[0], text)
    if not tax_in(text) and (lines := tax_in(digits_for_words(text), requirement)):
        return "\n".join(lines)
    wanted = digits_for_words(re.sub(r"\bone\b", " ", plain_signs(requirement), flags=re.IGNORECASE))
    text, wanted = _moved(text, _BARE_RATE.sub(r"\1 \2%", wanted))
    if (taxed := _with_rate(text, wanted)) is not None:
        return taxed
    amount = _AMOUNT.search(text)
    if amount is None or re.search(r"\d", text[: amount.start()] + text[amount.end() :]):
        return None
    number, said = _plain_number(amount[1]), (text[: amount.start()], text[amount.end() :])
    if number is None:
        return None
    refuse_mixed_currencies(text)
    return _shared(number, said, wanted) or _cut(number, said, wanted) or _rated(number, said, wanted)


def _moved(text: str, wanted: str) -> tuple[str, str]:
    """The prompt without the rate and the people that it names, which take the place of the requirement's."""
    if _SHARED.search(wanted):
        text = _FOR_SO_MANY.sub(r" \1 people ", text)
    for form in (_RATE, _PEOPLE):
        found = list(form.finditer(text))
        if len(found) == 1:
            text = text.replace(found[0].group(), " ")
            wanted = f"{form.sub(' ', wanted)} {found[0].group()}"
    return text, wanted


def _plain_number(digits: str) -> str | None:
    """`1.350,00` and `1,350.00` as 1350.00; None for `1.350`, which may be either."""
    if re.fullmatch(r"\d+\.\d{3}", digits):
        return None
    decimals = re.search(r"[.,](\d{1,2})$", digits)
    whole = digits[: decimals.start()] if decimals else digits
    return re.sub(r"\D", "", whole) + (f".{decimals[1]}" if decimals else "")


def _names_only(said: tuple[str, str]) -> bool:
    """Whether the amount stands alone, or behind the name of what costs it."""
    said = (_JOINS.sub(" ", said[0]), _JOINS.sub(" ", said[1]))
    name = _NAME.fullmatch(said[0])
    before = "" if name and not any(rule.said.search(name[1]) for rule in _RULES) else said[0]
    return not re.search(r"[^\W_]|[-+*/^%]", _LABEL.sub(" ", f"{before} {said[1]}"))


def _rest(wanted: str, *read: "re.Match[str]") -> str:
    for found in read:
        wanted = wanted.replace(found.group(), " ")
    return wanted


def _shared(number: str, said: tuple[str, str], wanted: str) -> str | None:
    """A bill among as many as the requirement says, with the tip that it says."""
    people = list(_PEOPLE.finditer(wanted))
    if len(people) != 1 or not _SHARED.search(wanted) or not _names_only(said):
        return None
    rates = list(_RATE.finditer(wanted))
    tip = _RULES[0].said.search(wanted)
    if re.search(r"\d", _rest(wanted, *people, *rates)) or len(rates) > 1 or (rates and not tip):
        return None
    share = f", {rates[0][1] or rates[0][2]}% tip" if rates else ""
    return f"bill {number}, {people[0][1] or people[0][2]} people{share}"


def _cut(number: str, said: tuple[str, str], wanted: str) -> str | None:
    found = list(_CUT.finditer(wanted))
    if len(found) != 1 or re.search(r"\d", _rest(wanted, *found)) or not _names_only(said):
        return None
    tenths = found[0][1] if "." in found[0][1] or len(found[0][1]) == 1 else f"{found[0][1][0]}.{found[0][1][1]}"
    return f"{number} * {tenths} / 10"


def _rated(number: str, said: tuple[str, str], wanted: str) -> str | None:
    rates = list(_RATE.finditer(wanted))
    if len(rates) != 1 or re.search(r"\d", _rest(wanted, *rates)) or _CONDITIONAL.search(wanted):
        return None
    rate = rates[0][1] or rates[0][2]
    rules = [rule for rule in _RULES if rule.said.search(wanted)]
    if _TAX.search(wanted):
        return _taxed(number, rate, said, wanted) if not rules else None
    if len(rules) != 1 or not _names_only(said):
        return None
    return "\n".join(form.format(n=number, r=rate) for form in rules[0].forms)


def _taxed(number: str, rate: str, said: tuple[str, str], wanted: str) -> str | None:
    if added := _WITH_TAX.search(" ".join(said)):
        said = (_WITH_TAX.sub(" ", said[0]), _WITH_TAX.sub(" ", said[1]))
        form = f"{number} plus {rate}% VAT" if added["plus"] or added["zh"] else f"remove {rate}% VAT from {number}"
        return (
            form if _names_only(said) and _side(" ".join(said)) in (None, not (added["plus"] or added["zh"])) else None
        )
    if not _names_only((_TAX.sub(" ", _GROSS.sub(" ", _NET.sub(" ", _ASKS_FOR.sub(" ", " ".join(said))))), "")):
        return None
    gross = _is_gross(said, wanted)
    if gross is None and not (_side(" ".join(said)) is not None or _BOTH_WAYS.search(wanted)):
        return f"{number} plus {rate}% VAT\nremove {rate}% VAT from {number}"
    if gross is None:
        return None
    return f"remove {rate}% VAT from {number}" if gross else f"{number} plus {rate}% VAT"


def _is_gross(said: tuple[str, str], wanted: str) -> bool | None:
    """Whether the amount has the tax in it: as the prompt says, else as the requirement does."""
    label, asked = said[0], ""
    if not label.strip():
        parts = re.split(r"(?=[,;?]|->|→|\bto\b|\bwhat\b|\bhow\b)", said[1], maxsplit=1, flags=re.IGNORECASE)
        label, asked = parts[0], "".join(parts[1:])
    elif _ASKS_FOR.match(label.strip()):
        label, asked = said[1], label
    named = _side(label)
    if named is None:
        other = _side(asked or said[1])
        named = None if other is None else not other
    if named is not None or _NET.search(" ".join(said)) or _GROSS.search(" ".join(said)):
        return named
    return _direction(wanted)


def _side(text: str) -> bool | None:
    net, gross = _NET.search(text), _GROSS.search(text)
    return None if (net is None) == (gross is None) else gross is not None


def _direction(wanted: str) -> bool | None:
    """Whether the requirement goes from amounts with tax to those without."""
    marks = sorted(
        [(found.start(), found.end(), False) for found in _NET.finditer(wanted)]
        + [(found.start(), found.end(), True) for found in _GROSS.finditer(wanted)]
    )
    if _BOTH_WAYS.search(wanted):
        return None
    if len(marks) == 2 and marks[0][2] != marks[1][2]:
        between = wanted[marks[0][1] : marks[1][0]]
        if _TO_FIRST.search(between):
            return marks[1][2]
        return marks[0][2] if _TO_SECOND.search(between) else None
    out, on = _TAKES_OUT.search(wanted), _PUTS_ON.search(wanted)
    return None if (out is None) == (on is None) else out is not None


def _with_rate(text: str, wanted: str) -> str | None:
    """`vat in 300 gross` with the only rate that the requirement names."""
    rates = list(_RATE.finditer(wanted))
    if (
        len(rates) != 1
        or not _TAX.search(wanted)
        or re.search(r"\d", _rest(wanted, *rates))
        or _CONDITIONAL.search(wanted)
    ):
        return None
    whole = f"{text.rstrip('?. ')}, {rates[0][1] or rates[0][2]}%"
    if not _TAX.search(whole):
        whole = re.sub(r"\b(inc|incl|ex|excl)\b\.?", r"\1 vat", whole, count=1, flags=re.IGNORECASE)
    return whole if tax_in(whole) else None


def _tax_before(before: str, asked: str) -> str | None:
    """The tax in the amount of the turn before, or the amount without or with it."""
    found = _TAXED.fullmatch(before)
    if found is None:
        return None
    amount, rate = found["net"] or found["gross"], found["rate"] or found["in"]
    side = _side(asked)
    if side is None:
        return f"{amount} * {rate}%" if found["net"] else f"{amount} - {amount} / (1 + {rate}%)"
    if side == (found["net"] is None):
        return None
    return before
