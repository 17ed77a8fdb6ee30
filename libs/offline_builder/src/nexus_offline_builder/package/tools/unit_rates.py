"""Two quantities of which one is per the other: `4.5 GB at 50 Mbps` is a time, `45 km in 1.5 hours` a speed."""

import re
from collections.abc import Sequence
from fractions import Fraction

from .measurements import Measurements, Quantity
from .patterns import lazy_pattern
from .units import Unit, unit_named

_JOINS = frozenset(["x", "*", "/", "by", "per", "每", "times"])
_ASKS_TIME = lazy_pattern(
    r"\bhow (?:long|many (?:hours|minutes|seconds)|much time)\b|\btime\b|\bduration\b|\b(?:down|up)load\w*|"
    r"\btransfer\w*|\bcop(?:y|ying)\b|\bsend\w*|\bbackup\b|\bcharg\w+|多久|多长时间|几分钟|几小时|多少(?:分钟|秒|小时)|时间|下载|上传|传输|拷贝",
    re.IGNORECASE,
)
_ASKS_AMOUNT = lazy_pattern(
    r"\bhow (?:much|many|far)\b|\bdistance\b|\bamount\b|\benergy\b|\bconsum\w+|\buses?\b|多少|多[远重大长]|几",
    re.IGNORECASE,
)
_TIMES = lazy_pattern(r"\d[^\d]{0,30}(?:[x*×@]|\b(?:at|times|for)\b)\s*\d", re.IGNORECASE)
_ASKS_RATE = lazy_pattern(
    r"\bhow fast\b|\bspeed\b|\brate\b|\bbandwidth\b|\bthroughput\b|\baverage\b|\bpower\b|速度|多快|速率|带宽|功率",
    re.IGNORECASE,
)
_ASKS_PACE = lazy_pattern(r"\bpace\b|配速", re.IGNORECASE)
_ASKS_DENSITY = lazy_pattern(r"\bdensity\b|密度", re.IGNORECASE)
_AN_HOUR = 3600
_USUAL = {"length/time": "km/h", "data/time": "Mbit/s", "energy/time": "kW"}
_BELOW = {"mpg": "gal", "imperial mpg": "imperial gal", "l/100km": "km"}
_IMPERIAL = frozenset(["mi", "yd", "ft", "mph"])
_HOW_MANY_OF = lazy_pattern(
    r"\bhow (?:many|often)\s+(?:times\s+|of\s+)?(?:an?\s+)?[\d.]+[\s-]*[a-z]+[\s-]+(?!are\b|is\b|in\b|"
    r"to\b|make\b)[a-z]+",
    re.IGNORECASE,
)
_FIT = lazy_pattern(
    r"\bhow many\b.*\b(?:fits?|hold|holds|goes?)\b|(?:能|可以)?[放装存]得?下?(?:多少|几)", re.IGNORECASE
)


def rate_of(read: Measurements, text: str) -> list[tuple[Quantity, Unit]] | None:
    """What the two quantities of `read` make, with the unit wanted; None where they make nothing that is asked for."""
    if len(read.quantities) != 2 or len(read.units) > 1 or (read.unread and read.unread.lower() not in _JOINS):
        return None
    if read.quantities[0].unit.kind == read.quantities[1].unit.kind:
        return None
    if read.units:
        return made_of(read.quantities, read.units[0])
    return rate_of_two(read.quantities, text)


def rate_of_two(quantities: Sequence[Quantity], text: str) -> list[tuple[Quantity, Unit]] | None:
    """What two quantities of different kinds make, as `text` asks for it."""
    first, second = quantities
    for one, other in ((first, second), (second, first)):
        above, _, below = _kind(other.unit).partition("/")
        if below and above == below == one.unit.kind:
            symbol = other.unit.symbol.partition("/")[0]
            size = one.unit.size * other.unit.size
            whole = Quantity(one.amount * other.amount, Unit(symbol, above, size), f"{other.spoken} * {one.spoken}")
            return [(whole, unit)] if (unit := unit_named(symbol)) is not None else None
        if below == "time" and one.unit.kind == above and _ASKS_TIME.search(text):
            return _times((one, other))
        if below and below != "time" and one.unit.kind == above:
            symbol = _BELOW.get(other.unit.symbol, other.unit.symbol.partition("/")[2])
            return made_of((one, other), unit) if (unit := unit_named(symbol)) is not None else None
        if below and one.unit.kind == below and (_ASKS_AMOUNT.search(text) or _TIMES.search(text)):
            return _amount(one, other)
        if f"{one.unit.kind}/{other.unit.kind}" == "length/time" and _ASKS_PACE.search(text):
            pace = unit_named("min/mi" if one.unit.symbol in _IMPERIAL else "min/km")
            return made_of((one, other), pace) if pace is not None else None
        if f"{one.unit.kind}/{other.unit.kind}" == "mass/volume" and _ASKS_DENSITY.search(text):
            density = unit_named("g/cm³")
            return made_of((one, other), density) if density is not None else None
        usual = _USUAL.get(f"{one.unit.kind}/{other.unit.kind}")
        if usual is not None and _ASKS_RATE.search(text):
            name = "mph" if usual == "km/h" and one.unit.symbol in _IMPERIAL else usual
            unit = unit_named(name)
            return made_of((one, other), unit) if unit is not None else None
    return None


def _times(quantities: Sequence[Quantity]) -> list[tuple[Quantity, Unit]] | None:
    """In two units that suit so long a time."""
    made = made_of(quantities, Unit("s", "time", Fraction(1)))
    if made is None:
        return None
    quantity = made[0][0]
    names = ("min", "h") if quantity.amount * quantity.unit.size >= _AN_HOUR else ("s", "min")
    return [(quantity, unit) for name in names if (unit := unit_named(name))]


def _kind(unit: Unit) -> str:
    return {"power": "energy/time"}.get(unit.kind, unit.kind)


def _amount(time: Quantity, rate: Quantity) -> list[tuple[Quantity, Unit]] | None:
    """Data in MB or GB, energy in the unit of the power by the hour, a way in the unit of the speed."""
    symbol = rate.unit.symbol.partition("/")[0]
    if rate.unit.kind == "power":
        names = [f"{symbol}h"]
    elif rate.unit.kind == "data/time":
        names = ["GB" if time.amount * time.unit.size * rate.amount * rate.unit.size >= 10**9 else "MB"]
    else:
        names = [{"mph": "mi", "kn": "nmi"}.get(symbol, symbol)]
    unit = unit_named(names[0])
    return made_of((time, rate), unit) if unit is not None else None


def made_of(quantities: Sequence[Quantity], target: Unit) -> list[tuple[Quantity, Unit]] | None:
    """The quotient or the product of two quantities, whichever is of the target's kind."""
    wanted, (first, second) = _kind(target), quantities
    for one, other in ((first, second), (second, first)):
        if wanted == f"{one.unit.kind}/{other.unit.kind}" and other.amount:
            unit = Unit(f"{one.unit.symbol}/{other.unit.symbol}", target.kind, one.unit.size / other.unit.size)
            return [(Quantity(one.amount / other.amount, unit, f"{one.spoken} / {other.spoken}"), target)]
        if _kind(one.unit) == f"{other.unit.kind}/{wanted}" and one.amount:
            unit = Unit(target.symbol, target.kind, other.unit.size / one.unit.size)
            return [(Quantity(other.amount / one.amount, unit, f"{other.spoken} / {one.spoken}"), target)]
        if _kind(one.unit) == f"{wanted}/{other.unit.kind}":
            unit = Unit(target.symbol, target.kind, one.unit.size * other.unit.size)
            return [(Quantity(one.amount * other.amount, unit, f"{one.spoken} * {other.spoken}"), target)]
    return None


def fitting(read: Measurements, text: str) -> tuple[Quantity, Quantity] | None:
    """`how many 700 MB CDs fit on 4.2 GB`: how often the smaller quantity goes into the larger."""
    if len(read.quantities) != 2 or read.units:
        return None
    if not (_FIT.search(text) or (_HOW_MANY_OF.search(text) and not read.unread)):
        return None
    small, large = sorted(read.quantities, key=lambda one: one.amount * one.unit.size)
    return (small, large) if small.unit.kind == large.unit.kind and small.amount > 0 and large.amount > 0 else None
