"""Operations on exact numbers that refuse a result of more than 1000 digits before they compute it."""

from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from math import isqrt, prod

from .contract import Refusal

_MOST_DIGITS = 1000
_MOST_BITS = 3322
_PRECISE = Context(prec=34)
_LARGEST_FACTORIAL = 400


def bounded(number: Fraction) -> Fraction:
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > _MOST_BITS:
        raise _too_large()
    return number


def _too_large() -> Refusal:
    return Refusal(
        f"That is too large for me: I work with numbers of up to {_MOST_DIGITS} digits.",
        f"数字太大了：我最多能处理 {_MOST_DIGITS} 位数。",
    )


def divided(value: Fraction, divisor: Fraction) -> Fraction:
    if divisor == 0:
        raise Refusal("Division by zero is not defined.", "除数不能为零。")
    return bounded(value / divisor)


def remainder(value: Fraction, divisor: Fraction) -> Fraction:
    if divisor == 0:
        raise Refusal("The remainder of a division by zero is not defined.", "除数不能为零，没有余数。")
    return bounded(value % divisor)


def power(value: Fraction, exponent: Fraction) -> Fraction:
    if value == 0 and exponent < 0:
        raise Refusal("Zero has no negative power: that would be a division by zero.", "零没有负数次幂：除数不能为零。")
    if value in (0, 1):
        return value if exponent else Fraction(1)
    size = max(value.numerator.bit_length(), value.denominator.bit_length())
    if abs(exponent) * max(size - 1, 1) > _MOST_BITS and abs(value) != 1:
        raise _too_large()
    if exponent.denominator == 1:
        whole = exponent.numerator % 2 + 2 if abs(value) == 1 else exponent.numerator
        return bounded(value**whole)
    return _fractional_power(value, exponent)


def _fractional_power(value: Fraction, exponent: Fraction) -> Fraction:
    if exponent == Fraction(1, 2):
        return square_root(value)
    if value < 0:
        raise Refusal("A negative number has no real power like that.", "负数没有这样的实数次幂。")
    return Fraction(_PRECISE.power(_decimal(value), _decimal(exponent)))


def _decimal(value: Fraction) -> Decimal:
    return _PRECISE.divide(Decimal(value.numerator), Decimal(value.denominator))


def square_root(value: Fraction) -> Fraction:
    if value < 0:
        raise Refusal("A negative number has no real square root.", "负数没有实数平方根。")
    exact = Fraction(isqrt(value.numerator), isqrt(value.denominator))
    return exact if exact * exact == value else Fraction(_PRECISE.sqrt(_decimal(value)))


def cube_root(value: Fraction) -> Fraction:
    sign = -1 if value < 0 else 1
    approximate = Fraction(_PRECISE.power(_decimal(abs(value)), _decimal(Fraction(1, 3)))) if value else value
    rounded = approximate.limit_denominator(10**6)
    return sign * (rounded if rounded**3 == abs(value) else approximate)


def factorial(value: Fraction) -> Fraction:
    if value.denominator != 1 or value < 0:
        raise Refusal("Only whole numbers from 0 on have a factorial.", "只有非负整数才有阶乘。")
    if value > _LARGEST_FACTORIAL:
        raise _too_large()
    return Fraction(prod(range(1, value.numerator + 1)))


def _median(values: list[Fraction]) -> Fraction:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _product(values: list[Fraction]) -> Fraction:
    result = Fraction(1)
    for value in values:
        result = bounded(result * value)
    return result


def _total(values: list[Fraction]) -> Fraction:
    result = Fraction(0)
    for value in values:
        result = bounded(result + value)
    return result


def _single(operation: Callable[[Fraction], Fraction]) -> Callable[[list[Fraction]], Fraction]:
    def checked(values: list[Fraction]) -> Fraction:
        if len(values) != 1:
            raise Refusal("That operation takes one number.", "这个运算只需要一个数。")
        return operation(values[0])

    return checked


FUNCTIONS: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "sqrt": _single(square_root),
    "cbrt": _single(cube_root),
    "abs": _single(abs),
    "sum": _total,
    "product": _product,
    "average": lambda values: divided(_total(values), Fraction(len(values))),
    "median": _median,
    "max": max,
    "min": min,
}
OF_SEVERAL = frozenset({"sum", "product", "average", "median", "max", "min"})
