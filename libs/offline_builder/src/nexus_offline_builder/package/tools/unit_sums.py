"""Quantities that are worked out before they are converted: `3 tbsp plus 1 tsp`, `2 x 14 oz`, `8.5 x 11 in`."""

import re
from fractions import Fraction
from typing import NamedTuple

from . import figures
from .measurements import Quantity, measurements_in, spoken
from .patterns import lazy_pattern
from .unit_names import mention_at
from .units import Unit, comparable
from .wording import digits_for_words, plain_signs

_N = r"\d+(?:,\d{3})*(?:\.\d+)?"
_HINT = lazy_pattern(
    r"[-+*/%&]|\b(?:plus|minus|less|and|together|total|altogether|combined|sum|add\w*|times|by|x|half|third|"
    r"quarter|twice|"
    r"double|divided|split|of|without|in all)\b|\d\s*x|[加减乘除共合和各每的]",
    re.IGNORECASE,
)
"""What a prompt has that is more than a quantity and a unit, so that the patterns below are compiled for no other."""
TOTAL = lazy_pattern(
    r"\b(?:(?:all )?together|(?:in )?total(?: of)?|altogether|in all|(?:all )?combined|(?:the )?sum(?: of)?|"
    r"add(?:ed)?(?: up)?)\b|加起来|加在一起|一共|总共|合计|总和",
    re.IGNORECASE,
)
_PLUS = lazy_pattern(r"\bplus\b|(?<=\S)\s*\+\s*|加上?(?=\s*[\d一二两三四五六七八九十])", re.IGNORECASE)
_MINUS = lazy_pattern(
    r"\b(?:minus|less|take away|without)(?=\s+(?:the\s+)?\d)|(?<=\s)-\s*(?=\d)|减去?(?=\s*\d)", re.IGNORECASE
)
_PART = lazy_pattern(r"\s*(?:([\0\1])|,(?=\s)|;|&|\band\b|和)\s*", re.IGNORECASE)
_TIMES = r"(?:x|\*|times|乘以?)"
_PIECES = r"(?:(?P<noun>[a-z]+s)\s+(?:of|à)|[个袋桶瓶箱盒包罐块片根条][,，]?\s*(?:每[个袋桶瓶箱盒包罐块片根条]|各))"
_TERM = lazy_pattern(
    rf"(?P<label>\D{{0,40}}?)(?:(?P<count>{_N})\s*(?:{_TIMES}|{_PIECES})\s*(?=[\d.])|"
    rf"(?P<share>{_N})\s*%\s*(?:of|的)\s*(?:the\s+|an?\s+)?|"
    rf"(?:an?\s+)?(?P<part>half|third|quarter|twice|double)\s+(?:of\s+)?(?:the\s+)?(?=\d))?(?P<rest>\(?-?[\d.].*)",
    re.IGNORECASE | re.DOTALL,
)
_SHARE = lazy_pattern(rf"\s*(?P<share>{_N})\s*%(?P<rest>\D*)", re.IGNORECASE)
_BEHIND = lazy_pattern(
    rf"(?<=[a-z\u4e00-\u9fff²³\"'])\s*(?:{_TIMES}\s*(?P<times>{_N})|(?:/|\bdivided by\b|\bsplit (?:by|in|into)\b|除以)"
    rf"\s*(?P<by>{_N}))(?=\s*(?:$|[,;=?]|->|\b(?:in|into|to|as|is)\b|[是等换转]))",
    re.IGNORECASE,
)
_ACROSS = r"\s*(?:x|\*|by|乘)\s*"
_SIZES = lazy_pattern(
    rf"(?<![\d.,/-])(?P<a>{_N}(?:\s*/\s*\d+)?)(?P<ua>[^\d,;]{{0,12}}?){_ACROSS}(?P<b>{_N}(?:\s*/\s*\d+)?)"
    rf"(?:(?P<ub>[^\d,;]{{0,12}}?){_ACROSS}(?P<c>{_N}(?:\s*/\s*\d+)?))?(?=\s*[A-Za-z\"'\u4e00-\u9fff])",
    re.IGNORECASE,
)
_PARTS = {"half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4)} | dict.fromkeys(
    ("twice", "double"), Fraction(2)
)
_OFTEN = 20
_MOST_PIECES = 12


class Worked(NamedTuple):
    """What was worked out, and the units that it is wanted in. `often`: the first size may be a number of pieces."""

    quantities: tuple[Quantity, ...]
    units: tuple[Unit, ...]
    often: Quantity | None = None


def worked_out(prompt: str) -> Worked | None:
    """The quantities that a prompt gives by a sum, a multiple, a share or as sizes; None for any other prompt."""
    text = digits_for_words(plain_signs(prompt.strip().replace("一共", "总共")))
    return (_sizes(text) or _sum(text)) if _HINT.search(text) else None


def scaled(quantity: Quantity, factor: Fraction) -> Quantity:
    amount = quantity.amount * factor
    return Quantity(amount, quantity.unit, spoken(figures.shown(amount), quantity.unit))


def added(first: Quantity, second: Quantity, sign: int) -> Quantity | None:
    """The sum or difference in the first's unit; None where there is none, as of temperatures."""
    if first.unit.kind != second.unit.kind or first.unit.offset or second.unit.offset:
        return None
    amount = first.amount + sign * second.amount * second.unit.size / first.unit.size
    return Quantity(amount, first.unit, f"{first.spoken} {'+' if sign > 0 else '-'} {second.spoken}")


def _sum(text: str) -> Worked | None:
    totals = TOTAL.search(text) is not None
    signed = _MINUS.sub("\1", _PLUS.sub("\0", TOTAL.sub(" ", text)))
    pieces = _PART.split(signed)
    parts, signs = [pieces[0]], list[int]()
    for sign, part in zip(pieces[1::2], pieces[2::2], strict=True):
        if sign is None and not re.search(r"\d", part):
            parts[-1] += f" {part}"
        else:
            parts.append(part)
            signs.append(-1 if sign == "\1" else 1)
    explicit = any(pieces[1::2])
    if len(parts) > 1 and not (totals or explicit):
        return None
    total, units, factors = None, tuple[Unit, ...](), False
    for sign, part in zip([1, *signs], parts, strict=True):
        if total is not None and (share := _SHARE.fullmatch(part)):
            read, amount = measurements_in(share["rest"]), Fraction(share["share"]) * sign
            total = total._replace(
                amount=total.amount * (1 + amount / 100),
                spoken=f"{total.spoken} {'+' if sign > 0 else '-'} {share['share']}%",
            )
            if read.unread or read.quantities or total.unit.offset:
                return None
            units, factors = units + read.units, True
            continue
        term = _term(part)
        if term is None:
            return None
        total = term.quantities[0] if total is None else added(total, term.quantities[0], sign)
        units, factors = units + term.units, factors or term.often is not None
        if total is None:
            return None
    if total is None or not (len(parts) > 1 or factors):
        return None
    return Worked((total,), tuple(dict.fromkeys(units)))


def _term(text: str) -> Worked | None:
    """`2 x 14 oz cans`, `80% of 315 lb`, `10 ft / 4`; `often` marks one with a factor."""
    found = _TERM.fullmatch(text.strip())
    if (
        found is None
        or (found["noun"] and mention_at(found["noun"], 0))
        or (behind := list(_BEHIND.finditer(found["rest"])))[1:]
    ):
        return None
    rest = _BEHIND.sub(" ", found["rest"])
    read, label = measurements_in(rest), measurements_in(found["label"])
    if len(read.quantities) != 1 or read.unread or label.unread or label.quantities:
        return None
    quantity = read.quantities[0]
    units = tuple(unit for unit in label.units if comparable(unit, quantity.unit)) + read.units
    for count, factor, sign in _factors(found, behind[0] if behind else None):
        if quantity.unit.offset or not factor or _says_into(rest, quantity):
            return None
        said = f"{count}{sign}{quantity.spoken}" if sign != " / " else f"{quantity.spoken} / {count}"
        quantity = Quantity(quantity.amount * factor, quantity.unit, said)
        return Worked((quantity,), units, quantity)
    return Worked((quantity,), units)


def _says_into(text: str, quantity: Quantity) -> bool:
    """`2x4 in mm`: not clear whether of inches."""
    said = re.search(r"\d\s*in\s+", text, re.IGNORECASE)
    return quantity.unit.symbol == "in" and said is not None and mention_at(text, said.end()) is not None


def _factors(front: "re.Match[str]", behind: "re.Match[str] | None") -> list[tuple[str, Fraction, str]]:
    if (count := front["count"]) or (behind and (count := behind["times"])):
        return [(count, Fraction(count.replace(",", "")), " * ")]
    if share := front["share"]:
        return [(share, Fraction(share) / 100, "% of ")]
    if part := front["part"]:
        return [(part, _PARTS[part.lower()], " of ")]
    if behind and (by := behind["by"]):
        return [(by, 1 / Fraction(by.replace(",", "")) if float(by.replace(",", "")) else Fraction(0), " / ")]
    return []


def _sizes(text: str) -> Worked | None:
    """`2400 x 1200 mm`, `12ft x 9ft`: each by itself, or an area where that is wanted."""
    found = _SIZES.search(text)
    if found is None:
        return None
    last = text[found.end() - len(found["c"] or found["b"]) :]
    read = measurements_in(f"{text[: found.start()]} {last}")
    if len(read.quantities) != 1 or read.unread or read.quantities[0].unit.kind != "length":
        return None
    if _says_into(last, read.quantities[0]):
        return None
    sizes = [_size(found[name], found[f"u{name}"] or "", read.quantities[0].unit) for name in ("a", "b") if found[name]]
    if not found["c"]:
        sizes = sizes[:1]
    first, *_ = sizes = [*sizes, read.quantities[0]]
    if any(one is None for one in sizes) or first is None:
        return None
    known = [one for one in sizes if one is not None]
    by = "by" in found.group().lower()
    often = None if by or found["ua"].strip() or "." in found["a"] or "/" in found["a"] or found["c"] else known[-1]
    if often is not None and often.amount > _OFTEN * first.amount:
        return None
    if often is not None:
        said = f"{found['a']} * {often.spoken}"
        often = Quantity(often.amount * first.amount, often.unit, said) if first.amount <= _MOST_PIECES else None
    if (whole := _spanned(known, read.units)) is not None:
        return Worked((whole,), read.units)
    return Worked(tuple(known), read.units, often)


def _size(digits: str, name: str, unit: Unit) -> Quantity | None:
    read = measurements_in(f"{digits} {name.strip() or unit.symbol}")
    found = read.quantities[0] if len(read.quantities) == 1 and not read.unread else None
    return found if found is not None and found.unit.kind == "length" else None


def _spanned(sizes: list[Quantity], units: tuple[Unit, ...]) -> Quantity | None:
    """The area of two sizes or the volume of three, where a unit of those is wanted."""
    kind, symbol, metres = ("area", "m²", 1) if len(sizes) == 2 else ("volume", "m³", 1000)
    if len(units) != 1 or units[0].kind != kind:
        return None
    size, amount = Fraction(metres), Fraction(1)
    for one in sizes:
        size, amount = size * one.unit.size, amount * one.amount
    return Quantity(amount, Unit(symbol, kind, size), " * ".join(one.spoken for one in sizes))
