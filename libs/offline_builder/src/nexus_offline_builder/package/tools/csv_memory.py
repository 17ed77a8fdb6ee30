"""The rows that the turns before were about: `which ones?`, `their average?`, `and its price?` mean no others."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from . import figures
from .contract import Answer, JsonValue, Refusal
from .csv_aliases import counts_column, in_its_words
from .csv_answers import answered, unmeasured
from .csv_conditions import filtered
from .csv_counts import row_list
from .csv_figures import MEASURES
from .csv_rows import picked_rows
from .csv_scope import without_names
from .patterns import lazy_pattern
from .table import Table, numeric_columns, table_in

_LONGEST = 120
_LIST = lazy_pattern(
    r"(?:(?:and|so|ok|now|then|please|just)[\s,]+)*(?:(?:which|what|who)(?: (?:ones?|rows?|are|is|were|"
    r"was|they|those|these|"
    r"them|it|that|of them|exactly))*|(?:list|show|name|give|tell)(?: (?:me|them|those|these|all|the|"
    r"rows?|ones?|names?|"
    r"of))*)[\s?.!]*|"
    r"(?:那|分别)?(?:是|有)?(?:哪些?|哪几[个行条名笔]|谁|什么)(?:呢|人|行|些)*[\s?？。]*|(?:都)?列(?:一下|出来?)[\s。]*",
    re.IGNORECASE,
)
_REFERS = lazy_pattern(
    r"\b(?:it|its|that|those|these|them|their|they|of it|that one|the same|his|her|he|she|this|this "
    r"one|that (?:one|row|item))\b|"
    r"它们?|他们?|她们?|这[个些笔]|那[个些笔]|其中|该",
    re.IGNORECASE,
)
_WHOLE = lazy_pattern(
    r"\b(?:all|overall|everyone|everything|altogether|whole|rest|others?|in total|each|every|per|by)\b|"
    r"全部|所有|整个|其他|按|每个",
    re.IGNORECASE,
)
_STOCK = lazy_pattern(r"\bhow many\b|\bleft\b|\bin stock\b|库存|还?剩|多少[个件]|几[个件]", re.IGNORECASE)
_ASKS_FOR = (
    (
        lazy_pattern(r"\bwhen\b|\bwhat (?:day|date)\b|什么时候|哪一?天|几号", re.IGNORECASE),
        lazy_pattern(r"date|day|datum|when|month|time|日期|时间|月", re.IGNORECASE),
    ),
    (
        lazy_pattern(r"\bwhere\b|哪里|在哪", re.IGNORECASE),
        lazy_pattern(
            r"city|place|loc|town|country|shelf|room|store|shop|site|where|地|城市|位置|门店|库位", re.IGNORECASE
        ),
    ),
    (
        lazy_pattern(r"\bwho\b|谁", re.IGNORECASE),
        lazy_pattern(r"name|person|who|member|employee|customer|seller|rep$|姓名|名字|员工|客户|人", re.IGNORECASE),
    ),
)
_FILLS = lazy_pattern(
    r"每[笔个单次条人件]|\b(?:on|at|in|by|from|and|so|ok|now|then|what|whats|what's|how|much|many|is|are|was|were|does|do|did|has|have|had|the|of|for|left|in|stock|"
    r"there|about|which|who|where|when|cost|tell|me|give|show|please|s)\b|[\s?.!,'，。？]|那|呢|是|的|多少|几|什么|时候|天|里|[个件号]|day|date|month|"
    r"还?剩|有|它|在哪里?|哪",
    re.IGNORECASE,
)


class _Rows(NamedTuple):
    """Rows with what they have in common. `lasting`: they were picked, and not the first few of an order."""

    title: str
    table: Table
    lasting: bool = True


def from_rows_before(question_words: str, earlier: Sequence[str], chinese: bool) -> Answer | None:
    """The answer to a short prompt about the rows of the turn before; None where it is not about those."""
    words = question_words.strip()
    if len(words) > _LONGEST:
        return None
    rows = _rows_before(earlier)
    if rows is None or not rows.table.rows:
        return None
    title, table = rows.title, rows.table
    if _LIST.fullmatch(words):
        answer = row_list(table, chinese)
        return answer._replace(text=f"{title}:\n{answer.text}")
    request = in_its_words(table, words)
    if len(table.rows) == 1 and (cell := _cell(table, request, title, chinese)) is not None:
        return cell
    measured = any(measure.asked.search(request) for measure in MEASURES)
    plain = without_names(unmeasured(request), table.header)
    refers = _REFERS.search(request) is not None
    if not measured or _WHOLE.search(request) or not (refers or rows.lasting):
        return None
    if _FILLS.sub("", _REFERS.sub(" ", plain)):
        return None
    try:
        answer = answered(table, _REFERS.sub(" ", request), chinese, total=True)
    except Refusal:
        return None
    return answer._replace(text=f"{title}:\n{answer.text}")


def _having(table: Table, column: JsonValue, value: JsonValue) -> tuple[tuple[str, ...], ...]:
    numbers = next((one.cells for one in numeric_columns(table) if one.name == column), ())
    rows = zip(table.rows, numbers, strict=False)
    return tuple(row for row, number in rows if number is not None and figures.for_json(number) == value)


def _cell(table: Table, request: str, title: str, chinese: bool) -> Answer | None:
    """What stands in the only column that is named, of the only row."""
    named = [at for at, name in enumerate(table.header) if without_names(request, [name]) != request]
    if not named and _STOCK.search(request) and (count := counts_column(table)) is not None:
        named = [table.header.index(count)]
    asked = next((names for said, names in _ASKS_FOR if said.search(request)), None)
    if not named and asked is not None:
        named = [at for at, name in enumerate(table.header) if asked.search(name)]
    plain = without_names(_REFERS.sub(" ", request), table.header)
    if len(named) != 1 or _FILLS.sub("", plain) or _WHOLE.search(request):
        return None
    name, cell = table.header[named[0]], table.rows[0][named[0]]
    number = next((one.cells[0] for one in numeric_columns(table) if one.name == name), None)
    plain_number = number is not None and not re.search(r"[$€£¥%]", cell)
    shown = (
        figures.shown(number) if number is not None and plain_number else cell or ("（空）" if chinese else "(empty)")
    )
    text = f"{title}：{name} = {shown}" if chinese else f"{title}: {name} = {shown}"
    return Answer(text, {"column": name, "rows": title}, {"value": cell})


def _rows_before(earlier: Sequence[str]) -> _Rows | None:
    """The rows that the latest turn picked which picked any, back to the one that handed over the table."""
    at = next((at for at, text in enumerate(earlier) if table_in(text) is not None), None)
    whole = table_in(earlier[at]) if at is not None else None
    if whole is None or at is None:
        return None
    for request in (*earlier[:at], whole.around):
        try:
            rows = _picked_by(whole, request)
        except Refusal:
            return None
        if rows is not None:
            return rows
        if _WHOLE.search(request):
            return None
    return None


def _picked_by(table: Table, request: str) -> _Rows | None:
    request = in_its_words(table, request)
    if (found := filtered(table, request)) is not None:
        inner = _cells_named(found.table, found.request)
        return inner._replace(title=f"{found.title}, {inner.title}") if inner else _Rows(found.title, found.table)
    return _cells_named(table, request) or _winners(table, request)


def _cells_named(table: Table, request: str) -> _Rows | None:
    picked = picked_rows(table, request)
    if picked is None or not unmeasured(picked.cell).strip():
        return None
    return _Rows(f"{picked.column} = {picked.cell}", picked.table)


def _winners(table: Table, request: str) -> _Rows | None:
    """The rows of the names that an answer about the order of rows gave."""
    answer = answered(table, request, chinese=False)
    label, names = answer.tool_input.get("of"), answer.tool_output.get("names")
    if isinstance(label, str) and isinstance(names, list):
        at = table.header.index(label)
        rows = tuple(row for row in table.rows if row[at] in names)
        rows = _having(table, answer.tool_input.get("column"), answer.tool_output.get("value")) or rows
        return _Rows(", ".join(str(name) for name in names), table._replace(rows=rows), False)
    for extreme in ("max", "min"):
        values = answer.tool_output.get(extreme)
        if isinstance(values, dict) and len(values) == 1:
            ((column, value),) = values.items()
            rows = _having(table, column, value)
            return _Rows(f"{column} = {value}", table._replace(rows=rows), False)
    listed = answer.tool_output.get("rows")
    if answer.tool_input.get("order") and isinstance(listed, list) and len(listed) < len(table.rows):
        rows = tuple(row for row in table.rows if list(row) in listed)
        return _Rows("; ".join(row[0] for row in rows[:5]), table._replace(rows=rows), False)
    return None
