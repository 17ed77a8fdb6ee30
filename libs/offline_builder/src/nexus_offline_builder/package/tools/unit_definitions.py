"""What a requirement lays down of its units: `1杯=240毫升`, `1 GB = 1024 MB`, `mpg is UK gallons`."""

import re
from collections.abc import Mapping
from fractions import Fraction

from .patterns import lazy_pattern
from .unit_names import mention_at
from .units import Unit, comparable, unit_named

_LONGEST = 1000
_ONE = lazy_pattern(r"(?<![\d.,/])1\s*(?=[^\W\d])")
_IS = lazy_pattern(r"\s*(?:=|is|as|equals?|counts? as|按|算|等于|是|为|合)\s*(\d+(?:\.\d+)?)\s*", re.IGNORECASE)
_BRITISH = lazy_pattern(
    r"\b(?:uk|imperial|british)\s+(?:gallons?|mpg|pints?)|\b(?:gallons?|mpg|pints?)\W{0,3}(?:is|are|means?|=|:)?\s*\(?(?:uk|"
    r"imperial|british)\b|英制加仑",
    re.IGNORECASE,
)
_AMERICAN = lazy_pattern(r"\b(?:us|u\.s\.|usa|american)\b|美", re.IGNORECASE)
_IMPERIAL = ("gal", "qt", "pt", "fl oz", "mpg")


def definitions_in(requirement: str, prompt: str) -> Mapping[str, Unit]:
    """By symbol, the units that differ from the usual ones; `prompt` may name the American ones after all."""
    requirement = requirement[:_LONGEST]
    found = dict[str, Unit]()
    if _BRITISH.search(requirement) and not _AMERICAN.search(f"{requirement} {prompt}"):
        found = {symbol: unit for symbol in _IMPERIAL if (unit := unit_named(f"imperial {symbol}"))}
    for one in _ONE.finditer(requirement):
        large = mention_at(requirement, one.end())
        said = _IS.match(requirement, large.end) if large else None
        small = mention_at(requirement, said.end()) if said else None
        unit = unit_named(large.name) if large else None
        other = unit_named(small.name) if small else None
        if said is None or unit is None or other is None or unit.kind != other.kind or not comparable(unit, other):
            continue
        size = Fraction(said[1]) * other.size
        if size and size != unit.size and not unit.offset:
            found[unit.symbol] = unit._replace(size=size)
    return found
