"""Questions with more than one result: a sum in a ratio, an amount at compound interest."""

import re

from .patterns import lazy_pattern

_LONGEST = 120
_N = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_PARTS = r"\d{1,4}(?:\s*:\s*\d{1,4}){1,4}"
_RATIO = lazy_pattern(
    rf"(?:(?:split|divide|share|distribute|把|将)\s*)?(?P<a>{_N})\s*(?:(?:split|divided|shared)\s+)?(?:in|into|by|按照?|"
    rf"以)\s*(?:the |a )?"
    rf"(?:ratio|比例|比)?(?: of)?\s*(?P<parts>{_PARTS})(?:\s*的?(?:ratio|比例?)?\s*(?:分配?|分成?)?)?|"
    rf"(?:the |a )?ratio(?: of)?\s*(?P<parts2>{_PARTS})\s*(?:of|for|on|from)\s*(?P<a2>{_N})",
    re.IGNORECASE,
)
_COMPOUND = lazy_pattern(
    rf"(?:(?P<a>{_N})\s+(?:at|with)\s+(?P<p>{_N})\s*%\s*compound(?:ed)?(?: interest)?|"
    rf"compound(?: interest)?\s+(?:on|for|of)?\s*(?P<a2>{_N})"
    rf"\s+(?:at|with)\s+(?P<p2>{_N})\s*%)\s*(?:a year|per year|p\.?a\.?|yearly|annually)?\s*(?:for|over|after|"
    rf",)?\s*(?P<n>\d{{1,2}})\s*years?",
    re.IGNORECASE,
)
_AROUND = re.compile(r"^(?:what is|how much is|calculate|find)\s+|[\s?.!？。]+$", re.IGNORECASE)


def several_in(text: str) -> list[str] | None:
    """One expression for each result, number words in digits already; None for any other text."""
    plain = _AROUND.sub("", text.strip()) if len(text) <= _LONGEST else ""
    if found := _RATIO.fullmatch(plain):
        amount = (found["a"] or found["a2"]).replace(",", "")
        parts = re.findall(r"\d+", found["parts"] or found["parts2"])
        whole = sum(map(int, parts))
        return [f"{amount} * {part} / {whole}" for part in parts] if whole else None
    if found := _COMPOUND.fullmatch(plain):
        amount, share = (found["a"] or found["a2"]).replace(",", ""), found["p"] or found["p2"]
        grown = f"{amount} * (100% + {share}%)^{found['n']}"
        return [grown, f"{grown} - {amount}"]
    return None
