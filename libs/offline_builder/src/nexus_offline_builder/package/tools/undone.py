"""What something was before it went up or down: `56 after 30% off, the price before?`, `打八折后160，原价多少`."""

import re

from .patterns import lazy_pattern

_LONGEST = 160
_N = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_SHARE = lazy_pattern(r"(?<![\d.,])(?P<p>\d+(?:\.\d+)?)\s*%|打?\s*(?P<z>\d(?:\.\d)?|\d\d)\s*折")
_AMOUNT = lazy_pattern(rf"(?<![\d.,])(?P<a>{_N})(?!\d|[.,]\d|\s*[%折])")
_BEFORE = lazy_pattern(
    r"\b(?:original(?:ly)?|before(?: (?:that|the (?:discount|sale|reduction|raise|increase|tip|tax|vat|"
    r"markup|rise)))?|full|regular|"
    r"old|list|initial(?:ly)?|pre-?sale|undiscounted|first)(?: (?:price|cost|amount|bill|total|value|"
    r"salary|rent|number|wage))?\b|"
    r"\bon the (?:price )?tag\b|\b(?:what|how much) (?:was|did)\b|原价|原来|之前|(?:打折|降价|涨价|加价|优惠)前|本来",
    re.IGNORECASE,
)
_AFTER = lazy_pattern(
    r"\b(?:after|with|including|incl\.?|includes|reduced by|following|went (?:up|down)(?: by)?|rose(?: "
    r"by)?|fell(?: by)?|dropped(?: by)?|"
    r"increased(?: by)?|raised(?: by)?|now|already)\b|后|之后|以后|了",
    re.IGNORECASE,
)
_DOWN = lazy_pattern(
    r"\b(?:discounts?|discounted|off|sale|reduction|reduced|cheaper|down|fell|dropped|drop|decrease|markdown|rebate|less)\b|"
    r"折扣?|降|优惠|便宜|跌|减",
    re.IGNORECASE,
)
_UP = lazy_pattern(
    r"\b(?:increases?|increased|raise|raised|rise|rose|mark-?up|tip|vat|tax|gst|service(?: charge)?|"
    r"went up|higher|more|growth|"
    r"surcharge)\b|涨|加价|提高|增加|上调|小费",
    re.IGNORECASE,
)
_OTHER = lazy_pattern(
    r"\b(?:how (?:much|many) (?:percent|%|did i save|do i save|is the (?:discount|tip|tax|vat))|"
    r"save[ds]?|split|share|each|per|"
    r"people|half|twice|double|times|plus|minus|then|another|extra|not|without|except|years?|months?|days?|weeks?|interest)\b|"
    r"再|又|每|人|省|年|月|天",
    re.IGNORECASE,
)
_MOST_WORDS = 22


def undone_in(text: str) -> str | None:
    """The expression for the amount before, number words in digits already; None where it is not all clear."""
    if len(text) > _LONGEST or len(text.split()) > _MOST_WORDS:
        return None
    shares, left = list(_SHARE.finditer(text)), _SHARE.sub(" ", text)
    amounts = list(_AMOUNT.finditer(left))
    if len(shares) != 1 or len(amounts) != 1 or not (_BEFORE.search(left) and _AFTER.search(left)):
        return None
    cut = shares[0]["z"]
    down, up = bool(cut) or _DOWN.search(left) is not None, _UP.search(_BEFORE.sub(" ", left)) is not None
    if down == up or _OTHER.search(left) or not _stands_after(left, amounts[0]):
        return None
    number = amounts[0]["a"].replace(",", "")
    if cut:
        return f"({number}) / 0.{cut.replace('.', '')}"
    return f"({number}) / (100% {'-' if down else '+'} {shares[0]['p']}%)"


def _stands_after(text: str, amount: "re.Match[str]") -> bool:
    """Whether the amount is what is left in the end: `was 80 before` names the one at the beginning."""
    near = text[max(0, amount.start() - 18) : amount.start()]
    return not re.search(
        r"\b(?:was|from|originally|cost|before|tag|list price|full price)\s*(?:of|at|is|was)?\s*$|原价$|原来$",
        near,
        re.I,
    )
