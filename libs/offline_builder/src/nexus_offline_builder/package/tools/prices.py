"""A price before, a price after and the share between them: two of these are told, the third is asked for."""

import re

from .patterns import lazy_pattern

_LONGEST = 160
_N = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_FIGURE = lazy_pattern(
    rf"(?P<share>(?<![\d.,]){_N}\s*%)|(?P<cut>(?<![\d.,])\d(?:\.\d|\d)?)\s*折|"
    rf"(?P<amount>(?<![A-Za-z0-9_.,]){_N})(?![A-Za-z0-9_%])"
)
_BEFORE = (
    r"(?:(?:original|old|full|regular|normal|usual|list|initial|former|previous|retail|ticket|tag)(?:\s+(?:price|"
    r"cost|amount|value|bill|tag))?|"
    r"(?:on |was )?(?:the )?(?:price )?tag|before(?:hand)?(?: (?:the |that |any )?(?:discount|sale|reduction|"
    r"increase|rise|cut))?|originally|"
    r"used to (?:be|cost)|原价|原来|之前|以前|打折前|降价前|涨价前|原先)"
)
_ASKED_BEFORE = lazy_pattern(
    rf"(?<![A-Za-z]){_BEFORE}(?![A-Za-z])(?!\s*(?:price|was|is|of|at|cost|是|为|:|：)*\s*{_N}(?!\s*%|\d|\s*折))",
    re.IGNORECASE,
)
_AMOUNT_BEFORE = lazy_pattern(rf"{_N}\s+(?:before|originally|beforehand)\b|{_N}\s*(?:之前|以前)", re.IGNORECASE)
_OFF = lazy_pattern(
    r"\b(?:off|discount\w*|reduc\w+|cheaper|sale|less|down|markdown|marked down|cut|rebate|saving|saved?|drop\w*|"
    r"fell|lower\w*|decreas\w+)\b|"
    r"折|降价?|减|便宜|优惠|下降|跌",
    re.IGNORECASE,
)
_UP = lazy_pattern(
    r"\b(?:increase\w*|up|rise|rose|raise\w*|more|mark-?up|surcharge|tip|higher|grew|growth)\b|涨价?|上涨|加价|"
    r"增加|提高|增长",
    re.IGNORECASE,
)
_IS = r"\W*(?:(?:it'?s|is|was|were|at|only|for|of|price|costs?|cost)\W+)*$"
_BEFORE_IT = lazy_pattern(
    rf"(?:\b(?:was|were|from|instead of|before it was|{_BEFORE})|从|原价|原来){_IS}", re.IGNORECASE
)
_AFTER_IT = lazy_pattern(
    rf"(?:\b(?:now|to|today|after|currently|(?:sale|new|current|reduced|discounted) price)|->|→|现价|现在|到){_IS}",
    re.IGNORECASE,
)
_BEHIND_BEFORE = lazy_pattern(r"\s*(?:before\b|originally\b|beforehand\b|之前|以前)", re.IGNORECASE)
_BEHIND_AFTER = lazy_pattern(r"\s*(?:(?:now|today)\b(?=.*\w)|instead of\b)", re.IGNORECASE)
_ASKS_SHARE = lazy_pattern(
    r"%|\bper ?cent\w*|\bpct\b|\b(?:the )?(?:discount|reduction|increase|rise|drop|change|mark-?up)\s*\??\s*$|"
    r"^\W*(?:what |how much )?(?:is |was )?(?:the )?(?:discount|reduction|mark-?up)\b|百分之几|百分之多少|几折|"
    r"pct之|幅度?",
    re.IGNORECASE,
)
_ASKS_AMOUNT = lazy_pattern(
    r"\bhow much (?:do|does|did|will|would|have|has) \w+ save|\bsav(?:e|ed|ing)s?\b|\bdifference\b|省|便宜了?多少",
    re.IGNORECASE,
)
_CALLS_FOR_MORE = lazy_pattern(
    r"\b(?:split|shared?|people|each|per|tax|vat|gst|tip|not|without|except|then|another|extra|half|twice|double|times|"
    r"plus|minus|add|years?|months?|days?|hours?|km|kg|members?|coupon|voucher|profit|margin|average|sum)\b|税|人|每|"
    r"利润|再|又|满|买",
    re.IGNORECASE,
)
_MOST_NAMES = 4
_KNOWN = lazy_pattern(
    r"\b(?:it's|it|its|that|this|the|a|an|my|our|i|we|you|she|he|they|was|were|is|are|be|been|cost|costs|pay|pays|"
    r"paid|sold|sells|got|get|"
    r"for|at|of|on|in|by|to|from|with|after|if|when|what's|whats|what|how|much|many|which|would|did|do|does|has|"
    r"have|so|and|then|now|only|"
    r"price|prices|priced|amount|value|percent|percentage|pct|discounted|new|sale|went|goes|come|comes|came|reduced|"
    r"marked|there|item|as|left)\b|"
    r"[是的了后为多少几现在卖价格元块钱求算从到由成原幅度打]|百分之|[\s,.;:?!，。？！=$€£¥%→>()-]",
    re.IGNORECASE,
)


def price_in(text: str) -> list[str] | None:
    """The expressions for what `text` asks of a price, number words in digits already; None for any other text."""
    if len(text) > _LONGEST or _CALLS_FOR_MORE.search(text):
        return None
    figures = list(_FIGURE.finditer(text))
    shares = [found for found in figures if not found["amount"]]
    amounts = [found["amount"].replace(",", "") for found in figures if found["amount"]]
    asked = _ASKED_BEFORE.sub(" ", text)
    if len(shares) == 1 and len(amounts) == 1 and asked != text and not _AMOUNT_BEFORE.search(text):
        return _before(text, shares[0], amounts[0]) if _accounted(_FIGURE.sub(" ", asked)) else None
    if len(amounts) == 2 and not shares and _accounted(_FIGURE.sub(" ", asked)):
        return _between(text, amounts)
    return None


def _accounted(rest: str) -> bool:
    """Whether nothing is left but words for prices and the name of what is sold."""
    left = _KNOWN.sub(" ", _UP.sub(" ", _OFF.sub(" ", re.sub(_BEFORE, " ", rest, flags=re.IGNORECASE))))
    names = re.findall(r"[A-Za-z']+", left)
    return len(names) <= _MOST_NAMES and not re.search(r"[\d*/+^<>]|[\u4e00-\u9fff]{4}", left)


def _before(text: str, share: "re.Match[str]", amount: str) -> list[str] | None:
    off, more = _OFF.search(text) is not None, _UP.search(text) is not None
    if share["cut"]:
        return [f"{amount} / 0.{share['cut'].replace('.', '')}"]
    if off == more:
        return None
    return [f"{amount} / (100% {'-' if off else '+'} {share['share'].replace(' ', '')})"]


def _between(text: str, amounts: list[str]) -> list[str] | None:
    """The change in percent, with the amount where a discount is asked for and not said in what."""
    at = _place_of_before(text)
    if at is None:
        return None
    before, after = amounts[at], amounts[1 - at]
    if not float(before) or before == after:
        return None
    less = float(after) < float(before)
    difference = f"{before} - {after}" if less else f"{after} - {before}"
    share = f"({difference}) / {before} * 100"
    if _ASKS_AMOUNT.search(text) and not re.search(r"%|per ?cent|pct", text, re.IGNORECASE):
        return [difference]
    if not _ASKS_SHARE.search(text):
        return None
    if less and "几折" in text:
        return [f"{after} / {before} * 10"]
    return [share] if re.search(r"%|per ?cent|pct|百分|几折|幅", text, re.IGNORECASE) else [share, difference]


def _place_of_before(text: str) -> int | None:
    """Which of two amounts was the price before; None where that is not said, or of both."""
    first, second = (found.span() for found in _FIGURE.finditer(text))
    places = set[int]()
    for at, (start, end) in enumerate((first, second)):
        ahead, behind = text[first[1] if at else 0 : start], text[end : len(text) if at else second[0]]
        if _BEFORE_IT.search(ahead) or _BEHIND_BEFORE.match(behind):
            places.add(at)
        if _AFTER_IT.search(ahead) or _BEHIND_AFTER.match(behind):
            places.add(1 - at)
    return places.pop() if len(places) == 1 else None
