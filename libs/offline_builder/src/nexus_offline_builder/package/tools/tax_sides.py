"""Whether an amount has the tax in it, and which of net, tax and gross are wanted: as prompts and requirements say."""

import re

from .patterns import lazy_pattern
from .taxes import RATE, ROLE

NET = lazy_pattern(
    r"\b(?:net(?:to)?|before (?:the )?(?:tax|vat)|excl\w*|without (?:the )?(?:tax|vat)|ex (?:tax|vat))\b|"
    r"不含税|税前|未税",
    re.IGNORECASE,
)
GROSS = lazy_pattern(
    r"\b(?:gross|brutto|incl\w*|with (?:the )?(?:tax|vat)|after (?:the )?(?:tax|vat))\b|(?<!不)含税|税后", re.IGNORECASE
)
ASKS_FOR = lazy_pattern(
    r"\b(?:what|how much|give me|to|into|is|the|please|i need)\b|->|→|=|[,;?？，]|多少|是|求|算", re.IGNORECASE
)
_TO_FIRST = lazy_pattern(r"\b(?:from|of|out of|when|given|if|using|based on)\b", re.IGNORECASE)
_TO_SECOND = lazy_pattern(r"\b(?:in)?to\b|->|→|[算换转求得到]", re.IGNORECASE)
BOTH_WAYS = lazy_pattern(r"\b(?:other way|both|vice versa|reverse|back)\b|<-*>|↔|互|反过来|两", re.IGNORECASE)
TAKES_OUT = lazy_pattern(
    r"\b(?:remove|take (?:out|off)|strip|deduct|subtract|exclude|back out) (?:the )?(?:\S+ ){0,2}(?:tax|vat|"
    r"gst)\b|\btak(?:es?|ing) (?:the )?(?:tax|vat|gst) (?:off|out)\b|去税|扣税|价税分离",
    re.IGNORECASE,
)
PUTS_ON = lazy_pattern(
    r"\b(?:add|adds|adding|plus|put|with) (?:the |on )?(?:\S+ ){0,2}(?:tax|vat|gst)\b|加税|加上税", re.IGNORECASE
)
_GIVEN = lazy_pattern(
    r"(?:\b(?:gives?|given|giving|enters?|inputs?|types?|typing|from|of|when|have|got|put in)\b|[给报]|输入|已知|"
    r"提供)[^,;，；。]{0,20}$",
    re.IGNORECASE,
)
_WANTED = lazy_pattern(
    r"(?:\b(?:gets?|out|wants?|needs?|tells?|shows?|says?|returns?|to|into|comes)\b|[-=]>|→|[出求得]|返回|算|"
    r"告诉)[^.;；。]{0,30}$",
    re.IGNORECASE,
)
_PUT_IN = lazy_pattern(r"\s*(?:price|amount|value|价格?|金额)?\s*in\b(?!\s*(?:euros?|\$|€))", re.IGNORECASE)


def roles_in(wanted: str) -> tuple[set[str], set[str]]:
    """Of net, gross and tax, those that the requirement is given, and those that it wants."""
    plain = RATE.sub(" ", wanted)
    given: set[str] = set()
    asked: set[str] = set()
    for one in ROLE.finditer(plain):
        before, name = plain[: one.start()], one.lastgroup or ""
        ahead = [
            (found.start(), side)
            for side, form in ((given, _GIVEN), (asked, _WANTED))
            if (found := form.search(before))
        ]
        if name != "tax" and _PUT_IN.match(plain, one.end()):
            given.add(name)
        elif ahead:
            max(ahead, key=lambda found: found[0])[1].add(name)
    return given, asked


def is_gross(said: tuple[str, str], wanted: str) -> bool | None:
    """Whether the amount has the tax in it: as the prompt says, else as the requirement does."""
    label, asked = said[0], ""
    if not label.strip():
        parts = re.split(r"(?=[,;?]|->|→|\bto\b|\bwhat\b|\bhow\b)", said[1], maxsplit=1, flags=re.IGNORECASE)
        label, asked = parts[0], "".join(parts[1:])
    elif ASKS_FOR.match(label.strip()):
        label, asked = said[1], label
    named = side(label)
    if named is None:
        other = side(asked or said[1])
        named = None if other is None else not other
    if named is not None or NET.search(" ".join(said)) or GROSS.search(" ".join(said)):
        return named
    return direction(wanted)


def side(text: str) -> bool | None:
    net, gross = NET.search(text), GROSS.search(text)
    return None if (net is None) == (gross is None) else gross is not None


def direction(wanted: str) -> bool | None:
    """Whether the requirement goes from amounts with tax to those without."""
    if BOTH_WAYS.search(wanted):
        return None
    out, on = TAKES_OUT.search(wanted), PUTS_ON.search(wanted)
    if (out is None) != (on is None):
        return out is not None
    given, asked = (names - {"tax"} for names in roles_in(wanted))
    if len(given) == 1 and given != asked:
        return given == {"gross"}
    if len(asked) == 1 and not given:
        return asked == {"net"}
    marks = sorted(
        [(found.start(), found.end(), False) for found in NET.finditer(wanted)]
        + [(found.start(), found.end(), True) for found in GROSS.finditer(wanted)]
    )
    if len(marks) == 2 and marks[0][2] != marks[1][2]:
        between = wanted[marks[0][1] : marks[1][0]]
        if _TO_FIRST.search(between):
            return marks[1][2]
        return marks[0][2] if _TO_SECOND.search(between) else None
    return None
