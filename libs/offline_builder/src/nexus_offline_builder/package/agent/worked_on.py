"""What an operation makes of the result before: the calculation as it is written, the result, its unit."""

import re
from fractions import Fraction
from typing import NamedTuple

from ..tools import figures
from ..tools.contract import Value
from ..tools.patterns import lazy_pattern
from ..tools.unit_names import mentions_in
from ..tools.units import Unit, converted, unit_named
from .operations import Operation, names_result

_ADDED = lazy_pattern(r"(?P<amount>[\d.]+) [-+] (?P<share>[\d.]+%)")
_PART = lazy_pattern(
    r"\b(?:sav(?:e|ed|ing|ings)|discount|reduction|tip|vat|tax|gst|interest|surcharge|raise|increase)\b|税|省|便宜|小费|利息|"
    r"涨了",
    re.IGNORECASE,
)
_ASKS_FOR = lazy_pattern(r"\b(?:how much|what|whats|which)\b|多少|几", re.IGNORECASE)
_DIGITS = lazy_pattern(r"^[-\d.,/\s]+")
_INTO = lazy_pattern(r"(?:\b(?:in|into|to|total|many|much)\s+|多少|几)$", re.IGNORECASE)
_HEAD = lazy_pattern(r"-?[\d.]+")
_WHOLE = lazy_pattern(r"[\d.]+ [-+] [\d.]+%")
_SAME = {"天": "[天日]", "日": "[天日]", "night": "(?:night|day)"}
_PLURAL = ("es", "s")


def in_hours(result: Fraction, unit: str) -> str:
    """` (7 h 15 min)` behind hours that are no whole number."""
    minutes = result * 60
    if unit != "h" or result.denominator == 1 or minutes.denominator != 1 or result < 0:
        return ""
    return f" ({int(minutes) // 60} h {int(minutes) % 60} min)"


class Worked(NamedTuple):
    """One line of the answer."""

    said: str
    result: Fraction
    unit: str


def share_in(prompt: str, expression: str) -> str | None:
    """What was added or taken off: `and how much do I save?` after `180 - 25%`."""
    whole = _ADDED.fullmatch(expression)
    if whole is None or re.search(r"\d", prompt) or not (_PART.search(prompt) and _ASKS_FOR.search(prompt)):
        return None
    return f"{whole['amount']} * {whole['share']}"


def main_value(values: tuple[Value, ...], per: str) -> Value | None:
    """The value that an operation is on: the one that is named, the only one, the one that others are parts of."""
    if len(values) == 1:
        return values[0]
    named = [value for value in values if per and _is_of(per, value.label)]
    if len(named) == 1:
        return named[0]
    wholes = [value for value in values if _WHOLE.fullmatch(value.label)]
    if len(wholes) == 1:
        return wholes[0]
    heads = {found.group() for value in values if (found := _HEAD.match(value.label))}
    signs = all(re.search(r"[-+*/]", value.label) for value in values)
    return values[0] if len(values) == 2 and len(heads) == 1 and signs else None


def operated(value: Value, operation: Operation, answer: str, prompt: str) -> list[Worked]:
    """Nothing where the operation and the result do not fit each other."""
    if value.number is None:
        return []
    spoken = _DIGITS.sub("", value.spoken).strip()
    unit, own = unit_named(spoken) if spoken else None, unit_named(operation.unit) if operation.unit else None
    number = value.number
    if operation.per:
        return _by_rate(value, operation, answer, unit)
    if unit is None and own is not None:
        unit = _unit_beside(value, own, answer)
    if operation.sign in "+-" and own is not None:
        if unit is not None:
            return _in_one_unit(number, unit, operation, own, _target(prompt, unit))
        if not _beside(value, operation.unit, answer):
            return []
    if unit is not None and unit.offset and (operation.sign in "*/" or operation.share or not names_result(prompt)):
        return []
    return _plainly(number, operation, unit, spoken, prompt)


def _plainly(number: Fraction, operation: Operation, unit: Unit | None, spoken: str, prompt: str) -> list[Worked]:
    """With a number that is of no unit of its own."""
    amount = operation.number
    said = f"{figures.shown(number)} {operation.sign} {figures.shown(amount)}{'%' if operation.share else ''}"
    share = amount / 100
    if operation.share:
        result = {"+": number * (1 + share), "-": number * (1 - share)}.get(operation.sign, number * share)
        part = Worked(f"{figures.shown(number)} * {figures.shown(amount)}%", number * share, spoken)
        first = Worked(said, result, spoken)
        return [first, part] if operation.both else [first if operation.sign in "+-" else part]
    if operation.sign in "+-":
        result = number + amount if operation.sign == "+" else number - amount
    else:
        result = number * amount if operation.sign == "*" else number / (amount or 1)
    target = _target(prompt, unit) if unit is not None else None
    if unit is None or target is None or target.symbol == unit.symbol:
        return [Worked(said, result, spoken)]
    return [Worked(f"({said}) {spoken}", converted(result, unit, target), target.symbol)]


def _by_rate(value: Value, operation: Operation, answer: str, unit: Unit | None) -> list[Worked]:
    """`at 27.40 a day` after `90 days`: what the rate is for is what there are so many of."""
    number, per = value.number or Fraction(0), unit_named(operation.per)
    if operation.per != "each":
        if unit is not None and per is not None:
            if unit.kind != per.kind:
                return []
            number = converted(number, unit, per)
        elif not (_is_of(operation.per, value.label) or _beside(value, operation.per, answer)):
            return []
    elif unit is not None:
        return []
    said = f"{figures.shown(number)} * {figures.shown(operation.number)}"
    symbol = named.symbol if (named := unit_named(operation.unit)) is not None and unit is not None else ""
    return [Worked(said, number * operation.number, symbol)]


def _in_one_unit(number: Fraction, unit: Unit, operation: Operation, own: Unit, target: Unit | None) -> list[Worked]:
    if own.kind != unit.kind or unit.offset or own.offset:
        return []
    amount = converted(operation.number, own, unit)
    result = number + amount if operation.sign == "+" else number - amount
    said = f"{figures.shown(number)} {unit.symbol} {operation.sign} {figures.shown(operation.number)} {own.symbol}"
    final = target or unit
    return [Worked(said, converted(result, unit, final), final.symbol)]


def _target(prompt: str, unit: Unit) -> Unit | None:
    """The unit that `prompt` asks for: `and with the 12 kg on top, in lbs?`."""
    found = [unit_named(one.name) for one in mentions_in(prompt) if _INTO.search(prompt[: one.start])]
    same = {one for one in found if one is not None and one.kind == unit.kind}
    return same.pop() if len(same) == 1 else None


def _beside(value: Value, name: str, answer: str) -> bool:
    """Whether `answer` says that the value counts what is named: `90 days`, `words: 27`."""
    stem = _SAME.get(_stem(name)) or re.escape(_stem(name))
    digits = re.escape(value.spoken.split(" ")[0])
    if not name.isascii():
        return re.search(rf"{digits}\s*个?(?:工作)?{stem}|{stem}[^\d\n]{{0,4}}[:：]\s*{digits}", answer) is not None
    ahead = rf"(?<![\d.]){digits}(?![\d.]*\d) (?:[a-z]+ )?[a-z]*{stem}"
    return re.search(rf"{ahead}|\b{stem}[a-z]*\s*[:=]\s*{digits}(?!\d)", answer, re.IGNORECASE) is not None


def _unit_beside(value: Value, own: Unit, answer: str) -> Unit | None:
    """The unit that `answer` says the value in: `8 h 15 min (= 8.25 hours)`."""
    digits = re.escape(value.spoken.split(" ")[0])
    found = re.search(rf"(?<![\d.]){digits} ?([a-z]+|[\u4e00-\u9fff]+)", answer, re.IGNORECASE)
    unit = unit_named(found[1]) if found else None
    return unit if unit is not None and unit.kind == own.kind else None


def _is_of(name: str, label: str) -> bool:
    return bool(label) and any(_stem(word) == _stem(name) for word in re.findall(r"[^\W\d_]+", label))


def _stem(word: str) -> str:
    word = word.lower()
    return next((word.removesuffix(end) for end in _PLURAL if len(word) > 3 and word.endswith(end)), word)
