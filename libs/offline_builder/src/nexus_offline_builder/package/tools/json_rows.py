"""A list of objects in a JSON document, read as a table: `the cheapest item`, `which are open?`, `how many over 5`."""

import re

from .contract import Answer, Question
from .csv_aliases import in_its_words
from .csv_read import answer_of, followed
from .json_document import Node, Numeral, document_in, nested, written
from .patterns import lazy_pattern
from .table import Table
from .table_answers import answer_to
from .table_follow import followed_request

_KEYS = {"heavy": "weight", "old": "age", "long": "length", "tall": "height", "expensive": "price"}
_HOW = lazy_pattern(
    r"\bhow (heavy|old|long|tall|expensive)\b(?= are (?:all|they)\b| .*\b(?:together|altogether|in total)\b)",
    re.IGNORECASE,
)


def of_rows(request: str, document: Node, chinese: bool, requirement: str = "") -> Answer | None:
    """The answer as it would be of a table with a row for each object; None where nothing is asked of rows."""
    table, name = _table_in(document) or (None, "")
    if table is None or not request.strip() or _names_another(request, document, name, table):
        return None
    if name and name not in table.header:
        one = re.escape(name.removesuffix("s"))
        rows = "行" if not name.isascii() else " rows "
        request = re.sub(one if not name.isascii() else rf"(?<!\w){one}s?(?!\w)", rows, request)
    return answer_to(table, request, chinese, requirement)


def _names_another(request: str, document: Node, name: str, table: Table) -> bool:
    """Whether a key beside the list is named, which holds a value or a list of its own."""
    objects = [one for one in nested(document) if isinstance(one, dict) and not set(one) & set(table.header)]
    keys = {key for one in objects for key, value in one.items() if key != name and not isinstance(value, dict)}
    said = request.lower()
    return any(re.search(rf"(?<![a-z0-9]){re.escape(key.lower())}(?![a-z0-9])", said) for key in keys if len(key) > 1)


def followed_rows(question: Question) -> Answer | None:
    """The answer to a turn after one that was read of the rows: `and Rome?`, `its price`."""
    before = document_in(question.earlier[0]) if question.earlier else None
    table, _ = (_table_in(before.value) if before is not None and before.error is None else None) or (None, "")
    if before is None or table is None or re.search(r"[\[\]$]|\w\.\w", question.text):
        return None
    request = in_its_words(table, before.request)
    if answer_of(table, request, False) and (answer := followed(table, [request], question.text, question.chinese)):
        return answer
    return followed_request(table, [before.request], question.text, question.chinese, question.requirement)


def measured(request: str, document: Node) -> str:
    """`how heavy` by the key that tells it."""
    found = _HOW.search(request)
    keys = {name for one in nested(document) if isinstance(one, dict) for name in one}
    name = _KEYS[found[1].lower()] if found else ""
    return f"{request[: found.start()]}{name}{request[found.end() :]}" if found and name in keys else request


def _table_in(document: Node) -> tuple[Table, str] | None:
    """The only list of objects, and the key that it stands under; each object is a row."""
    lists = [("", document)] if isinstance(document, list) else []
    lists += [(key, one) for held in nested(document) if isinstance(held, dict) for key, one in held.items()]
    rows = [(key, one) for key, one in lists if isinstance(one, list) and one and all(isinstance(r, dict) for r in one)]
    if len(rows) != 1:
        return None
    key, objects = rows[0]
    found = [_flat(one) for one in objects if isinstance(one, dict)]
    header = tuple(dict.fromkeys(name for one in found for name in one))
    cells = tuple(tuple(_cell(one.get(name)) for name in header) for one in found)
    return (Table(header, cells, ""), key) if len(found) > 1 and header else None


def _flat(one: dict[str, Node]) -> dict[str, Node]:
    """The object with what the objects in it hold, where no name is there twice."""
    inner = [(key, value) for held in one.values() if isinstance(held, dict) for key, value in held.items()]
    names = [*one, *(key for key, _ in inner)]
    plain = {key: value for key, value in one.items() if not isinstance(value, dict)}
    return {**plain, **dict(inner)} if len(set(names)) == len(names) else one


def _cell(value: Node) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return value.text if isinstance(value, Numeral) else value if isinstance(value, str) else written(value)
