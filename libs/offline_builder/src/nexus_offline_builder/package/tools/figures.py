"""Exact numbers as text: no binary floating point on the way."""

from decimal import Context, Decimal
from fractions import Fraction

_MOST_DECIMALS = 15
_LARGEST_DENOMINATOR = 1000
_PRECISE = Context(prec=34)
_ROUNDED = Context(prec=12)


def shown(number: Fraction) -> str:
    """`number` in decimal: exact where at most 15 decimals suffice, else rounded to 12 significant digits."""
    places = _decimals_needed(number.denominator)
    return _rounded(number) if places is None else _decimal(number, places)


def carried(number: Fraction) -> str:
    """`number` as it is to be calculated on with: exact, or to 34 digits where `p/q` would be unreadable."""
    places = _decimals_needed(number.denominator, 40)
    if places is not None:
        return _decimal(number, places)
    if number.denominator <= _LARGEST_DENOMINATOR:
        return str(number)
    return f"{_PRECISE.divide(Decimal(number.numerator), Decimal(number.denominator)):f}"


def _decimal(number: Fraction, places: int) -> str:
    digits = str(abs(number.numerator) * 10**places // number.denominator).rjust(places + 1, "0")
    sign = "-" if number < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def is_exact(number: Fraction) -> bool:
    """Whether `shown` loses nothing."""
    return _decimals_needed(number.denominator) is not None


def rounded(number: Fraction, places: int) -> Fraction:
    """To `places` decimals; half of a unit away from zero, as people do it by hand."""
    unit = Fraction(1, 10**places)
    whole = (abs(number) / unit + Fraction(1, 2)).__floor__() * unit
    return -whole if number < 0 else whole


def equals(number: Fraction) -> str:
    """The number after the sign that is true for it: `= 80`, or `≈ 3.33333333333 (3.33)`."""
    return f"{'=' if is_exact(number) else '≈'} {shown(number)}{in_short(number)}"


def in_short(number: Fraction) -> str:
    """` (3.33)` behind a number with more decimals than anybody reads."""
    places = 2 if abs(number) >= Fraction(1, 10) else 2 - Decimal(float(number)).adjusted() - 1
    if not number or not 0 <= places <= _MOST_DECIMALS or _decimals_needed(number.denominator, places + 1) is not None:
        return ""
    return f" ({shown(rounded(number, places))})"


def for_json(number: Fraction) -> int | str:
    """An integer of at most 15 digits as such; anything else as decimal text, which loses no digits on the way."""
    if number.denominator == 1 and abs(number.numerator) < 10**15:
        return number.numerator
    return shown(number)


def _decimals_needed(denominator: int, most: int = _MOST_DECIMALS) -> int | None:
    for places in range(most + 1):
        if 10**places % denominator == 0:
            return places
    return None


def _rounded(number: Fraction) -> str:
    quotient = _ROUNDED.divide(Decimal(number.numerator), Decimal(number.denominator)).normalize(_ROUNDED)
    return f"{quotient:f}" if -12 < quotient.adjusted() < 18 else str(quotient)
