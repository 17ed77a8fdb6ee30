"""Numbers as people write them: `1'280`, `1.234,50`, `48 200`, `.8`, `12k`, with what else each may mean."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from .patterns import lazy_pattern
from .portions import with_portions
from .wording import digits_for_words, plain_signs

_SPACED = r"\d{1,3}(?: \d{3})+(?:[.,]\d{1,2})?(?![\d.,]*\d)|"
_PLAIN = r"\d{1,3}(?:[,.']\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d+)?|\.\d+"
_FORMS = tuple(
    lazy_pattern(
        rf"(?<![A-Za-z0-9_.,'])(?P<digits>{form})(?!\d)(?:\s?(?P<scale>[kK](?![^\W\d_])|mio\b|mln\b|万)|"
        rf"\s*(?P<share>%|percent\b|"
        r"per cent\b|pct\b|prozent\b))?",
        re.IGNORECASE,
    )
    for form in (_SPACED + _PLAIN, _PLAIN)
)
_OVER = lazy_pattern(r"pct之\s*([\d.]+)")
_PRONOUN = lazy_pattern(
    r"\b(?:this|that|the|which|each|any|every|other|big|small|last|first|a \S+ \S+) one\b|\bone (?=of\b)", re.IGNORECASE
)
_SCALES = {"k": 1000, "mio": 10**6, "mln": 10**6, "万": 10**4}


class Amount(NamedTuple):
    """A number of a text: where it stands, what it is, what else it may be, and whether it is in percent."""

    start: int
    end: int
    value: Fraction
    other: Fraction | None = None
    share: bool = False
    whole: bool = False


def read_plainly(text: str) -> str:
    """`text` with ASCII signs, number words in digits, and percentages with their sign."""
    text = digits_for_words(_PRONOUN.sub("that", plain_signs(text.strip().replace("百分之", "pct之"))))
    return with_portions(_OVER.sub(r"\1%", text.replace("，", ", ").replace("。", ". ")), halves=False)


def amounts_in(text: str, spaced: bool = True) -> list[Amount]:
    """The numbers of `text`, which is read plainly; `spaced` takes `48 200` for one number."""
    return [_amount(found) for found in _FORMS[0 if spaced else 1].finditer(text)]


def so_many(text: str, count: int) -> list[Amount] | None:
    """The numbers of `text` where they are `count`, whether or not spaces stand in them; else None."""
    for spaced in (True, False):
        found = amounts_in(text, spaced)
        if len(found) == count:
            return found
    return None


def blanked(text: str, amounts: Sequence[Amount]) -> str:
    """`text` with a mark instead of each number."""
    for one in reversed(amounts):
        text = f"{text[: one.start]}\0{text[one.end :]}"
    return text


def _amount(found: "re.Match[str]") -> Amount:
    digits = found["digits"]
    value, other = worth(digits)
    scale = _SCALES.get((found["scale"] or "").lower(), 1)
    whole = re.fullmatch(r"\d+", digits) is not None and scale == 1
    return Amount(found.start(), found.end(), value * scale, other and other * scale, found["share"] is not None, whole)


def worth(digits: str) -> tuple[Fraction, Fraction | None]:
    """What digits with their signs are worth, and for `1.340` and `1,340` what they are worth otherwise."""
    if re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", digits):
        thousands, decimal = Fraction(re.sub(r"\D", "", digits)), Fraction(digits.replace(",", "."))
        return (thousands, decimal) if "," in digits else (decimal, thousands)
    grouped = re.fullmatch(r"(\d{1,3}(?:([,.' ])\d{3})+)(?:[.,](\d{1,2}))?", digits)
    if grouped:
        return Fraction(re.sub(r"\D", "", grouped[1]) + (f".{grouped[3]}" if grouped[3] else "")), None
    return Fraction(digits.replace(",", ".") if not digits.startswith(".") else f"0{digits}"), None
