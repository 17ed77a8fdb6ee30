"""Which units a requirement names: the defaults for prompts that name one or none of them."""

import re
from typing import NamedTuple

from .contract import Question, Refusal
from .measurements import CONSUMPTION, asks_to_convert, measurements_in, units_in
from .patterns import lazy_pattern
from .unit_rates import rate_of
from .unit_sums import worked_out
from .units import Unit, comparable, counterpart, is_imperial

_DIRECTION = lazy_pattern(
    r"(?<!<)(?:-+>|=>|→)|\b(?:(?:in)?to|wants?|needs?|prefers?|expects?|(?:tell|give)s? (?:me|us)|"
    r"gets?)\b|告诉我|给我|(?:换算|转换|换|转|变)[成为到]|"
    r"(?<=[\u4e00-\u9fff])[转换变到](?=[\u4e00-\u9fff])",
    re.IGNORECASE,
)
_BOTH_WAYS = lazy_pattern(
    r"<-*>|↔|\bvice versa\b|\bboth ways\b|\b(?:and|or) back\b|\bother way\b|\breverse\b|互换|互相|互转|相互|"
    r"反过来|来回",
    re.IGNORECASE,
)
_BACK_IF = lazy_pattern(r"\bback (?:only )?(?:if|when) i\b|\bother way (?:a?round )?(?:if|when) i\b", re.IGNORECASE)
_NUMBER_AND_SIGNS = lazy_pattern(r"\s*([-+]?[\d.,' ]*\d)\s*(degrees?|deg|°|度|[A-Za-z]?)\s*", re.IGNORECASE)
_NUMBERS = lazy_pattern(r"\s*\d+(?:\.\d+)?(?:\s*(?:,\s|;|\n)\s*\d+(?:\.\d+)?){1,9}\s*")
_PART = lazy_pattern(r"[,;.，；。]\s*(?!and\b|or\b)\w+\s+\S|[;.；。]", re.IGNORECASE)
_TOO = lazy_pattern(r"\S+\s+(?:too|also|as well|sometimes|occasionally|now and then)\b", re.IGNORECASE)
_CHANGES = lazy_pattern(
    r"\s*(?:(?:and|then|now|ok)\s+)*(?:minus|less|plus|add|take|subtract|another|[+])\b|减|再?加", re.IGNORECASE
)
_ASKS_NO_MORE = lazy_pattern(
    r"^\s*(?:how (?:much|hot|warm|cold|fast|heavy|tall|big|long|far)|what(?:'s|s)?)(?: (?:is|are))? (?=[-+]?\.?\d)|"
    r"(?<=[a-z°])\s+(?:is|are|is what|is how much|what is (?:that|it))\s*[?=]*\s*$|^\s*convert (?=[-+]?\.?\d)",
    re.IGNORECASE,
)
"""Asking without a target: the requirement says what for."""
_JOINS = r"\s*(?:/|<?-*>|→|↔|,|&|\b(?:to|into|in|and|or)\b)\s*"
_FLUID = r"(?:ml|millilit\w+|cc|cups?|litres?|liters?|pints?)"
_GRAMS = lazy_pattern(r"\b(?:g|grams?)\b|克", re.IGNORECASE)
_FLUID_OUNCES = lazy_pattern(
    rf"(?:(?<!fl )(?<!fluid )\b(?:oz|ounces?){_JOINS}{_FLUID}\b|\b{_FLUID}{_JOINS}(?:oz|ounces?)\b|"
    r"\b(?:fluids?|drinks?|liquids?|juices?|milk|water)\W{1,3}(?:in )?(?:oz|ounces?)\b)",
    re.IGNORECASE,
)
_SOLID_OUNCES = lazy_pattern(
    rf"\b(?:oz|ounces?){_JOINS}(?:g|grams?|kg|lbs?|pounds?|mg)\b|\b(?:g|grams?|kg|lbs?|pounds?){_JOINS}(?:oz|"
    rf"ounces?)\b",
    re.IGNORECASE,
)
_OUNCES = lazy_pattern(r"(?<!fl )(?<!fl\. )(?<!fluid )(?<![a-z])(?:oz|ounces?)\b", re.IGNORECASE)
_MOST_TARGETS = 4
_FAR = 2000
_METRIC = lazy_pattern(r"\b(?:metric|european?|continental)\b|公制|米制|欧洲", re.IGNORECASE)
_IMPERIAL = lazy_pattern(r"\b(?:imperial|american?|us|usa|british)\b|英制|美制|美国", re.IGNORECASE)
_USUALLY = lazy_pattern(
    r"\bi (?:type|enter|write|key|send)\b|\b(?:some ?times?|now and (?:then|again)|occasionally|rarely|"
    r"once in a while)\b|有时|偶尔",
    re.IGNORECASE,
)


class Named(NamedTuple):
    """The units of a requirement; `sources` and `targets` are empty where it names no direction.

    `typed`: the unit of a number without one, where it says which way is the usual one, and the other besides.
    `across`: it is from the units of one system into those of the other, whether it names these or not.
    """

    units: tuple[Unit, ...]
    sources: tuple[Unit, ...]
    targets: tuple[Unit, ...]
    typed: tuple[Unit, ...] = ()
    across: bool = False


def in_full(question: Question, requirement: str) -> str | None:
    """The prompt's quantity with the units that the requirement names for it, as in `2.4 acres to m²`."""
    requirement = requirement.replace("\u03bc", "\u00b5")
    question = question._replace(text=as_fluid(_ASKS_NO_MORE.sub("", question.text), requirement))
    named = units_named(as_fluid(requirement, requirement))
    if not named.units or asks_to_convert(question.text) or "\n" in question.text.strip():
        return None
    text = _with_unit(question, named)
    if (
        question.earlier
        and _CHANGES.match(text)
        and not any(one.unit.offset for one in measurements_in(text).quantities)
    ):
        return None
    if (worked := worked_out(text)) is not None:
        wanted = targets_of(worked.quantities[0].unit, named) if not worked.units else ()
        return f"{text.strip().rstrip('?!.。？！ ')} to {_listed(wanted)}" if 0 < len(wanted) <= _MOST_TARGETS else None
    read = measurements_in(text)
    if (rated := rate_of(read, f"{text} {requirement}")) is not None and rate_of(read, text) is None:
        return f"{'how long' if rated[0][1].kind == 'time' else 'how much'}: {text.strip()}"
    if read.units or read.unread or not read.quantities or not read.bare:
        return None
    targets = {targets_of(quantity.unit, named) for quantity in read.quantities}
    wanted = targets.pop()
    if targets or not 0 < len(wanted) <= _MOST_TARGETS:
        return None
    return f"{text.strip().rstrip('?!.。？！ ')} to {_listed(wanted)}"


def as_fluid(text: str, requirement: str) -> str:
    """Ounces are fluid ones where the requirement sets them beside millilitres and beside no weight."""
    if not _FLUID_OUNCES.search(requirement) or _SOLID_OUNCES.search(requirement) or _GRAMS.search(requirement):
        return text
    return _OUNCES.sub(" fl oz", text) if not re.search(r"\d\s*(?:lbs?|pounds?)\b", text, re.IGNORECASE) else text


def _listed(units: tuple[Unit, ...]) -> str:
    return " and ".join(unit.symbol for unit in units)


def units_named(requirement: str) -> Named:
    requirement = CONSUMPTION.sub("l/100km", requirement)
    found = units_in(requirement)
    units = tuple(dict.fromkeys(unit for _, unit in found))
    marks = [mark.end() for mark in _DIRECTION.finditer(requirement)]
    split = next((at for at in marks if any(start < at for start, _ in found)), None)
    across = _is_across(requirement, units)
    if split is None:
        return Named(units, (), (), (), across)
    targets = tuple(dict.fromkeys(unit for unit in _listed_from(split, found, requirement)))
    before = tuple(dict.fromkeys(unit for start, unit in found if start < split))
    sources = tuple(unit for unit in before if unit not in targets)
    if not sources and len(targets) > 1:  # minutes into `hours and minutes`
        sources, targets = before, tuple(unit for unit in targets if unit not in before)
    if not (sources and targets):
        return Named(units, (), (), (), across)
    if _BOTH_WAYS.search(requirement) and not _BACK_IF.search(requirement):
        return Named(units, (), (), sources if _USUALLY.search(requirement) else (), across)
    return Named(units, sources, targets, sources, across)


def _is_across(requirement: str, units: tuple[Unit, ...]) -> bool:
    """`American recipes into European measures`; `yards and inches to metric`."""
    metric, imperial = _METRIC.search(requirement) is not None, _IMPERIAL.search(requirement) is not None
    systems = {is_imperial(unit) for unit in units} - {None}
    return (metric and imperial) or (metric and systems == {True}) or (imperial and systems == {False})


def _listed_from(split: int, found: list[tuple[int, Unit]], requirement: str) -> list[Unit]:
    """The units behind the mark, up to one that stands in a part of its own: `lb -> kg, sometimes stones too`."""
    listed: list[Unit] = []
    for start, unit in found:
        if start >= split:
            if listed and (_PART.search(requirement[split : start + 1]) or _TOO.match(requirement, start)):
                break
            listed.append(unit)
    return listed


def targets_of(unit: Unit, named: Named) -> tuple[Unit, ...]:
    """The other units of its kind; those at the far end of the direction, where it stands at one."""
    far = named.sources if unit in named.targets else named.targets
    other = is_imperial(unit) is False if named.across and is_imperial(unit) is not None else None
    usual = counterpart(unit)
    elsewhere = usual if usual is not None and {is_imperial(unit), is_imperial(usual)} == {True, False} else None
    if (
        elsewhere is not None
        and elsewhere in named.units
        and far
        and all(_is_far(unit, one) for one in far if comparable(unit, one))
    ):
        return (elsewhere,)  # kilometres go into the miles beside them, where metres go into feet
    for side in (far, named.units):
        wanted = tuple(one for one in side if one != unit and comparable(unit, one))
        wanted = tuple(one for one in wanted if other is None or is_imperial(one) == other)
        if wanted:
            return wanted
    return (usual,) if usual is not None and other is not None and is_imperial(usual) == other else ()


def _is_far(unit: Unit, other: Unit) -> bool:
    """Whether nobody would say the one in the other."""
    return unit.kind == other.kind and not 1 / _FAR <= unit.size / other.size <= _FAR


def _with_unit(question: Question, named: Named) -> str:
    """A number without a unit, or with a letter that may be several, with the unit that the requirement means."""
    text = question.text
    if several := _NUMBERS.fullmatch(text):
        sources = named.sources if named.sources and _of_one_kind(named) else ()
        numbers = re.split(r"\s*[,;\n]\s*", several.group().strip())
        return ", ".join(f"{number} {sources[0].symbol}" for number in numbers) if sources else text
    found = _NUMBER_AND_SIGNS.fullmatch(text)
    if found is None:
        return text
    number, sign = found[1].strip(), found[2].lower()
    if re.fullmatch("[a-z]", sign):
        return _with_letter(text, number, sign, named)
    sources = named.typed if len(named.typed) == 1 and _of_one_kind(named) else ()
    if sign:
        sources = tuple(unit for unit in named.sources or named.units if unit.kind == "temperature")
    if len(sources) != 1:
        return text
    before = measurements_in(question.earlier[0]).quantities if question.earlier and not sign else ()
    if before and before[0].unit != sources[0]:
        _ask(number, before[0].unit, sources[0])
    return f"{number} {sources[0].symbol}"


def _of_one_kind(named: Named) -> bool:
    return all(comparable(named.units[0], unit) for unit in named.units)


def _with_letter(text: str, number: str, letter: str, named: Named) -> str:
    """`10k` is 10 km where kilometres are named and kelvins are not."""
    read = measurements_in(text)
    said = read.quantities[0].unit if read.quantities else None
    meant = [unit for unit in named.units if unit.symbol.lower().startswith(letter)]
    meant = [unit for unit in meant if "/" not in unit.symbol] or meant
    if said in named.units or not meant:
        return text
    if len(meant) > 1:
        _ask(number, *meant[:2])
    if said is not None and comparable(said, meant[0]):
        _ask(number, said, meant[0])
    return f"{number} {meant[0].symbol}"


def _ask(number: str, first: Unit, second: Unit) -> None:
    """Raises Refusal: either may be meant."""
    raise Refusal(
        f"Do you mean {number} {first.symbol} or {number} {second.symbol}?",
        f"你指的是 {number} {first.symbol} 还是 {number} {second.symbol}？",
    )
