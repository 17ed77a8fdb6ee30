"""What a requirement says that a unit costs, read once, as `45p a mile`, `千字150元`, `apples 2.40 a kilo`.

A prompt that gives quantities gets what they come to, if each of them has one such price.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from .amounts import Amount, amounts_in, read_plainly
from .contract import Question
from .figures import carried
from .patterns import lazy_pattern
from .unit_names import mention_at
from .units import converted, unit_named
from .wording import plain_signs, without_habits

_LONGEST = 200
_LONGEST_NOUN = 40
_N = r"(?<![\d.,])(?P<n{}>\d+(?:,\d{{3}})*(?:\.\d+)?)"
_PENCE = r"(?:p|pence|ct|cts|cents?)"
_MONEY = rf"(?P<money{{}}>{_PENCE}|euros?|eur|€|£|\$|pounds?|quid|dollars?|usd|gbp|chf|bucks)?\s*"
_ZH_UNIT = r"(?:小时|公里|平方米|平米|公斤|分钟|千瓦时|[\u4e00-\u9fff])"
_PRICE = lazy_pattern(
    rf"[$€£¥]?\s?{_N.format(1)}\s*{_MONEY.format(1)}(?:per|an?|each|every|/|for (?:every|each|an?))\s*"
    r"(?P<many1>\d+)?\s*(?P<unit1>(?:square |cubic |sq\.? )?[a-z]+[²³]?)|"
    rf"[$€£¥]?\s?{_N.format(2)}\s*{_MONEY.format(2)}(?P<each>each|apiece|a ?piece)\b|"
    rf"每个?(?P<many3>千|百|万)?(?P<unit3>{_ZH_UNIT})\s*{_N.format(3)}\s*[元块]|"
    rf"(?P<many4>千|百|万)(?P<unit4>{_ZH_UNIT})\s*{_N.format(4)}\s*[元块]|"
    rf"{_N.format(5)}\s*[元块]\s*(?:[/每]|[一1])\s*个?(?P<many5>千|百|万)?(?P<unit5>{_ZH_UNIT})",
    re.IGNORECASE,
)
_MANY = {"": 1, "百": 100, "千": 1000, "万": 10000}
_NOT_ALONE = lazy_pattern(
    r"%|\b(?:percent|per cent|if|unless|except|over|above|first|after|minimum|maximum|at least|at most|"
    r"never more|capped?|or part|part of|started|begun|round\w*|whole|extra|overtime|discount\w*|deduct\w*|minus|"
    r"deposit|vat|tax|late|"
    r"weekends?|members?|children|kids|times|double|half)\b|"
    r"满|超过|起步|封顶|扣|减|折|税|以[上内外]|会员|迟到|周末",
    re.IGNORECASE,
)
_FURTHER = lazy_pattern(
    r"\s*(?:per\b|/|each\b|every\b|for (?:each|every)\b|an? (?:minute|hour|day|night|week|month|year|head|person)\b)",
    re.IGNORECASE,
)
"""Behind a price that is for two things: `18 euros per dog a night`."""
_NOUN = lazy_pattern(
    r"(?:^|[,;:.(]|\band\b|\bor\b)\s*([a-z]+(?: [a-z]+)?)\s*(?:is|are|at|costs?|for|=|:|-|@)*\s*$|"
    r"(?:^|[,;:.，；：。、(（ ])([\u4e00-\u9fff]{1,4}?)(?:是|为|:)?\s*$",
    re.IGNORECASE,
)
_OTHERWISE = lazy_pattern(
    r"[*^/<>%=]|(?<=\s)[-+](?=\s*\d)|\b(?:half|halve|double|twice|triple|minus|less|same again|each way|one way|return|"
    r"round trip|there and back|average|percent|how (?:many|long|far)|which|instead|than|extra|left|remain\w*|change|"
    r"split\w*|shar\w+|divid\w+|times|discount\w*|off|without|except\w*|not|no|never|vat|tax|tip|paid|pays?|gave|"
    r"(?:between|until|till|from|to|at) (?=\W?\d)|"
    r"if|per|each|every|cheaper|more|another|again|free|only|breaks?|pause|lunch|"
    r"unpaid)\b|n't\b|"
    r"[减乘除倍半折扣税每再又剩退免哪找休]|平均|[平均]分|(?:多少|几)个?(?:小时|公里|天|字|斤|公斤)",
    re.IGNORECASE,
)
_INTO = lazy_pattern(r"\b(?:in|into|to|as)\s+([a-z]+)", re.IGNORECASE)
_BARE = lazy_pattern(
    r"(?:\W|\b(?:and|what|about|how|much|with|for|now|ok|so|then|is|it|total|please|pls|was|make|that|those|were|today|"
    r"this|week)\b|那|呢|如果|是|多少|钱|元)*",
    re.IGNORECASE,
)
_TO_CLAUSE_END = lazy_pattern(r"[^,;.:?!，；。：？！、\d]*")
_DAYS = ("day", "week", "month", "year")
"""Units of time of which it is not said how much of them is worked or used."""
_PLURAL = lazy_pattern(r"(?<=[a-z]{2})(?:e?s|e)$", re.IGNORECASE)
_DOZEN = lazy_pattern(r"\b(?:a |1 )?dozen\b", re.IGNORECASE)
_ASIDE = lazy_pattern(r"(?<!\d)[一1](?=[共下点样起些次直定般])|[这那][一1]?[个件份周天]", re.IGNORECASE)


class Price(NamedTuple):
    """What so `many` of a unit cost, each by itself where the unit is empty; `noun`: of what, if that is said."""

    noun: str
    cost: Fraction
    many: int
    unit: str


@lru_cache(64)
def prices_in(requirement: str) -> tuple[Price, ...]:
    """None where the requirement states other figures besides, or conditions."""
    text = plain_signs(requirement)
    found = list(_PRICE.finditer(text))
    if not found or re.search(r"\d", _PRICE.sub(" ", text)) or _NOT_ALONE.search(text):
        return ()
    prices: list[Price] = []
    for at, one in enumerate(found):
        if _FURTHER.match(text, one.end()):
            return ()
        which = next(n for n in "12345" if one[f"n{n}"])
        groups = one.groupdict()
        cost = Fraction(one[f"n{which}"].replace(",", ""))
        if re.fullmatch(_PENCE, groups.get(f"money{which}") or "", re.IGNORECASE):
            cost /= 100
        said = groups.get(f"many{which}") or ""
        many = int(said) if said.isdigit() else _MANY[said]
        ahead = _NOUN.search(text[max(found[at - 1].end() if at else 0, one.start() - _LONGEST_NOUN) : one.start()])
        noun = (ahead[1] or ahead[2]) if ahead else ""
        prices.append(Price(_stem(noun.split()[-1]) if noun else "", cost, many, groups.get(f"unit{which}") or ""))
    if len({one.unit for one in prices}) == len(prices) and all(one.unit for one in prices):
        return tuple(one._replace(noun="") for one in prices)
    return tuple(prices) if all(one.noun for one in prices) else ()


def by_the_price(question: Question, requirement: str) -> str | None:
    """What the quantities of a prompt come to; None if one of them has no price, or something else is asked."""
    prices = prices_in(requirement)
    if not prices or len(question.text) > _LONGEST or "\n" in question.text.strip():
        return None
    text = _ASIDE.sub(" ", question.text.replace("一共", "总共").replace("，", ", "))
    text = _DOZEN.sub(" 12 ", _ASIDE.sub(" ", read_plainly(without_habits(text))))
    units = "|".join(sorted({re.escape(one.unit) for one in prices if one.unit.isascii() and one.unit}))
    text = re.sub(rf"\ban? (?=(?:{units})\b)", "1 ", text, flags=re.IGNORECASE) if units else text
    amounts = amounts_in(text)
    if not amounts or _OTHERWISE.search(text) or any(unit_named(one[1]) for one in _INTO.finditer(text)):
        return None
    terms: list[str] = []
    for at, one in enumerate(amounts):
        ahead = text[amounts[at - 1].end if at else 0 : one.start]
        behind = text[one.end : amounts[at + 1].start if at + 1 < len(amounts) else len(text)]
        alone = len(amounts) == len(prices) == 1
        term = _term(one, ahead, behind, prices, alone and (not question.earlier or _is_bare(ahead + behind)))
        if term is None:
            return None
        terms.append(term)
    return " + ".join(terms)


def _is_bare(around: str) -> bool:
    return _BARE.fullmatch(around) is not None


def _term(amount: Amount, ahead: str, behind: str, prices: tuple[Price, ...], alone: bool) -> str | None:
    """The amount times its price, in the unit of that; a bare one is of the only price."""
    if amount.share or (amount.other is not None and amount.other > amount.value):
        return None
    fitting: list[tuple[Fraction, Price]] = []
    for price in prices:
        named = len(prices) == 1 or not price.noun or _names(price, ahead, behind)
        quantity = _quantity(amount.value, behind, price) if named else None
        if quantity is not None:
            fitting.append((quantity, price))
    if not fitting and alone and not re.match(r"\s*[a-z\u4e00-\u9fff]", behind, re.IGNORECASE):
        fitting = [(amount.value, prices[0])]
    if len(fitting) != 1:
        return None
    quantity, price = fitting[0]
    return f"{carried(quantity)} * {carried(price.cost)}" + (f" / {price.many}" if price.many > 1 else "")


def _quantity(number: Fraction, behind: str, price: Price) -> Fraction | None:
    """How many of the price's unit a number with what stands behind it is."""
    start = len(behind) - len(behind.lstrip())
    unit, mention = unit_named(price.unit) if price.unit else None, mention_at(behind, start)
    own = unit_named(mention.name) if mention else None
    if unit is not None and own is not None:
        fits = own.kind == unit.kind and not own.offset and (own == unit or {own.symbol, unit.symbol}.isdisjoint(_DAYS))
        return converted(number, own, unit) if fits else None
    if not price.unit:
        return number if own is None and price.noun else None
    if not price.unit.isascii():
        return number if re.match(rf"\s*个?{price.unit}", behind) else None
    return number if _stem(price.unit) in _words(behind)[:2] else None


def _names(price: Price, ahead: str, behind: str) -> bool:
    """Whether what the price is of stands behind the quantity, or, in Chinese, in front of it."""
    if not price.noun.isascii():
        return price.noun in ahead or re.match(rf"[^,，、\d]{{0,4}}{price.noun}", behind) is not None
    return price.noun in _words(behind)[:4]


def _words(behind: str) -> list[str]:
    """The words up to the next number or clause."""
    said = _TO_CLAUSE_END.match(behind)
    return [_stem(word) for word in re.findall(r"[a-z]+", said.group().lower())] if said else []


def _stem(word: str) -> str:
    return _PLURAL.sub("", word.lower()) if word.isascii() else word
