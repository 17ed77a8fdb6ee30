"""Rows that a request picks by what stands in a cell: `the total for North`, `how many hammers?`."""

import re
from typing import NamedTuple

from .csv_scope import says_something
from .patterns import lazy_pattern
from .table import Table, number_in

_NOT_ROWS = lazy_pattern(
    r"\b(?:not|without|except|excluding|other than|but|or|and|vs|versus|than|over|under|above|"
    r"below)\b|[<>=]|除了|不|或|以外|和|与",
    re.I,
)


def _may_name(cell: str) -> bool:
    """Whether the cell is a name of its own, and no word that a request has anyway, as `per`."""
    return (len(cell) > 1 or not cell.isascii()) and number_in(cell) is None and says_something(cell)


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
    named: dict[tuple[int, str], str] = {}
    for at, name in enumerate(table.header):
        for cell in {row[at] for row in table.rows}:
            if _may_name(cell) and cell.lower() != name.lower():
                spelled = re.escape(cell)
                form = rf"(?<!\w){spelled}(?:e?s)?(?!\w)" if cell.isascii() else spelled
                if re.search(form, request, re.IGNORECASE):
                    named[at, cell.lower()] = form
    if len(named) != 1 or any(
        name.lower() in request.lower() and cell in name.lower() for name in table.header for _, cell in named
    ):
        return None
    ((at, cell), form) = next(iter(named.items()))
    rows = tuple(row for row in table.rows if row[at].lower() == cell)
    return Picked(
        table._replace(rows=rows), re.sub(form, " ", request, flags=re.IGNORECASE), table.header[at], rows[0][at]
    )
