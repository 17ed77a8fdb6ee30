"""Converts between units of measurement."""

import re
from fractions import Fraction
from functools import partial

from . import figures
from .contract import CERTAIN, LIKELY, POSSIBLE, Answer, Question, Refusal, Task, Tool, is_refused
from .measurements import Measurements, Quantity, asks_to_convert, measurements_in, names_currencies, spoken
from .patterns import lazy_pattern
from .unit_answers import how_often, told_for
from .unit_defaults import in_full as units_in_full
from .unit_defaults import units_named
from .unit_definitions import as_rounded, definitions_in, refuse_to_guess
from .unit_purpose import pairs_for, refuse_other_kinds
from .unit_rates import fitting, made_of, rate_of, rate_of_two
from .unit_roles import by_roles, with_its_degrees
from .unit_scaling import factor_in
from .unit_sums import Worked, added, scaled, worked_out
from .units import Unit, converted, counterpart, unit_named, with_definitions
from .wording import plain_signs

_LONGEST_PROMPT = 400
_EACH = lazy_pattern(
    r"(?:(?:and|so|ok|then|now)[\s,]+)*(?:if\s+)?(?:each|every|one|a|an|per)\s+[a-z]+\s+(?:is|has|holds?|weighs?|"
    r"takes?|of|with|contains?)\s+"
    r"(?P<size>[\d.,/ ]+\s*[a-z]+)[\s,]*(?:how many|then how many).*",
    re.IGNORECASE,
)
_PACKED = lazy_pattern(
    r"(?:(?:and|so|ok|then|now|that|is|are|that's|in|of|how many|what|about|it|makes?|i need|do i need)[\s,]+)*"
    r"(?P<size>[\d.,]+\s*[a-z]+)[\s-]+(?:bags?|bottles?|sacks?|packs?|boxes|tins?|cans?|buckets?|glasses|jars?|drums?|crates?|"
    r"tubs?|rolls?|pieces?|portions?|servings?|containers?|canisters?|kegs?|parcels?)\b[^\d]*",
    re.IGNORECASE,
)
_VARIANT = lazy_pattern(
    r"(?<!\bin )(?<!\bto )(?<!\binto )\b(?:(?P<imperial>imperial|uk|british)|us|american)\b"
    r"(?: (?P<noun>gal|pint|quart|mpg|fl|fluid)\w*)?|(?<!成)(?:(?P<zh>英制|英国)|美制|美国)",
    re.IGNORECASE,
)
_OF_BOTH_SIZES = {"gal": ("gal",), "qt": ("quart",), "pt": ("pint",), "fl oz": ("fl", "fluid"), "mpg": ("mpg", "gal")}
_CHANGED = lazy_pattern(
    r"(?:(?P<less>\b(?:dropped|fell|lost|down|cooled)\b|[降跌低](?!到))|\b(?:rose|climbed|up|warmed)\b|[升涨高](?!到))"
    r"(?: by|了)?\s*(?=\d)",
    re.IGNORECASE,
)
_FORMULA = lazy_pattern(r"\bformulas?\b|公式", re.IGNORECASE)
_MORE = lazy_pattern(
    r"(?:(?:and|then|ok|now|so|if i|i)[\s,]+)*(?:(?P<less>minus|less|-|take (?:off|away)|subtract|without|减去?|"
    r"再[低少])|"
    r"(?:plus|add|\+|another|再?加上?|再[高多]))\s*(?P<rest>(?:an?\s+|another\s+)?.+)",
    re.IGNORECASE,
)
_ON_TOP = lazy_pattern(r"\b(?:more|another|extra|additional|further)\b|再|还有", re.IGNORECASE)
_AT = lazy_pattern(r"(?:(?:and|what|about|how|or|if|with)\s+)*(?:at|over|with|on)\b|[那用]?按", re.IGNORECASE)
_LEANS_BACK = lazy_pattern(r"\s*(?:and|in|now|from|to|convert (?:it|that|this))\b", re.IGNORECASE)


def understand(question: Question) -> Task | None:
    refuse_to_guess(question.text, question.requirement)
    question = question._replace(text=with_its_degrees(question.text, question.requirement))
    with with_definitions(definitions_in(question.requirement, question.text)):
        task = _by_either(question)
    return as_rounded(task, question.requirement)


def _by_either(question: Question) -> Task | None:
    """By how the prompt is worded; where that is not understood, by the parts that its quantities play."""
    task = _portions(question) or _understood(question)
    if task is not None and not is_refused(task):
        return task
    if names_currencies(question.text):
        return task
    parts = by_roles(question.text, question.requirement, question.alone)
    return Task(LIKELY, lambda: _with_asides(told_for(parts.pairs), parts.aside, question)) if parts else task


def _with_asides(answer: Answer, aside: tuple[Quantity, ...], question: Question) -> Answer:
    """Says which quantities are not part of the answer."""
    listed = ", ".join(one.spoken for one in aside)
    note = f"（未用到：{listed}）" if question.chinese else f" (not used: {listed})"
    return answer._replace(text=answer.text + note) if aside else answer


def _understood(question: Question) -> Task | None:  # noqa: C901 - the readings one after the other
    if len(question.text) > _LONGEST_PROMPT:
        return None
    if names_currencies(question.text):
        return Task(CERTAIN, _refuse_currency)
    read = measurements_in(question.text)
    if read.about_dates and all(quantity.unit.kind == "time" for quantity in read.quantities):
        return None
    if (together := _with_before(read, question) or _changed_by(read, question)) is not None:
        return together
    if (parts := fitting(read, question.text)) is not None:
        return Task(CERTAIN, lambda: how_often(*parts))
    if (told := pairs_for(question.text, question.requirement)) is not None:
        return Task(CERTAIN, lambda: told_for(told))
    if (listed := _number_last(read)) is not None:
        return Task(LIKELY, lambda: told_for([listed]))
    if (rated := rate_of(read, question.text)) is not None:
        return Task(CERTAIN, lambda: told_for(rated))
    worked = worked_out(question.text) if read.quantities or read.units else None
    if worked is not None and (worked.units or len(worked.quantities) == 1):
        return Task(CERTAIN if worked.units else LIKELY, lambda: told_for(_pairs_of(worked), worked.often))
    pairs = None if question.earlier and _LEANS_BACK.match(question.text) and not read.quantities else _pairs(read)
    if pairs is not None:
        confidence = CERTAIN if read.quantities and asks_to_convert(question.text) else LIKELY
        return Task(confidence, lambda: told_for(pairs)) if not read.unread else _unread(read)
    if (read.quantities and read.units) or (read.unread and read.quantities and asks_to_convert(question.text)):
        return _unread(read)
    return _of_other_size(read, question) or _continued(read, question) or _lone(read, question)


def _only_number(read: Measurements) -> bool:
    """Whether one number without a unit is all that was not read."""
    return not read.quantities and read.lone_number is not None and read.unread[-1:].isdigit()


def _number_last(read: Measurements) -> tuple[Quantity, Unit] | None:
    """`inches to cm: 12`: the only number, in the first of the two units."""
    if not _only_number(read) or read.lone_number is None or len(read.units) != 2 or not read.bare or read.wants_first:
        return None
    source, target = read.units
    return Quantity(read.lone_number, source, spoken(figures.shown(read.lone_number), source)), target


def _unread(read: Measurements) -> Task:
    return Task(LIKELY, lambda: _refuse_unread(read))


def _pairs(read: Measurements) -> list[tuple[Quantity, Unit]] | None:
    """Which quantity goes into which unit; None where that is not said, or can be meant in several ways."""
    quantities, units = read.quantities, read.units
    if not quantities and len(units) == 2 and read.names_in_full and read.bare:
        target, source = units if read.wants_first else reversed(units)
        return [(Quantity(Fraction(1), source, spoken("1", source)), target)] if source != target else None
    if len(quantities) > 1 and any(one.unit in units for one in quantities):
        return None
    if read.alternating and len(quantities) == len(units):
        return list(zip(quantities, units, strict=True))
    if len(quantities) == 1 or len(units) == 1:
        return [(quantity, unit) for quantity in quantities for unit in units] or None
    return None


def _pairs_of(worked: Worked) -> list[tuple[Quantity, Unit]]:
    """With the unit that is said, else the one used elsewhere, else the first quantity's own."""
    first = worked.quantities[0]
    units = worked.units or tuple(unit for unit in (_elsewhere(first) or first.unit,))
    return [(quantity, unit) for quantity in worked.quantities for unit in units]


def _known_in(text: str, requirement: str) -> list[tuple[Quantity, Unit]] | None:
    """What an earlier prompt was about."""
    try:
        if (told := pairs_for(text, requirement)) is not None:
            return told
    except Refusal:
        return None
    if (worked := worked_out(text)) is not None:
        return _pairs_of(worked)
    read = measurements_in(text)
    if (rated := rate_of(read, text)) is not None:
        return rated
    if not read.unread and (pairs := _pairs(read) or _lone_pair(read)):
        return pairs
    parts = by_roles(text, requirement, alone=True) if read.quantities else None
    return parts.pairs if parts else None


def _continued(read: Measurements, question: Question) -> Task | None:
    """`and in kelvin?` is about the quantity of an earlier turn; `and 20 kg?` goes into the unit of that turn."""
    factor, more = factor_in(question.text), _more(question.text)
    if factor is None and more is None and read.unread and not (_only_number(read) and not read.units):
        return None
    found = _before(question)
    if found is None:
        return None
    text, known, named = found
    sources = list(dict.fromkeys(quantity for quantity, _ in known))
    said, quantities = read.units, list(read.quantities) or sources
    if factor is not None:
        said, quantities = (), [scaled(quantity, factor) for quantity in sources]
    elif more is not None and len(sources) == 1 and (total := added(sources[0], *more)) is not None:
        said, quantities = (), [total]
    elif read.lone_number is not None and not read.quantities:
        if re.search(r" [/*] ", sources[0].spoken):
            return _at_rate(read.lone_number, text) if _AT.match(question.text) else None
        unit = sources[0].unit
        quantities = [Quantity(read.lone_number, unit, spoken(figures.shown(read.lone_number), unit))]
        if _ON_TOP.search(question.text):
            total = added(sources[0], quantities[0], 1)
            quantities = [total] if total is not None else []
    elif not read.quantities and not read.units:
        return None
    elif (rated := _exchanged(read, text)) is not None:
        return Task(LIKELY, partial(told_for, rated))
    units = list(said or named) or list(dict.fromkeys(unit for _, unit in known))
    pairs = [
        (quantity, sources[0].unit if quantity.unit == unit else unit) for quantity in quantities for unit in units
    ]
    return Task(CERTAIN if factor is not None else LIKELY, partial(told_for, pairs))


def _portions(question: Question) -> Task | None:
    """`and if each glass is 200 ml, how many glasses?`: of the quantity before."""
    each = _size_of_each(question)
    small = measurements_in(each["size"]).quantities if each else None
    before = _before(question) if small else None
    large = _whole(before[1]) if before is not None else None
    if not small or large is None or large.unit.kind != small[0].unit.kind or small[0].amount <= 0:
        return None
    return Task(CERTAIN, lambda: how_often(small[0], large))


def _size_of_each(question: Question) -> "re.Match[str] | None":
    """How large each of the pieces is that a later turn divides the quantity before into."""
    text = question.text.strip()
    return _EACH.fullmatch(text) or _PACKED.fullmatch(text) if question.earlier else None


def _with_before(read: Measurements, question: Question) -> Task | None:
    """`and in an hour at that speed, how many GB?`: what a quantity makes with the one of the turn before."""
    if not question.earlier or len(read.quantities) != 1 or len(read.units) > 1 or read.unread:
        return None
    before = _before(question)
    old, new = _whole(before[1]) if before is not None else None, read.quantities[0]
    if old is None or old.unit.kind == new.unit.kind:
        return None
    made = made_of((old, new), read.units[0]) if read.units else rate_of_two((old, new), question.text)
    return Task(CERTAIN, lambda: told_for(made)) if made is not None else None


def _changed_by(read: Measurements, question: Question) -> Task | None:
    """`it dropped by 0.8 °C, how much is it now?`: degrees less or more than the temperature before."""
    said = _CHANGED.search(question.text) if question.earlier and len(read.quantities) == 1 else None
    before = _before(question) if said is not None and read.quantities[0].unit.kind == "temperature" else None
    old = _whole(before[1]) if before is not None else None
    if said is None or old is None or old.unit.kind != "temperature":
        return None
    step = read.quantities[0]
    start = converted(old.amount, old.unit, step.unit)
    amount = start - step.amount if said["less"] else start + step.amount
    told = f"{figures.shown(round(start, 4))} {step.unit.symbol} {'-' if said['less'] else '+'} {step.spoken}"
    return Task(CERTAIN, lambda: told_for([(Quantity(amount, step.unit, told), step.unit)]))


def _whole(pairs: list[tuple[Quantity, Unit]]) -> Quantity | None:
    """The only quantity, in a unit of its own."""
    quantities = {quantity for quantity, _ in pairs}
    return quantities.pop() if len(quantities) == 1 else None


def _of_other_size(read: Measurements, question: Question) -> Task | None:
    before = _before(question) if not read.quantities and _VARIANT.search(question.text) else None
    old = _whole(before[1]) if before is not None else None
    other = _as_variant(question.text, old) if old is not None else None
    if before is None or old is None or other is None:
        return None
    pairs = [(other, unit) for _, unit in before[1] if unit != old.unit]
    return Task(CERTAIN, lambda: told_for(pairs))


def _as_variant(text: str, quantity: Quantity) -> Quantity | None:
    """`and if those were imperial gallons?`: the same number of the unit of that name elsewhere."""
    said = _VARIANT.search(text)
    name = quantity.unit.symbol.removeprefix("imperial ")
    if said is None or name not in _OF_BOTH_SIZES or re.search(r"\d", text):
        return None
    if said["noun"] and said["noun"].lower() not in _OF_BOTH_SIZES[name]:
        return None
    unit = unit_named(f"imperial {name}" if said["imperial"] or said["zh"] else name)
    if unit is None or unit == quantity.unit:
        return None
    return Quantity(quantity.amount, unit, spoken(figures.shown(quantity.amount), unit))


def _before(question: Question) -> tuple[str, list[tuple[Quantity, Unit]], tuple[Unit, ...]] | None:
    """The latest prompt with a quantity, what it was about, and the units that were asked for by themselves since."""
    named: tuple[Unit, ...] = ()
    for text in question.earlier:
        read = measurements_in(text)
        if not read.quantities and not named:
            named = read.units
        if (known := _known_in(text, question.requirement)) is not None:
            return text, known, named
    return None


def _exchanged(read: Measurements, before: str) -> list[tuple[Quantity, Unit]] | None:
    """`and 18 GB?` after a time for so much at a speed: the quantity of that kind is exchanged."""
    old = measurements_in(before)
    if len(read.quantities) != 1 or read.units or rate_of(old, before) is None:
        return None
    new = read.quantities[0]
    kept = [one if one.unit.kind != new.unit.kind else new for one in old.quantities]
    return rate_of(old._replace(quantities=tuple(kept)), before) if new in kept else None


def _at_rate(number: Fraction, before: str) -> Task | None:
    """`and at 50?` after a time for so much at a speed: the speed is exchanged."""
    old = measurements_in(before)
    rates = [one for one in old.quantities if "/" in one.unit.kind or one.unit.kind == "power"]
    if len(rates) != 1:
        return None
    new = Quantity(number, rates[0].unit, spoken(figures.shown(number), rates[0].unit))
    kept = tuple(new if one == rates[0] else one for one in old.quantities)
    rated = rate_of(old._replace(quantities=kept), before)
    return Task(LIKELY, lambda: told_for(rated)) if rated is not None else None


def _more(text: str) -> tuple[Quantity, int] | None:
    """`plus 10 lb`, `minus 3 cm`: onto the quantity of the turn before."""
    found = _MORE.fullmatch(re.sub(r"(?:的话|呢|[?？])+$", "", plain_signs(text.strip())))
    read = measurements_in(found["rest"]) if found else None
    if found is None or read is None or len(read.quantities) != 1 or read.units or read.unread:
        return None
    return read.quantities[0], -1 if found["less"] else 1


def _elsewhere(quantity: Quantity) -> Unit | None:
    """The unit used elsewhere; for a height in feet and inches, centimetres."""
    height = quantity.unit.symbol == "ft" and quantity.spoken.endswith(" in")
    return unit_named("cm") if height else counterpart(quantity.unit)


def _lone_pair(read: Measurements) -> list[tuple[Quantity, Unit]] | None:
    if len(read.quantities) != 1 or read.units or not read.bare:
        return None
    other = _elsewhere(read.quantities[0])
    return [(read.quantities[0], other)] if other is not None else None


def _lone(read: Measurements, question: Question) -> Task | None:
    """A quantity and nothing else goes into the unit used elsewhere; where there is none, the user is asked."""
    if len(read.quantities) != 1 or read.units:
        return None
    quantity = read.quantities[0]
    other = _elsewhere(quantity)
    named = units_named(question.requirement[:1000]).units
    foreign = len(named) > 1 and quantity.unit in named and other not in named
    if other is not None and read.bare and not read.unread and not foreign:
        return Task(POSSIBLE, lambda: told_for([(quantity, other)]))
    asked = asks_to_convert(question.text) and not read.about_dates
    return Task(LIKELY if asked else POSSIBLE, partial(_refuse_target, quantity)) if asked or question.alone else None


def _refuse_currency() -> Answer:
    raise Refusal("I cannot convert currencies: I know no exchange rates.", "我不能换算货币：我不知道汇率。")


def _refuse_target(quantity: Quantity) -> Answer:
    raise Refusal(
        f"To which unit shall I convert {quantity.spoken}? I do not know the one you named.",
        f"要把 {quantity.spoken} 换算成哪个单位？",
    )


def _refuse_unread(read: Measurements) -> Answer:
    part = f" I could not place '{read.unread}'." if read.unread else ""
    zh = f"没看懂“{read.unread}”。" if read.unread else ""
    raise Refusal(
        f"I am not sure what to convert into what.{part} Please write it as in: 10 km to miles.",
        f"我不确定要把什么换算成什么。{zh}请这样写：10 公里换算成英里。",
    )


def in_full(question: Question, requirement: str) -> str | None:
    """With the units that the requirement names; raises Refusal for a quantity of a kind that it does not name."""
    question = question._replace(text=with_its_degrees(question.text, question.requirement))
    if len(question.text) <= _LONGEST_PROMPT and pairs_for(question.text, question.requirement) is not None:
        return None
    if _size_of_each(question) is not None:
        return None
    if _FORMULA.search(requirement) and measurements_in(question.text).quantities:
        raise Refusal("I cannot work with the formula that I was built for.", "我不会按公式计算。")
    text = units_in_full(question, requirement)
    if text is None and len(question.text) <= _LONGEST_PROMPT and not by_roles(question.text, requirement, alone=False):
        refuse_other_kinds(measurements_in(question.text), requirement)
    return text


TOOL = Tool(
    name="unit_conversion",
    ability="convert units of length, mass, volume, area, speed, time, data, energy, pressure and temperature",
    ability_chinese="换算单位（长度、质量、体积、面积、速度、时间、数据量、能量、压强、温度）",
    example="convert 10 km to miles",
    example_chinese="把 10 公里换算成英里",
    understand=understand,
    in_full=in_full,
)
