"""Finds the quantities and units that a prompt names, and what of it they leave unread."""

import re
from fractions import Fraction
from typing import NamedTuple

from . import figures
from .patterns import lazy_pattern
from .portions import with_portions, with_sign_before_words
from .unit_lists import with_each_unit, with_paces, with_parts_named, without_asides
from .unit_names import Mention, mention_at, mentions_in, with_known_names, without_mentions
from .units import CURRENCIES, Unit, comparable, unit_named
from .wording import digits_for_words, has_chinese, plain_signs

_NUMBER = r"(?:\d{1,3}(?:[,' ]\d{3})+(?![\d,'])|\d+)(?:\.\d+)?(?:e[-+]?\d{1,2})?|\.\d+"
_AMOUNT = rf"[-+]?\(?[-+]?(?:{_NUMBER})(?:\s*/\s*\d+)?\)?"
_BEFORE_UNIT = lazy_pattern(
    rf"(?<![A-Za-z0-9.,)/-])(?P<amount>{_AMOUNT}|\ban?\b)\s*(?:from\s+|个(?!半))?", re.IGNORECASE
)
_MARKED = lazy_pattern(
    r"(?:\b(?:to|in|into|as|many|much|are|is|equals?|makes?|degrees?)|=\s*\?|=|>|→|多少|几|成|到|为|于|是|合|折|换|那|"
    r"转|个|"
    r"\b(?:to|in|into|and|or|many)\s+\S+\s+(?:and|or)|[:,.;!?])\s*(?:the\s+)?$|^\s*$",
    re.IGNORECASE,
)
_TO = lazy_pattern(r"(?:\b(?:to|in|into|as|many)|=|>|→|[成为到])\s*$", re.IGNORECASE)
_TIGHT_LIST = lazy_pattern(r"(?<=[^\W\d])\s*[,;、](?=\.?\d)")
_POINTED = lazy_pattern(r"(?<![\d.,])\d{1,3}(?:\.\d{3})+(?![\d.,]*\d)")
_NEEDS_MARK = frozenset(
    ("min", "st", "pt", "kn", "ha", "hr", "cup", "second", "seconds", "minute", "foot", "bar", "hand", "hands", "chain",
    "rod", "rods", "cord")
)  # fmt: skip
_DECIMAL_COMMA = lazy_pattern(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+|\d+),(\d{1,2}|\d{4,})(?![\d,.])")
_MARKED_INCHES = lazy_pattern(r"(?<![\d.'])(\d{1,2})\s*'\s*(\d{1,2}(?:\.\d+)?)\s*(?:\"|'')")
_FEET_AND_INCHES = lazy_pattern(
    r"(\d+)\s*(?:'|ft(?![a-z])|foot\b|feet\b|英尺)\s*(\d{1,2}(?:\.\d+)?)(?![\d/.])\s*(?:\"|'')?"
    r"(?=\s*$|\s*(?:\b(?:to|into|as|is)\b|\bin\s+(?!(?:to|into|in|as|is)\b)[a-z]|[=\-→?,是换等]))",
    re.IGNORECASE,
)
_HALF = lazy_pattern(r"\b(?:an?\s+|1\s+)?(half|quarter)[\s-]+(?=[a-z])", re.IGNORECASE)
_BRITISH = lazy_pattern(
    r"\b(?:british|imperial|uk)\s+(gallons?|pints?|quarts?|fluid ounces?|fl oz|mpg)\b|"
    r"\b(gallons?|gal|pints?|quarts?|fluid ounces?|fl oz|mpg)\s*\(?(?:uk|imperial|british)\b"
    r"(?:,? (?:uk|imperial|british))?(?:\s+gallons?)?\)?",
    re.IGNORECASE,
)
_AMERICAN = lazy_pattern(
    r"\b(?:us|u\.s\.|american)\s+(?=(?:gallons?|gal|pints?|quarts?|cups?|fluid ounces?|fl oz|mpg|tons?)\b)",
    re.IGNORECASE,
)
CONSUMPTION = lazy_pattern(
    r"\b(?:l|lit(?:re|er)s?)\s*(?:per|/|on|for)\s*(?:every\s+)?100\s*(?:km|kilomet(?:re|er)s?|k)\b", re.IGNORECASE
)
_RANGE = lazy_pattern(
    rf"(?:\b(?:between|from)\s+)?(?<![\w.,/-])(?P<low>-?(?:{_NUMBER}))(?:-(?=\d)|\s*(?:to|and|or|~|到|至|"
    rf"和)\s*)(?P<high>-?(?:{_NUMBER}))(?=\s*[^\W\d]|\s*°)",
    re.IGNORECASE,
)
_SQUARE_WORDS = lazy_pattern(
    r"\bsq\.?\s+(?=(?:yards?|feet|foot|met(?:re|er)s?|miles?|inch(?:es)?|kilomet(?:re|er)s?)\b)", re.IGNORECASE
)
_SQUARED = lazy_pattern(r"\b(?:sq(?:uare)?\s+(km|m|cm|ft|in|yd|mi)|cubic\s+(m|cm|ft|in|yd))\b", re.IGNORECASE)
_TALL = lazy_pattern(r"(?<![\d.])(\d)(?:米|m(?=\d{2}(?!\d)))(\d{1,2})(?=\s*(?:$|[是等换合转有多的高,，。?？=]))")
_HYPHENED = lazy_pattern(r"(?<![\d.,/-])(\d{1,3})-(?=\d{1,2}/\d{1,2}(?![\d/-]))")
_BOTH_NAMED = lazy_pattern(
    rf"(?<![\w.,/-])({_NUMBER})\s*([^\W\d]{{1,12}}|°[CF])\s*(?:到|至|~|to|-)\s*({_NUMBER})\s*\2(?![A-Za-z])",
    re.IGNORECASE,
)
_OPEN_POINT = lazy_pattern(r"[1-9]\d{0,2}\.000")
"""Two thousand or two, by where it was written."""
_FEET = lazy_pattern(r"(?<=\d)'(?=\s*(?:$|[,=?]|->|(?:to|in|into|as|tall|high|long|wide|deep)\b))", re.IGNORECASE)
_INCHES = lazy_pattern(r"(?<=\d)(\s*)(?:\"|'')(?=\s*(?:$|[,=?]|->|(?:to|in|into|as)\b))", re.IGNORECASE)
_STONES = lazy_pattern(
    r"(\d+)\s*(?:stones?|st)\s*(1[0-3]|\d)(?![\d/.])(?!\s*(?:lbs?|pounds?|oz|ounces?|kgs?|kilos?|g|st|stones?|x|%|people|of)\b)"
    r"(?!\s*[*x])",
    re.IGNORECASE,
)
_HALF_TAEL = lazy_pattern(r"(?<![\d.点零〇十百])([\d一二两三四五六七八九])两半")
_TAEL = lazy_pattern(r"(?<=[\d一二三四五六七八九十半])两(?![\d一二三四五六七八九十个])")
_SCALE_FIRST = lazy_pattern(r"(摄氏|华氏)\s*((?:零下|负|-)?\s*[\d.一二三四五六七八九十百零点]+)\s*(?:度|(?=$))")
_LETTER_FIRST = lazy_pattern(r"(?<!\w)°?([CFK])\s?(-?\d+(?:\.\d+)?)(?=\s*(?:$|[?=,]|->|(?:in|to|into|as)\b))")
_BARE_DEGREES = lazy_pattern(
    r"(?<=[\d一二三四五六七八九十百半])\s*度(?![\u4e00-\u9fff]*(?:角|电|电量))(?!\s*[cCfF℃℉])(?=\s*(?:$|"
    r"[是等换转为成呢,?。=]))"
)
_ASKED = lazy_pattern(
    r"\bconver|\bhow (?:many|much|long|far|heavy|hot|fast|tall|big)\b|\bwhat(?:'s| is| are)\b|\bto\b|\binto?\b|=|"
    r"->|→|换算|转换?|等于|多少|是几|折合|[成为到](?!\s*\d)",
    re.IGNORECASE,
)
_CURRENCY = lazy_pattern(
    rf"\d[,.]*\s*{CURRENCIES}\b.*?\b(?:to|in|into)\b|\d\s*{CURRENCIES}.*(?:换|等于|多少|转)|"
    rf"[$€£¥]\s*\d.*\b(?:to|in|into)\b|\d\s*[a-z]*\s+(?:to|in|into)\s+(?:us\s+)?{CURRENCIES}\b",
    re.IGNORECASE,
)
_DATE_QUESTION = lazy_pattern(
    r"\b(?:today|ago|after|before|from now|between|since|until|tomorrow|later)\b|\d年\s*\d|之后|以后|之前|后是|"
    r"今天|几号|再过",
    re.IGNORECASE,
)
_COMPUTES = lazy_pattern(
    r"[*+/^<>$€£¥]|\b(?:plus|minus|times|add|difference|average|mean|ratio|twice|double|per|between|sum|percent|x|by|"
    r"couple|few|several|pair|half|quarter|third|triple|uk|imperial|british|every|each|dozens?|other way|reverse|not|"
    r"without|except|instead|rather|never|warmer|colder|hotter|cooler|than|longer|shorter|heavier|lighter)\b|不要|不是|%|[加减乘除]|"
    r"每|之差|相差",
    re.I,
)
_SAYS_NOTHING = lazy_pattern(
    r"\b(?:convert|please|what|is|are|how|much|many|in|to|the|a|an|of|other|units?|it|that|and|about|equals?|"
    r"temperature|weight|height|hot|warm|cold|heavy|tall|fast|quick|length|distance|speed|volume|area|size)\b|换算|转换|"
    r"请|把|将|等于|是|多少|一下|那|呢",
    re.IGNORECASE,
)
_PATIENT = lazy_pattern(r"pt\s+(?!to\b|into?\b|from\b|and\b|or\b|is\b)[a-z]", re.IGNORECASE)
_WORD_UNITS = frozenset({"day", "week", "year", "cup", "acre", "fortnight", "decade", "furlong", "fathom", "carat"})
_PRICED = lazy_pattern(r"(?:\b(?:prices?|costs?|rates?|paid) (?:per|an?)|[$€£¥元]\s*(?:/|per)|每)\s*$", re.IGNORECASE)
_CONVERTED = lazy_pattern(r"\b(?:from|between|convert(?:s|ing)?)\s+$", re.IGNORECASE)
_LETTERS = lazy_pattern(
    r"(?<![\w°])(?:°\s?)?[CFK](?:(?:[\s,/&|;]|<?[-=]+>|[→↔]|\b(?:and|or|to|from|vs)\b)+°?\s?[CFK])+(?!\w)"
)
_GAP = lazy_pattern(r"\s*(?:[,/&|、]|\b(?:and|or|to)\b|[和或与跟])?\s*", re.IGNORECASE)
_LEADS_TO_A_UNIT = "和与跟或把将成为到转换算是"


class Quantity(NamedTuple):
    amount: Fraction
    unit: Unit
    spoken: str


class Measurements(NamedTuple):
    """The quantities and further units of a prompt, in order. `unread`: a number or operation outside of them.

    `alternating`: several quantities, each with its own unit behind it. `wants_first`: `how many feet in a mile`.
    `bare`: hardly a word besides.
    `lone_number`: the only number, where it has no unit.
    `names_in_full`: no unit is a single letter, which may be anything where there is no quantity.
    """

    quantities: tuple[Quantity, ...]
    units: tuple[Unit, ...]
    unread: str
    alternating: bool
    wants_first: bool
    bare: bool
    about_dates: bool
    lone_number: Fraction | None
    names_in_full: bool


def asks_to_convert(text: str) -> bool:
    return _ASKED.search(text) is not None


def names_currencies(text: str) -> bool:
    return _CURRENCY.search(text) is not None


def spoken(amount: str, unit: Unit) -> str:
    return f"{amount} {unit.symbol}{'s' if unit.symbol in _WORD_UNITS and amount != '1' else ''}"


def placed_in(prompt: str) -> tuple[str, list[tuple[int, int, Quantity]]]:
    """The prompt as it is read, and where the quantities stand in it."""
    text = _plain(prompt)
    found: list[tuple[int, int, Quantity]] = []
    for match in _BEFORE_UNIT.finditer(text):
        mention = mention_at(text, match.end())
        if mention and (quantity := _quantity(match["amount"], mention.name)):
            found.append((match.start(), mention.end, quantity))
    found = _merged(text, found)
    return text, [one for one in found if not _says_into(text, one, len(found) == 1)]


def targets_in(text: str, found: list[tuple[int, int, Quantity]]) -> tuple[list[Unit], str]:
    """The units beside the quantities, and what is left, with marks for the quantities and those units."""
    rest, units = _blanked(text, found), dict[Unit, None]()
    left = rest
    for mention in mentions_in(rest):
        unit = _mentioned(rest, mention)
        if unit is not None and not _is_no_unit(rest, mention.start, unit, found):
            units[unit] = None
            left = left[: mention.start] + "\1" * (mention.end - mention.start) + left[mention.end :]
    return list(units), left


def _blanked(text: str, found: list[tuple[int, int, Quantity]]) -> str:
    for start, end, _ in found:
        text = text[:start] + "\0" * (end - start) + text[end:]
    return text


def measurements_in(prompt: str) -> Measurements:
    text, found = placed_in(prompt)
    rest = _blanked(text, found)
    mentions = [(mention.start, unit) for mention in mentions_in(rest) if (unit := _mentioned(rest, mention))]
    mentions = [(at, unit) for at, unit in mentions if not _is_no_unit(rest, at, unit, found)]
    left = without_mentions(rest) if mentions else rest
    order = sorted([(start, "q") for start, _, _ in found] + [(start, "u") for start, _ in mentions])
    numbers = re.findall(_AMOUNT, left)
    return Measurements(
        tuple(quantity for _, _, quantity in found),
        tuple(dict.fromkeys(unit for _, unit in mentions)),
        _unread(left),
        len(found) > 1 and "".join(sign for _, sign in order) == "qu" * len(found),
        re.search(r"how many|how much|多少|几", text, re.IGNORECASE) is not None,
        not re.search(r"[^\W\d_]", _SAYS_NOTHING.sub(" ", left.replace("\0", " "))),
        _DATE_QUESTION.search(text) is not None,
        _number(numbers[0]) if len(numbers) == 1 else None,
        not re.search(r"(?<![A-Za-z°])[A-Za-z](?![A-Za-z])", re.sub(r"\ban?\b", " ", rest, flags=re.IGNORECASE)),
    )


def units_in(text: str) -> list[tuple[int, Unit]]:
    """The units that `text` names, each with where it stands; short words only where they can hardly be others."""
    found: list[tuple[int, Unit]] = []
    before: tuple[int, Unit] | None = None
    for mention in mentions_in(text):
        unit = _named_at(text, mention) or _beside(text, mention, before)
        before = (mention.end, unit) if unit else None
        if unit is None and "/" not in mention.name:
            continue
        names = re.split(r"\s*/\s*", mention.name) if _lists_two(unit, mention.name) else [mention.name]
        found += [(mention.start, one) for name in names if (one := _unit(name))]
    return sorted({*found, *_lettered(text)})


def _beside(text: str, mention: Mention, before: tuple[int, Unit] | None) -> Unit | None:
    """`psi bar kPa`: a short name next to another unit of its kind is one too."""
    unit = _unit(mention.name)
    behind = _GAP.match(text, mention.end)
    follows = mention_at(text, behind.end()) if behind and behind.group() else None
    near = [
        one
        for one in (
            follows and _unit(follows.name),
            before and _GAP.fullmatch(text, before[0], mention.start) and before[1],
        )
        if one
    ]
    return unit if unit is not None and any(one.kind == unit.kind and one != unit for one in near) else None


def _lettered(text: str) -> list[tuple[int, Unit]]:
    """`C F K`, `F -> C`: letters in a row are temperatures, where each by itself may be anything."""
    places = [run.start() + one.start() for run in _LETTERS.finditer(text) for one in re.finditer("[CFK]", run.group())]
    return [(at, unit) for at in places if (unit := _unit(text[at]))]


def _lists_two(unit: Unit | None, name: str) -> bool:
    """`feet / metres` and `celsius / fahrenheit` are two units of one kind, and no quotient."""
    above, _, below = (unit.kind if unit else "").partition("/")
    return above == below and "/" in name


def _named_at(text: str, mention: Mention) -> Unit | None:
    """A single Chinese sign is a unit only at the beginning of a word: 里 is none in 心里."""
    before = text[: mention.start]
    if _PRICED.search(before):
        return None
    if len(mention.name) == 1 and not mention.name.isascii():
        return _unit(mention.name) if not has_chinese(before[-1:]) or before[-1] in _LEADS_TO_A_UNIT else None
    return _unit(mention.name) if _CONVERTED.search(before) else _mentioned(text, mention)


def _plain(prompt: str) -> str:
    text = (
        plain_signs(with_each_unit(without_asides(prompt.strip().replace("，", ", "))))
        .replace("^2", "²")
        .replace("^3", "³")
    )
    text = _TIGHT_LIST.sub(", ", text)
    text = _SCALE_FIRST.sub(r"\2\1度", _LETTER_FIRST.sub(r"\2 °\1", text).replace("一共", "总共"))
    text = _HALF_TAEL.sub(lambda found: f"{digits_for_words(found[1])}.5两", text)
    text = _BARE_DEGREES.sub("摄氏度", with_sign_before_words(_TAEL.sub(" liang ", text)))
    text = re.sub(r"\ban?\s+([a-z]+)\s+and\s+an?\s+half\b", r"1.5 \1", text, flags=re.IGNORECASE)
    text = re.sub(r"\bmiles? per gallon\b", "mpg", text, flags=re.IGNORECASE)
    text = _BOTH_NAMED.sub(r"\1 \2, \3 \2", _HYPHENED.sub(r"\1 ", with_paces(text)))
    text = re.sub(r"((?:英尺|呎)\s*\d[\d.]*\s*)寸", r"\1英寸", text)
    text = with_portions(_BRITISH.sub(_british, _AMERICAN.sub("", digits_for_words(text))))
    text = CONSUMPTION.sub("l/100km", text)
    text = _SQUARE_WORDS.sub("square ", text)
    text = re.sub(r"(\d/\d+)\s+of\s+an?\s+(?=[a-z])", r"\1 ", text, flags=re.IGNORECASE)
    text = _SQUARED.sub(lambda found: f"{found[1]}²" if found[1] else f"{found[2]}³", text)
    text = re.sub(r"\bfluid oz\b", "fl oz", text, flags=re.IGNORECASE)
    text = _TALL.sub(r"\1.\2米", re.sub(r"\b(?:an?|1) dozen\b(?: of)?", "12", text, flags=re.IGNORECASE))
    text = re.sub(r"(?<![\d.,])\d{1,3}(?:\.\d{3}){2,}(?![\d.])", lambda found: found.group().replace(".", ""), text)
    if _DECIMAL_COMMA.search(text):
        text = _POINTED.sub(lambda found: found.group().replace(".", ""), text)
    text = _DECIMAL_COMMA.sub(lambda found: f"{found[1].replace('.', '')}.{found[2]}", text)
    text = with_parts_named(text)
    text = _MARKED_INCHES.sub(r"\1 ft \2 in ", text)
    text = _INCHES.sub(r"\1 inches", _FEET.sub(" ft ", _FEET_AND_INCHES.sub(r"\1 ft \2 in ", text)))
    text = _STONES.sub(r"\1 st \2 lb ", text)
    return _RANGE.sub(_both_ends, _HALF.sub(_halved, with_known_names(text)))


def _both_ends(found: "re.Match[str]") -> str:
    """`between 18 and 22 °C` as two quantities."""
    unit = re.match(r"\s*", found.string[found.end() :])
    mention = mention_at(found.string, found.end() + (unit.end() if unit else 0))
    if mention is None or (len(mention.name) == 1 and mention.name in "aA"):
        return found.group()
    return f"{found['low']} {mention.name}, {found['high']}"


def _british(found: "re.Match[str]") -> str:
    return f"uk {found[1] or found[2]}"


def _halved(found: "re.Match[str]") -> str:
    """`half litre`, where it is a unit that is halved."""
    if mention_at(found.string, found.end()) is None:
        return found.group()
    return {"half": "0.5 ", "quarter": "0.25 "}[found[1].lower()]


def _quantity(digits: str, name: str) -> Quantity | None:
    unit = _unit(name)
    amount = Fraction(1) if digits.isalpha() and len(name) > 1 else _number(digits)
    if unit is None or amount is None:
        return None
    if unit.symbol == "hand" and re.fullmatch(r"\d+\.[1-3]", digits.strip()):
        amount = Fraction(digits.partition(".")[0]) + Fraction(int(digits.strip()[-1]), 4)  # hands and inches
    return Quantity(amount, unit, spoken(figures.shown(amount), unit))


def _number(digits: str) -> Fraction | None:
    digits = re.sub(r"[(),'\s]", "", digits)
    if not re.search(r"\d", digits) or len(digits) > 100 or _OPEN_POINT.fullmatch(digits) or re.search(r"/0*$", digits):
        return None
    plain = digits.replace("--", "").replace("+-", "-")
    above, _, below = plain.partition("/")
    return Fraction(above) / Fraction(below or 1) if not plain.startswith("++") else None


def _unit(words: str) -> Unit | None:
    return unit_named(re.sub(r"^(?:degrees?\s+|deg\s+|°\s*|度)", "", words, flags=re.IGNORECASE)) or unit_named(words)


def _merged(text: str, found: list[tuple[int, int, Quantity]]) -> list[tuple[int, int, Quantity]]:
    """`5 ft 3 in` is one quantity: the second unit goes into the first a whole number of times."""
    merged: list[tuple[int, int, Quantity]] = []
    for start, end, quantity in found:
        if merged and re.fullmatch(r"\s*(?:,|and|零|又)?\s*", text[merged[-1][1] : start]):
            first, _, before = merged[-1]
            ratio = before.unit.size / quantity.unit.size
            if before.unit.kind == quantity.unit.kind and ratio > 1 and ratio.denominator == 1 and quantity.amount >= 0:
                step = -quantity.amount / ratio if before.amount < 0 else quantity.amount / ratio
                whole = Quantity(before.amount + step, before.unit, f"{before.spoken} {quantity.spoken}")
                merged[-1] = (first, end, whole)
                continue
        merged.append((start, end, quantity))
    return merged


def _says_into(text: str, found: tuple[int, int, Quantity], alone: bool) -> bool:
    """`7 in miles`: no inches, where another quantity stands besides; `40 in l/100km`: none at all."""
    behind = mention_at(text, found[1] + 1) if text[: found[1]].endswith(" in") else None
    unit = _unit(behind.name) if behind is not None else None
    return unit is not None and not (alone and unit.kind == "length")


def _mentioned(text: str, mention: Mention) -> Unit | None:
    """The unit, unless the word is too short to be one where it stands."""
    name, before, behind = mention.name.strip(), text[: mention.start], text[mention.end :]
    if (
        len(name) == 1
        and has_chinese(name)
        and re.match("[\u4e00-\u9fff]", behind)
        and not re.match("[呢吗啊呀吧是等换合的]|[长高宽深重远厚]", behind)
    ):
        return None
    if name.lower() == "in" and not (_TO.search(before) or re.match(r"\s*(?:$|[,?]|to\b|->)", behind)):
        return None
    if re.search(r"\b(?:every|each)\s+$", before, re.IGNORECASE):
        return None
    short = len(name) == 1 or name.lower() in _NEEDS_MARK
    if short and (not _MARKED.search(before) or (re.match(r"\s*[.\d\0]", behind) and not _TO.search(before))):
        return None
    return _unit(name)


def _is_no_unit(rest: str, at: int, unit: Unit, found: list[tuple[int, int, Quantity]]) -> bool:
    """`pt temp 101 F`: a short word at the beginning that measures something else than all that is measured."""
    others = not any(comparable(quantity.unit, unit) for _, _, quantity in found) or _PATIENT.match(rest, at)
    return bool(found and others) and unit.symbol in _NEEDS_MARK and not _TO.search(rest[:at])


def _unread(left: str) -> str:
    if operation := _COMPUTES.search(re.sub(r"->|=>|→|(?<=\d)/(?=\d)", " ", left)):
        return operation.group()
    number = re.search(r"[A-Za-z0-9_.,'/-]*\d[A-Za-z0-9_.,'/-]*", left)
    return number.group() if number else ""
