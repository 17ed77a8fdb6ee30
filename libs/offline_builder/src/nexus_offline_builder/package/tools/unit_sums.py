"""Quantities that are put together before they are converted: `2 tsp and 3 tbsp together`, `45 lb + 2 x 20 lb`."""

import re
from fractions import Fraction
from itertools import pairwise

from . import figures
from .patterns import lazy_pattern
from .units import Unit

_TOGETHER = lazy_pattern(
    r"\b(?:together|altogether|in total|in all|combined|added up|summed|total|sum of)\b|一共|总共|合计|"
    r"加起来|共计|总计",
    re.IGNORECASE,
)
_TIMES = lazy_pattern(r"(?<![\d.,/])(\d{1,4})\s*(?:x|×|\*|times)\s*$", re.IGNORECASE)
_PLUS = lazy_pattern(
    r"\s*(?:[a-z]+\s+){0,2}(?:\+|plus|加上?)\s*(?:(?:an?|the|another)\s+)?(?:[a-z]+\s+){0,2}", re.IGNORECASE
)
_JOINT = lazy_pattern(
    r"(?:\s*(?:[a-z]+\s+)?(?:,|;|&|\+|\band\b|\bplus\b|和|与|加上?|、)\s*(?:an?(?:other)?\s+)?)+", re.IGNORECASE
)
_MINUS = lazy_pattern(r"\s*(?:[a-z]+\s+)?(?:-|minus|less|减去?)\s*(?:(?:an?|the)\s+)?", re.IGNORECASE)
_SPOKEN = {1: "+", -1: "-"}


def multiplied(text: str, start: int, amount: Fraction) -> tuple[int, Fraction, str]:
    """Where a quantity begins with how often it is there in front of it, its amount in all, and `2 x ` to be said."""
    times = _TIMES.search(text[:start])
    if times is None or int(times[1]) < 1:
        return start, amount, ""
    return times.start(), amount * int(times[1]), f"{times[1]} x "


def signs_between(text: str, spans: list[tuple[int, int]]) -> list[int] | None:
    """How each quantity but the first is put to the sum: 1 or -1; None where they are not to be put together."""
    gaps = [text[end:start] for (_, end), (start, _) in pairwise(spans)]
    together = _TOGETHER.search(text) is not None
    signs: list[int] = []
    for gap in gaps:
        if _PLUS.fullmatch(gap) or (together and _JOINT.fullmatch(gap)):
            signs.append(1)
        elif _MINUS.fullmatch(gap):
            signs.append(-1)
        else:
            return None
    return signs or None


def without_sum_words(text: str) -> str:
    return _TOGETHER.sub(" ", text)


def summed(parts: list[tuple[Fraction, Unit, str]], signs: list[int]) -> tuple[Fraction, Unit, str] | None:
    """Amount, unit and words of the sum in the first unit; None where the units measure different things."""
    amount, unit, spoken = parts[0]
    for (more, other, said), sign in zip(parts[1:], signs, strict=True):
        if other.kind != unit.kind or unit.offset or other.offset:
            return None
        amount += sign * more * other.size / unit.size
        spoken = f"{spoken} {_SPOKEN[sign]} {said}"
    return amount, unit, spoken if len(parts) > 1 else f"{figures.shown(amount)} {unit.symbol}"
