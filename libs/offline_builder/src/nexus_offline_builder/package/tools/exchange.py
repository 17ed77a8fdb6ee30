"""An amount in another currency, at a rate that the prompt gives: for agents whose requirement says that it is given.

A rate is how much of the currency that amounts are changed into one unit of the other costs.
"""

import re

from .amounts import amounts_in, read_plainly
from .contract import Question, Refusal
from .figures import carried
from .patterns import lazy_pattern
from .wording import without_habits

_LONGEST = 160
_NAMES = (
    ("USD", r"\b(?:usd|us dollars?|dollars?|bucks)\b|\$|美[元金]|刀"),
    ("EUR", r"\b(?:eur|euros?)\b|€|欧元?"),
    ("GBP", r"\b(?:gbp|pounds?|sterling|quid)\b|£|英镑"),
    ("CHF", r"\b(?:chf|francs?)\b|瑞士法郎|瑞郎"),
    ("JPY", r"\b(?:jpy|yen)\b|日[元币圆]"),
    ("HKD", r"\bhkd\b|港[币元]"),
    ("KRW", r"\b(?:krw|won)\b|韩[元币]"),
    ("CAD", r"\bcad\b|加元"),
    ("AUD", r"\baud\b|澳元"),
    ("INR", r"\b(?:inr|rupees?)\b|₹|卢比"),
    ("PLN", r"\b(?:pln|zloty|złoty|zł)\b"),
    ("SEK", r"\bsek\b|瑞典克朗"),
    ("CNY", r"\b(?:cny|rmb|yuan)\b|¥|人民币|元|块钱?"),
)
_CURRENCY = lazy_pattern("|".join(f"(?P<{code}>{said})" for code, said in _NAMES), re.IGNORECASE)
_AT_A_RATE = lazy_pattern(r"\b(?:exchange )?rate\b|汇率", re.IGNORECASE)
_RATE_AHEAD = lazy_pattern(
    r"(?:\b(?:exchange )?rate(?: today| now)?|\bat|@|汇率|按照?|牌价)\s*(?:of|is|was|at|:|=|是|为|按|用)*\s*$",
    re.IGNORECASE,
)
_INTO = lazy_pattern(r"\b(?:to|into|in)\b|[-=]>|→|换?[成为算]|兑换?|换|多少", re.IGNORECASE)
_OTHERWISE = lazy_pattern(
    r"[*+^]|\b(?:fees?|minus|less|plus|then|each|split|half|twice|commission)\b|手续费|[减扣加每半]|平均", re.IGNORECASE
)


def exchanged(question: Question, requirement: str) -> str | None:
    """`3500 * 7.12`; None where a prompt says anything else. Raises Refusal where it gives no rate."""
    if not _AT_A_RATE.search(requirement) or len(question.text) > _LONGEST or "\n" in question.text.strip():
        return None
    home = _home(requirement)
    text = read_plainly(without_habits(question.text.replace("，", ", ")))
    amounts = amounts_in(text)
    if home is None or any(one.share for one in amounts) or _OTHERWISE.search(text):
        return None
    rates = [one for one in amounts if _RATE_AHEAD.search(text[: one.start])]
    money = [one for one in amounts if one not in rates]
    if len(money) != 1 or len(rates) > 1:
        return None
    own = _beside(text, money[0].start, money[0].end)
    others = [code for code in _codes(text) if code != own]
    if own is None or len(set(others)) > 1 or (not ({own, *others} & {home}) and others):
        return None
    if not rates:
        if others and not question.earlier:
            raise Refusal("At which exchange rate?", "汇率是多少？")
        return None
    amount, rate = carried(money[0].value), carried(rates[0].value)
    return f"{amount} / {rate}" if own == home else f"{amount} * {rate}" if rates[0].value else None


def _codes(text: str) -> list[str]:
    return [found.lastgroup or "" for found in _CURRENCY.finditer(text)]


def _home(requirement: str) -> str | None:
    """The currency that amounts are changed into, first if it may be either way."""
    for into in _INTO.finditer(requirement):
        ahead, behind = _codes(requirement[: into.start()]), _CURRENCY.search(requirement, into.end())
        if ahead and behind is not None and behind.lastgroup not in ahead:
            return behind.lastgroup
    return None


def _beside(text: str, start: int, end: int) -> str | None:
    """The currency in front of an amount or behind it."""
    behind = _CURRENCY.match(text, end + len(text[end:]) - len(text[end:].lstrip()))
    ahead = [found for found in _CURRENCY.finditer(text[:start]) if not text[found.end() : start].strip(" :")]
    found = behind or (ahead[-1] if ahead else None)
    return found.lastgroup if found is not None else None
