"""Lengths by lengths: `6 x 4 x .15`, `3.6m by 2.4m`, as the area or volume that they make."""

import re
from fractions import Fraction

from . import figures
from .amounts import worth
from .contract import CERTAIN, Answer, Question, Task, Value
from .patterns import lazy_pattern
from .units import Unit, unit_named
from .wording import digits_for_words, plain_signs

_LONGEST = 120
_NUMBER = r"(?:\d+(?:[.,]\d+)?|\.\d+)(?:\s*/\s*\d+)?"
_UNIT = (
    r"(?:millimet(?:er|re)s?|mm|centimet(?:er|re)s?|cm|met(?:er|re)s?|m|feet|foot|ft|'|inch(?:es)?|in(?=\s*(?:x|"
    r"by|\*|$))|yards?|yd|"
    r"米|厘米|毫米)(?![a-z0-9])"
)
_SIDES = lazy_pattern(
    rf"(?:(?:what is|what's|the|an?|area|volume|size|of|room|slab|floor|wall|patio|carpet|deck|box|field|bed|"
    rf"concrete|path|garden|is|"
    rf"how (?:big|much) is)[\s:]+)*"
    rf"(?P<sides>{_NUMBER}\s*(?:{_UNIT})?(?:\s*(?:x|\*|by|乘以?)\s*{_NUMBER}\s*(?:{_UNIT})?){{1,2}})"
    r"(?:\s*(?:slab|room|floor|wall|patio|carpet|deck|area|volume|box))?[\s?=.!]*",
    re.IGNORECASE,
)
_SIDE = lazy_pattern(rf"({_NUMBER})\s*({_UNIT})?", re.IGNORECASE)
_PLACES = lazy_pattern(
    r"\b(?:area|volume|rooms?|slabs?|floors?|walls?|patios?|carpets?|tiles?|tiling|paint\w*|concrete|site|"
    r"build\w*|square|lengths?|m2|m3|"
    r"sqm|garden|deck\w*|plaster\w*|wood|timber|land|dimensions)\b|面积|体积|房间|地板|瓷砖|工地",
    re.IGNORECASE,
)
_MONEY = lazy_pattern(
    r"%|percent|\b(?:vat|tax|price|prices|bill|discount|fee|cost|euros?|dollars?)\b|税|价|折", re.IGNORECASE
)


def area_task(question: Question) -> Task | None:
    """A claim on two or three lengths joined by `x` or `by`."""
    if len(question.text) > _LONGEST:
        return None
    text = digits_for_words(plain_signs(question.text.strip()))
    found = _SIDES.fullmatch(text)
    if found is None:
        return None
    sides = _SIDE.findall(found["sides"])
    by = re.search(r"\bby\b", text, re.IGNORECASE) is not None
    units: list[Unit | None] = [unit_named(name.lower().replace("'", "ft")) if name else None for _, name in sides]
    if by and len(sides) == 2 and not any(units) and not _PLACES.search(f"{question.requirement} {text}"):
        return None
    if not any(units) and _MONEY.search(question.requirement) and not _PLACES.search(f"{question.requirement} {text}"):
        return None
    if units[-1] is not None and not any(units[:-1]):
        units = [units[-1]] * len(units)
    if any(unit is None for unit in units) and any(units):
        return None
    return Task(CERTAIN, lambda: _answer([number for number, _ in sides], units, text))


def _answer(numbers: "list[str]", units: "list[Unit | None]", text: str) -> Answer:
    product, symbol = Fraction(1), units[0].symbol if units[0] else ""
    for number, unit in zip(numbers, units, strict=True):
        product *= _value(number) * (unit.size / units[0].size if unit and units[0] else 1)
    power = {2: "²", 3: "³"}[len(numbers)]
    spoken = f"{figures.shown(product)} {symbol}{power}" if symbol else figures.shown(product)
    sides = [
        f"{number.strip()}{f' {unit.symbol}' if unit else ''}" for number, unit in zip(numbers, units, strict=True)
    ]
    sign = "=" if figures.is_exact(product) else "≈"
    return Answer(
        f"{' * '.join(sides)} {sign} {spoken}",
        {"expression": " * ".join(sides)},
        {"result": figures.for_json(product)},
        (Value(spoken if symbol else figures.carried(product), product, " * ".join(sides)),),
    )


def _value(number: str) -> Fraction:
    above, _, below = re.sub(r"\s", "", number).partition("/")
    return worth(above)[0] / (int(below) or 1) if below else worth(above)[0]
