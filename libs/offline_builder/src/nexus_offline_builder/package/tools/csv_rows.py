"""Rows that a request picks by what stands in a cell: `the total for North`, `how many hammers?`."""

import re
from typing import NamedTuple

from .csv_scope import says_something
from .patterns import lazy_pattern
from .table import Table, number_in, numbered

_NOT_ROWS = lazy_pattern(
    r"\b(?:not|without|except|excluding|other than|but|or|and|vs|versus|than|over|under|above|"
    r"below)\b|[<>=]|除了|不|或|以外|和|与",
    re.I,
)


def _spelled(cell: str) -> str:
    """How a request names a cell; a single capital letter where it can be no other word: `in A`, `class A`."""
    spelled = re.escape(cell)
    if len(cell) == 1 and cell.isascii():
        return rf"(?<!^)(?<!\w)(?-i:{spelled})(?![\w'])(?!\s+(?-i:[a-z]+)\s+(?-i:[a-z]))"
    return rf"(?<!\w){spelled}(?:e?s)?(?!\w)" if cell.isascii() else spelled


_LONG = lazy_pattern(r"\d{3,}")
"""A number that stands for a row and hardly for an amount."""


def _may_name(cell: str) -> bool:
    """Whether the cell is a name of its own, and no word that a request has anyway, as `per`."""
    if len(cell) == 1 and cell.isascii():
        return cell.isupper()
    return number_in(cell) is None and says_something(cell)


class Picked(NamedTuple):
    """The rows of one name, and the request without it."""

    table: Table
    request: str
    column: str
    cell: str


def picked_rows(table: Table, request: str) -> Picked | None:
    """The rows with the only cell that is named in `request`, if it is in one column and no row is "
    "left out otherwise."""
    if len(request) > 200 or _NOT_ROWS.search(request):
        return None
    named = _named(table, request)
    if (both := _in_two_columns(table, request, named)) is not None:
        return both
    if len(named) != 1 or any(
        name.lower() in request.lower() and cell in name.lower() and len(cell) > 1
        for name in table.header
        for _, cell in named
    ):
        return None
    ((at, cell), form) = next(iter(named.items()))
    rows = tuple(row for row in table.rows if row[at].lower() == cell)
    return Picked(
        table._replace(rows=rows), re.sub(form, " ", request, flags=re.IGNORECASE), table.header[at], rows[0][at]
    )


def _in_two_columns(table: Table, request: str, named: dict[tuple[int, str], str]) -> Picked | None:
    """`tea in North`: the rows that have both; None where one word may be meant by both, or no row has them."""
    if len({at for at, _ in named}) != len(named) or len(named) != 2:
        return None
    ((at, cell), form), ((other, second), behind) = named.items()
    rows = tuple(row for row in table.rows if row[at].lower() == cell and row[other].lower() == second)
    if not rows or cell in second or second in cell:
        return None
    rest = re.sub(behind, " ", re.sub(form, " ", request, flags=re.IGNORECASE), flags=re.IGNORECASE)
    title, names = f"{table.header[at]}, {table.header[other]}", f"{rows[0][at]}, {rows[0][other]}"
    return Picked(table._replace(rows=rows), rest, title, names)


def cells_named(table: Table, request: str) -> list[tuple[int, str]]:
    """The cells that are named in `request`, in lower case, each with its column."""
    return list(_named(table, request))


def _named(table: Table, request: str) -> dict[tuple[int, str], str]:
    """By column and cell, the form in which it is named."""
    named: dict[tuple[int, str], str] = {}
    for at, name in enumerate(table.header):
        for cell in {row[at] for row in table.rows}:
            if (_may_name(cell) or (numbered(name) and _LONG.fullmatch(cell))) and cell.lower() != name.lower():
                form = _spelled(cell)
                if re.search(form, request, re.IGNORECASE):
                    named[at, cell.lower()] = form
    return named
