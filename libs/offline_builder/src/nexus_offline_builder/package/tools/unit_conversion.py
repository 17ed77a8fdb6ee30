"""Converts between units of measurement."""

import re
from fractions import Fraction

from . import figures
from .contract import CERTAIN, LIKELY, Answer, Question, Refusal, Task, Tool, Value
from .units import CURRENCIES, NAMES, Unit, converted, unit_named
from .wording import digits_for_words, plain_signs

_LONGEST_PROMPT = 400
_ASCII_NAMES = "|".join(
    re.escape(name).replace(r"\ ", r"[\s-]") for name in NAMES if name[0].isascii() or name[0] == "µ"
)
_OTHER_NAMES = "|".join(re.escape(name) for name in NAMES if not (name[0].isascii() or name[0] == "µ"))
_DEGREES = r"(?:degrees?\s+|deg\s+|°\s*|度)?"
_UNIT = rf"(?:{_DEGREES}(?:(?<![A-Za-z])(?:{_ASCII_NAMES})(?![A-Za-z0-9²³])|{_OTHER_NAMES}))"
_NUMBER = r"(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:e[-+]?\d{1,2})?|\.\d+)"
_AMOUNT = rf"(?P<amount>[-+]?\(?[-+]?{_NUMBER}(?:\s*/\s*\d+)?\)?)"
_QUANTITY = re.compile(
    rf"(?<![A-Za-z0-9.]){_AMOUNT}\s*(?:from\s+)?(?P<unit>{_UNIT})(?:\s*(?:and\s*)?(?P<more>\d+(?:\.\d+)?)\s*(?P<smal"
    rf"ler>{_UNIT}))?",
    re.IGNORECASE,
)
_TARGET = re.compile(
    rf"(?:\b(?:to|in|into|as|equals?|make|are|is)\b|=|->|→|是|等于|换算[成为到]?|转换?[成为到]?|合|折合|[成为])\s*"
    rf"(?:how many|how much|what|多少|几|\?)?\s*(?P<unit>{_UNIT})",
    re.IGNORECASE,
)
_WANTED = re.compile(
    rf"(?:how (?:many|much|long|far|heavy|hot|fast)|多少|几)\s*(?:is|个)?\s*(?P<unit>{_UNIT})", re.IGNORECASE
)
_ASKED = re.compile(
    r"\bconver|\bhow (?:many|much|long|far|heavy|hot|fast)\b|\bwhat(?:'s| is| are)\b|\bto\b|\binto?\b|=|"
    r"换算|转换?|等于|"
    r"多少|是几|折合|[成为到]",
    re.IGNORECASE,
)
_CURRENCY = re.compile(
    rf"[-+]?\d[\d,.]*\s*{CURRENCIES}\b.*\b(?:to|in|into)\b|\d\s*{CURRENCIES}.*(?:换|等于|多少|转)", re.IGNORECASE
)
_DATE_QUESTION = re.compile(
    r"\b(?:today|ago|after|before|from now|between|since|until|tomorrow)\b|\d年\s*\d|之后|以后|之前|后是|今天|几号",
    re.IGNORECASE,
)
_FEET_AND_INCHES = re.compile(r"(\d+)\s*'\s*(\d+)\s*(?:\"|'')")
_WORDS = frozenset({"day", "week", "year", "cup", "acre"})
_TIME_UNITS = frozenset({"time"})


def understand(question: Question) -> Task | None:
    if len(question.text) > _LONGEST_PROMPT:
        return None
    text = digits_for_words(plain_signs(question.text.strip()).replace("^2", "²").replace("^3", "³"))
    text = _FEET_AND_INCHES.sub(r"\1 ft \2 in ", text)
    if _CURRENCY.search(text):
        return Task(CERTAIN, _refuse_currency)
    found = _quantity(text)
    if found is None:
        return None
    amount, source, spoken, rest = found
    target = _target(rest, text, source)
    if target is None:
        asked = re.search(r"\bconver|换算|转换", text, re.IGNORECASE)
        return Task(LIKELY, lambda: _refuse_target(spoken)) if asked else None
    if source.kind in _TIME_UNITS and _DATE_QUESTION.search(text):
        return None
    confidence = CERTAIN if _ASKED.search(text) else LIKELY
    return Task(confidence, lambda: _answer(amount, source, target, spoken))


def _quantity(text: str) -> tuple[Fraction, Unit, str, str] | None:
    """Amount, unit, how it was written, and the rest of the text; `a mile` is one mile."""
    for found in _QUANTITY.finditer(re.sub(r"\b(?:an?|one)\s+(?=[a-z])", "1 ", text, flags=re.IGNORECASE)):
        digits = re.sub(r"[(),\s]", "", found["amount"])
        unit = _unit(found["unit"])
        if unit is None or not re.search(r"\d", digits) or len(digits) > 100 or re.search(r"/0*$", digits):
            continue
        amount = Fraction(digits)
        smaller = _unit(found["smaller"]) if found["smaller"] else None
        spoken = _spoken(figures.shown(amount), unit)
        if smaller is not None and smaller.kind == unit.kind and smaller.size < unit.size:
            amount += Fraction(found["more"]) * smaller.size / unit.size
            spoken += " " + _spoken(found["more"], smaller)
        start, end = found.span()
        return amount, unit, spoken, found.string[:start] + " , " + found.string[end:]
    return None


def _spoken(amount: str, unit: Unit) -> str:
    return f"{amount} {unit.symbol}{'s' if unit.symbol in _WORDS and amount != '1' else ''}"


def _unit(words: str) -> Unit | None:
    return unit_named(re.sub(rf"^{_DEGREES}", "", words, flags=re.IGNORECASE)) or unit_named(words)


def _target(rest: str, text: str, source: Unit) -> Unit | None:
    """The unit asked for: the first fitting one behind `to`, `how many` and the like, else any other one named."""
    candidates = [*_WANTED.finditer(rest), *_TARGET.finditer(rest)]
    units = [unit for found in candidates if (unit := _unit(found["unit"]))]
    units += [
        unit
        for found in re.finditer(_UNIT, rest, re.IGNORECASE)
        if (unit := _unit(found.group())) and len(found.group()) > 1
    ]
    fitting = [unit for unit in units if unit.kind == source.kind and unit != source]
    if fitting:
        return fitting[0]
    return next((unit for found in candidates if (unit := _unit(found["unit"])) and unit.symbol != "in"), None)


def _refuse_currency() -> Answer:
    raise Refusal("I cannot convert currencies: I know no exchange rates.", "我不能换算货币：我不知道汇率。")


def _refuse_target(spoken: str) -> Answer:
    raise Refusal(
        f"To which unit shall I convert {spoken}? I do not know the one you named.", f"要把 {spoken} 换算成哪个单位？"
    )


def _answer(amount: Fraction, source: Unit, target: Unit, spoken: str) -> Answer:
    if source.kind != target.kind:
        raise Refusal(
            f"{source.symbol} measures {source.kind} and {target.symbol} measures {target.kind}: they cannot be "
            f"converted.",
            f"{source.symbol} 和 {target.symbol} 不是同一类单位，不能互相换算。",
        )
    result = converted(amount, source, target)
    if source.kind == "temperature" and amount * source.size + source.offset < 0:
        raise Refusal("There is no temperature below absolute zero.", "不存在低于绝对零度的温度。")
    shown, sign = _rounded(result)
    note = (
        " (decimal units: 1 kB = 1000 B; KiB, MiB, GiB are the binary ones)" if _is_decimal_data(source, target) else ""
    )
    return Answer(
        f"{spoken} {sign} {_spoken(shown, target)}{note}",
        {"amount": figures.for_json(amount), "from": source.symbol, "to": target.symbol},
        {"result": shown, "unit": target.symbol},
        (Value(f"{figures.carried(result)} {target.symbol}", result),),
    )


def _rounded(result: Fraction) -> tuple[str, str]:
    """Seven significant digits are plenty for a measurement."""
    if figures.is_exact(result) and len(figures.shown(result).replace(".", "").strip("-0")) <= 15:
        return figures.shown(result), "="
    shown = f"{float(result):.7g}"
    return (f"{float(shown):.0f}" if "e+" in shown and abs(result) < 10**15 else shown), "≈"


def _is_decimal_data(source: Unit, target: Unit) -> bool:
    return (
        source.kind == "data"
        and not ({"bit", "B"} >= {source.symbol, target.symbol})
        and "i" not in source.symbol + target.symbol
    )


TOOL = Tool(
    name="unit_conversion",
    ability="convert units of length, mass, volume, area, speed, time, data, energy, pressure and temperature",
    ability_chinese="换算单位（长度、质量、体积、面积、速度、时间、数据量、能量、压强、温度）",
    example="convert 10 km to miles",
    example_chinese="把 10 公里换算成英里",
    understand=understand,
)
