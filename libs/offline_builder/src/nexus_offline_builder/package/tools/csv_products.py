"""Two columns put together row by row, in all: `qty * price`, `revenue minus cost`."""

import re
from collections.abc import Callable
from fractions import Fraction
from operator import add, mul, sub

from . import figures
from .contract import Answer, JsonValue, Refusal, Value
from .csv_groups import GROUP
from .csv_scope import refuse_unclear, without_names
from .patterns import lazy_pattern
from .table import Table, numeric_columns

_LONGEST = 200
_SIGNS: tuple[tuple[str, str, Callable[[Fraction, Fraction], Fraction]], ...] = (
    (r"\*|×|\bx\b|\btimes\b|\bmultiplied by\b|乘以?", "×", mul),
    (r"-|−|\bminus\b|\bless\b|减去?", "-", sub),
    (r"\+|\bplus\b|加上?", "+", add),
)
_SPREAD = lazy_pattern(
    r"\b(?:difference|gap|spread|range)\b.{0,30}\b(?:max(?:imum)?|highest|largest)\b.{0,20}\b(?:min(?:imum)?|lowest|smallest)\b|"
    r"\b(?:difference|gap|spread|range)\b.{0,30}\b(?:min(?:imum)?|lowest|smallest)\b.{0,20}\b(?:max(?:imum)?|highest|largest)\b|"
    r"最[高大].{0,6}最[低小][^差]{0,6}(?:相?差|差多少)(?:多少)?|极差",
    re.IGNORECASE,
)
_LABEL = lazy_pattern(r"^[^=]{0,40}=\s*(?=\S)")
_SAYS_NOTHING = lazy_pattern(
    r"\b(?:total(?:s|led)?|sums?|sum up|all ?together|altogether|in all|overall|stock|value|worth|"
    r"inventory|over|all|rows?|the|"
    r"whole|profit|margin|difference|result|what|is|of|for|and|then|add(?:ed)? up|s)\b|总[值价额数]?|"
    r"合计|一共|求和|再|之?和|"
    r"库存|价值|金额|利润|差额|每行",
    re.IGNORECASE,
)


def spread(table: Table, request: str, chinese: bool) -> Answer | None:
    """How far apart highest and lowest are, of the only column that is named or that there is."""
    if not _SPREAD.search(request) or len(request) > _LONGEST:
        return None
    numeric = [column for column in numeric_columns(table) if not column.mixed]
    named = [column for column in numeric if without_names(request, [column.name]) != request] or numeric
    if len(named) != 1 or not named[0].numbers:
        return None
    refuse_unclear(_SPREAD.sub(" ", without_names(request, table.header)), table)
    column = named[0]
    high, low = max(column.numbers), min(column.numbers)
    how = f"{column.name}: {figures.shown(high)} - {figures.shown(low)}"
    asked: dict[str, JsonValue] = {"rows": len(table.rows), "column": column.name}
    apart = high - low
    value = Value(figures.carried(apart), apart)
    return Answer(f"{how} {figures.equals(apart)}", asked, {"difference": figures.for_json(apart)}, (value,))


def put_together(table: Table, request: str, chinese: bool) -> Answer | None:
    """The answer where two columns stand on both sides of a sign; None elsewhere."""
    numeric = [column for column in numeric_columns(table) if not column.mixed]
    if len(numeric) < 2 or len(request) > _LONGEST:
        return None
    said = _LABEL.sub("", request)
    for first in numeric:
        for second in numeric:
            for words, sign, of in _SIGNS:
                one, other = (re.escape(column.name) for column in (first, second))
                ends = r"(?<!\w)", r"(?!\w)"
                before, behind = (
                    end if name.isascii() else "" for end, name in zip(ends, (first.name, second.name), strict=True)
                )
                found = re.search(rf"{before}{one}\s*(?:{words})\s*{other}{behind}", said, re.IGNORECASE)
                if found is None or first is second:
                    continue
                rest = f"{said[: found.start()]} {said[found.end() :]}"
                if GROUP.search(rest):
                    raise Refusal("I put columns together over all rows only.", "我只能对所有行合起来算。")
                refuse_unclear(_SAYS_NOTHING.sub(" ", without_names(rest, table.header)), table)
                pairs = zip(first.cells, second.cells, strict=True)
                whole = sum((of(a, b) for a, b in pairs if a is not None and b is not None), Fraction(0))
                if of is not mul:
                    whole = of(sum(first.numbers, Fraction(0)), sum(second.numbers, Fraction(0)))
                return _told(f"{first.name} {sign} {second.name}", whole, len(table.rows), chinese)
    return None


def _told(how: str, whole: Fraction, rows: int, chinese: bool) -> Answer:
    text = f"{how} 的合计 {figures.equals(whole)}" if chinese else f"total of {how} {figures.equals(whole)}"
    asked: dict[str, JsonValue] = {"rows": rows, "formula": how}
    return Answer(text, asked, {"total": figures.for_json(whole)}, (Value(figures.carried(whole), whole),))
