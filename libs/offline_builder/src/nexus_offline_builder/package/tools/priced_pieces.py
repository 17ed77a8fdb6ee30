"""What a prompt says that is nothing but amounts, pieces at a price, rates and names for them."""

import re
from fractions import Fraction
from typing import NamedTuple

from .figures import carried
from .patterns import lazy_pattern
from .tax_sides import ASKS_FOR, GROSS, NET
from .wording import digits_for_words

AMOUNT = lazy_pattern(
    r"(?<![A-Za-z0-9_.,])[$€£¥]?\s*((?:\d{1,3}(?:[.,' ]\d{3})+|\d+)(?:[.,]\d{1,2})?)(?![\w,.]*\d)(?!\s*%)"
)
RATE = lazy_pattern(r"(\d+(?:\.\d+)?)\s*(?:%|percent\b|per cent\b)|百分之\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
TAX = lazy_pattern(r"\b(?:vat|tax|gst|mwst|ust|iva|tva)\b|税", re.IGNORECASE)
WITH_TAX = lazy_pattern(
    r"(?:(?P<plus>\bplus|\+|\badd)|\bminus|\bless|-|\bremove|\btake off)\s*(?:the )?(?:vat|tax|gst|mwst|ust|iva|"
    r"tva)\b|"
    r"(?P<zh>加上?)税",
    re.IGNORECASE,
)
_LABEL = lazy_pattern(
    r"\b(?:is|comes to|came to|price|bill|total|amount|invoice|cost|costs|it|for|my|our|a|an|rent|dinner|lunch|check|"
    r"eur|euros?|usd|dollars?|gbp|pounds?|was|bucks|of)\b|[€$£¥:.!]|一共|总共|合计|共|消费|花了?|吃了?|元|块|价格?|原价|账单|金额|发票",
    re.IGNORECASE,
)


class Kind(NamedTuple):
    """How a rate is applied: by which words, and the lines for the amount and the rate."""

    said: "re.Pattern[str]"
    forms: tuple[str, ...]


KINDS = (
    Kind(
        lazy_pattern(r"\btips?\b|\bgratuit(?:y|ies)\b|\bservice(?: charges?)?\b|小费|服务费", re.IGNORECASE),
        ("{n} * {r}%", "{n} + {r}%"),
    ),
    Kind(
        lazy_pattern(
            r"\boff\b|\bdiscount\w*|\b(?:on )?sale!|\bon sale\b|\bmarkdowns?\b|\brebate\b|\breduc\w+|优惠|折扣|降价|"
            r"减免|"
            r"(?:-|\bminus|\bless)\s*(?=\d+(?:\.\d+)?\s*%)",
            re.IGNORECASE,
        ),
        ("{n} - {r}%",),
    ),
    Kind(
        lazy_pattern(
            r"\bcommissions?\b|\bfees?\b|\broyalt\w+|\bprovisions?\b|\bmy (?:cut|share)\b|佣金|提成|手续费",
            re.IGNORECASE,
        ),
        ("{n} * {r}%", "{n} - {r}%"),
    ),
    Kind(lazy_pattern(r"\bdeposits?\b|\bdown payments?\b|定金|首付", re.IGNORECASE), ("{n} * {r}%", "{n} - {r}%")),
    Kind(
        lazy_pattern(
            r"\bmark-?up\b|\braises?\b|\bincreases?\b|\bsur?charges?\b|\b(?:add(?:s|ing|ed)?|puts?)\b(?=[^.;]{0,24}\d\s*%)|"
            r"加价|涨价|上调|附加费|"
            r"(?:\+|\bplus|\badd|加)\s*(?=\d+(?:\.\d+)?\s*%)",
            re.IGNORECASE,
        ),
        ("{n} + {r}%",),
    ),
)
_N = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:[.,]\d{1,2})?"
_PIECE = "[个件箱盒瓶本台张套双份袋条杯只]"
COUNTED = lazy_pattern(
    rf"(?<![\w.,])(?P<c>\d{{1,4}})\s*(?:x|(?:[a-z]+[\s,]+){{0,2}}(?:at|à|@|of|for|each|costing)|"
    rf"{_PIECE}[,\s]*(?:每{_PIECE}|单价|各)?)"
    rf"\s*(?:each|at|for)?\s*[$€£¥]?\s*(?P<p>{_N})(?![\w.,]*\d|\s*%)(?:\s*(?:each|apiece))?|"
    rf"(?<![\w.,])(?P<c3>\d{{1,4}})\s+(?:[a-z]+\s+){{1,2}}[$€£¥]?(?P<p3>{_N})\s*(?:[€$£]|euros?|eur|"
    rf"元)?\s*(?:each|apiece)\b|"
    rf"[$€£¥]?(?<![\w.,])(?P<p2>{_N})\s*(?:[€$£]|euros?|eur|元)?\s*(?:(?:each|apiece)[,\s]*(?:x|times)?|x|times|"
    rf"[,\s]*(?:一共|总共|共|qty:?))"
    rf"\s*(?P<c2>\d{{1,4}})(?![\w.,]*\d|\s*%)(?:\s*(?:{_PIECE}|pieces|pcs|times))?",
    re.IGNORECASE,
)
NUMBERED = lazy_pattern(
    r"\b(?:table|room|invoice|order|no\.?|nr\.?|item|desk|ticket|bill|job|lane|part)\s*#?\d{1,6}\s*[:,-]\s|#\d+",
    re.IGNORECASE,
)
_EURO_POINT = lazy_pattern(
    r"(?<![\d.,])(\d{1,3})\.(\d{3})(?=\s*(?:€|euros?\b|eur\b))|(?<=€)(\d{1,3})\.(\d{3})(?![\d.,]*\d)", re.IGNORECASE
)
_ONE_MORE = lazy_pattern(r"\b(?:then|another|extra|more|again|on (?:it|top|that)|off)\b|再|又|折上", re.IGNORECASE)
_OTHERWISE = lazy_pattern(
    r"[+*/^=?<>]|-(?!\s*\d+(?:\.\d+)?\s*%)|\b(?:not|half|double|twice|triple|third|quarter|minus|plus|per|split|"
    r"people|persons?|"
    r"left|remain\w*|change|pays?|paid|gave|hours?|days?|weeks?|months?|years?|minutes?|kg|g|km|m|cm|lbs?|oz|"
    r"average|sum|sqrt|root|"
    r"square|cube|difference|increase\w*|if|unless|from|to|than|of|another|extra|more|less|about|over|only|"
    r"except|dozen|log|that|this|"
    r"it|them|between|by|total|times|then|too|also|again|negative)\b|n't\b|\b(?:we are|we're|of us)\b|[多少减除倍几哪]|"
    r"不(?!含)",
    re.IGNORECASE,
)
_ASKS_PAY = lazy_pattern(
    r"(?:实付|应付|实际支付|最后付?|折后价?|一共付|付)(?:是)?多少钱?|(?:实付|应付)[?？]?$|烦请|请|拆分|收到|[一1](?=[张笔份单])[张笔份单]|(?:价税)?分别",
    re.IGNORECASE,
)
_SAYS_RATE = lazy_pattern(
    r"\b(?:but|take|now|with|at|rate|is|on|in|the|same|make|use|please|pls|first|for|and)\b|税率|按|改成|[,;:!.]",
    re.IGNORECASE,
)
_MOST_WORDS = 4


def plain_number(digits: str) -> str | None:
    """`1.350,00` and `1,350.00` as 1350.00; None for `1.350`, which may be either."""
    if re.fullmatch(r"\d+\.\d{3}", digits):
        return None
    decimals = re.search(r"[.,](\d{1,2})$", digits)
    whole = digits[: decimals.start()] if decimals else digits
    return re.sub(r"\D", "", whole) + (f".{decimals[1]}" if decimals else "")


def names_only(said: str, most: int = _MOST_WORDS) -> bool:
    """Whether the words around the amounts say no more than what costs so much."""
    if _OTHERWISE.search(said) or any(kind.said.search(said) for kind in KINDS):
        return False
    return len(re.findall(r"[a-z]+|[\u4e00-\u9fff]+", _SAYS_RATE.sub(" ", _LABEL.sub(" ", said)), re.I)) <= most


class Told(NamedTuple):
    """The amounts of a prompt, the rates that it names, and its words around them."""

    amounts: list[str]
    rates: list[str]
    said: tuple[str, str]


def told_in(text: str) -> Told | None:
    """What a prompt says that is nothing but amounts, pieces at a price, rates and names for them."""
    text = re.sub(r"(?<!\d)一[下点样起些次]|[这那][一1]?[张笔份单个]", " ", text)
    text = _ASKS_PAY.sub(" ", text).rstrip("?？.。! ")
    plain = digits_for_words(
        NUMBERED.sub(" ", _EURO_POINT.sub(lambda one: "".join(one.groups("")), text.replace("一共", "总共")))
    )
    rates = [one[1] or one[2] for one in RATE.finditer(plain)]
    plain = COUNTED.sub(_product, RATE.sub(" ", plain))
    found = list(AMOUNT.finditer(plain))
    said = (plain[: found[0].start()], plain[found[-1].end() :]) if found else (plain, "")
    words = AMOUNT.sub(" ; ", plain)
    words = _ONE_MORE.sub(" ", words) if len(rates) > 1 else words
    words = TAX.sub(" ", GROSS.sub(" ", NET.sub(" ", WITH_TAX.sub(" ", re.sub(r"[-+]\s*$", " ", words)))))
    numbers = [plain_number(one[1]) for one in found]
    asked = ASKS_FOR.sub(" ", words) if TAX.search(plain) or NET.search(plain) or GROSS.search(plain) else words
    if re.search(r"\d", words) or not names_only(asked) or None in numbers:
        return None
    return Told([one for one in numbers if one], rates, said)


def _product(found: "re.Match[str]") -> str:
    price = plain_number(found["p"] or found["p2"] or found["p3"])
    count = found["c"] or found["c2"] or found["c3"]
    return f" {carried(Fraction(price) * int(count))} " if price else found.group()
