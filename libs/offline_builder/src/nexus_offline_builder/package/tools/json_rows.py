"""A list of objects in a JSON document, read as a table: `the cheapest item`, `which are open?`, `how many over 5`."""

import re

from .contract import Answer, Refusal
from .csv_aliases import in_its_words
from .csv_read import answer_of, picks_or_counts
from .json_document import Node, Numeral, nested, written
from .table import Table

_LONGEST = 200


def of_rows(request: str, document: Node, chinese: bool, only_picks: bool) -> Answer | None:
    """The answer where every word of the request is read; with `only_picks`, where it picks, counts or ranks rows."""
    table, name = _table_in(document) or (None, "")
    if table is None or not request.strip() or len(request) > _LONGEST:
        return None
    if name not in table.header:
        request = re.sub(re.escape(name) if not name.isascii() else rf"(?<!\w){re.escape(name)}(?!\w)", " ", request)
    for text in dict.fromkeys((request, in_its_words(table, request))):
        if only_picks and not picks_or_counts(table, text):
            continue
        try:
            answer = answer_of(table, text, chinese)
        except Refusal:
            return None
        if answer is not None:
            return answer
    return None


def _table_in(document: Node) -> tuple[Table, str] | None:
    """The only list of objects, and the key that it stands under; each object is a row."""
    lists = [("", document)] if isinstance(document, list) else []
    lists += [(key, one) for held in nested(document) if isinstance(held, dict) for key, one in held.items()]
    rows = [(key, one) for key, one in lists if isinstance(one, list) and one and all(isinstance(r, dict) for r in one)]
    if len(rows) != 1:
        return None
    key, objects = rows[0]
    found = [one for one in objects if isinstance(one, dict)]
    header = tuple(dict.fromkeys(name for one in found for name in one))
    cells = tuple(tuple(_cell(one.get(name)) for name in header) for one in found)
    return (Table(header, cells, ""), key) if len(found) > 1 and header else None


def _cell(value: Node) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return value.text if isinstance(value, Numeral) else value if isinstance(value, str) else written(value)
