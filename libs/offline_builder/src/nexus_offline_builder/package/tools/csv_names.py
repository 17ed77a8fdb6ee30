"""Rows that are named two at a time, and the share of a name in the whole: `jan and feb`, `what percentage is "
"rent?`."""

import re
from fractions import Fraction

from . import figures
from .contract import Answer, JsonValue, Value
from .csv_rows import cells_named, picked_rows
from .csv_scope import says_something, without_names
from .patterns import lazy_pattern
from .table import Column, Table, numeric_columns

_SHARE = lazy_pattern(
    r"\b(?:percent|percentage|share|proportion|part)\b|%|占比|百分之几|百分比|比例|占多少|占总", re.IGNORECASE
)
_SHARE_WORDS = lazy_pattern(
    r"\b(?:percent|percentage|share|proportion|part|total|whole|sum|overall|does|do|did|is|are|was|make|makes|made|score|scored|sell|sold|spend|spent|earn|earned|up|goes|go)\b|%|占比?|百分之几|"
    r"百分比|比例|总[数额]?",
    re.IGNORECASE,
)
_TOGETHER = lazy_pattern(
    r"\b(?:and|plus|together|both|combined|vs|versus|compare|compared|difference|between|than|more|less|to|with|total|sum|"
    r"from|of|higher|lower|bigger|smaller)\b|[+&]|和|与|比|加|差|多|少|相差|一共|合计",
    re.IGNORECASE,
)
_LEFT_OUT = lazy_pattern(
    r"\b(?:not|without|except|excluding|other|or|average|mean|per|over|under)\b|除|不|平均|或", re.IGNORECASE
)


def about_names(table: Table, request: str, chinese: bool) -> Answer | None:
    """The answer where rows are named and nothing else is asked; None for other requests, or without a single "
    "figure."""
    column = _only_figure(table, request)
    if column is None or len(request) > 200 or _LEFT_OUT.search(request):
        return None
    return _share(table, request, column, chinese) or _two(table, request, column, chinese)


def _only_figure(table: Table, request: str) -> Column | None:
    columns = [column for column in numeric_columns(table) if not column.mixed]
    named = [column for column in columns if without_names(request, [column.name]) != request]
    chosen = named or columns
    return chosen[0] if len(chosen) == 1 else None


def _share(table: Table, request: str, column: Column, chinese: bool) -> Answer | None:
    picked = picked_rows(table, request) if _SHARE.search(request) else None
    if picked is None or says_something(_SHARE_WORDS.sub(" ", without_names(picked.request, table.header))):
        return None
    part = _total(picked.table, column.name)
    whole = sum(column.numbers, Fraction(0))
    if not whole:
        return None
    share = part / whole * 100
    shown, rounded = figures.shown(round(share, 2)), round(share, 2) == share
    sign = "=" if rounded else "≈"
    text = (
        f"{picked.cell}：{figures.shown(part)} / {figures.shown(whole)} {sign} {shown}%"
        if chinese
        else f"{picked.cell}: {figures.shown(part)} of {figures.shown(whole)} {sign} {shown}%"
    )
    asked: dict[str, JsonValue] = {"rows": len(table.rows), picked.column: picked.cell, "column": column.name}
    return Answer(text, asked, {"percent": figures.for_json(share)}, (Value(figures.carried(share), share),))


def _two(table: Table, request: str, column: Column, chinese: bool) -> Answer | None:
    found = cells_named(table, request)
    if len(found) != 2 or len({at for at, _ in found}) != 1 or not _TOGETHER.search(request):
        return None
    left = without_names(request, [*table.header, *(cell for _, cell in found)])
    if says_something(_TOGETHER.sub(" ", left)) or re.search(r"\d", left):
        return None
    (at, first), (_, second) = sorted(found, key=lambda one: request.lower().find(one[1]))
    totals = [
        _total(table._replace(rows=tuple(row for row in table.rows if row[at].lower() == cell)), column.name)
        for cell in (first, second)
    ]
    both, apart = sum(totals, Fraction(0)), abs(totals[0] - totals[1])
    shown = [figures.shown(number) for number in (*totals, both, apart)]
    text = (
        f"{column.name}：{first} {shown[0]}，{second} {shown[1]}，合计 {shown[2]}，相差 {shown[3]}"
        if chinese
        else f"{column.name}: {first} {shown[0]}, {second} {shown[1]}, together {shown[2]}, difference {shown[3]}"
    )
    output: dict[str, JsonValue] = {"together": figures.for_json(both), "difference": figures.for_json(apart)}
    values = (Value(figures.carried(both), both, "total"), Value(figures.carried(apart), apart, "difference"))
    return Answer(text, {"rows": len(table.rows), "names": [first, second]}, output, values)


def _total(table: Table, name: str) -> Fraction:
    found = next((column for column in numeric_columns(table) if column.name == name), None)
    return sum(found.numbers, Fraction(0)) if found is not None else Fraction(0)
