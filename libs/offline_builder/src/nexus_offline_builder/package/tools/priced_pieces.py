"""Pieces at a price, rates and numbers that name something, as prompts write them."""

import re

from .patterns import lazy_pattern

RATE = lazy_pattern(r"(\d+(?:\.\d+)?)\s*(?:%|percent\b|per cent\b)|百分之\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
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


def plain_number(digits: str) -> str | None:
    """`1.350,00` and `1,350.00` as 1350.00; None for `1.350`, which may be either."""
    if re.fullmatch(r"\d+\.\d{3}", digits):
        return None
    decimals = re.search(r"[.,](\d{1,2})$", digits)
    whole = digits[: decimals.start()] if decimals else digits
    return re.sub(r"\D", "", whole) + (f".{decimals[1]}" if decimals else "")
