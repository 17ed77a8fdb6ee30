"""Parts of a whole and signs in words, as numbers: `half a`, `1 1/2`, `two and a half`, `minus 40`, `零下10`, `半`."""

import re
from fractions import Fraction

from .figures import carried
from .patterns import lazy_pattern

_PARTS = {"half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4), "fourth": Fraction(1, 4)}
_MIXED = lazy_pattern(r"(?<![\d./,])(\d{1,9})(?:\s+|\s*(?:and|又)\s*)(\d{1,4})\s*/\s*(\d{1,4})(?![\d./])")
_AND_A = lazy_pattern(r"(?<![\d.])(\d{1,9})\s+and\s+(?:an?|1)\s+(half|third|quarter)\b", re.IGNORECASE)
_SEVERAL = lazy_pattern(r"(?<![\d.])(\d{1,4})[\s-]+(halves|thirds|quarters)(?:\s+of)?(?:\s+an?\b)?", re.IGNORECASE)
_A_PART = lazy_pattern(r"\b(?:an?\s+|1\s+)?(half|third|quarter)(?:\s+of)?\s+an?\s+(?=[a-z])", re.IGNORECASE)
_UNIT_AND_A_HALF = lazy_pattern(r"(?<![\d.])(\d{1,9})\s+([a-z]+)\s+and\s+an?\s+half\b", re.IGNORECASE)
_BELOW_ZERO = lazy_pattern(r"零下\s*|负\s*(?=[\d一二三四五六七八九十百])")
_MINUS = lazy_pattern(r"(?:^|(?<=[^\d)\s%])\s*|(?<=\bis )|(?<=\bof ))\b(?:minus|negative)\s+(?=\.?\d)", re.IGNORECASE)
_HALF_MORE = lazy_pattern(r"(\d{1,9})\s*个?半(?=\s*[\u4e00-\u9fff])")
_UNIT_AND_HALF = lazy_pattern(r"(\d{1,9})\s*(个)?([\u4e00-\u9fff]{1,3}?)半(?![\u4e00-\u9fff]*[\d半径])")
_HALF = lazy_pattern(r"半个?(?=\s*(?:[\u4e00-\u9fffA-Za-z]))")
_OVER = lazy_pattern(r"(?<![\d.])(\d{1,9})分之(\d{1,9})")


def with_sign_before_words(text: str) -> str:
    """`零下10` as `-10`: to be called before number words become digits, as `零` is one."""
    return _BELOW_ZERO.sub("-", text)


def with_portions(text: str, halves: bool = True) -> str:
    """`text`, its number words in digits already, with fractions in words as decimals or `(p/q)`.

    Without `halves`, what is halved stays in words: `half of a dozen`, `一半`.
    """
    text = _MIXED.sub(_mixed, text)
    text = _AND_A.sub(lambda found: _written(int(found[1]) + _PARTS[found[2].lower()]), text)
    text = _OVER.sub(lambda found: f"({found[2]}/{found[1]})", text)
    return _with_halves(text) if halves else text


def _with_halves(text: str) -> str:
    text = _UNIT_AND_A_HALF.sub(lambda found: f"{found[1]}.5 {found[2]}", text)
    text = _SEVERAL.sub(lambda found: _written(int(found[1]) * _plural(found[2])), text)
    text = _A_PART.sub(lambda found: f"{_written(_PARTS[found[1].lower()])} ", text)
    text = _HALF_MORE.sub(r"\1.5", text)
    text = _UNIT_AND_HALF.sub(r"\1.5\2\3", text)
    text = _HALF.sub("0.5", text)
    return _MINUS.sub("-", text)


def _plural(word: str) -> Fraction:
    return _PARTS["half" if word.lower() == "halves" else word.lower().removesuffix("s")]


def _mixed(found: "re.Match[str]") -> str:
    whole, part, of = int(found[1]), int(found[2]), int(found[3])
    return _written(whole + Fraction(part, of)) if 0 < part < of else found.group()


def _written(number: Fraction) -> str:
    text = carried(number)
    return f"({text})" if "/" in text else text
