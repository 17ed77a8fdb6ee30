"""What is earned on something, of what it cost and what it is sold for: the margin, the mark-up or the profit."""

import re
from typing import NamedTuple

from .amounts import amounts_in, read_plainly
from .contract import Question
from .figures import carried
from .patterns import lazy_pattern
from .wording import without_habits

_LONGEST = 120
_MARGIN = lazy_pattern(r"\bmargins?\b|毛利|利润率", re.IGNORECASE)
_MARKUP = lazy_pattern(r"\bmark-?ups?\b|加价率", re.IGNORECASE)
_COST = lazy_pattern(
    r"\b(?:pay|paid|costs?|bought|buy|buying|purchase\w*|shipping|postage|material)\b|进价|进货价?|成本|拿货价?|运费|买入?",
    re.IGNORECASE,
)
_PRICE = lazy_pattern(r"\b(?:sell|sells|sold|selling|sale|price|retail|charge)\b|售价|卖价?|售", re.IGNORECASE)
_OTHERWISE = lazy_pattern(
    r"[*/^]|\b(?:tax|vat|off|discount|each|per|half|double|want|need|average|break even)\b|税|折|每|要|多少件",
    re.IGNORECASE,
)
_BEFORE = lazy_pattern(r"\((?P<price>[\d.]+) - (?P<cost>[\d.]+|\([\d. +]+\))\) / .*")


class _Deal(NamedTuple):
    cost: str
    price: str


def margin_of(question: Question, requirement: str) -> str | None:
    """`(15 - 6) / 15 * 100`; None where one of the two is not said, or another figure is."""
    margin, markup = _MARGIN.search(requirement), _MARKUP.search(requirement)
    if (margin is None) == (markup is None) or re.search(r"\d", requirement) or len(question.text) > _LONGEST:
        return None
    deal = _deal(question.text)
    if deal is not None and question.earlier and not (deal.cost and deal.price):
        found = _BEFORE.fullmatch(question.earlier[0])
        deal = _Deal(deal.cost or found["cost"], deal.price or found["price"]) if found else None
    if deal is None or not (deal.cost and deal.price):
        return None
    return f"({deal.price} - {deal.cost}) / {deal.price if margin else deal.cost} * 100"


def _deal(prompt: str) -> _Deal | None:
    """What it cost and what it is sold for, each by the word in front of it."""
    text = read_plainly(without_habits(prompt.replace("，", ", ")))
    costs: list[str] = []
    prices: list[str] = []
    last = 0
    for one in amounts_in(text):
        ahead, last = text[last : one.start], one.end
        cost, price = list(_COST.finditer(ahead)), list(_PRICE.finditer(ahead))
        if one.share or bool(cost) == bool(price):
            return None
        (costs if cost else prices).append(carried(one.value))
    if len(prices) > 1 or not (costs or prices) or _OTHERWISE.search(text):
        return None
    cost = f"({' + '.join(costs)})" if len(costs) > 1 else "".join(costs)
    return _Deal(cost, "".join(prices))
