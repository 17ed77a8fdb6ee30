"""What the units of a requirement make of a prompt with several quantities, sizes or pieces, each with any label.

Every number and every word of the prompt is accounted for: as a quantity, a number of pieces, a label or a joint.
"""

import re
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from . import figures
from .contract import Refusal
from .measurements import Measurements, Quantity, measurements_in, placed_in, spoken
from .patterns import lazy_pattern
from .unit_defaults import Named, targets_of, units_named
from .unit_names import mention_at
from .unit_rates import made_of
from .unit_sums import TOTAL, added, scaled
from .units import Unit, comparable, is_imperial, unit_named
from .wording import has_chinese

_LONGEST = 160
_LONGEST_REQUIREMENT = 1000
_MOST_WORDS = 12
_SIDES = 2
_TIGHT = lazy_pattern(r"(?<=\d)(\s*(?:mm|cm|m|in|ft|\"|')?)\s*[x×*✕]\s*(?=\.?\d)", re.IGNORECASE)
_NUMBER = lazy_pattern(r"(?<![\w.,/])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w,./]*\d)")
_TIMES = lazy_pattern(
    r"\s*(?:x|\*|times|乘以?|(?!per|\w*(?:half|third|quarter|fourth|fifth|sixth|eighth|"
    r"tenth)s?\b)(?:[a-z]+\s+)?[a-z]+s\s+(?:of|at|à|@|with|each)|[个袋桶瓶箱盒包罐块片根条][，,]?每?[个袋桶瓶箱盒包罐块片根条]?各?)?\s*",
    re.IGNORECASE,
)
_BEHIND = lazy_pattern(
    r"\s*(?:(?:[a-z]+\s+)?each|apiece|every one|每[个件箱袋瓶]|各)?\s*[,;]?\s*(?:x|\*|times|qty\.?:?|quantity:?|"
    r"pcs\.?:?|"
    r"pieces:?|乘以?|共|[,;])\s*",
    re.IGNORECASE,
)
_ACROSS = lazy_pattern(r"\s*(?:x|\*|by|乘以?)\s*", re.IGNORECASE)
_AFTER = lazy_pattern(r"\b(?:after|for|in)?\s*\d+\s*(?:min(?:ute)?s?|h(?:ou)?rs?|h)\b", re.IGNORECASE)
_PRICE = lazy_pattern(
    r"\b(?:unit|base|basic|shelf) prices?\b|(?:\bprices?|€|\beuros?|\beur|\$|\bdollars?|£|\bcosts?)\s*(?:per|/|"
    r"each|pro|je)\s*"
    r"(?:\d+\s*)?[a-z]|单价|每(?:公斤|千克|斤|升|克|\d+克)(?:多少钱|价格?|单价)",
    re.IGNORECASE,
)
_LISTED = frozenset({"mass/volume", "volume/mass"})
"""What `oz/ml` hardly means: two units that are listed."""
_PER = lazy_pattern(r"(?:\bper\b|\bor per\b|\bpro\b|\bje\b|每)\s*(\d+)?\s*", re.IGNORECASE)
_A_PRICE = lazy_pattern(
    r"\0\s*(?:[€$£¥元]|euros?|eur|dollars?|rupees)?\s*(?:per|a|an|/|each)\s*(?=[a-z])", re.IGNORECASE
)
_MONEY = lazy_pattern(
    r"[€$£¥元]|\b(?:euros?|eur|dollars?|usd|pounds|gbp|chf|bucks|yuan|rs|rupees)\b\.?|块钱?", re.IGNORECASE
)
_SIGNS = {"euro": "€", "euros": "€", "eur": "€", "dollar": "$", "dollars": "$"}
_JOINED = lazy_pattern(r"(?:\bplus\b|\+|加上?)", re.IGNORECASE)
_NOT_A_LABEL = lazy_pattern(
    r"[?*/=%$€£¥<>^+]|\b(?:how|what|why|who|when|where|which|can|could|would|should|convert\w*|not|without|"
    r"except|minus|"
    r"less|more|than|subtract|add|half|double|twice|split|divided?|per|every|average|difference|if|or|that|it|"
    r"this|them|"
    r"another|extra|off|instead|same|again|only)\b|n't\b|[多几哪怎谁或再减除不没差比如每]",
    re.IGNORECASE,
)
_SAYS_NOTHING = lazy_pattern(
    r"[?]+\s*$|\b(?:what(?:'s|s| is)?|how (?:much|many)|pls|please|all|is|are|in|to|into|convert|that|give|me|"
    r"i want|i need)\b|"
    r"一?共|总共|合计|多少|是|换算?成?|转成?",
    re.IGNORECASE,
)
_ANYTHING = lazy_pattern(
    r"\b(?:units?|anything|everything|any|all (?:sorts|kinds)(?! of numbers)|etc|and (?:so on|such|more|others?)|"
    r"whatever|measures|"
    r"measurements?|metric|imperial|other units|sums?|things)\b|单位|各种|等等?|公制|英制",
    re.IGNORECASE,
)


class _Item(NamedTuple):
    """A quantity, or a number without a unit, and where it stands."""

    start: int
    end: int
    number: Fraction
    quantity: Quantity | None


def pairs_for(prompt: str, requirement: str) -> list[tuple[Quantity, Unit]] | None:
    """The quantities with the units that are wanted; None for a prompt of another shape, or not all accounted for.

    Raises Refusal where a size or quantity is missing.
    """
    requirement = requirement[:_LONGEST_REQUIREMENT]
    named = units_named(requirement)
    if not (named.units or _PRICE.search(requirement)) or len(prompt) > _LONGEST or "\n" in prompt.strip():
        return None
    if _PRICE.search(requirement):
        prompt = prompt.replace("/", " for ")
    text, placed = placed_in(_TIGHT.sub(r"\1 x ", prompt))
    timed = any("time" in unit.kind for unit in named.units) or all(one.unit.kind == "time" for _, _, one in placed)
    placed = [one for one in placed if timed or one[2].unit.kind != "time"]
    items = [_Item(start, end, quantity.amount, quantity) for start, end, quantity in placed]
    rest = _blanked(text, items)
    rest = rest if timed else _AFTER.sub(lambda found: " " * len(found.group()), rest)
    items += [
        _Item(one.start(), one.end(), Fraction(one.group().replace(",", "")), None) for one in _NUMBER.finditer(rest)
    ]
    items.sort()
    rest = _blanked(rest, items)
    read = measurements_in(rest)
    if re.search(r"\d", rest) or not (placed or _side_of(named)):
        return None
    wanted = read.units
    return (
        _cost(items, rest)
        or _price(items, rest, requirement)
        or _spanned(text, items, wanted, named)
        or _rate(items, rest, wanted, named, requirement)
        or _terms(text, items, wanted, named)
    )


def refuse_other_kinds(read: Measurements, requirement: str) -> None:
    """Raises Refusal for a quantity of a kind that the requirement does not name: `40 ft` for square feet."""
    requirement = requirement[:_LONGEST_REQUIREMENT]
    named = units_named(requirement)
    if not named.units or _ANYTHING.search(requirement) or read.units or not read.quantities:
        return
    for one in read.quantities if len(read.quantities) == 1 else ():
        parts = one.unit.kind.split("/")
        if not any(
            comparable(one.unit, unit)
            or one.unit.kind in unit.kind.split("/")
            or (unit.kind in parts and unit.kind != "data")
            for unit in named.units
        ):
            listed = ", ".join(unit.symbol for unit in named.units[:4])
            raise Refusal(
                f"{one.spoken} measures {one.unit.kind}; I convert {listed}. Please say what to convert it into.",
                f"{one.spoken} 不是我换算的那类量（{listed}），请说明要换算成什么。",
            )


def _blanked(text: str, items: list[_Item]) -> str:
    for one in items:
        text = text[: one.start] + "\0" * (one.end - one.start) + text[one.end :]
    return text


def _gaps(text: str, items: list[_Item]) -> list[str]:
    """What stands before, between and behind the items."""
    ends = [0, *(one.end for one in items)]
    starts = [*(one.start for one in items), len(text)]
    return [text[end:start] for end, start in zip(ends, starts, strict=True)]


def _are_labels(*gaps: str) -> bool:
    left = _SAYS_NOTHING.sub(" ", TOTAL.sub(" ", " ; ".join(gaps)))
    return not _NOT_A_LABEL.search(left) and len(re.findall(r"[^\W\d_]+", left)) <= _MOST_WORDS


def _without_units(gap: str) -> str:
    """A unit that is wanted is no label."""
    read = measurements_in(gap)
    return "" if read.units and not re.search(r"\d", gap) and not has_chinese(gap) else gap


def _spanned(
    text: str, items: list[_Item], wanted: tuple[Unit, ...], named: Named
) -> list[tuple[Quantity, Unit]] | None:
    """An area or a volume from its sides, as often as is said: `60 x 40 x 35 cm, 24 boxes`."""
    gaps = _gaps(text, items)
    first = next((at for at in range(len(items) - 1) if _ACROSS.fullmatch(gaps[at + 1])), None)
    if first is None:
        return None
    run = [items[first]]
    for at in range(first + 1, len(items)):
        if not _ACROSS.fullmatch(gaps[at]):
            break
        run.append(items[at])
    bare = 3 if any(unit.kind == "volume" for unit in named.units) else _SIDES
    last = max((at for at, one in enumerate(run) if one.quantity), default=bare - 1)
    sides, counts = run[: last + 1], run[last + 1 :] + items[first + len(run) :] + items[:first]
    kind = {_SIDES: "area", 3: "volume"}.get(len(sides))
    unit = sides[-1].quantity.unit if sides[-1].quantity else _side_of(named)
    fitting = [one for one in wanted or named.targets or named.units if one.kind == kind]
    elsewhere = [one for one in fitting if unit is not None and is_imperial(one) is not is_imperial(unit)]
    targets = (elsewhere or fitting if named.across else fitting)[: 1 if wanted or named.targets else _SIDES]
    if not targets or unit is None or any(one.quantity and one.quantity.unit.kind != "length" for one in sides):
        return None
    if len(counts) > 1 or any(one.quantity or one.number.denominator > 1 for one in counts):
        return None
    if not _are_labels(*(_without_units(gap) for gap in gaps if not _ACROSS.fullmatch(gap))):
        return None
    size = Fraction(1000 if kind == "volume" else 1)
    for one in sides:
        size *= one.number * (one.quantity.unit if one.quantity else unit).size
    said = " * ".join(one.quantity.spoken if one.quantity else spoken(figures.shown(one.number), unit) for one in sides)
    for one in counts:
        size, said = size * one.number, f"{said} * {figures.shown(one.number)}"
    base = Unit("m³" if kind == "volume" else "m²", kind or "", Fraction(1000 if kind == "volume" else 1))
    return [(Quantity(size / base.size, base, said), unit) for unit in targets]


def _side_of(named: Named) -> Unit | None:
    """The unit of sides without one: the only length that is named beside an area or a volume."""
    lengths = [unit for unit in named.units if unit.kind == "length"]
    return lengths[0] if len(lengths) == 1 and any(unit.kind in ("area", "volume") for unit in named.units) else None


def _rate(
    items: list[_Item], rest: str, wanted: tuple[Unit, ...], named: Named, requirement: str
) -> list[tuple[Quantity, Unit]] | None:
    """`48 l on 612 km` where litres per 100 km are wanted. Raises Refusal where one of the two is missing."""
    rates = [unit for unit in wanted or named.targets or named.units if "/" in unit.kind]
    rates = [unit for unit in rates if unit.kind not in _LISTED or _PER.search(requirement)]
    quantities = [one.quantity for one in items if one.quantity]
    if not rates or len(quantities) != len(items):
        return None
    parts = set(rates[0].kind.split("/"))
    if len(quantities) == 1 and quantities[0].unit.kind in parts and not wanted:
        if targets_of(quantities[0].unit, named):
            return None
        if not parts <= {unit.kind for unit in named.units} or _ANYTHING.search(requirement):
            return None
        other = next(iter(parts - {quantities[0].unit.kind}), quantities[0].unit.kind)
        raise Refusal(
            f"For {rates[0].symbol} I need the {other} too.", f"要算 {rates[0].symbol}，还需要另一个量（{other}）。"
        )
    if (
        len(quantities) != 2
        or {one.unit.kind for one in quantities} != parts
        or not _are_labels(re.sub(r"[/\0]", " ", _without_units(rest)))
    ):
        return None
    return made_of(quantities, rates[0])


def _cost(items: list[_Item], rest: str) -> list[tuple[Quantity, Unit]] | None:
    """`589 km at 9.50 per km`: what so much costs."""
    if len(items) != 2 or items[0].quantity is None or items[1].quantity is not None or not items[1].number:
        return None
    found = _A_PRICE.search(rest, items[1].start)
    mention = mention_at(rest, found.end()) if found else None
    unit, content = unit_named(mention.name) if mention else None, items[0].quantity
    if unit is None or mention is None or not comparable(unit, content.unit) or unit.offset:
        return None
    if not _are_labels(
        _MONEY.sub(" ", f"{rest[: items[1].start]} {rest[mention.end :]}".replace("\0", " ").replace("@", " "))
    ):
        return None
    price = figures.shown(items[1].number)
    money = Unit("", "money", Fraction(1))
    amount = items[1].number * content.amount * content.unit.size / unit.size
    return [(Quantity(amount, money, f"{content.spoken} * {price} per {unit.symbol}"), money)]


def _price(items: list[_Item], rest: str, requirement: str) -> list[tuple[Quantity, Unit]] | None:
    """The price for one of the units that the requirement names: `2.49 € 400 g` for prices per kg."""
    contents = [one.quantity for one in items if one.quantity]
    money = [one for one in items if not one.quantity]
    if not _PRICE.search(requirement) or len(contents) != 1 or len(money) != 1 or not contents[0].amount:
        return None
    if not _are_labels(_MONEY.sub(" ", re.sub(r"[/=\0]", " ", rest))):
        return None
    content, sign = contents[0], _MONEY.search(rest) or _MONEY.search(requirement)
    for count, unit in _prices_wanted(requirement):
        if comparable(unit, content.unit):
            money_sign = _SIGNS.get(sign.group().lower(), sign.group()) if sign else ""
            symbol = f"{money_sign}/{count if count > 1 else ''}{unit.symbol}"
            price = money[0].number / (content.amount * content.unit.size)
            kind = f"price/{unit.kind}"
            said = f"{figures.shown(money[0].number)} / {content.spoken}"
            each = Unit(symbol, kind, 1 / (unit.size * count))
            return [(Quantity(price * unit.size * count, each, said), each)]
    return None


def _prices_wanted(requirement: str) -> list[tuple[int, Unit]]:
    """`per kg`, `/ 100 g` and so on, as far as the requirement says; kilograms and litres where it says none."""
    said = [
        (int(found[1] or 1), unit)
        for found in _PER.finditer(requirement)
        if (mention := mention_at(requirement, found.end())) and (unit := unit_named(mention.name))
    ]
    usual = [(1, unit) for name in ("kg", "l", "m", "m²") if (unit := unit_named(name))]
    return said + usual


def _terms(text: str, items: list[_Item], wanted: tuple[Unit, ...], named: Named) -> list[tuple[Quantity, Unit]] | None:
    """Each quantity by itself, or their sum, with how often each is meant: `2 x 40 lb and 3 x 55 lb together`."""
    gaps = _gaps(text, items)
    kinds = {one.quantity.unit.kind for one in items if one.quantity}
    sizes = any(
        one.quantity is None and following.quantity and following.quantity.unit.kind == "length"
        for one, following in pairwise(items)
    )
    if any(set(kind.split("/")) & (kinds - {kind}) for kind in kinds) or "power" in kinds or (sizes and len(items) < 3):
        return None
    terms: list[Quantity] = []
    labels = [gaps[0]]
    at, factors = 0, 0
    while at < len(items):
        one, following = items[at], items[at + 1] if at + 1 < len(items) else None
        if one.quantity is None:
            pieces = one.number.denominator == 1 and _TIMES.fullmatch(gaps[at + 1])
            if following is None or following.quantity is None or not pieces:
                return None
            terms.append(_often(following.quantity, one.number))
            at, factors = at + 1, factors + 1
        elif following and following.quantity is None and _BEHIND.fullmatch(gaps[at + 1]) and _is_last(items, at + 1):
            terms.append(_often(one.quantity, following.number))
            at, factors = at + 1, factors + 1
        else:
            terms.append(one.quantity)
        at += 1
        labels.append(gaps[at])
    if wanted and not any(comparable(one.unit, unit) for one in terms for unit in wanted):
        return None
    total = TOTAL.search(text) is not None or any(_JOINED.search(gap) for gap in labels)
    if (len(terms) < 2 and not factors) or (not total and len(terms) > 1 and any(one.unit in wanted for one in terms)):
        return None
    labels = [_JOINED.sub(" ", _without_units(gap)) for gap in labels]
    if not _are_labels(*labels) or any(one.unit.offset for one in terms if factors or total):
        return None
    whole = _summed(terms) if total else None
    if total and whole is None:
        return None
    pairs = [
        (one, unit)
        for one in ([whole] if whole else terms)
        for unit in [unit for unit in wanted if comparable(one.unit, unit)] or targets_of(one.unit, named)
    ]
    return pairs if {one for one, _ in pairs} == set([whole] if whole else terms) else None


def _is_last(items: list[_Item], at: int) -> bool:
    """Whether a number of pieces belongs to what stands before it, and not to what follows."""
    return at + 1 == len(items) or items[at + 1].quantity is None


def _often(quantity: Quantity, number: Fraction) -> Quantity:
    return scaled(quantity, number)._replace(spoken=f"{figures.shown(number)} * {quantity.spoken}")


def _summed(terms: list[Quantity]) -> Quantity | None:
    whole: Quantity | None = terms[0]
    for one in terms[1:]:
        whole = added(whole, one, 1) if whole is not None else None
    return whole
