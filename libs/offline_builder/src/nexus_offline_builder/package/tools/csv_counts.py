"""How many rows a table has, in all, by name, or of what a column names."""

import re
from collections import Counter
from fractions import Fraction

from . import figures
from .contract import Answer, JsonValue, Value
from .patterns import lazy_pattern
from .table import Column, Table, numeric_columns

_HOW_MANY = lazy_pattern(
    r"(?:and )?how many (?P<en>[\w ]+?)(?: (?:are there|do i have|are (?:in )?(?:the )?(?:list|table)|in (?:total|"
    r"all)|there are))*[\s?.!:]*|"
    r"(?:一共|总共|共)?有?(?:几|多少)[个种位名家件]?(?P<zh>[\w]+?)[\s?？:：]*",
    re.IGNORECASE,
)
_MOST_LISTED = 200
_COUNTS = lazy_pattern(r"^(?:qty|quantity|stock|pieces|pcs|units|on.?hand|数量|库存|件数|个数|存量)$", re.IGNORECASE)


def counted_name(table: Table, request: str) -> int | None:
    """The column of names whose entries are counted: `how many items`, `有几种商品`."""
    found = _HOW_MANY.fullmatch(request.strip())
    if found is None:
        return None
    numeric = {column.name for column in numeric_columns(table)}
    words = found["en"] or found["zh"]
    return next((at for at, name in enumerate(table.header) if name not in numeric and _is_name(words, name)), None)


def _is_name(words: str, name: str) -> bool:
    return re.fullmatch(rf"{re.escape(name)}(?:e?s)?", words, re.IGNORECASE) is not None


def count_of_a_kind(table: Table, at: int, chinese: bool) -> Answer:
    different = len({row[at] for row in table.rows if row[at]})
    if different < len(table.rows):
        name, rows = table.header[at], len(table.rows)
        text = (
            f"{different} 个不同的 {name}（共 {rows} 行）"
            if chinese
            else f"{different} different {name} in {rows_of(rows)}"
        )
        output: dict[str, JsonValue] = {"different": different, "rows": rows}
        return Answer(text, {"column": name}, output, (Value(str(different), Fraction(different)),))
    answer, stock = row_count(table, chinese), _in_stock(table)
    if stock is None:
        return answer
    total = figures.shown(sum(stock.numbers, Fraction(0)))
    note = f"{stock.name} 的合计 = {total}" if chinese else f"total of {stock.name} = {total}"
    return answer._replace(text=f"{answer.text}\n{note}")


def _in_stock(table: Table) -> Column | None:
    """The only column that says how many there are of each: `how many items` may ask for its total."""
    counts = [column for column in numeric_columns(table) if _COUNTS.search(column.name)]
    return counts[0] if len(counts) == 1 else None


def row_count(table: Table, chinese: bool) -> Answer:
    rows = len(table.rows)
    text = f"共有 {rows} 行数据（不含表头）。" if chinese else f"The CSV has {rows_of(rows)} (without the header)."
    return Answer(
        text, {"rows": rows, "columns": list(table.header)}, {"rows": rows}, (Value(str(rows), Fraction(rows)),)
    )


def row_list(table: Table, chinese: bool) -> Answer:
    """The rows themselves, up to 200."""
    rows = table.rows[:_MOST_LISTED]
    head = f"共 {len(table.rows)} 行：" if chinese else f"{rows_of(len(table.rows))}:"
    listed: list[JsonValue] = [list(row) for row in rows]
    text = "\n".join([head, *(", ".join(row) for row in rows)])
    count = Fraction(len(table.rows))
    return Answer(text, {"columns": list(table.header)}, {"rows": listed}, (Value(str(len(table.rows)), count),))


def counted_by(table: Table, group: int, chinese: bool) -> Answer:
    counts = Counter(row[group] for row in table.rows)
    name = table.header[group]
    head = f"按 {name} 分组的行数：" if chinese else f"rows by {name}:"
    lines = [f"- {value or '(empty)'}: {count}" for value, count in counts.items()]
    return Answer("\n".join([head, *lines]), {"rows": len(table.rows), "group_by": name}, {"rows": dict(counts)})


def rows_of(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"
