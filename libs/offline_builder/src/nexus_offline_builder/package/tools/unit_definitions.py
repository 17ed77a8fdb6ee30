"""What a requirement lays down of its units: `1杯=240毫升`, `1 GB = 1024 MB`, `mpg is UK gallons`."""

import re
from collections.abc import Mapping
from fractions import Fraction

from . import figures
from .contract import Answer, Impossible, Task
from .patterns import lazy_pattern
from .unit_names import mention_at
from .units import Unit, comparable, unit_named

_LONGEST = 1000
_ONE = lazy_pattern(r"(?<![\d./])(?<!\d,)1\s*(?=[^\W\d])|\b(?P<word>one|an?)\s+", re.IGNORECASE)
_OTHER_NAME = lazy_pattern(r"(?<=\w)\s?[(（][^()（）\d]{1,20}[)）](?=\s*[=是为按])")
"""`1汤匙(大匙)=15毫升`."""
_IS = lazy_pattern(
    r"\s*(?P<is>=|is|as|equals?|counts? as|按|算|等于|是|为|合)?\s*(?P<size>\d+(?:\.\d+)?)\s*", re.IGNORECASE
)
_BRITISH = lazy_pattern(
    r"\b(?:uk|imperial|british)\s+(?:gallons?|mpg|pints?)|\b(?:gallons?|mpg|pints?)\W{0,3}(?:is|are|means?|=|:)?\s*\(?(?:uk|"
    r"imperial|british)\b|英制加仑",
    re.IGNORECASE,
)
_AMERICAN = lazy_pattern(r"\b(?:us|u\.s\.|usa|american)\b|美", re.IGNORECASE)
_UNLESS = lazy_pattern(r"\b(?:unless|except (?:if|when|where))\b[^.;,!?]*|除非[^。；，]*", re.IGNORECASE)
_IMPERIAL = ("gal", "qt", "pt", "fl oz", "mpg")


def definitions_in(requirement: str, prompt: str) -> Mapping[str, Unit]:
    """By symbol, the units that differ from the usual ones; `prompt` may name the American ones after all."""
    requirement = requirement[:_LONGEST]
    found = dict[str, Unit]()
    usual = _UNLESS.sub("", requirement)
    if _BRITISH.search(usual) and not _AMERICAN.search(f"{usual} {prompt}"):
        found = {symbol: unit for symbol in _IMPERIAL if (unit := unit_named(f"imperial {symbol}"))}
    requirement = _OTHER_NAME.sub("", requirement)
    for one in _ONE.finditer(requirement):
        large = mention_at(requirement, one.end())
        said = _IS.match(requirement, large.end) if large else None
        small = mention_at(requirement, said.end()) if said else None
        unit = unit_named(large.name) if large else None
        other = unit_named(small.name) if small else None
        if said is not None and not said["is"] and not one["word"]:
            continue  # `1 h 30 min` is a quantity; `a tablespoon 15 ml` is no other
        if said is None or unit is None or other is None or unit.kind != other.kind or not comparable(unit, other):
            continue
        size = Fraction(said["size"]) * other.size
        if size and size != unit.size and not unit.offset:
            found[unit.symbol] = unit._replace(size=size)
    return found


_ASKS_BACK = lazy_pattern(
    r"\bask (?:me|us|which|instead|back|first|them)\b|\bguess(?:ing)?\b|反问|[不别]要?猜|[要先就]问", re.IGNORECASE
)
_OF_BOTH_SIZES = lazy_pattern(
    r"\b(?:gallons?|gals?|pints?|quarts?|fluid ounces?|fl\.? ?oz|mpg)\b|加仑|品脱", re.IGNORECASE
)
_SIZE = lazy_pattern(r"\b(?:uk|us|usa|imperial|british|american|english)\b|[英美]制?", re.IGNORECASE)
_DEGREES = lazy_pattern(r"\d\s*(?:度|°|degrees?\b)", re.IGNORECASE)
_SCALE = lazy_pattern(
    r"摄氏|华氏|开|\b(?:celsius|fahrenheit|kelvin|centigrade)\b|[℃℉]|(?<![a-z])[cfk](?![a-z])", re.IGNORECASE
)


def refuse_to_guess(prompt: str, requirement: str) -> None:
    """Raises Impossible where the requirement wants to be asked back: of gallons or degrees, which ones."""
    if not _ASKS_BACK.search(requirement[:_LONGEST]):
        return
    both = _AMERICAN.search(requirement) and re.search(r"uk|imperial|british|英", requirement, re.IGNORECASE)
    if both and _OF_BOTH_SIZES.search(prompt) and not _SIZE.search(prompt):
        raise Impossible("American or British ones?", "是美制还是英制？")
    if _SCALE.search(requirement) and _DEGREES.search(prompt) and not _SCALE.search(prompt):
        raise Impossible("In which scale: Celsius, Fahrenheit or kelvin?", "是摄氏、华氏还是开尔文？")


_ROUNDED = lazy_pattern(
    r"\bround\w*\b[^.;]{0,40}?(?:(?P<en>\d|one|two|three) (?:decimals?|digits|places)|"
    r"(?P<whole>\bwhole\b|\bnearest\b|\binteger))|"
    r"\bto the nearest (?:whole )?\w+|保留(?P<zh>[1-3一两二三])位小数|(?P<zh_whole>取整|四舍五入到(?:整数|个位))",
    re.IGNORECASE,
)
_WORDS = {"one": 1, "two": 2, "three": 3, "一": 1, "两": 2, "二": 2, "三": 3}


def _places_in(requirement: str) -> int | None:
    """To how many places every result is to be rounded."""
    found = _ROUNDED.search(requirement[:_LONGEST])
    said = (found["en"] or found["zh"] or "") if found else ""
    return None if found is None else _WORDS.get(said.lower(), int(said) if said.isdigit() else 0)


def as_rounded(task: Task | None, requirement: str) -> Task | None:
    """With every result as round as the requirement wants it."""
    places = _places_in(requirement)
    return task if task is None or places is None else task._replace(run=lambda: _to_places(task.run(), places))


def _to_places(answer: Answer, places: int) -> Answer:
    rounded = [figures.shown(figures.rounded(one.number, places)) for one in answer.values if one.number is not None]
    return answer._replace(text=f"{answer.text} (~ {', '.join(rounded)})") if rounded else answer
