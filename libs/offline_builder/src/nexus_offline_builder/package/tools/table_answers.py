"""Answers what a request was read to ask of a table: its rows, figures of columns, differences, who has the most."""

import re
from fractions import Fraction

from . import figures
from .contract import Answer, JsonValue, Refusal, Value
from .csv_aliases import counts_column
from .csv_columns import distinct_cells
from .csv_conditions import Condition, by_month, kept_rows, on_days
from .csv_counts import count_of_a_kind, row_list, rows_of
from .csv_figures import MEASURES, Measure, per_column
from .csv_ranking import COUNTS
from .patterns import lazy_pattern
from .table import Column, Table, numeric_columns
from .table_asked import asked_of
from .table_picked import Asked, Unread
from .table_ranked import RowsAsked, by_name, is_money, label_of, most_of
from .table_roles import roles_of
from .table_words import stem

_LONGEST = 2000
_IS_PRICE = lazy_pattern(r"price|rate|\beach|per[ _]|unit|单价|价格|售价|进价", re.IGNORECASE)
_WHICH_MONTH = lazy_pattern(
    r"\b(?:which|what) months?\b(?: (?:is|was|had|has|did|do|does|were)\b)?|哪一?个?月(?:份)?", re.IGNORECASE
)
_MONTHS = {month: at for at, month in enumerate((*"一二三四五六七八九十", "十一", "十二"), 1)}
_CHINESE_MONTH = lazy_pattern("(十[一二]?|[一二三四五六七八九])月")
_SIGN = lazy_pattern(r"[-+/−]")
_LATIN = lazy_pattern("[A-Za-z]{3,}")
_CHINESE = lazy_pattern("[\u4e00-\u9fff]+")
_YEAR = lazy_pattern(r"(?<![\w.,])(?:19|20)\d\d(?![\w.,])")
_MOST_LABELS = 5


def read_request(table: Table, request: str, requirement: str = "", part: bool = False) -> tuple[Table, Asked] | None:
    """The table, by month where that is asked, and what is asked; None where nothing is. Raises Unread."""
    if not request.strip() or len(request) > _LONGEST:
        return None
    request = _CHINESE_MONTH.sub(lambda found: f"{_MONTHS[found[1]]}月", request)
    if _works_out(table, request):
        return None
    table, request = by_month(table, _WHICH_MONTH.sub(" per month ", request)) or (table, request)
    conditions = list[Condition]()
    if (days := on_days(table, request)) is not None:
        request, condition = days
        conditions.append(condition)
        years = {year for row in table.rows for year in _YEAR.findall(row[condition.column])}
        request = _YEAR.sub(lambda found: " " if {found.group()} == years else found.group(), request)
    nouns = frozenset((*map(stem, _LATIN.findall(requirement)), *_pieces_of(requirement)))
    asked = asked_of(table, roles_of(table, request), tuple(conditions), nouns, part)
    return (table, asked) if asked is not None else None


def _pieces_of(text: str) -> set[str]:
    """Every one and two signs of Chinese that stand together: any of them may be a noun."""
    runs = _CHINESE.findall(text)
    return {run[at : at + size] for run in runs for at in range(len(run)) for size in (1, 2) if at + size <= len(run)}


def _works_out(table: Table, request: str) -> bool:
    """`revenue - cost`: what no figure of a column is."""
    signs = [found.span() for found in _SIGN.finditer(request)]
    low = request.lower()
    names = [name.lower() for name in table.header]
    return any(
        low[:start].rstrip().endswith(one) and low[end:].lstrip().startswith(other)
        for start, end in signs
        for one in names
        for other in names
    )


def is_read(table: Table, request: str, requirement: str) -> bool:
    """Whether something is asked of the table, with nothing left that cannot be told."""
    return _wholly_read(table, request, requirement) is not None


def names_a_figure(table: Table, request: str) -> bool:
    """Whether a figure of a column is asked for by name."""
    asked = _wholly_read(table, request)
    return asked is not None and bool(asked.measures and asked.targets)


def _wholly_read(table: Table, request: str, requirement: str = "") -> Asked | None:
    try:
        found = read_request(table, request, requirement)
    except (Unread, Refusal):
        return None
    return found[1] if found is not None else None


def answer_to(table: Table, request: str, chinese: bool, requirement: str = "") -> Answer | None:
    """None where nothing is asked that is known here. Raises Refusal where a part of it cannot be told."""
    try:
        found = read_request(table, request, requirement)
        return answer_of_asked(*found, chinese, requirement) if found is not None else None
    except Unread as unread:
        raise _unclear(table, unread.said) from None


def _unclear(table: Table, said: str) -> Refusal:
    names = ", ".join(table.header[:20])
    return Refusal(
        f"I cannot tell what is meant by '{said}' in this table. The columns are: {names}.",
        f"我不确定“{said}”在这个表里指什么。各列是：{names}。",
    )


def answer_of_asked(table: Table, of: Asked, chinese: bool, requirement: str = "") -> Answer | None:
    of = of._replace(product=of.product or _priced(table, of))
    if of.product is not None:
        table, of = _with_product(table, of)
    rows, columns = kept_rows(table, of.conditions)
    title = ", ".join(one.title for one in of.conditions)
    answer = _asked(table, rows, columns, of, chinese, requirement)
    if answer is None or not title or of.differ:
        return answer
    return answer._replace(text=f"{title}:\n{answer.text}", tool_input={**answer.tool_input, "rows": title})


def _priced(table: Table, of: Asked) -> tuple[int, int] | None:
    """`how much did we spend`, of a table that has a count and a price for each and no more: their product."""
    numeric = [one for one in numeric_columns(table) if not one.mixed]
    prices = [one for one in numeric if _IS_PRICE.search(one.name)]
    if len(numeric) != 2 or len(prices) != 1 or not (of.amount or of.measures == ("total",)) or of.conditions:
        return None
    count = next(one for one in numeric if one is not prices[0])
    places = table.header.index(count.name), table.header.index(prices[0].name)
    said = of.money and not set(of.targets) - {places[1]}
    return places if said and COUNTS.search(count.name) else None


def _with_product(table: Table, of: Asked) -> tuple[Table, Asked]:
    """The table with the product of two columns as one more, which everything is asked of."""
    numeric = {table.header.index(one.name): one for one in numeric_columns(table)}
    one, other = (numeric[at] for at in of.product or ())
    cells = [
        figures.carried(a - b if of.minus else a * b) if a is not None and b is not None else ""
        for a, b in zip(one.cells, other.cells, strict=True)
    ]
    rows = tuple((*row, cell) for row, cell in zip(table.rows, cells, strict=True))
    name = f"{one.name} {'-' if of.minus else '×'} {other.name}"
    measures = of.measures or (() if of.extremes or of.group is not None else ("total",))
    changed = of._replace(targets=(len(table.header),), measures=measures, counted=False, amount=False, product=None)
    return table._replace(header=(*table.header, name), rows=rows), changed


def _asked(
    table: Table, rows: Table, columns: list[Column], of: Asked, chinese: bool, requirement: str
) -> Answer | None:
    targets = [one for one in columns if table.header.index(one.name) in of.targets]
    if any(one.mixed for one in targets):
        return None
    if of.money and of.amount and targets and not any(is_money(one.name) for one in targets):
        raise Unread(" / ".join(one.name for one in targets))
    measures = [one for one in MEASURES if one.english in of.measures]
    asked = RowsAsked(rows, columns, of, targets, measures, chinese, requirement)
    if of.share or of.differ:
        return _share(table, asked) if of.share else _difference(table, of, asked.chosen(), chinese)
    if of.distinct and len(of.labels) == 1 and not targets:
        return distinct_cells(rows, of.labels[0], chinese)
    if of.conditions and not rows.rows:
        return _number_of(rows, chinese)
    if of.extremes:
        return most_of(asked)
    if of.group is not None:
        return by_name(asked)
    if of.counted and not measures and not (of.amount and targets):
        return _with_value(rows, targets, chinese) if targets else _counted(rows, of, chinese)
    if measures or of.amount:
        return _figures(rows, asked.chosen(), of, measures, chinese)
    return _rows_or_cells(table, rows, of, targets, chinese)


def _share(table: Table, asked: RowsAsked) -> Answer | None:
    """What the rows that are picked are of all, in the column that is meant, else by their number."""
    of = asked.of
    if not of.conditions or of.extremes or of.group is not None or len(asked.rows.rows) == len(table.rows):
        raise Unread("%")
    chosen = [] if of.counted and not asked.targets else asked.chosen()
    if len(chosen) > 1:
        raise Unread(" / ".join(one.name for one in chosen))
    part, whole, name = Fraction(len(asked.rows.rows)), Fraction(len(table.rows)), ""
    if chosen:
        name = f"{chosen[0].name}: "
        every = next(one for one in numeric_columns(table) if one.name == chosen[0].name)
        part, whole = (sum(one.numbers, Fraction(0)) for one in (chosen[0], every))
    if not whole:
        return None
    share = part / whole * 100
    shown = round(share, 2)
    text = (
        f"{name}{figures.shown(part)} / {figures.shown(whole)} {'=' if shown == share else '≈'} {figures.shown(shown)}%"
    )
    output: dict[str, JsonValue] = {"percent": figures.for_json(share)}
    return Answer(text, {"rows": len(table.rows)}, output, (Value(figures.carried(share), share),))


def _figures(rows: Table, chosen: list[Column], of: Asked, measures: list[Measure], chinese: bool) -> Answer | None:
    if of.amount and not measures and len(chosen) > 1:
        raise Unread(" / ".join(one.name for one in chosen))
    chosen = [one for one in chosen if one.numbers]
    if not chosen or any(one.mixed for one in chosen):
        return None
    return per_column(rows, chosen, measures or [MEASURES[0]], chinese)


def _with_value(rows: Table, targets: list[Column], chinese: bool) -> Answer:
    """`how many took maths`: the rows that have anything there."""
    kept = [row for at, row in enumerate(rows.rows) if all(one.cells[at] is not None for one in targets)]
    return _number_of(rows._replace(rows=tuple(kept)), chinese)


def _counted(rows: Table, of: Asked, chinese: bool) -> Answer:
    if len(of.labels) == 1 and not of.conditions:
        return count_of_a_kind(rows, of.labels[0], chinese)
    if len(of.labels) == 1 and len({row[of.labels[0]] for row in rows.rows}) < len(rows.rows):
        return count_of_a_kind(rows, of.labels[0], chinese)
    stock = [one for one in numeric_columns(rows) if one.name == counts_column(rows)]
    if stock and of.conditions and stock[0].numbers and all(" = " in one.title for one in of.conditions):
        return per_column(rows, stock, [MEASURES[0]], chinese)._replace(values=())
    return _number_of(rows, chinese)


def _number_of(rows: Table, chinese: bool) -> Answer:
    count = len(rows.rows)
    text = f"共 {count} 行" if chinese else rows_of(count)
    if 0 < count <= _MOST_LABELS and (label := label_of(rows, Asked())) is not None:
        text += f"{'：' if chinese else ': '}{', '.join(row[label] or '-' for row in rows.rows)}"
    return Answer(text, {"columns": list(rows.header)}, {"rows": count}, (Value(str(count), Fraction(count)),))


def _difference(table: Table, of: Asked, targets: list[Column], chinese: bool) -> Answer | None:
    """Between two names of one column, of each all rows; between the highest and the lowest."""
    targets = [one for one in targets if len(one.cells) == len(table.rows)] or [
        one for one in numeric_columns(table) if one.name in {two.name for two in targets}
    ]
    if len(targets) != 1 or targets[0].mixed:
        raise Unread(" / ".join(one.name for one in targets) or "?")
    column = targets[0]
    if len(of.extremes) == 2 and not of.conditions:
        ends = [("max", max(column.numbers)), ("min", min(column.numbers))]
    else:
        named = [one for one in of.conditions if " = " in one.title and " / " in one.title]
        if len(named) != 1 or len(of.conditions) != 1 or of.extremes:
            return None
        at, names = named[0].column, named[0].title.partition(" = ")[2].split(" / ")
        if len(names) != 2:
            return None
        ends = list[tuple[str, Fraction]]()
        for name in names:
            cells = [c for row, c in zip(table.rows, column.cells, strict=True) if row[at] == name and c is not None]
            if not cells:
                return None
            ends.append((name, sum(cells, Fraction(0))))
    apart = abs(ends[0][1] - ends[1][1])
    both = figures.shown(ends[0][1] + ends[1][1])
    said = ", ".join(f"{name} {figures.shown(number)}" for name, number in ends)
    text = (
        f"{column.name}：{said}，合计 {both}，相差 {figures.shown(apart)}"
        if chinese
        else (f"{column.name}: {said}, together {both}, difference {figures.shown(apart)}")
    )
    asked: dict[str, JsonValue] = {"rows": len(table.rows), "names": [name for name, _ in ends]}
    return Answer(text, asked, {"difference": figures.for_json(apart)}, (Value(figures.carried(apart), apart),))


def _rows_or_cells(table: Table, rows: Table, of: Asked, targets: list[Column], chinese: bool) -> Answer | None:
    if not of.conditions:
        return None
    cells = [at for at in (*of.targets, *of.labels) if at not in {one.column for one in of.conditions}]
    if len(rows.rows) == 1 and cells:
        row = rows.rows[0]
        known = {one.name: one.cells[0] for one in numeric_columns(table) if len(one.cells) == 1}
        known |= {one.name: one.cells[0] for one in targets}
        shown = {rows.header[at]: _shown(row[at], known.get(rows.header[at])) for at in cells}
        values = tuple(
            Value(figures.carried(one.cells[0]), one.cells[0]) for one in targets if one.cells[0] is not None
        )
        text = "\n".join(f"{name} = {cell}" for name, cell in shown.items())
        if not targets:
            text = f"{text}\n({', '.join(row)})"
        return Answer(text, {"columns": [*shown]}, {"value": {**shown}}, values)
    answer = row_list(rows, chinese)
    if targets and all(one.numbers for one in targets):
        total = per_column(rows, targets, [MEASURES[0]], chinese)
        return total._replace(text=f"{total.text}\n{answer.text.partition(chr(10))[2]}")
    return answer


def _shown(cell: str, number: Fraction | None) -> str:
    """A number in plain digits, unless it is of a currency or a percentage."""
    return figures.shown(number) if number is not None and not re.search(r"[$€£¥%]", cell) else cell or "-"
