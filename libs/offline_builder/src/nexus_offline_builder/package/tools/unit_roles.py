"""Conversions by the part that each quantity, number and unit of a prompt plays, whatever else is told beside them.

What has to be accounted for: every number, an operation or a comparison that stands at a quantity, and what stands
where the target belongs. All other words are left aside.
"""

import re
from fractions import Fraction
from typing import NamedTuple

from . import figures
from .calendar_periods import MONTH_NAME
from .measurements import Quantity, placed_in, spoken, targets_in
from .patterns import lazy_pattern
from .unit_defaults import Named, as_fluid, targets_of, units_named
from .unit_names import mention_at
from .unit_rates import made_of, rate_of_two
from .unit_sums import TOTAL, added
from .units import Unit, comparable, counterpart

Pairs = list[tuple[Quantity, Unit]]


class Parts(NamedTuple):
    """What goes into what; `aside`: times that only say how long something took."""

    pairs: Pairs
    aside: tuple[Quantity, ...] = ()


_LONGEST = 400
_LONGEST_REQUIREMENT = 1000
_MOST_TARGETS = 4
_AREA, _SIDES = "area", 2
_NUMBER = lazy_pattern(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-+]?\.\d+")
_ASIDE = lazy_pattern(
    rf"\b\d{{1,2}}:\d{{2}}(?:\s*[ap]\.?m\b\.?)?|\b\d{{1,2}}\s*(?:[ap]\.?m\b\.?|o'?clock)|\b\d{{1,4}}(?:st|nd|rd|th)\b|#\s*\d+|"
    rf"\b\d{{1,2}}\s+(?:{MONTH_NAME})\b|\b(?:{MONTH_NAME})\s+\d{{1,2}}\b|"
    r"\b(?:in|since|from|of|my|our|the|his|her) (?:19|20)\d\d\b|"
    r"\b\d{1,3}[- ]years?[- ]old\b|\b(?:aged?|room|no\.?|nr\.?|number|class|bus|route|page|line|twin|"
    r"bed|ward|lane|seat|gate|"
    r"recipe|step|day|week|level) \d{1,4}\b(?!\s*\0)|\b(?:[a-z]+\d+[a-z]*|\d+[a-z](?![a-z]))(?!\w)|"
    r"\d{1,2}月\d{1,2}[日号]|"
    r"\d{1,2}点半?|第\d+|\b24/7\b",
    re.IGNORECASE,
)
"""Numbers that name something: a time of day, a date, a year, a room."""
_OPERATION = lazy_pattern(
    r"[\d\0\x01]\s*[*+^<>/]|[*+^<>]\s*[\d\0\x01]|%|[$€£¥]|"
    r"\b(?:plus|minus|times|add|subtract|x|less|more|over|under|at least|at most)\s+(?:the |an? |"
    r"another |about )?[\d\0]|"
    r"\0\s*(?:plus|minus|times|x|per|divided|multiplied|less|more|each)\b|\bper \x01|"
    r"\0\s*by\s*[\d\0]|\0[^,.;\0]{0,12}\b(?:every|each)\s+(?:day|week|month|hour|minute|time)|"
    r"\b(?:half|third|quarter|double|twice|triple|couple|few|several|pair|dozens?)\s+(?:(?:of|the|an?|that|it|this)\s+){0,2}[\0\x01]|"
    r"\b(?:half|double|twice|triple|third|quarter) (?:of )?(?:that|it|this)\b|"
    r"\b(?:not|without|except|instead of|rather than)\s+(?:(?:in|the|to|an?)\s+){0,2}[\d\0\x01]|"
    r"\bdifference\b|\baverage\b|\bthe mean\b|\bratio\b|\bper cent\b|\bpercent|\b(?:how much|what'?s "
    r"the) (?:more|less)\b|"
    r"\b(?:warm|cold|hott|cool|long|short|heavi|light|fast|slow|bigg|small|tall|larg)er\b|\bthan\b|"
    r"(?:不要|不是|除了)[^,。]{0,4}[\0\x01]|[加减乘除][上去以]?\s*[\d\0]|\0\s*[加减乘除每]|每\s*[\0\x01]|相差|之差|平均|差多少|高多少|重多少",
    re.IGNORECASE,
)
_UNKNOWN_TARGET = lazy_pattern(
    r"(?:\b(?:convert|change|turn|what(?:'s| is)?|how (?:much|many)|give me|tell me)\b[^.?!]{0,60}|"
    r"\0\s*)(?:\b(?:to|into|in|as)\s+|->\s*|=\s*)"
    r"(?!(?:total|all|bed|it|that|words?|there|the|a|an|my|our|his|her|this|one|time|numbers?|figures?|short|case|[\d\0\x01])\b|[\0\x01])"
    r"[a-z]+\s*[?.!]*\s*$|"
    r"\bhow many (?!\x01|of\b|is\b|are\b)[a-z]+|换算?成\s*[^\0\x01\s多几什哪]|(?:几|多少)(?!\x01|"
    r"[\s,。?？]|$|度|啊|呢|呀)[\u4e00-\u9fff]",
    re.IGNORECASE,
)
_ASKS_ELSE = lazy_pattern(
    r"\b(?:why|who|whose|when|where|which|costs?|price|pay|cheap\w*|calories|how (?:long|old|often))\b|"
    r"为什么|多少钱|什么时候|哪[里个]|谁",
    re.IGNORECASE,
)
_PIECES = lazy_pattern(
    r"(?P<count>(?<![\w.,\0])\d{1,3})(?P<noun>\s+[a-z]+(?:\s[a-z]+)?(?:,|\s+(?:of|at|with))?\s+)(?=\0+\s*(?:each|apiece)\b)",
    re.IGNORECASE,
)
_COUNTED = lazy_pattern(
    r"\s+(?!(?:for|at|on|in|to|from|and|or|but|is|was|are|please|pls|thanks|today|yesterday|tonight|now|this|last|when|after|"
    r"says?|said|shows?|reads?|before|with|by|if|so|then|as|again|right|outside|here|there|what|how|wide|tall|long|high|deep|x)\b)[a-z]+|\s*[个只件块杯人天次岁名位份间辆本张点月号]",
    re.IGNORECASE,
)
"""What is counted by a number without a unit: `half a tank`, `3 kids`."""
_AT_AN_HOUR = lazy_pattern(r"\bat \d{1,2}(?=\s*(?:[,;.!?]|$|\band\b|\bthis\b|\bin the\b))", re.IGNORECASE)
_MEASURED = (
    ("length", lazy_pattern(r"\b(?:tall|height|high|distance|long|length|wide)\b|身高|长|高度|距离", re.IGNORECASE)),
    ("mass", lazy_pattern(r"\bweigh(?:s|t|ed)?\b|\bheavy\b|体重|重量", re.IGNORECASE)),
    ("temperature", lazy_pattern(r"\b(?:temperatures?|fever|degrees)\b|体温|气温|发烧", re.IGNORECASE)),
)
"""What a number without a unit is of, where that is said."""
_DEGREES = lazy_pattern(
    r"(?<=\d)\s*(?:度|degrees?\b|°)(?!\s*[cCfFkK℃℉]\b|\s*(?:celsius|fahrenheit|kelvin))", re.IGNORECASE
)
_PER_PIECE = lazy_pattern(
    r"(?<=\0)\s*(?:per|an?|each)\s+(?:pot|serving|portion|pack(?:et|age)?|bag|box|bottle|can|tin|bar|glass|slice|piece|person|"
    r"head|unit|item|meal|car|room|plate|jar|tank|load|trip|lap|batch|animal|plant|tree)\b(?![^,.;?]*\d)",
    re.IGNORECASE,
)
"""`.4 MJ per pot`: of what it is so much, which no unit says."""
_AND_ALSO = lazy_pattern(r"(?:另外)?再?加上?(?=\s*\0)|(?<=\0)\s*(?:\bplus\b|\+)\s*(?=\0)", re.IGNORECASE)
_THEM = lazy_pattern(r"(?<![a-z\d.,\0])(?P<count>\d{1,2})(?=\s+[a-z]+s\b|[个只件块袋箱桶包])", re.IGNORECASE)
_PER_HUNDRED = lazy_pattern(r"(?:\bper|/)\s*100\b(?!\s*(?:km|k\b|kilomet|g|ml|\d))|每百公里", re.IGNORECASE)
_NM = lazy_pattern(r"(?<=\d)\s*nm\b", re.IGNORECASE)
_OTHER_WAY = lazy_pattern(r"\b(?:the )?other way (?:a?round)?|\breverse\b|\bvice versa\b|反过来", re.IGNORECASE)
_SORRY = lazy_pattern(r"\((?![^()]*\b(?:uk|us|imperial|british|american)\b)[^()\d]*\)", re.IGNORECASE)


def with_its_degrees(prompt: str, requirement: str) -> str:
    """`77度` in the scale that the requirement converts from, `per 100` of litres as what it is named there."""
    if _PER_HUNDRED.search(prompt) and any(
        unit.kind == "volume/length" for unit in units_named(requirement[:_LONGEST_REQUIREMENT]).units
    ):
        prompt = _PER_HUNDRED.sub("in l/100km", prompt)
    if _NM.search(prompt) and any(
        unit.symbol == "nmi" for unit in units_named(requirement[:_LONGEST_REQUIREMENT]).units
    ):
        prompt = _NM.sub(" nmi", prompt)
    if not _DEGREES.search(prompt):
        return prompt
    sources = units_named(requirement[:_LONGEST_REQUIREMENT]).sources
    one = sources[0] if len(sources) == 1 and sources[0].kind == "temperature" else None
    return _DEGREES.sub(one.symbol, prompt) if one else prompt


def by_roles(prompt: str, requirement: str, alone: bool) -> Parts | None:
    """The quantities with the units that are wanted; None where a number, an operation or the target is not read."""
    if len(prompt) > _LONGEST:
        return None
    requirement = requirement[:_LONGEST_REQUIREMENT]
    named = units_named(as_fluid(requirement, requirement))
    prompt = _OTHER_WAY.sub(" ", _SORRY.sub(" ", as_fluid(prompt, requirement)))
    text, placed = placed_in(prompt)
    targets, left = targets_in(text, placed)
    left = _ASIDE.sub(lambda found: " " * len(found.group()), left)
    if placed and all(one.unit.kind == "time" for _, _, one in placed) and _is_of_another_kind(named):
        left, placed = left.replace("\0", " "), []  # `at 450 for 15 min`
    quantities = [quantity for _, _, quantity in placed]
    for found in reversed(list(_PIECES.finditer(left))):
        quantities, left = _with_pieces(found, placed, quantities, left)
    if any(
        re.match(r"(?:an?|per)\b", text[start:]) and "\0" in left[max(0, start - 2) : start] for start, _, _ in placed
    ):
        return None
    if any(_is_word_in(text, end) for _, end, _ in placed):
        return None
    if not quantities:
        if not _is_of_source(left, named):
            return None
        left = _AT_AN_HOUR.sub(" ", left) if len(_AT_AN_HOUR.findall(left)) < len(_NUMBER.findall(left)) else left
        numbers = list(_NUMBER.finditer(left))
        sources = named.sources if len(named.sources) == 1 else ()
        if not numbers or not sources or any(_COUNTED.match(left, one.end()) for one in numbers):
            return None
        quantities = [_bare(one.group(), sources[0]) for one in numbers]
        left = _NUMBER.sub("\0", left)
    left = _THEM.sub(lambda found: " " if int(found["count"]) == len(quantities) else found.group(), left)
    joined = _joined(left, len(quantities))
    if re.search(r"\d", joined) or _OPERATION.search(joined):
        return None
    return _wanted(quantities, targets, left, named, requirement, alone)


def _joined(left: str, count: int) -> str:
    """`left` without what only joins the quantities, or says of what each is so much."""
    joined = _PER_PIECE.sub(" ", re.sub(r"(?<=\0)\s*(?:each|apiece)\b", " ", left))
    return _AND_ALSO.sub(" ", TOTAL.sub(" ", joined)) if count > 1 and TOTAL.search(joined) else joined


def _wanted(
    quantities: list[Quantity], targets: list[Unit], left: str, named: Named, requirement: str, alone: bool
) -> Parts | None:
    fitting = [unit for unit in targets if any(comparable(one.unit, unit) for one in quantities)]
    if not re.search(r"(?:\bhow many|\bin|\bto|\binto|多少|几个?)\s*\x01", left, re.IGNORECASE):
        targets = [unit for unit in targets if unit in fitting or unit.kind != "time"]
    if not fitting and (made := _made(quantities, targets, named, f"{left} {requirement}")) is not None:
        return Parts(made)
    if (targets and not fitting) or (not fitting and (_UNKNOWN_TARGET.search(left) or _ASKS_ELSE.search(left))):
        return None
    timed = _times_beside(quantities, fitting)
    quantities = [one for one in quantities if one not in timed]
    if fitting and not all(any(comparable(one.unit, unit) for unit in fitting) for one in quantities):
        return None
    if TOTAL.search(left) and len(quantities) > 1:
        quantities = _summed(quantities)
    if not quantities or (len(quantities) > 1 and any(one.unit in fitting for one in quantities)):
        return None
    pairs: Pairs = []
    for one in quantities:
        units = tuple(unit for unit in fitting if comparable(unit, one.unit)) or targets_of(one.unit, named)
        if not units and (usual := counterpart(one.unit)) and alone and not named.units and one.unit.kind != "time":
            units = (usual,)
        if not 0 < len(units) <= _MOST_TARGETS:
            return None
        pairs += [(one, unit) for unit in units]
    return Parts(pairs, tuple(timed))


def _is_word_in(text: str, end: int) -> bool:
    """Whether what ends there is a number and the word `in` before a unit: `one in g`."""
    following = mention_at(text, end + 1) if text[end - 2 : end + 1].lower() == "in " else None
    return following is not None and following.name.lower() != "in"


def _is_of_another_kind(named: Named) -> bool:
    """Whether times are none of what is converted, and a number without a unit is."""
    return len(named.sources) == 1 and not any("time" in unit.kind for unit in named.units)


def _is_of_source(left: str, named: Named) -> bool:
    """Whether a number without a unit is of the first unit: that is said, or no unit is of another kind."""
    if not named.sources:
        return True
    kinds = [kind for kind, said in _MEASURED if said.search(left)]
    if kinds:
        return all(kind == named.sources[0].kind for kind in kinds)
    return all(comparable(named.sources[0], unit) for unit in named.units)


def _made(quantities: list[Quantity], targets: list[Unit], named: Named, text: str) -> Pairs | None:
    """A rate, time or amount of two quantities, an area of two sides: as the target, or else `text`, asks for it."""
    kinds = {one.unit.kind for one in quantities}
    if len(quantities) != _SIDES or len(targets) > 1:
        return None
    if kinds == {"length"}:
        return [(_area(quantities), targets[0])] if targets and targets[0].kind == _AREA else None
    if len(kinds) < len(quantities):
        return None
    if targets:
        return made_of(quantities, targets[0])
    wanted = [unit for unit in named.units if unit.kind not in kinds]
    return rate_of_two(quantities, text) or (made_of(quantities, wanted[0]) if len(wanted) == 1 else None)


def _times_beside(quantities: list[Quantity], targets: list[Unit]) -> list[Quantity]:
    """How long something took, where nothing that is converted has to do with time."""
    timed = [one for one in quantities if one.unit.kind == "time"]
    others = [one.unit for one in quantities if one not in timed]
    return timed if others and not any("time" in unit.kind for unit in (*targets, *others)) else []


def _summed(quantities: list[Quantity]) -> list[Quantity]:
    """One quantity; none where there is no sum of them."""
    whole: Quantity | None = quantities[0]
    for one in quantities[1:]:
        whole = added(whole, one, 1) if whole is not None else None
    return [whole] if whole is not None else []


def _with_pieces(
    found: "re.Match[str]", placed: list[tuple[int, int, Quantity]], quantities: list[Quantity], left: str
) -> tuple[list[Quantity], str]:
    """`3 films of 1.2 GB each`: the quantity as often as is said."""
    count = Fraction(found["count"])
    many = [
        one
        if start != found.end()
        else one._replace(amount=one.amount * count, spoken=f"{found['count']} * {one.spoken}")
        for (start, _, _), one in zip(placed, quantities, strict=True)
    ]
    return many, left[: found.start()] + " " * len(found["count"]) + left[found.end("count") :]


def _bare(digits: str, unit: Unit) -> Quantity:
    amount = Fraction(digits.replace(",", ""))
    return Quantity(amount, unit, spoken(figures.shown(amount), unit))


def _area(sides: list[Quantity]) -> Quantity:
    first, second = sides
    size = Unit("m²", _AREA, Fraction(1))
    amount = first.amount * first.unit.size * second.amount * second.unit.size
    return Quantity(amount, size, f"{first.spoken} * {second.spoken}")
