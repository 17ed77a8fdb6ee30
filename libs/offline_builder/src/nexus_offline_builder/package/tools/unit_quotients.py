"""What two quantities make of a third kind: `45 km in 1.5 hours` a speed, `4 GB at 50 Mbps` a time."""

import re
from collections.abc import Sequence

from .measurements import Quantity
from .patterns import lazy_pattern
from .units import Unit, unit_named

_ASKED = tuple(
    (lazy_pattern(asked, re.IGNORECASE), names)
    for asked, names in (
        (
            r"\bhow long\b|\bhow much time\b|\btime (?:needed|to|for)\b|\b(?:download|upload|travel|driving|"
            r"transfer) time\b|"
            r"\btakes?\b|\bduration\b|\beta\b|多久|多长时间|多少时间|时长|用时|要几",
            ("s", "min", "h"),
        ),
        (r"\bhow far\b|\bdistance\b|多远|距离|路程", ("km", "mi")),
        (r"\bhow fast\b|\bspeed\b|多快|速度|时速", ("km/h", "mph")),
        (r"\bpace\b|配速", ("min/km", "min/mi")),
    )
)
_AN_HOUR = 3600


def worked_out_in(quantities: Sequence[Quantity], units: Sequence[Unit]) -> list[tuple[Quantity, Unit]] | None:
    """Quotient or product of the two quantities, whichever measures what the only unit does."""
    if len(quantities) != 2 or len(units) != 1 or quantities[0].unit.kind == quantities[1].unit.kind:
        return None
    (first, second), target = quantities, units[0]
    for one, other in ((first, second), (second, first)):
        if target.kind == f"{one.unit.kind}/{other.unit.kind}" and other.amount:
            unit = Unit(f"{one.unit.symbol}/{other.unit.symbol}", target.kind, one.unit.size / other.unit.size)
            said = f"{one.spoken} / {other.spoken}"
            return [(Quantity(one.amount / other.amount, unit, said), target)]
        if one.unit.kind == f"{other.unit.kind}/{target.kind}" and one.amount:
            unit = Unit(target.symbol, target.kind, other.unit.size / one.unit.size)
            return [(Quantity(other.amount / one.amount, unit, f"{other.spoken} / {one.spoken}"), target)]
        if one.unit.kind == f"{target.kind}/{other.unit.kind}":
            unit = Unit(target.symbol, target.kind, one.unit.size * other.unit.size)
            return [(Quantity(one.amount * other.amount, unit, f"{one.spoken} * {other.spoken}"), target)]
    return None


def asked_of_two(quantities: Sequence[Quantity], text: str) -> list[tuple[Quantity, Unit]] | None:
    """What is asked of the two without a unit for it: how long, how far, how fast."""
    names = [names for asked, names in _ASKED if asked.search(text)]
    units = [unit for name in names[0] if (unit := unit_named(name))] if len(names) == 1 else []
    made = worked_out_in(quantities, units[:1])
    if made is None:
        return None
    quantity = made[0][0]
    if units[0].kind != "time":
        used = {one.unit.symbol for one in quantities}
        return [(quantity, units[1] if used & {"mi", "mph", "min/mi"} else units[0])]
    long = quantity.amount * quantity.unit.size >= _AN_HOUR
    return [(quantity, unit) for unit in (units[1:] if long else units[:2])]
