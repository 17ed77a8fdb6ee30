"""Cases for conversions of units, by the factors in which the units are defined."""

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from nexus_contracts.verification import CaseTurn
from nexus_offline_builder.casework.draft import Draft, WishedAgent, asked, number, refused, written


class KnownUnit(NamedTuple):
    """`factor` is how many units of its kind one of it has; `names` are what requirements call it, in small letters."""

    kind: str
    factor: float
    english: str
    chinese: str
    names: str


UNITS = (
    KnownUnit("length", 1000.0, "km", "公里", "km kms kilometre kilometres kilometer kilometers 公里 千米"),
    KnownUnit("length", 1609.344, "miles", "英里", "mi mile miles 英里"),
    KnownUnit("length", 1.0, "metres", "米", "metre metres meter meters 米"),
    KnownUnit("length", 0.01, "cm", "厘米", "cm centimetre centimetres centimeter centimeters 厘米"),
    KnownUnit("length", 0.001, "mm", "毫米", "mm millimetre millimetres millimeter millimeters 毫米"),
    KnownUnit("length", 0.0254, "inches", "英寸", "inch inches 英寸"),
    KnownUnit("length", 0.3048, "feet", "英尺", "ft foot feet 英尺"),
    KnownUnit("length", 0.9144, "yards", "码", "yd yard yards"),
    KnownUnit("length", 1852.0, "nautical miles", "海里", "nm 海里"),
    KnownUnit("mass", 1.0, "kg", "公斤", "kg kgs kilo kilos kilogram kilograms 公斤 千克"),
    KnownUnit("mass", 0.45359237, "lb", "磅", "lb lbs pound pounds 磅"),
    KnownUnit("mass", 0.001, "g", "克", "gram grams gramme grammes 克"),
    KnownUnit("mass", 0.028349523125, "oz", "盎司", "oz ounce ounces 盎司"),
    KnownUnit("mass", 6.35029318, "stone", "英石", "stone stones"),
    KnownUnit("mass", 0.5, "jin", "斤", "斤 市斤"),
    KnownUnit("mass", 0.05, "liang", "两", "两 市两"),
    KnownUnit("mass", 1000.0, "tonnes", "吨", "tonne tonnes 吨"),
    KnownUnit("volume", 1.0, "litres", "升", "litre litres liter liters 升"),
    KnownUnit("volume", 0.001, "ml", "毫升", "ml millilitre millilitres milliliter milliliters 毫升"),
    KnownUnit("volume", 0.2365882365, "cups", "杯", "cup cups"),
    KnownUnit("volume", 1000.0, "m3", "立方米", "m3 m³ cbm 立方米"),
    KnownUnit("area", 10_000.0, "hectares", "公顷", "ha hectare hectares 公顷"),
    KnownUnit("area", 4046.8564224, "acres", "英亩", "acre acres 英亩"),
    KnownUnit("area", 1.0, "square metres", "平方米", "sqm m2 m² 平方米 平米"),
    KnownUnit("area", 0.09290304, "square feet", "平方英尺", "sqft ft2 ft² 平方英尺"),
    KnownUnit("speed", 1 / 3.6, "km/h", "公里每小时", "km/h kmh kph 公里每小时"),
    KnownUnit("speed", 0.44704, "mph", "英里每小时", "mph 英里每小时"),
    KnownUnit("speed", 1852 / 3600, "knots", "节", "knot knots kn"),
    KnownUnit("pressure", 100_000.0, "bar", "巴", "bar"),
    KnownUnit("pressure", 6894.757293168, "psi", "psi", "psi"),
    KnownUnit("pressure", 1000.0, "kPa", "千帕", "kpa 千帕"),
    KnownUnit("energy", 4184.0, "kcal", "千卡", "kcal kilocalorie kilocalories 千卡 大卡"),
    KnownUnit("energy", 1000.0, "kJ", "千焦", "kj kilojoule kilojoules 千焦"),
    KnownUnit("energy", 3_600_000.0, "kWh", "千瓦时", "kwh 千瓦时"),
    KnownUnit("energy", 1.0, "joules", "焦耳", "joule joules 焦耳"),
    KnownUnit("size", 1e6, "MB", "MB", "mb megabyte megabytes"),
    KnownUnit("size", 1e9, "GB", "GB", "gb gigabyte gigabytes"),
    KnownUnit("size", 2.0**20, "MiB", "MiB", "mib"),
    KnownUnit("size", 2.0**30, "GiB", "GiB", "gib"),
    KnownUnit("size", 125_000.0, "Mbit", "Mbit", "mbit mbits megabit megabits"),
    KnownUnit("time", 3600.0, "hours", "小时", "hour hours 小时"),
    KnownUnit("time", 60.0, "minutes", "分钟", "minute minutes 分钟"),
    KnownUnit("consumption", 1.0, "mpg", "mpg", "mpg"),
    KnownUnit("consumption", 1.0, "l/100km", "l/100km", "l/hkm"),
    KnownUnit("temperature", 1.0, "celsius", "摄氏度", "c celsius °c centigrade 摄氏 摄氏度"),
    KnownUnit("temperature", 1.0, "fahrenheit", "华氏度", "f fahrenheit °f 华氏 华氏度"),
)
_KNOWN = {name for unit in UNITS for name in unit.names.split()}
_MOST = 7
_MPG = 235.214583333
"""Litres for 100 km at one mile for a US gallon, and the other way round."""
_WHOLE = (
    (re.compile(r"\bl(?:it(?:er|re)s?)? ?(?:/|per) ?100 ?km", re.IGNORECASE), " l/hkm "),
    (re.compile(r"\b(?:sq\.?|square) ?(?:ft|foot|feet)\b", re.IGNORECASE), " sqft "),
    (re.compile(r"\b(?:sq\.?|square) ?m(?:et(?:er|re)s?)?\b", re.IGNORECASE), " sqm "),
    (re.compile("两(?=[位个种者边次点人只天年月地头端])"), " "),
    (re.compile(r"\bcubic m(?:et(?:er|re)s?)?\b", re.IGNORECASE), " m3 "),
)
"""Units that others are parts of; and a Chinese one that mostly means two."""
_USUAL = ("length", "mass", "temperature")


def conversions(wish: WishedAgent) -> Sequence[Draft]:
    pairs = _pairs(wish)
    drafts = [_plain(wish, turn, *pair) for turn, pair in enumerate(pairs)]
    (one, other), dice = pairs[0], wish.dice
    first, second = dice.choice((12, 25, 40)), dice.choice((7, 55, 90))
    begun = _turn(wish, wish.say("convert {value} {one} to {other}", "把{value}{one}换算成{other}"), first, one, other)
    third = next((unit for unit in named_in(wish.requirement) if unit.kind == one.kind and unit not in pairs[0]), None)
    if third is None:
        talk = begun, _turn(wish, wish.say("and {value} {one}?", "那{value}{one}呢？"), second, one, other)
    else:
        talk = begun, _turn(wish, wish.say("and in {other}?", "那是多少{other}？"), first, one, third)
    foreign = next(unit for unit in UNITS if unit.kind not in (one.kind, "length" if one.kind == "consumption" else ""))
    wrong = wish.say(f"convert 5 {one.english} to {foreign.english}", f"把5{one.chinese}换算成{foreign.chinese}")
    return [drafts[0], talk, *drafts[1:], (asked(wrong, refused()),)]


def named_in(text: str) -> list[KnownUnit]:
    """The units that the text names, in the order of the table."""
    for whole, name in _WHOLE:
        text = whole.sub(name, text)
    words = set(re.findall(r"[a-z°/]+[²³23]?", text.lower()))
    words |= {part for word in words if word not in _KNOWN for part in word.split("/")}
    found = [unit for unit in UNITS if words & set(unit.names.split())]
    chinese = sorted(((name, unit) for unit in UNITS for name in unit.names.split() if not name.isascii()), key=_length)
    for name, unit in chinese:
        if name in text:
            found.append(unit)
            text = text.replace(name, " ")
    named = [unit for unit in UNITS if unit in found]
    rates = [unit for unit in named if unit.kind == "consumption"]
    return rates or named


def _length(named: tuple[str, KnownUnit]) -> int:
    """The longest come first: shorter ones may be part of them."""
    return -len(named[0])


def _pairs(wish: WishedAgent) -> list[tuple[KnownUnit, KnownUnit]]:
    """To be converted: those of the requirement, both ways, or else of the usual kinds."""
    named = named_in(wish.requirement)
    kinds = list(dict.fromkeys(unit.kind for unit in named)) or list(_USUAL)
    found: list[tuple[KnownUnit, KnownUnit]] = []
    for kind in kinds:
        ours = [unit for unit in named if unit.kind == kind]
        of_kind = [unit for unit in UNITS if unit.kind == kind]
        if len(ours) == 1:
            ours += [min((unit for unit in of_kind if unit not in ours), key=lambda unit: _apart(unit, ours[0]))]
        ours = ours or of_kind[:2]
        found += [pair for one, other in pairwise(ours) for pair in ((one, other), (other, one))]
    found = [*found[::2], *found[1::2]]
    return [found[turn % len(found)] for turn in range(_MOST)]


def _apart(one: KnownUnit, other: KnownUnit) -> float:
    """How much larger one is than the other; units that only China uses are far from all others."""
    far = 100.0 if one.english in ("jin", "liang") else 0.0
    return far + abs(math.log(one.factor / other.factor))


def _plain(wish: WishedAgent, turn: int, one: KnownUnit, other: KnownUnit) -> Draft:
    wordings = wish.say(
        "convert {value} {one} to {other}|{value} {one} in {other}|How many {other} are {value} {one}?|"
        "what is {value} {one} in {other}|{value} {one} to {other}, please|how much is {value} {one} in {other}?|"
        "{value} {one} = ? {other}",
        "把{value}{one}换算成{other}|{value}{one}是多少{other}|{value}{one}等于多少{other}？|{value}{one}转成{other}|"
        "请问{value}{one}合多少{other}|{value}{one}换成{other}是多少|{value} {one} = ? {other}",
    ).split("|")
    value = wish.dice.choice((3, 8, 15, 60, 120, 2.5, 7.5, 36.5))
    return (_turn(wish, wordings[turn % len(wordings)], value, one, other),)


def _turn(wish: WishedAgent, wording: str, value: float, one: KnownUnit, other: KnownUnit) -> CaseTurn:
    said = [wish.say(unit.english, unit.chinese) for unit in (one, other)]
    prompt = wording.format(value=written(value), one=said[0], other=said[1])
    return asked(prompt, number(converted(value, one, other)))


def converted(value: float, one: KnownUnit, other: KnownUnit) -> float:
    if one.kind == "consumption":
        return _MPG / value
    if one.kind != "temperature":
        return round(value * one.factor / other.factor, 12)
    return value * 9 / 5 + 32 if one.english == "celsius" else (value - 32) * 5 / 9
