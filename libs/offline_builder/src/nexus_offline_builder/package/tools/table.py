"""Finds a table in a prompt and reads it."""

import csv
import re
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from .contract import Refusal
from .patterns import lazy_pattern

_DELIMITERS = (",", "\t", ";", "|")
_FENCE = lazy_pattern(r"```[a-zA-Z]*\n?(.*?)(?:```|$)", re.DOTALL)
_RULE = lazy_pattern(r"^[\s|:-]*-[\s|:-]*$")
MISSING = frozenset(
    {
        "",
        "-",
        "--",
        "–",
        "—",
        "?",
        "n/a",
        "na",
        "n.a.",
        "null",
        "none",
        "nan",
        "absent",
        "abs",
        "abs.",
        "tbd",
        "missing",
    }
    | {"缺考", "缺席", "缺勤", "缺", "未考", "未交", "没交", "没考", "无", "请假"}
)
"""What stands in a cell that has no value."""
_AMOUNT = lazy_pattern(
    r"^\(?\s*(?:[A-Z]{3}\s)?[-+]?\s*[$€£¥￥]?\s*[-+]?(\d[\d,.' ]*|\.\d+)(?P<exponent>[eE][-+]?\d{1,3})?"
    r"\s*[%€$£元]?\s*\)?$"
)
_GROUPED = lazy_pattern(r"\d{1,3}(?:[ ']\d{3})+(?:[.,]\d+)?")
_ASKING = lazy_pattern(r"[?？]|[\u4e00-\u9fff]{8}|多少|[几谁哪]")
_IS_LONG = lazy_pattern(r"\S\s+\S")
"""A cell of a first line that a question may be."""
_MOST_COLUMNS = 500
_FEWEST_ALIKE = 2
_LONGEST_LINE = 20_000


class Table(NamedTuple):
    """Header and rows, every row as long as the header; `around` is the prompt without the table."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    around: str


class Column(NamedTuple):
    """A column with numbers in it, one per row or None. `skipped` counts the cells that hold something else than a
    number, `NaN` and `n/a` too; empty cells count nowhere. `mixed`: some cells are in another currency, or percent."""

    name: str
    cells: tuple[Fraction | None, ...]
    skipped: int
    mixed: bool = False

    @property
    def numbers(self) -> list[Fraction]:
        return [cell for cell in self.cells if cell is not None]


def table_in(prompt: str) -> Table | None:
    """The first table of at least two lines in `prompt`. Raises Refusal if it is broken or too wide."""
    text = prompt.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "").replace("\0", "")
    if text.count("\n") < 2 and "\\n" in text:
        text = text.replace("\\n", "\n").replace("\\t", "\t")
    if (fence := _FENCE.search(text)) and (read := _read(fence[1])):
        return _table(read[0], text[: fence.start()] + text[fence.end() :])
    text = re.sub(r"(^|\n)[ \t]*sep=.[ \t]*\n", r"\1", text, count=1)
    lines = text.split("\n")
    best = _longest_block(lines)
    if best is None:
        return _on_one_line(text)
    start, end, delimiter, first = best
    block = "\n".join([first, *lines[start + 1 : end]])
    around = "\n".join([*lines[:start], lines[start][: len(lines[start]) - len(first)], *lines[end:]])
    return _table(_rows(block, delimiter), around)


def _longest_block(lines: list[str]) -> tuple[int, int, str, str] | None:
    """Start, end, delimiter and first line of the longest run of lines that one delimiter divides alike."""
    best: tuple[int, int, str, str] | None = None
    for delimiter in _DELIMITERS:
        start = done = 0
        while start < len(lines):
            if delimiter not in lines[start]:
                start += 1
                continue
            start = max(done, _quoted_start(lines, start))
            end = _without_request(lines, start, _block_end(lines, start, delimiter), delimiter)
            if end - start >= 2 and (best is None or end - start > best[1] - best[0]):
                best = (start, end, delimiter, _first_line(lines, start, delimiter))
            start = done = end
    return best or _single_column(lines)


def _quoted_start(lines: list[str], start: int) -> int:
    """The line in which the cell begins that ends in line `start`, where a quoted cell has line ends in it."""
    if lines[start].count('"') % 2 == 0:
        return start
    for at in range(start - 1, -1, -1):
        if lines[at].count('"') % 2:
            return at if lines[at].lstrip().startswith('"') or re.search(r'[:：]\s*"', lines[at]) else start
    return start


_LONE_NUMBER = lazy_pattern(r"^\s*[-+]?\d+(\.\d+)?\s*$")


def _block_end(lines: list[str], start: int, delimiter: str) -> int:
    end, quoted = start + 1, lines[start].count('"') % 2 == 1
    while end < len(lines) and (quoted or delimiter in lines[end] or _goes_on(lines[end])):
        quoted ^= lines[end].count('"') % 2 == 1
        end += 1
    return end


_ASKS = lazy_pattern(
    r"\s*(?:(?:and|now|please|pls|then)\s+)*(?:sort|list|show|count|how|what|which|who|whose|when|where|total|sum|average|avg|mean|"
    r"give|only|just|per|top|find|filter|max|min|median|is|are|any|best|most|least|tell|order|rank|group|all|请|谁|哪|按|统计|求|一共)",
    re.IGNORECASE,
)


def _without_request(lines: list[str], start: int, end: int, delimiter: str) -> int:
    """The end of the block without a last line that asks something and has commas of its own."""
    widths = [re.sub(r'"[^"]*"', "", lines[at]).count(delimiter) for at in range(start, end)]
    alone = len(widths) > 2 and len(set(widths[:-1])) == 1 and widths[-1] < widths[0]
    return end - 1 if alone and len(lines[end - 1].split()) > 2 and _ASKS.match(lines[end - 1]) else end


def _goes_on(line: str) -> bool:
    """A lone number is a row whose other cells are missing; a quotation mark may open a cell with line ends in it."""
    return _LONE_NUMBER.match(line) is not None or (line.lstrip().startswith('"') and line.count('"') % 2 == 1)


def _first_line(lines: list[str], start: int, delimiter: str) -> str:
    """The header as such, where the request stands before it on the same line."""
    line, width = lines[start], lines[start + 1].count(delimiter)
    for found in re.finditer(r"[:：]\s*", line):
        if line[found.end() :].count(delimiter) == width:
            return line[found.end() :]
    if line.count(delimiter) == width and delimiter == "," and (found := re.search(r"\bcsv:?\s+(?=\S+,)", line, re.I)):
        return line[found.end() :]
    return line


def _single_column(lines: list[str]) -> tuple[int, int, str, str] | None:
    """A name and numbers below it, one a line."""
    for start, line in enumerate(lines[:50]):
        end = start + 1
        while end < len(lines) and (number_in(lines[end]) is not None or _stands_for_none(lines[end])):
            end += 1
        name = re.split(r"[:：]\s*", line)[-1].strip()
        if end - start >= 3 and name and len(name.split()) <= 3:
            return start, end, ",", name
    return None


def _stands_for_none(line: str) -> bool:
    cell = line.strip().lower()
    return cell != "" and (cell in MISSING or cell.lstrip("+-") in ("inf", "infinity"))


def _on_one_line(text: str) -> Table | None:
    """Rows that lost their line ends: `a,b 1,2 3,4` or `a,b; 1,2; 3,4`."""
    if len(text) > _LONGEST_LINE:
        return None
    for separator in (r"[;|]", r"\s"):
        pieces = [piece.strip() for piece in re.split(separator, text) if piece.strip()]
        widths = [piece.count(",") for piece in pieces]
        start = next((at for at, width in enumerate(widths) if width and not pieces[at].endswith(",")), None)
        if start is None or not re.search(r"[^\W\d]", re.split(r"[:：]\s*|\s", pieces[start])[-1]):
            continue
        end = start
        while end < len(pieces) and widths[end] == widths[start]:
            end += 1
        if end - start >= 3 or (end - start == 2 and not re.search(r"\d", pieces[start])):
            first = re.split(r"[:：]\s*|\s", pieces[start])[-1]
            around = " ".join([*pieces[:start], pieces[start][: -len(first)], *pieces[end:]])
            return _table(_rows("\n".join([first, *pieces[start + 1 : end]]), ","), around)
    return None


def _read(block: str) -> tuple[list[list[str]], str] | None:
    lines = [line for line in block.split("\n") if line.strip()]
    if len(lines) < 2:
        return None
    delimiter = max(_DELIMITERS, key=lambda sign: (sum(sign in line for line in lines), lines[0].count(sign)))
    return _rows("\n".join(lines), delimiter), delimiter


def _rows(block: str, delimiter: str) -> list[list[str]]:
    lines = [line for line in block.split("\n") if not _RULE.match(line)]
    if delimiter == "|":
        lines = [line.strip().strip("|") for line in lines]
    try:
        rows = list(csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, skipinitialspace=True))
    except csv.Error as error:
        raise Refusal(f"I cannot read this CSV: {error}.", "我读不懂这个 CSV：有单元格太长或格式不对。") from error
    return [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]


def _table(rows: list[list[str]], around: str) -> Table | None:
    width = max((len(row) for row in rows), default=0)
    if width > _MOST_COLUMNS:
        raise Refusal(f"I read tables of up to {_MOST_COLUMNS} columns.", f"我最多能读 {_MOST_COLUMNS} 列的表格。")
    if _begins_with_request(rows):
        return _table(rows[1:], f"{', '.join(rows[0])}\n{around}")
    if len(rows) < 2:
        return None
    named = _is_header(rows)
    names = rows[0] if named else []
    header = [names[at] if at < len(names) and names[at] else f"column {at + 1}" for at in range(width)]
    body = tuple(tuple(row + [""] * (width - len(row))) for row in rows[1 if named else 0 :])
    return Table(tuple(_distinct(header)), body, around)


def _begins_with_request(rows: list[list[str]]) -> bool:
    """Whether words with a comma stand on top of the header: `sort by a, please`, `谁最多,老板要`."""
    if len(rows) < 3:
        return False
    first, widths = rows[0], {len(row) for row in rows[1:]}
    wordy = all(number_in(cell) is None for cell in rows[1])
    asks = any(_ASKING.search(cell) or _IS_LONG.search(cell) for cell in first)
    if len(widths) == 1 and len(first) not in widths:
        return wordy and (asks or len(first) < len(rows[1])) and _is_header(rows[1:])
    if not (asks and wordy) or any(number_in(cell) is not None for cell in first):
        return False
    return any(
        any(at < len(row) and number_in(row[at]) is not None for row in rows[2:])
        and all(at < len(row) and (row[at].lower() in MISSING or number_in(row[at]) is not None) for row in rows[2:])
        for at in range(len(rows[1]))
    )


def _is_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: it has no number, or a word on top of a column of numbers."""
    if not any(number_in(cell) is not None for cell in rows[0]):
        return True
    sample = rows[1:20]
    return any(
        number_in(cell) is None
        and cell.lower() not in MISSING
        and all(at < len(r) and number_in(r[at]) is not None for r in sample)
        for at, cell in enumerate(rows[0])
    )


def _distinct(names: list[str]) -> list[str]:
    taken, seen, distinct = set(names), set[str](), list[str]()
    for name in names:
        count, one = 1, name
        while one in seen or (count > 1 and one in taken):
            count += 1
            one = f"{name} ({count})"
        seen.add(one)
        distinct.append(one)
    return distinct


def number_in(cell: str, decimal_comma: bool = False) -> Fraction | None:
    """The amount in a cell: currency signs, thousands separators, 1.5E+3 and (5) for -5 are understood."""
    if len(cell) < 16 and cell.isascii() and cell.isdigit():
        return Fraction(int(cell))
    text = cell.strip()
    found = _AMOUNT.match(text) if len(text) <= 60 else None
    if found is None:
        return None
    digits = found[1].strip()
    if re.search("[ ']", digits) and not _GROUPED.fullmatch(digits):
        return None
    digits = digits.replace(" ", "").replace("'", "")
    if decimal_comma:
        digits = digits.replace(".", "").replace(",", ".")
    elif "," in digits and not re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        return None
    if digits.count(".") > 1:
        return None
    negative = "-" in text[: found.start(1)] or (text.startswith("(") and text.endswith(")"))
    amount = Fraction(digits.replace(",", "").rstrip(".") + (found["exponent"] or ""))
    return -amount if negative else amount


_YEAR = lazy_pattern(r"years?|年份?|年度", re.IGNORECASE)
_IDENTIFIER = lazy_pattern(
    r"(?:.*[ _-])?(?:id|no\.?|nr\.?|num|code|ref|index|#)|#|(?:order|invoice|ticket|row|line|receipt|case|customer)"
    r"(?:[ _-]?(?:number|no\.?|nr\.?|id|#))?|.*(?:编号|序号|单号|发票号|工号|学号|行号)|订单|号码?",
    re.IGNORECASE,
)
_NAMES_ONE = lazy_pattern(
    r"(?:.*[ _-])?(?:id|lot|bidder|member|employee|seat|bay|locker|badge|zip|postcode)"
    r"(?:[ _-]?(?:number|no\.?|nr\.?|#))?|.+[ _-](?:no\.?|nr\.?|code|ref|#)|.*[\u4e00-\u9fff](?:号码?|编码)|邮编",
    re.IGNORECASE,
)
"""What names one thing, in whatever order it stands: `lot`, `工号`."""


def numeric_columns(table: Table) -> list[Column]:
    """The columns of figures. Those that only number the rows are none, where there are others."""
    columns = _with_numbers(table)
    figures = [column for column in columns if not _numbers_rows(column)]
    return figures or columns


def numbered(name: str) -> bool:
    """Whether a column of this name numbers its rows: `id`, `order no`."""
    return _IDENTIFIER.fullmatch(name) is not None or _NAMES_ONE.fullmatch(name) is not None


def _numbers_rows(column: Column) -> bool:
    """Whether a column called `id` or `order` holds whole numbers that go up from row to row, or one called "
    "`year` years."""
    cells = column.numbers
    if _YEAR.fullmatch(column.name) and all(1800 <= cell <= 2200 for cell in cells):
        return True
    whole = all(cell.denominator == 1 for cell in cells)
    if whole and _NAMES_ONE.fullmatch(column.name) is not None:
        return True
    whole = whole and len(cells) == len(column.cells)
    return whole and _IDENTIFIER.fullmatch(column.name) is not None and all(a < b for a, b in pairwise(cells))


def _with_numbers(table: Table) -> list[Column]:
    """The columns of which at least half of the cells are numbers, those that stand for a missing one aside."""
    columns: list[Column] = []
    for at, name in enumerate(table.header):
        cells = [row[at] for row in table.rows]
        filled = sum(cell.lower() not in MISSING for cell in cells)
        comma = _has_decimal_commas(cells)
        cells = _without_unit(cells)
        column = Column(name, tuple(number_in(cell, comma) for cell in cells), 0)
        found = len(column.numbers)
        if found and 2 * found >= filled:
            skipped = sum(cell != "" for cell in cells) - found
            columns.append(column._replace(skipped=skipped, mixed=_is_mixed(cells)))
    return columns


_WITH_UNIT = lazy_pattern(r"(?P<number>[-+]?\d[\d.,' ]*)\s?(?P<unit>[A-Za-zµ°²³/]{1,5}|[\u4e00-\u9fff]{1,2})")


def _without_unit(cells: list[str]) -> list[str]:
    """Amounts that all have the same unit behind them, without it."""
    filled = [cell for cell in cells if cell.lower() not in MISSING]
    found = [_WITH_UNIT.fullmatch(cell) for cell in filled]
    units = {one["unit"] for one in found if one}
    if (
        not all(found)
        or len(filled) < _FEWEST_ALIKE
        or len(units) != 1
        or units & {"th", "st", "nd", "rd", "am", "pm", "月", "日", "年", "号", "班"}
    ):
        return cells
    return [(one["number"].strip() if (one := _WITH_UNIT.fullmatch(cell)) else cell) for cell in cells]


_MEASURED_IN = lazy_pattern(r"[$€£%]|[¥￥元]|\b[A-Z]{3}\b")


def _is_mixed(cells: list[str]) -> bool:
    """Whether the amounts are of several currencies, or percentages are among plain numbers."""
    signs: set[str] = set()
    for cell in cells:
        if number_in(cell) is not None:
            found = _MEASURED_IN.search(cell)
            signs.add(found.group().replace("￥", "¥").replace("元", "¥") if found else "")
    return len(signs - {""}) > 1 or {"", "%"} <= signs


def _has_decimal_commas(cells: list[str]) -> bool:
    """Whether a comma is the decimal sign: some cell has digits behind it that are no group of three."""
    return any(re.fullmatch(r"[^\d]*[\d.]*\d,(?:\d{1,2}|\d{4,})\D*", cell) for cell in cells)
