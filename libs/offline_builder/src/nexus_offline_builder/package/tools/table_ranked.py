"""Who has the most or the least, figures by name, and the columns that are meant where none is named."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from . import figures
from .contract import Answer, JsonValue, Value
from .csv_counts import counted_by
from .csv_figures import MEASURES, Measure, by_group, per_column
from .patterns import lazy_pattern
from .table import Column, Table, numbered, numeric_columns
from .table_picked import Asked, Unread
from .table_words import kinds, words_of

_DATED = lazy_pattern(r"date|^day$|datum|time|日期|时间", re.IGNORECASE)


class RowsAsked(NamedTuple):
    """What is asked of rows: those that are left, their columns of numbers, and of these the ones that are named."""

    rows: Table
    columns: list[Column]
    of: Asked
    targets: list[Column]
    measures: list[Measure]
    chinese: bool
    requirement: str

    def chosen(self) -> list[Column]:
        """The columns that are named, else those that are meant."""
        return self.targets or _meant(self.columns, self.of, self.requirement)


def most_of(asked: RowsAsked) -> Answer | None:
    """Who has the most; and how much each has, where that is asked, too."""
    answer = _extremes(asked)
    each = asked.of.group is not None and asked.of.amount and answer is not None
    whole = by_name(asked) if each else None
    return answer._replace(text=f"{answer.text}\n{whole.text}") if answer and whole else answer


def by_name(asked: RowsAsked) -> Answer | None:
    rows, of, measures, chinese = asked.rows, asked.of, asked.measures, asked.chinese
    group = of.group or 0
    if of.counted and not asked.targets:
        return counted_by(rows, group, chinese)
    chosen = [one for one in asked.chosen() if one.name != rows.header[group] and not one.mixed]
    if of.amount and len(chosen) > 1:
        raise Unread(" / ".join(one.name for one in chosen))
    if not chosen:
        return None
    answer = by_group(rows, group, chosen, measures or [MEASURES[0]], chinese)
    if len({row[group] for row in rows.rows}) < len(rows.rows):
        return answer
    whole = per_column(rows, chosen, measures or [MEASURES[0]], chinese).text
    return answer._replace(text=f"{whole}\n{answer.text}")


def _meant(columns: list[Column], of: Asked, requirement: str) -> list[Column]:
    """Where no column is named: the only one, for `how much` that of money, else that which the requirement names."""
    plain = [one for one in columns if not one.mixed and not numbered(one.name)]
    if len(plain) < 2 or (of.measures and not of.amount and not of.conditions):
        return plain or columns
    money = [one for one in plain if is_money(one.name)]
    if of.amount and len(money) == 1 and not re.search(r"each|per|unit|单价|每", money[0].name, re.IGNORECASE):
        return money
    said = requirement.lower()
    named = [
        one
        for one in plain
        if any(re.search(rf"(?<![a-z]){re.escape(word)}", said) for word in words_of(one.name) if len(word) > 2)
    ]
    return named if len(named) == 1 else plain


def is_money(name: str) -> bool:
    known = ("money", "paid", "received", "wages")
    low = name.lower()
    chinese = () if name.isascii() else [low[at : at + size] for size in (1, 2, 3) for at in range(len(low))]
    return "×" in name or any(
        kinds().of_word.get(word, set[str]()).intersection(known) for word in (*words_of(name), *chinese)
    )


def label_of(rows: Table, of: Asked) -> int | None:
    """The column that says whose a row is: the one that is asked for, else the first of names."""
    if of.group is not None:
        return of.group
    if of.labels:
        return of.labels[0]
    numeric = {one.name for one in numeric_columns(rows)}
    texts = [at for at, name in enumerate(rows.header) if name not in numeric]
    named = [at for at in texts if not _DATED.search(rows.header[at])]
    return next(iter(named or texts), None)


def _extremes(asked: RowsAsked) -> Answer | None:
    """The names with the most or the least; by totals where a name that repeats is grouped by."""
    rows, of, measures, chinese = asked.rows, asked.of, asked.measures, asked.chinese
    if of.group is None and measures and {one.english for one in measures} - {"total"}:
        return None
    chosen = asked.chosen()
    label = label_of(rows, of)
    if not chosen or label is None:
        return None
    if of.group is None and not (of.listed or of.labels or of.first) and all(one.numbers for one in chosen):
        wanted = {"most": "max", "least": "min"}
        named = [next(one for one in MEASURES if one.english == wanted[way]) for way in of.extremes]
        if len(chosen) > 1 and not asked.targets:
            raise Unread(" / ".join(one.name for one in chosen))
        return per_column(rows, chosen, [*measures, *named], chinese)
    ways = [_ranked(rows, column, label, of, way, chinese) for way in of.extremes for column in chosen]
    if len(chosen) > 1:
        raise Unread(" / ".join(one.name for one in chosen))
    if of.first and len(of.extremes) > 1:
        ways = ways[:1]
    if measures and not of.group:
        ways = [per_column(rows, chosen, measures, chinese), *ways]
    return ways[-1]._replace(text="\n".join(one.text for one in ways)) if len(ways) > 1 else ways[0]


def _ranked(rows: Table, column: Column, label: int, of: Asked, way: str, chinese: bool) -> Answer:
    pairs = [(at, cell) for at, cell in enumerate(column.cells) if cell is not None]
    if not pairs:
        raise Unread(column.name)
    repeats = len({rows.rows[at][label] for at, _ in pairs}) < len(pairs)
    summed = of.group is not None or ("total" in of.measures and repeats)
    if not summed:
        single = _places(pairs, rows, column, label, of, way, chinese)
        if repeats and label in of.labels and not _DATED.search(rows.header[label]) and not of.first:
            whole = _of_totals(rows, column, label, of, way, chinese)
            if whole.tool_output["names"] != single.tool_output["names"]:
                said = ("单行", "合计") if chinese else ("in one row", "in total")
                return single._replace(text=f"{said[0]}: {single.text}\n{said[1]}: {whole.text}", values=())
        return single
    return _of_totals(rows, column, label, of, way, chinese)


def _of_totals(rows: Table, column: Column, label: int, of: Asked, way: str, chinese: bool) -> Answer:
    groups = dict[str, list[Fraction]]()
    for row, cell in zip(rows.rows, column.cells, strict=True):
        if cell is not None:
            groups.setdefault(row[label], []).append(cell)
    measure = next((one for one in MEASURES if one.english in of.measures), MEASURES[0])
    results = sorted(((name, measure.of(cells)) for name, cells in groups.items()), key=lambda one: one[1])
    if way == "most":
        results.reverse()
    bound = results[min(of.first or 1, len(results)) - 1][1]
    first = [one for one in results if (one[1] >= bound if way == "most" else one[1] <= bound)]
    return _named(first, bound, column, rows.header[label], len(rows.rows), chinese)


def _places(
    pairs: Sequence[tuple[int, Fraction]], rows: Table, column: Column, label: int, of: Asked, way: str, chinese: bool
) -> Answer:
    ordered = sorted(pairs, key=lambda one: one[1], reverse=way == "most")
    bound = ordered[min(of.first or 1, len(ordered)) - 1][1]
    first = [one for one in ordered if (one[1] >= bound if way == "most" else one[1] <= bound)]
    if of.first and not of.labels:
        listed = "\n".join(", ".join(rows.rows[at]) for at, _ in first)
        named = [(rows.rows[at][label] or "-", cell) for at, cell in first]
        return _named(named, bound, column, rows.header[label], len(rows.rows), chinese)._replace(text=listed)
    labels = [label, *(at for at in of.labels if at != label and at != of.group)]
    named = [(", ".join(rows.rows[at][one] or "-" for one in labels), cell) for at, cell in first]
    answer = _named(named, bound, column, rows.header[label], len(rows.rows), chinese)
    if len(first) == 1 and not of.labels:
        numeric = {one.name for one in numeric_columns(rows)}
        others = [
            f"{name}{'：' if chinese else ': '}{rows.rows[first[0][0]][at]}"
            for at, name in enumerate(rows.header)
            if at != label and name not in numeric and rows.rows[first[0][0]][at]
        ]
        if others:
            return answer._replace(text=f"{answer.text}{'，' if chinese else ', '}{', '.join(others)}")
    return answer


def _named(
    first: Sequence[tuple[str, Fraction]], bound: Fraction, column: Column, label: str, rows: int, chinese: bool
) -> Answer:
    form = "{}（{}：{}）" if chinese else "{} ({}: {})"
    text = "\n".join(form.format(name, column.name, figures.shown(cell)) for name, cell in first)
    names: list[JsonValue] = [name for name, _ in first]
    asked: dict[str, JsonValue] = {"rows": rows, "column": column.name, "of": label}
    output: dict[str, JsonValue] = {"names": names, "value": figures.for_json(bound)}
    return Answer(text, asked, output, (Value(figures.carried(bound), bound),) if len(first) == 1 else ())
