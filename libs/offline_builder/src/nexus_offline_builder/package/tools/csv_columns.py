"""Columns of a table as they stand: those that are named, all but those, their names, what is in them once each."""

import re
from collections.abc import Sequence
from fractions import Fraction

from .contract import Answer, JsonValue, Refusal, Value
from .csv_scope import says_something, without_names
from .patterns import lazy_pattern
from .table import Table, numeric_columns

_MOST_ROWS = 500
_NAMES = lazy_pattern(
    r"\b(?:what|which|list|show|name|give me|tell me|get|read)\b.{0,20}\b(?:columns?|headers?|"
    r"fields?)\b(?! (?:has|have|hold|contain|is|with|named|called)\b)|"
    r"\b(?:columns?|headers?|fields?)(?: names?)?(?: please)?[\s?]*$|"
    r"\b(?:columns?|headers?) (?:names|are|exist)\b|(?:有|是)?(?:哪些|什么|几)列|列名|表头",
    re.IGNORECASE,
)
_PICKS = lazy_pattern(
    r"\b(?:only|just|keep|pick|select|extract|pull|list|show|print|return|column|columns|values? of|"
    r"give me|get)\b|只[要留看取]|保留|取出?|提取|列出|[列栏]",
    re.IGNORECASE,
)
_ORDERS = lazy_pattern(
    r"\b(?:list|only|keep|pick|select|extract|pull) columns?\b|只[要留看取]|保留|提取", re.IGNORECASE
)
_LEFT_OUT = lazy_pattern(
    r"\b(?:drop|remove|delete|without|except|excluding|all but|everything but|hide|leave out|not)\b|"
    r"去掉|删除?|除了|不要",
    re.IGNORECASE,
)
_ONCE = lazy_pattern(
    r"\b(?:unique|distinct|different|dedup\w*|once(?: each)?)\b|不重复|去重|唯一|不同的?|哪几[个种]", re.IGNORECASE
)
_FILLS = lazy_pattern(
    r"\b(?:only|just|keep|pick|select|extract|pull|list|show|print|return|columns?|values?|fields?|"
    r"give|get|now|what|about|want|need|that|back|one|ones|"
    r"drop|remove|delete|without|except|excluding|but|everything|hide|leave|out|not|unique|distinct|"
    r"different|once|each|every|how|many|"
    r"there|are|please|pls|then|entries|names?|contents?|rest|other|others|can|you|see|read|first|"
    r"through)\b|只[要留看取]|保留|取出?|提取|列出?|[列栏]|去掉|删除?|除了|不要|不重复|"
    r"去重|唯一|不同的?|哪几[个种]|多少|几[个种]|其他",
    re.IGNORECASE,
)


def picked_columns(table: Table, request: str, chinese: bool, before: str = "") -> Answer | None:
    """The answer to a request that is about columns themselves; None for any other.

    Where only figures are named, columns have to be ordered expressly, or were `before`: a total may be meant.
    """
    if len(request) > 200:
        return None
    plain = without_names(request, table.header)
    named = [at for at, name in enumerate(table.header) if without_names(request, [name]) != request]
    if not named:
        return _named(table, chinese) if _NAMES.search(request) and not says_something(_FILLS.sub(" ", plain)) else None
    if says_something(_FILLS.sub(" ", plain)) or re.search(r"[\d<>=*/+]", plain):
        return None
    if _ONCE.search(plain) and len(named) == 1:
        return distinct_cells(table, named[0], chinese)
    again = bool(before) and picked_columns(table, before, chinese) is not None
    if not (again or _PICKS.search(plain) or _LEFT_OUT.search(plain)):
        return None
    if re.search(r"\bhow\b|多少|几", plain, re.IGNORECASE):
        return None
    figures = {column.name for column in numeric_columns(table)}
    express = _ORDERS.search(plain) or _LEFT_OUT.search(plain) or again
    if all(table.header[at] in figures for at in named) and not express:
        return None
    chosen = (
        [at for at in range(len(table.header)) if at not in named]
        if _LEFT_OUT.search(plain)
        else _as_said(table, named, request)
    )
    return _listed(table, chosen, chinese)


def picks_columns(request: str) -> bool:
    """Whether `request` orders columns, whichever they are: `only column email`, or a requirement to pull some out."""
    return (
        _ORDERS.search(request) is not None
        or re.search(r"\bcolumns? (?:picker|back|out)\b|\bcolumns? out of\b", request, re.IGNORECASE) is not None
    )


def _as_said(table: Table, named: Sequence[int], request: str) -> list[int]:
    """In the order in which they are named."""
    folded = request.lower()
    return sorted(named, key=lambda at: folded.find(table.header[at].lower().replace("_", " ")) % (len(folded) + 1))


def _named(table: Table, chinese: bool) -> Answer:
    names = list(table.header)
    text = f"共 {len(names)} 列：{'、'.join(names)}" if chinese else f"{len(names)} columns: {', '.join(names)}"
    return Answer(text, {"query": "columns"}, {"columns": [*names]}, (Value(str(len(names)), Fraction(len(names))),))


def distinct_cells(table: Table, at: int, chinese: bool) -> Answer:
    """What a column holds, each text once."""
    cells = list(dict.fromkeys(row[at] for row in table.rows if row[at]))
    name, count = table.header[at], len(cells)
    text = (
        f"{name}（{count} 个不同的）：{'、'.join(cells[:_MOST_ROWS])}"
        if chinese
        else f"{name} ({count} different): {', '.join(cells[:_MOST_ROWS])}"
    )
    return Answer(text, {"column": name}, {"values": [*cells[:_MOST_ROWS]]}, (Value(str(count), Fraction(count)),))


def _listed(table: Table, chosen: Sequence[int], chinese: bool) -> Answer:
    if not chosen:
        raise Refusal("No column would be left.", "没有剩下任何列。")
    names = [table.header[at] for at in chosen]
    rows = [[row[at] for at in chosen] for row in table.rows[:_MOST_ROWS]]
    shown: list[JsonValue] = [[*row] for row in rows]
    count = Fraction(len(table.rows))
    text = "\n".join(", ".join(cells) for cells in (names, *rows))
    return Answer(text, {"columns": [*names]}, {"rows": shown}, (Value(str(len(table.rows)), count),))
