"""Figures of the columns of a table: over all rows, by name, and what there is to say of a table without a request."""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from . import figures
from .bounded import FUNCTIONS
from .contract import Answer, JsonValue, Value
from .csv_conditions import says_yes_or_no
from .csv_counts import rows_of
from .csv_ranking import holders
from .patterns import lazy_pattern
from .table import Column, Table, numeric_columns

_MOST_DESCRIBED = 3


class Measure(NamedTuple):
    """A figure per column: its names, how it is asked for, how it is worked out."""

    english: str
    chinese: str
    asked: "re.Pattern[str]"
    of: Callable[[list[Fraction]], Fraction]


def _measure(english: str, chinese: str, asked: str) -> Measure:
    return Measure(
        english, chinese, lazy_pattern(asked, re.IGNORECASE), FUNCTIONS["sum" if english == "total" else english]
    )


MEASURES = (
    _measure(
        "total",
        "合计",
        r"\btotal|\bsums?\b|\bsumm(?:ed|ing)\b|add(?:ed|ing)? up|\ball ?together\b|\baltogether\b|\bin all\b|"
        r"合计|总计|总和|求和|总额|总[分价]|总金额|总数(?!据)|汇总|之和|加起来|一共",
    ),
    _measure("average", "平均值", r"\baverages?\b|\bmeans?\b(?! that)|\bavg\b|平均|均值"),
    _measure("min", "最小值", r"\bmin(?:imum|ima|s)?\b|\bsmallest\b|\blowest\b|\bcheapest\b|最小|最低"),
    _measure("max", "最大值", r"\bmax(?:imum|ima|s)?\b|\blargest\b|\bhighest\b|\bbiggest\b|\bgreatest\b|最大|最高"),
    _measure("median", "中位数", r"\bmedians?\b|中位数"),
)


def overview(table: Table, columns: list[Column], chinese: bool) -> Answer:
    """A table and no request: totals, averages and extremes, totals by a name that repeats, who is in and who "
    "is not."""
    shown = [MEASURES[0]] if len(columns) > _MOST_DESCRIBED else list(MEASURES[:4])
    answer = per_column(table, columns, shown, chinese)
    totals = per_column(table, columns, [MEASURES[0]], chinese).values
    lines = [answer.text]
    if (name := repeated_name(table)) is not None:
        lines.append(grouped(table, name, columns, MEASURES[0], chinese).text)
    return answer._replace(text="\n".join([*lines, *by_answer(table)]), values=totals)


def by_answer(table: Table) -> list[str]:
    """The names with `yes` and those with `no`, where a column holds nothing else."""
    lines: list[str] = []
    for at, title in enumerate(table.header):
        if not says_yes_or_no(table, at):
            continue
        for answer in sorted({row[at].lower() for row in table.rows}):
            names = [row[0] for row in table.rows if row[at].lower() == answer]
            lines.append(f"{title} = {answer or '-'} ({len(names)}): {', '.join(names)}")
    return lines


def repeated_name(table: Table) -> int | None:
    """The only column of text whose names repeat, so that totals by name say something."""
    texts = [
        at for at, name in enumerate(table.header) if name not in {column.name for column in numeric_columns(table)}
    ]
    repeated = [at for at in texts if len({row[at] for row in table.rows}) < len(table.rows)]
    return repeated[0] if len(repeated) == len(texts) == 1 else None


def per_column(table: Table, columns: list[Column], measures: list[Measure], chinese: bool) -> Answer:
    lines: list[str] = []
    output: dict[str, JsonValue] = {"rows": len(table.rows)}
    values: list[Value] = []
    for measure in measures:
        found = [(column.name, measure.of(column.numbers)) for column in columns]
        for column, (name, number) in zip(columns, found, strict=True):
            whose = holders(table, column, number) if measure.english in ("min", "max") else ""
            lines.append(f"{_title(measure, name, chinese)} {figures.equals(number)}{whose}")
        output[measure.english] = {name: figures.for_json(number) for name, number in found}
        values += [
            Value(figures.carried(number), number, name if len(measures) == 1 else f"{measure.english} {name}")
            for name, number in found
        ]
    head = f"共 {len(table.rows)} 行：" if chinese else f"{rows_of(len(table.rows))}:"
    notes = _notes(table, columns, chinese)
    asked: dict[str, JsonValue] = {"rows": len(table.rows), "columns": [column.name for column in columns]}
    return Answer("\n".join([head, *lines, *notes]), asked, output, tuple(values))


def _title(measure: Measure, name: str, chinese: bool) -> str:
    return f"{name} 的{measure.chinese}" if chinese else f"{measure.english} of {name}"


def _notes(table: Table, columns: list[Column], chinese: bool) -> list[str]:
    if chinese:
        return [f"（{column.name}：忽略了 {column.skipped} 个非数字单元格）" for column in columns if column.skipped]
    return [
        f"({column.name}: {column.skipped} cells without a number left out)" for column in columns if column.skipped
    ]


def grouped(table: Table, group: int, columns: list[Column], measure: Measure, chinese: bool) -> Answer:
    lines: list[str] = []
    output: dict[str, JsonValue] = {}
    for column in columns:
        groups: dict[str, list[Fraction]] = {}
        for row, number in zip(table.rows, column.cells, strict=True):
            if number is not None:
                groups.setdefault(row[group], []).append(number)
        results = {name: measure.of(numbers) for name, numbers in groups.items()}
        by = f"，按 {table.header[group]} 分组：" if chinese else f" by {table.header[group]}:"
        lines += [_title(measure, column.name, chinese) + by]
        lines += [f"- {name or '(empty)'}: {figures.shown(number)}" for name, number in results.items()]
        output[column.name] = {name: figures.for_json(number) for name, number in results.items()}
    asked: dict[str, JsonValue] = {"rows": len(table.rows), "group_by": table.header[group], "measure": measure.english}
    return Answer("\n".join([*lines, *_notes(table, columns, chinese)]), asked, output)


def by_group(table: Table, group: int, columns: list[Column], measures: list[Measure], chinese: bool) -> Answer:
    """Every figure that is asked for, each by group."""
    answers = [grouped(table, group, columns, measure, chinese) for measure in measures]
    if len(answers) == 1:
        return answers[0]
    output: dict[str, JsonValue] = {
        measure.english: answer.tool_output for measure, answer in zip(measures, answers, strict=True)
    }
    asked: dict[str, JsonValue] = {"measure": ", ".join(measure.english for measure in measures)}
    return Answer("\n".join(answer.text for answer in answers), {**answers[0].tool_input, **asked}, output)
