"""The answers to conversions: what quantities are in other units, how it is rounded and told."""

from fractions import Fraction

from . import figures
from .contract import Answer, JsonValue, Refusal, Value
from .measurements import Quantity, spoken
from .units import Unit, comparable, converted, in_parts, is_decimal_data, unit_named

_DECIMAL = " (decimal units: 1 kB = 1000 B; KiB, MiB, GiB are the binary ones)"
_PLAIN_UP_TO = {"s": 99, "min": 90, "h": 99}


def _as_distance(quantity: Quantity, target: Unit) -> Quantity:
    """`5k in miles` is 5 km: no temperature goes into a length."""
    if quantity.unit.symbol != "K" or target.kind != "length" or (kilometre := unit_named("km")) is None:
        return quantity
    return Quantity(quantity.amount, kilometre, spoken(figures.shown(quantity.amount), kilometre))


def told_for(pairs: list[tuple[Quantity, Unit]], often: Quantity | None = None) -> Answer:
    """`often`: what it is where the first size was meant as a number of pieces, told besides."""
    if often is not None:
        told, other = told_for(pairs), told_for([(often, pairs[0][1])])
        return told._replace(text=f"{told.text}\n({other.text})")
    answers = [_converted(_as_distance(quantity, target), target) for quantity, target in pairs]
    if all(
        answer.text.removesuffix(_DECIMAL) == f"{said.spoken} = {said.spoken}"
        for answer, (said, _) in zip(answers, pairs, strict=True)
    ):
        said = pairs[0][0].spoken
        raise Refusal(
            f"{said} is in that unit already. What shall I make of it?", f"{said} 已经是这个单位了。请问要换算成什么？"
        )
    if len(answers) == 1:
        return answers[0]
    calls: list[JsonValue] = [answer.tool_input for answer in answers]
    results: list[JsonValue] = [answer.tool_output for answer in answers]
    values = tuple(
        answer.values[0]._replace(label=quantity.spoken) for answer, (quantity, _) in zip(answers, pairs, strict=True)
    )
    text = "\n".join(answer.text for answer in answers)
    return Answer(text, {"conversions": calls}, {"results": results}, values)


def how_often(small: Quantity, large: Quantity) -> Answer:
    """How often; where that is no whole number, how many it takes to hold all."""
    ratio = large.amount * large.unit.size / (small.amount * small.unit.size)
    shown, sign = _rounded(ratio)
    whole = -(-ratio.numerator // ratio.denominator)
    text = f"{large.spoken} / {small.spoken} {sign} {shown}"
    text = text if whole == ratio else f"{text}: {whole} for all of it, {whole - 1} full"
    return Answer(
        text, {"divide": large.spoken, "by": small.spoken}, {"result": shown}, (Value(figures.carried(ratio), ratio),)
    )


def _converted(quantity: Quantity, target: Unit) -> Answer:
    amount, source = quantity.amount, quantity.unit
    if not comparable(source, target):
        raise Refusal(
            f"{source.symbol} measures {source.kind} and {target.symbol} measures {target.kind}: they cannot be "
            f"converted.",
            f"{source.symbol} 和 {target.symbol} 不是同一类单位，不能互相换算。",
        )
    if source.kind == "temperature" and amount * source.size + source.offset < 0:
        raise Refusal("There is no temperature below absolute zero.", "不存在低于绝对零度的温度。")
    try:
        result = converted(amount, source, target)
    except ZeroDivisionError:
        raise Refusal(f"{quantity.spoken} has no counterpart in {target.symbol}.", "零没有对应的值。") from None
    shown, sign = _rounded(result)
    note = _DECIMAL if is_decimal_data(source, target) else _parts(result, target) or figures.in_short(result)
    return Answer(
        f"{quantity.spoken} {sign} {spoken(shown, target)}{note}",
        {"amount": figures.for_json(amount), "from": source.symbol, "to": target.symbol},
        {"result": shown, "unit": target.symbol},
        (Value(f"{figures.carried(result)} {target.symbol}", result),),
    )


def _parts(result: Fraction, target: Unit) -> str:
    if target.kind == "time":
        return _clock(result, target)
    if target.symbol.startswith("min/") and 1 <= result < 600:
        seconds = round(result * 60)
        return f" ({seconds // 60}:{seconds % 60:02} {target.symbol})"
    parts = in_parts(result, target)
    if parts is None or not parts[1] or result > 1000:
        return ""
    return f" ({parts[0]} {parts[2].symbol} {figures.shown(round(parts[1], 2))} {parts[3].symbol})"


def _clock(result: Fraction, target: Unit) -> str:
    """Hours, minutes and seconds, where the number alone says little: 16.66667 min, 1500 s."""
    seconds = round(result * target.size)
    if target.symbol not in _PLAIN_UP_TO or not 60 <= seconds < 360000:
        return ""
    if result.denominator == 1 and result <= _PLAIN_UP_TO[target.symbol]:
        return ""
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    return f" ({' '.join(f'{count} {unit}' for count, unit in parts if count)})"


def _rounded(result: Fraction) -> tuple[str, str]:
    """Seven significant digits are plenty for a measurement."""
    if figures.is_exact(result) and len(figures.shown(result).replace(".", "").strip("-0")) <= 15:
        return figures.shown(result), "="
    shown = f"{float(result):.7g}"
    return (f"{float(shown):.0f}" if "e+" in shown and abs(result) < 10**15 else shown), "≈"
