"""Answers what a request was read to ask of a table, alone or after the requests before it."""

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import partial

from . import figures
from .contract import Answer, JsonValue, Value
from .csv_aliases import counts_column
from .csv_columns import distinct_cells
from .csv_conditions import by_month, kept_rows
from .csv_counts import count_of_a_kind, counted_by, row_list, rows_of
from .csv_figures import MEASURES, Measure, by_group, per_column
from .csv_ranking import COUNTS
from .csv_reading import Reading, read
from .csv_scope import says_something
from .patterns import lazy_pattern
from .table import Column, Table, numeric_columns

_PARTS = lazy_pattern(r"\s+(?:and|&|plus)\s+|\s*[,，;；]\s*|\s*(?:以及|和|并且)\s*", re.IGNORECASE)
_BY_MONTH = lazy_pattern(
    r"\b(?:(?:per|by|each|every) (?:the )?month|monthly|month by month)\b|按月|每个?月|各月", re.IGNORECASE
)
_ALL = Reading(measures=("total",))
_TOP = lazy_pattern(r"\b(?:top|first|bottom|last)\b|前", re.IGNORECASE)
_DATED = lazy_pattern(r"date|^day$|datum|日期|时间", re.IGNORECASE)


def answer_of(table: Table, request: str, chinese: bool) -> Answer | None:
    """None where a part of the request is not read, or it may be meant otherwise."""
    found = read(table, request)
    if found is not None and not _several(found[1]):
        return _answer(*found, chinese)
    for cut in _PARTS.finditer(request):
        first, second = read(table, request[: cut.start()]), read(table, request[cut.end() :])
        if first and second and first[1].figures and second[1].figures and first[0] == second[0]:
            answers = [_answer(*first, chinese), _answer(second[0], _after(first[1], second[1]), chinese)]
            if answers[0] is not None and answers[1] is not None:
                return answers[0]._replace(text=f"{answers[0].text}\n{answers[1].text}")
    return None


def picks_or_counts(table: Table, request: str) -> bool:
    """Whether rows are picked or counted, or several things are asked: what is read word by word only."""
    found = read(table, request)
    of = found[1] if found is not None else None
    return (
        of is None
        or _several(of)
        or any((of.conditions, of.first and not _TOP.search(request), of.distinct, of.counted and of.group is not None))
    )


def _several(of: Reading) -> bool:
    """Whether figures are asked of which each may be of other columns."""
    return bool(of.extreme) and bool(of.measures or of.counted or of.group is not None)


def _after(first: Reading, second: Reading) -> Reading:
    """The second of two requests in one, with what the first says for both."""
    numeric = second.columns or first.columns
    totals = second.measures or (("total",) if second.extreme and "total" in first.measures else ())
    return second._replace(
        columns=tuple(dict.fromkeys((*second.columns, *numeric))),
        conditions=second.conditions or first.conditions,
        measures=totals,
    )


def followed(table: Table, before: Sequence[str], words: str, chinese: bool) -> Answer | None:
    """The answer to `words` after the requests `before`, the earliest first."""
    base: Reading | None = None
    months = any((one := read(table, request)) is not None and one[1].months for request in before)
    table = (by_month(table, "per month") or (table, ""))[0] if months else table
    for request in before:
        found = read(table, _BY_MONTH.sub(" per month ", request)) if says_something(request) else (table, _ALL)
        if found is None:
            base = None
            break
        base = found[1] if base is None else _merged(table, base, found[1])
    found = read(table, words)
    if base is None and found is not None and found[1].whole and not found[1].conditions:
        base = _ALL
    if base is None or found is None:
        return None
    table, new = found[0] if found[1].months else table, found[1]
    picked = new.conditions and not new.figures
    if base == _ALL and not (picked or new.whole or new.extreme or new.group is not None):
        return None
    if new.first and _TOP.search(words) and (base.extreme or base.ordered):
        return None
    only_columns = bool(new.columns) and not (new.figures or new.conditions or new.refers)
    if not (new.figures or new.conditions or new.refers or new.columns or new.asks) or (base.extreme and only_columns):
        return None
    if new.refers or (new.asks and not new.figures):
        return _of_those(table, base, new, chinese)
    return _answer(table, _merged(table, base, new), chinese)


def _merged(table: Table, base: Reading, new: Reading) -> Reading:
    """What is new in the place of what it is said instead of."""
    places = {one.column for one in new.conditions}
    if new.whole and new.counted and not new.conditions:
        return new._replace(columns=(), measures=())
    if new.whole and new.measures == ("total",) and not (new.conditions or new.extreme or new.refers):
        return base._replace(conditions=(), group=None, extreme="", measures=base.measures or ("total",))
    conditions = (*(one for one in base.conditions if one.column not in places), *new.conditions)
    if new.refers:
        measured = {table.header.index(one.name) for one in numeric_columns(table)}.intersection(new.columns)
        kept = base.columns if new.extreme and not measured else ()
        return new._replace(conditions=conditions, columns=(*new.columns, *kept))
    if not new.figures:
        numeric = {table.header.index(one.name) for one in numeric_columns(table)}
        kept = tuple(at for at in base.columns if not (new.columns and at in numeric))
        return base._replace(conditions=conditions, columns=(*kept, *new.columns))
    if new.group is not None and not (new.measures or new.counted):
        new = new._replace(measures=base.measures, counted=base.counted)
    return new._replace(
        conditions=conditions,
        columns=new.columns or base.columns,
        group=new.group if new.group is not None or new.extreme or new.counted or new.whole else base.group,
    )


def _of_those(table: Table, base: Reading, new: Reading, chinese: bool) -> Answer | None:
    """`how many of them are open`, `on which date was that`: of the rows that the answer before was about."""
    rows, columns = kept_rows(table, base.conditions)
    if base.extreme and not new.figures:
        column = _measured(columns, table, base)
        known = [cell for cell in column.cells if cell is not None] if column else []
        if column is None or not known or base.measures or (base.first or 1) != 1:
            return None
        wanted = (max if base.extreme == "most" else min)(known)
        pairs = zip(rows.rows, column.cells, strict=True)
        rows = rows._replace(rows=tuple(row for row, cell in pairs if cell == wanted))
    if new.figures and base.extreme:
        again = (new.counted or new.measures in (("amount",), ("total",))) and not (new.columns or new.group)
        return _answer(table, base, chinese) if again else None
    if new.figures:
        return _answer(table, _merged(table, base, new), chinese)
    asked = [*new.columns] or [
        at for at, name in enumerate(table.header) if new.asks and re.search(new.asks, name, re.I)
    ]
    if len(asked) != 1 or new.conditions or not rows.rows or len(rows.rows) > 5:
        return None
    name, cells = table.header[asked[0]], [_shown(table, asked[0], row[asked[0]]) for row in rows.rows]
    text = f"{name} = {', '.join(cells)}"
    return Answer(text, {"column": name}, {"values": [*cells]}, (Value(cells[0]),) if len(cells) == 1 else ())


def _answer(table: Table, of: Reading, chinese: bool) -> Answer | None:
    rows, columns = kept_rows(table, of.conditions)
    title = ", ".join(one.title for one in of.conditions)
    answer = _asked(rows, columns, of, chinese)
    if answer is None or not title:
        return answer
    return answer._replace(text=f"{title}:\n{answer.text}", tool_input={**answer.tool_input, "rows": title})


def _asked(rows: Table, columns: list[Column], of: Reading, chinese: bool) -> Answer | None:
    named = [rows.header[at] for at in of.columns]
    targets = [one for one in columns if one.name in named]
    labels = [name for name in named if name not in {one.name for one in targets}]
    if any(one.mixed for one in targets) or (of.distinct and (len(labels) != 1 or targets)):
        return None
    if of.conditions and not rows.rows:
        return _number_of(rows, chinese)
    if of.distinct:
        return distinct_cells(rows, rows.header.index(labels[0]), chinese)
    if of.ordered or of.extreme:
        return _in_order(rows, columns, of, chinese) if of.ordered else _extreme(rows, columns, of, labels, chinese)
    measures = [one for one in MEASURES if one.english in ["total" if m == "amount" else m for m in of.measures]]
    if of.group is not None:
        return _by(rows, columns, of, targets, measures, chinese)
    if of.counted and not targets and (of.conditions or labels or not measures):
        return _counted(rows, columns, of, labels, chinese)
    if measures and labels and not targets:
        return None
    if measures or of.counted:
        chosen = [one for one in targets or columns if one.numbers and not one.mixed]
        if "amount" in of.measures and not targets:
            chosen = _money(chosen) or chosen
        several = not targets and len(chosen) > 1 and of.conditions and "amount" in of.measures
        return per_column(rows, chosen, measures or [MEASURES[0]], chinese) if chosen and not several else None
    return _rows_or_cells(rows, of, targets, named, chinese)


def _money(columns: list[Column]) -> list[Column]:
    """The only column that `how much` can be of: beside counts, that of amounts with cents."""
    broken = [one for one in columns if any(number.denominator > 1 for number in one.numbers)]
    return broken if len(broken) == 1 and not COUNTS.search(broken[0].name) else []


def _counted(rows: Table, columns: list[Column], of: Reading, labels: list[str], chinese: bool) -> Answer | None:
    """How many rows; of what a column names, how many there are; of what is in stock, also how much of it."""
    if labels and not of.conditions:
        return count_of_a_kind(rows, rows.header.index(labels[0]), chinese) if len(labels) == 1 else None
    stock = next((one for one in columns if one.name == counts_column(rows)), None)
    if stock is None or not of.conditions:
        return _number_of(rows, chinese)
    return per_column(rows, [stock], [MEASURES[0]], chinese)._replace(values=())


def _rows_or_cells(rows: Table, of: Reading, targets: list[Column], named: list[str], chinese: bool) -> Answer | None:
    if not of.conditions:
        return None
    if len(rows.rows) == 1 and named:
        numbers = {one.name: one.cells[0] for one in targets}
        row = rows.rows[0]
        cells = {
            name: _shown(rows, at, row[at], numbers.get(name)) for at, name in enumerate(rows.header) if name in named
        }
        values = tuple(
            Value(figures.carried(one.cells[0]), one.cells[0], one.name) for one in targets if one.cells[0] is not None
        )
        text = "\n".join(f"{name} = {cell}" for name, cell in cells.items())
        return Answer(text, {"columns": [*named]}, {"value": {**cells}}, values)
    answer = row_list(rows, chinese)
    if targets and all(one.numbers for one in targets):
        total = per_column(rows, targets, [MEASURES[0]], chinese)
        return total._replace(text=f"{total.text}\n{answer.text.partition(chr(10))[2]}")
    return answer


def _shown(table: Table, at: int, cell: str, number: Fraction | None = None) -> str:
    """A number in plain digits, unless it is of a currency or a percentage."""
    if number is None:
        column = next((one for one in numeric_columns(table) if one.name == table.header[at]), None)
        number = column.cells[[row[at] for row in table.rows].index(cell)] if column else None
    return figures.shown(number) if number is not None and not re.search(r"[$€£¥%]", cell) else cell or "-"


def _number_of(rows: Table, chinese: bool) -> Answer:
    count = len(rows.rows)
    text = f"共 {count} 行" if chinese else rows_of(count)
    return Answer(text, {"columns": list(rows.header)}, {"rows": count}, (Value(str(count), Fraction(count)),))


def _by(
    rows: Table, columns: list[Column], of: Reading, targets: list[Column], measures: list[Measure], chinese: bool
) -> Answer | None:
    group = of.group or 0
    chosen = [one for one in targets or columns if one.name != rows.header[group] and not one.mixed]
    others = [at for at in of.columns if at != group and rows.header[at] not in {one.name for one in columns}]
    if (of.counted and not targets) or (not measures and not targets and (others or not chosen)):
        return counted_by(rows, group, chinese)
    return by_group(rows, group, chosen, measures or [MEASURES[0]], chinese) if chosen else None


def _measured(columns: list[Column], table: Table, of: Reading) -> Column | None:
    """The column that an extreme is of: the one that is named, or the only one there is."""
    named = [one for one in columns if table.header.index(one.name) in of.columns]
    chosen = named or [one for one in columns if not one.mixed]
    return chosen[0] if len(chosen) == 1 and not chosen[0].mixed else None


def _either_way(rows: Table, columns: list[Column], of: Reading, labels: list[str], chinese: bool) -> Answer | None:
    """Names that repeat: whose single row has the most, and who has in total."""
    row = _extreme(rows, columns, of._replace(single=True), labels, chinese)
    total = _extreme(rows, columns, of._replace(measures=("total",)), labels, chinese)
    if row is None or total is None:
        return None
    if row.tool_output["names"] == total.tool_output["names"]:
        return row
    ways = ("单行", "合计") if chinese else ("in one row", "in total")
    return row._replace(text=f"{ways[0]}: {row.text}\n{ways[1]}: {total.text}", values=())


def _key(keys: Sequence[Fraction | str | None], place: int) -> tuple[Fraction, str]:
    key = keys[place]
    return (Fraction(), key) if isinstance(key, str) else (key or Fraction(), "")


def _in_order(rows: Table, columns: list[Column], of: Reading, chinese: bool) -> Answer | None:
    """The rows by a column, those without a number last."""
    if (
        not of.columns
        and not of.extreme
        and (named := [at for at, name in enumerate(rows.header) if name not in {one.name for one in columns}])
    ):
        of = of._replace(columns=(named[0],))
    if len(of.columns) != 1 or of.measures or of.counted or of.group is not None or of.first:
        return None
    at, down = of.columns[0], of.extreme == "most"
    column = next((one for one in columns if one.name == rows.header[at]), None)
    keys: Sequence[Fraction | str | None] = column.cells if column else [row[at].casefold() for row in rows.rows]
    places = range(len(keys))
    known = sorted((one for one in places if keys[one] not in (None, "")), key=partial(_key, keys), reverse=down)
    ordered = [rows.rows[one] for one in (*known, *(one for one in places if keys[one] in (None, "")))]
    answer = row_list(rows._replace(rows=tuple(ordered)), chinese)
    head = f"{rows.header[at]} {'↓' if down else '↑'}"
    return answer._replace(text=f"{head}, {answer.text}", tool_input={"column": rows.header[at], "order": head})


def _extreme(rows: Table, columns: list[Column], of: Reading, labels: list[str], chinese: bool) -> Answer | None:
    """The names with the most or the least; the totals by name, where totals are asked for."""
    column = _measured(columns, rows, of)
    numeric = {one.name for one in columns}
    texts = [name for name in rows.header if name not in numeric]
    asked = [name for name in texts if of.asks and re.search(of.asks, name, re.IGNORECASE)]
    label = next(iter(labels or asked or [name for name in texts if not _DATED.search(name)] or texts), None)
    if of.group is not None:
        label = rows.header[of.group]
    if column is None or label is None or of.counted or set(of.measures) - {"total"} or len(labels) > 1:
        return None
    at = rows.header.index(label)
    pairs = [(row[at], cell) for row, cell in zip(rows.rows, column.cells, strict=True) if cell is not None]
    if not pairs:
        return None
    if of.measures or of.group is not None:
        totals = dict[str, Fraction]()
        for name, cell in pairs:
            totals[name] = totals.get(name, Fraction(0)) + cell
        pairs = list(totals.items())
    elif len({name for name, _ in pairs}) < len(pairs) and not (of.single or _DATED.search(label) or of.first):
        return _either_way(rows, columns, of, labels, chinese)
    pairs.sort(key=lambda one: one[1], reverse=of.extreme == "most")
    bound = pairs[min(of.first or 1, len(pairs)) - 1][1]
    first = [one for one in pairs if (one[1] >= bound if of.extreme == "most" else one[1] <= bound)]
    text = ("\n" if len(first) > 1 else "").join(
        f"{name}（{column.name}：{figures.shown(cell)}）"
        if chinese
        else f"{name} ({column.name}: {figures.shown(cell)})"
        for name, cell in first
    )
    shown: list[JsonValue] = [name for name, _ in first]
    tool_input: dict[str, JsonValue] = {"rows": len(rows.rows), "column": column.name, "of": label}
    output: dict[str, JsonValue] = {"names": shown, "value": figures.for_json(bound)}
    return Answer(text, tool_input, output, (Value(figures.carried(bound), bound),) if len(first) == 1 else ())
