"""Net, tax and gross: one of them and a rate are told, the others are asked for."""

import re
from typing import NamedTuple

from .patterns import lazy_pattern

_LONGEST = 120
_N = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_TAX_NAME = r"(?:vat|gst|mwst|ust|iva|tva|(?:sales )?tax(?:es)?)"
RATE = lazy_pattern(
    rf"(?:(?:税率|税点|征收率)\s*(?:是|为|按|:|：)?\s*|\b{_TAX_NAME}\s*(?:rate\s*)?(?:of|at|is|"
    rf":)?\s*)?(?<![\d.,])(?P<rate>{_N})\s*"
    rf"(?:%|个?(?:百分)?点(?![\d半钟]))(?:\s*的?\s*(?:税率|征收率|税点)|\s*{_TAX_NAME}\b)?|"
    rf"(?:税率|税点|征收率)\s*(?:是|为|按|:|：)?\s*(?P<bare>\d{{1,2}}(?:\.\d+)?)(?![\d%.]|\s*个?点)",
    re.IGNORECASE,
)
_IN_IT = lazy_pattern(rf"含\s*({_N}\s*(?:%|个?(?:百分)?点))\s*的?(?:增值)?税(?!额|金|率|价)")
_ROLES = (
    (
        "net",
        rf"不含(?:增值)?税|未税|税前|除税|去税|\bnet(?:to)?\b|\b(?:ex|excl|excluding|without|before|"
        rf"w/o)\b\.?(?: of)?(?: the)?(?: {_TAX_NAME}\b)?",
    ),
    (
        "gross",
        rf"(?<!不)含(?:增值)?税|价税合计|税后|\bgross\b|\bbrutto\b|\b(?:inc|incl|including|inclusive|included|"
        rf"includes|with|"
        rf"after)\b\.?(?: of)?(?: the)?"
        rf"(?: {_TAX_NAME}\b)?",
    ),
    (
        "tax",
        rf"(?:增值)?税[额金款费]?(?![率点前后])|\b(?:the )?{_TAX_NAME}\b(?: (?:part|amount|share|portion|content))?",
    ),
)
ROLE = lazy_pattern("|".join(f"(?P<{name}>{said})" for name, said in _ROLES), re.IGNORECASE)
_AMOUNT = lazy_pattern(rf"(?<![A-Za-z0-9_.,]){_N}(?![A-Za-z0-9_%.]*\d)")
_LINK = lazy_pattern(
    r"\s*(?:价格?|货款|金额|总[价额]|单价|是|为|的|:|：|price|amount|total|is|was|of|at|on|in|from|for|"
    r"out of)*\s*[$€£¥]?\s*",
    re.IGNORECASE,
)
_BEHIND = lazy_pattern(
    r"\s*(?:元|块钱?|euros?|dollars?|pounds?|eur|usd|gbp)?\s*[(（]?\s*(?:is |was |are )?", re.IGNORECASE
)
_ASKS_WHICH_RATE = lazy_pattern(
    rf"税率|税点|\b{_TAX_NAME} rate\b|\brate\b|几个点|百分之几|what percent|what %", re.IGNORECASE
)
_SAYS_NOTHING = lazy_pattern(
    r"\b(?:what's|whats|what|is|the|are|how|much|of|on|in|from|for|at|to|and|a|an|it|that|this|please|price|amount|"
    r"total|invoice|be|would|"
    r"i|we|need|give|me|calculate|find|out|part|eur|euros?|usd|dollars?|gbp|pounds?)\b|麻烦|帮我|请问|一下|这张|"
    r"发票|开票|货款|金额|"
    r"总额|价格|"
    r"单价|分别|其中|各|多少|合计|[的是为了呢吗元块钱价求算有和及与到按请几]|[\s,.;:?!，。？！、=$€£¥→>()（）-]",
    re.IGNORECASE,
)


class _Told(NamedTuple):
    role: str
    amount: str


def tax_in(text: str, asked_besides: str = "") -> list[str] | None:
    """The expressions for what is asked of a taxed amount; None where `text` is about something else or not all clear.

    `asked_besides` is a later turn that names nothing but net, tax or gross.
    """
    if len(text) > _LONGEST or ("税" not in text and not re.search(_TAX_NAME, text, re.IGNORECASE)):
        return None
    text = _IN_IT.sub(r"含税 \1 ", text)
    rates = list(RATE.finditer(text))
    plain = re.sub(r"\s+", " ", RATE.sub(" ", text))
    told, asked = _told_and_asked(plain)
    left = _AMOUNT.sub(" ", ROLE.sub(" ", _ASKS_WHICH_RATE.sub(" ", plain)))
    if _SAYS_NOTHING.sub("", left) or len(told) != len(_AMOUNT.findall(plain)):
        return None
    if asked_besides:
        asked = [found.lastgroup or "" for found in ROLE.finditer(asked_besides)]
    if len(rates) == 1 and len(told) == 1:
        rate = rates[0]["rate"] or rates[0]["bare"]
        return _worked_out(told[0], rate, asked)
    return _rate_of(told) if not rates and len(told) == 2 and _ASKS_WHICH_RATE.search(plain) else None


def roles_alone(text: str) -> bool:
    """`不含税呢`, `and the vat?`: nothing but what is asked."""
    return (
        ROLE.search(text) is not None and not re.search(r"\d", text) and not _SAYS_NOTHING.sub("", ROLE.sub(" ", text))
    )


def _told_and_asked(text: str) -> tuple[list[_Told], list[str]]:
    """The amounts with what they are, and what stands without one."""
    told: dict[int, _Told] = {}
    asked: list[str] = []
    for found in ROLE.finditer(text):
        role, link = found.lastgroup or "", _LINK.match(text, found.end())
        ahead = _AMOUNT.match(text, link.end() if link else found.end())
        back = next(
            (
                one
                for one in _AMOUNT.finditer(text)
                if (gap := _BEHIND.match(text, one.end())) and gap.end() == found.start()
            ),
            None,
        )
        at = ahead if ahead and ahead.start() not in told else back if back and back.start() not in told else None
        if at is None:
            asked.append(role)
            continue
        between = text[found.end() : at.start()].lower() if at is ahead else ""
        if role == "tax" and (said := re.search(r"\b(?:on|for|in|from|out of|of)\b", between)):
            asked.append("tax")
            own = next(
                (one for one in ROLE.finditer(text, at.end()) if _BEHIND.fullmatch(text, at.end(), one.start())), None
            )
            if own is None and said.group() != "of":
                told[at.start()] = _Told("net" if said.group() in ("on", "for") else "gross", at.group())
            continue
        told[at.start()] = _Told(role, at.group())
    return [told[at] for at in sorted(told)], asked


def _worked_out(told: _Told, rate: str, asked: list[str]) -> list[str] | None:
    amount, share = told.amount.replace(",", ""), f"{rate}%"
    forms = {
        "net": {"gross": f"{amount} + {share}", "tax": f"{amount} * {share}"},
        "gross": {"net": f"{amount} / (100% + {share})", "tax": f"{amount} - {amount} / (100% + {share})"},
        "tax": {"net": f"{amount} / {share}", "gross": f"{amount} / {share} + {amount}"},
    }[told.role]
    wanted = [role for role in dict.fromkeys(asked) if role in forms]
    return [forms[role] for role in wanted] or None


def _rate_of(told: list[_Told]) -> list[str] | None:
    known = {one.role: one.amount.replace(",", "") for one in told}
    if known.keys() == {"net", "gross"}:
        return [f"({known['gross']} - {known['net']}) / {known['net']} * 100"]
    if known.keys() == {"net", "tax"}:
        return [f"{known['tax']} / {known['net']} * 100"]
    if known.keys() == {"gross", "tax"}:
        return [f"{known['tax']} / ({known['gross']} - {known['tax']}) * 100"]
    return None
