"""An amount with or without tax, a rate, and what is asked for: `net 80 at 20%, tax?`, `含税226，13%，税额`."""

import re

from .patterns import lazy_pattern

_LONGEST = 120
_N = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_TAX = r"(?:vat|gst|mwst|ust|iva|tva|(?:sales )?tax)"
_RATE = lazy_pattern(
    rf"(?:(?:at|of|with|@|税率|{_TAX}(?: rate)?)\s*(?:is|of|:|是|为|按)?\s*)?(?P<r>\d+(?:\.\d+)?)\s*(?:%|个(?:百分)?点)"
    rf"(?:\s*{_TAX}\b(?! (?:amount|part|share)))?(?:\s*的?\s*(?:税率|税(?!额|金|款)))?|"
    rf"pct之\s*(?P<zh>\d+(?:\.\d+)?)(?:\s*的?\s*(?:税率|税(?!额|金|款)))?",
    re.IGNORECASE,
)
_NET = (
    rf"\b(?:net(?:to)?|excl(?:\.|uding|usive of)?\s*(?:the )?(?:{_TAX})?|ex {_TAX}|before (?:the "
    rf")?{_TAX}|without (?:the )?{_TAX})\b|"
    r"不含税|不带税|税前|未税|除税"
)
_GROSS = (
    rf"\b(?:gross|brutto|incl(?:\.|uding|usive of)?\s*(?:the )?(?:{_TAX})?|with (?:the )?{_TAX}|after "
    rf"(?:the )?{_TAX})\b|"
    r"(?<!不)含税|带税|价税合计|税后|含税总[价额]"
)
_SIDE = lazy_pattern(rf"(?P<net>{_NET})|(?P<gross>{_GROSS})", re.IGNORECASE)
_AMOUNT = lazy_pattern(rf"(?<![\d.,])(?P<a>{_N})(?![\d%]|[.,]\d)(?:\s*(?:元|块))?")
_INCLUDED = lazy_pattern(rf"^[\s,]*(?:incl\w*\.?|with|at)[\s,]*(?:{_TAX}\b)?", re.IGNORECASE)
_OF_AMOUNT = r"(?:\s*(?:货款|价格?|金额|销售额|总额|款|的|是|为|amount|price|total|of|is|was|[:：]))*\s*"
_ASKS_TAX = lazy_pattern(
    rf"\b{_TAX}(?: amount| part| share)?\b|税额|税金|税款|(?:多少|几)税|交多少税|税(?:是|有)?(?:多少|几)", re.IGNORECASE
)
_SAYS_NOTHING = lazy_pattern(
    r"\b(?:what|what's|whats|how|much|many|is|are|the|a|an|of|it|in|that|and|so|then|price|amount|total|at|on|for|to|from|"
    r"invoice|bill|part|would|be|does|come|get|pay|i|we|me|give|please|rate|with|only|just)\b|"
    r"[\s,.;:：，。？?！!=>-]|→|多少|是|的|钱|元|价格?|金额|总额|货款|要|应|该|交|付|得|几|求|算|按|这|张|发票|那|呢|共|税率|合计",
    re.IGNORECASE,
)
_WAGES = lazy_pattern(r"salary|wage|income|工资|收入|薪", re.IGNORECASE)


def tax_in(text: str) -> str | None:
    """The expression that is asked for, number words in digits already; None where a part of it is not understood."""
    rates = list(_RATE.finditer(text)) if len(text) <= _LONGEST else []
    if len(rates) != 1 or _WAGES.search(text):
        return None
    left = f"{text[: rates[0].start()]} , {text[rates[0].end() :]}"
    amounts = list(_AMOUNT.finditer(left))
    if len(amounts) != 1:
        return None
    before, behind = left[: amounts[0].start()], left[amounts[0].end() :]
    gross, rest = _side_of_amount(before, behind)
    if gross is None:
        return None
    asked = _asked(rest)
    number, rate = amounts[0]["a"].replace(",", ""), rates[0]["r"] or rates[0]["zh"]
    return _expression(number, rate, gross, asked) if asked else None


def _side_of_amount(before: str, behind: str) -> tuple[bool | None, str]:
    """Whether the amount has the tax in it, as the words beside it say; and what else is said."""
    for found in _SIDE.finditer(before):
        if re.fullmatch(_OF_AMOUNT, before[found.end() :], re.IGNORECASE):
            return found["gross"] is not None, f"{before[: found.start()]} {_INCLUDED.sub(' ', behind, count=1)}"
    found = _SIDE.match(behind.lstrip(" ,"))
    if found:
        return found["gross"] is not None, f"{before} {behind.lstrip(' ,')[found.end() :]}"
    return None, ""


def _asked(rest: str) -> str | None:
    sides = list(_SIDE.finditer(rest))
    without = _SIDE.sub(" ", rest)
    tax = _ASKS_TAX.search(without) is not None
    if re.search(r"[^\W_]", _SAYS_NOTHING.sub("", _ASKS_TAX.sub(" ", without))):
        return None
    if len(sides) == 1 and not (tax and not sides[0].group().isascii()):
        return "gross" if sides[0]["gross"] else "net"
    return "tax" if tax and not sides else None


def _expression(number: str, rate: str, gross: bool, asked: str) -> str | None:
    if gross and asked == "net":
        return f"({number}) / (100% + {rate}%)"
    if gross and asked == "tax":
        return f"({number}) - ({number}) / (100% + {rate}%)"
    if not gross and asked == "gross":
        return f"({number}) + {rate}%"
    return f"({number}) * {rate}%" if not gross and asked == "tax" else None
