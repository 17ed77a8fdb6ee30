"""Rows that a request picks by a condition: `amount > 6`, `who has not paid`, `in January`; and months to group by."""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from operator import eq, ge, gt, le, lt
from typing import NamedTuple

from .calendar_dates import MONTHS, day_of
from .csv_ranking import COUNTS, PRICED, PRICES
from .csv_scope import without_names
from .patterns import lazy_pattern
from .table import MISSING, Column, Table, number_in, numeric_columns

YES = frozenset({"yes", "y", "true", "paid", "done", "x", "✓", "是", "已付", "已缴", "已完成", "已到"})
NO = frozenset({"no", "n", "false", "unpaid", "open", "", "否", "未付", "未缴", "未完成", "未到"})
_COMPARISONS: tuple[tuple[str, str, Callable[[Fraction, Fraction], bool]], ...] = (
    (r">=|≥|at least|(?:no|not) (?:less|fewer) than|不低于|不少于|至少", "≥", ge),
    (r"<=|≤|at most|(?:no|not) more than|up to|不超过|至多|不高于|不多于", "≤", le),
    (
        r">|over|above|(?:more|greater|higher|larger|bigger|older|longer) than|exceed(?:s|ing)?|大于|高于|超过|多于",
        ">",
        gt,
    ),
    (r"<|under|below|(?:less|fewer|lower|smaller|cheaper|younger|shorter) than|小于|低于|少于|不足|不到", "<", lt),
    (r"==?|equal(?:s| to)?|exactly|等于", "=", eq),
)
_NUMBER = r"[$€£¥]?\s*(?P<number>-?\d[\d,]*(?:\.\d+)?)(?![\d.,]*\d|\s*%)(?:\s*(?:元|块|分|dollars?|euros?))?"
_CONDITION = (
    *(
        (
            lazy_pattern(
                rf"(?<![<>=不])(?<!not )(?:(?<=\W)|(?<=^)|(?<=[\u4e00-\u9fff]))(?:{words})\s*{_NUMBER}", re.IGNORECASE
            ),
            sign,
            holds,
        )
        for words, sign, holds in _COMPARISONS
    ),
    (lazy_pattern(rf"{_NUMBER}\s*(?:或|及|和)?(?:以上|及以上)", re.IGNORECASE), "≥", ge),
    (lazy_pattern(rf"{_NUMBER}\s*(?:或|及|和)?以下", re.IGNORECASE), "≤", le),
)
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in MONTHS)
_OPEN = lazy_pattern(r"\b(?:still open|outstanding|overdue|unsettled)\b|未付|没付|欠", re.IGNORECASE)
_IN_STOCK = lazy_pattern(r"\b(?:in stock|on stock|left|pieces|pcs|units)\b|库存|剩", re.IGNORECASE)
_ON_DAY = lazy_pattern(
    r"(?P<how>\b(?:on(?: the)?|since|from|after|before|until|till|up to|for|of|at)\s+)?(?<![\d.-])"
    r"(?:(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})日?|(?P<m2>\d{1,2})月(?P<d2>\d{1,2})[日号]|"
    rf"(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<n3>{_MONTH})\b\.?|"
    rf"(?P<n4>{_MONTH})\b\.?\s+(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?)"
    r"(?![\d-])(?P<behind>\s*(?:之后|以后|起|之前|以前|那天|当天)?)",
    re.IGNORECASE,
)
_ORDERS = {
    "since": ge,
    "from": ge,
    "起": ge,
    "after": gt,
    "之后": gt,
    "以后": gt,
    "before": lt,
    "之前": lt,
    "以前": lt,
} | {
    "until": le,
    "till": le,
    "up to": le,
}
_BETWEEN = lazy_pattern(
    r"(?:\bbetween\s+(?P<low>[$€£¥]?-?\d[\d,.]*)\s*(?:and|to|-)\s*(?P<high>[$€£¥]?-?\d[\d,]*(?:\.\d+)?))(?![\d/-])",
    re.IGNORECASE,
)
_EMPTY = (
    r"\b(?:with no|has no|have no|had no|no|missing|lack(?:s|ing)?|empty|blank)\s+(?:an?\s+|any\s+|the\s+|valid\s+)*"
    r"(?<!\w){name}s?(?!\w)(?:\s+(?:filled(?: in)?|given|entered|set|recorded|at all|cells?|entry|values?))*",
    r"(?<=\w )with ?out\s+(?:an?|any)\s+(?<!\w){name}s?(?!\w)",
    r"(?<!\w){name}(?!\w)\s*(?:cells?\s+|fields?\s+|entry\s+)?(?:is|are|was|were|has been|been)?\s*"
    r"(?:empty|blank|missing|not (?:filled(?: in)?|given|entered|set|known|there)|unknown|left out|null)\b",
    r"\b(?:has|have|had|did|do|does|is|are|was)(?:n't| not)\s+(?:got\s+|have\s+|paid\s+|given\s+|"
    r"entered\s+|filled(?: in)?\s+|set\s+|submitted\s+|yet\s+|an?\s+|any\s+|the\s+)*"
    r"(?<!\w){name}(?!\w)(?:\s+(?:filled(?: in)?|given|entered|set))*",
    r"(?:没有?(?:填写?|写|登记)?|缺少?|未填写?|漏填|漏了|空着)(?:了)?的?{name}",
    r"{name}(?:一?[栏列]|格)?(?:是|为)?(?:空白?(?!气|调|间)的?|没有?填写?|没写|没有|缺失|缺|未填写?|漏填|漏了|空着)(?:的)?",
)
_JOINS = lazy_pattern(
    r"\b(?:where|whose|with|having|who|which|that|is|are|was|were|has|have|had|got|scored?|only|rows?|"
    r"if|when|did|does|do|"
    r"cost(?:s|ing)?|priced|worth|made|sold|list|show|names?|the|ones?|people|everyone|all|of|a|an|in|"
    r"for|there|this time|time|instead|now|from|entries|lines|orders?|customers?|clients?|members?|"
    r"students?|products?|items?|parts?|articles?|employees?|players?|persons?|pupils?|children|kids|boys|girls|"
    r"those|workers?|things?|hosts?|servers?|nodes?|machines?|"
    r"samples?|teams?|shops?|stores?|cities|towns?|countries|guests?|participants?|runners?|candidates?|books?|"
    r"rooms?|cars?|trips?|days?|"
    r"invoices?|bills?|receipts?|transactions?|payments?|expenses?|tickets?|projects?|tasks?|devices?|sensors?|"
    r"patients?|everything|anything|what|me|give|tell|please|left)\b|"
    r"谁|哪一?几?[个行条笔]|哪些?|有|的|人|是|多少|几|个|列出|只",
    re.IGNORECASE,
)
_NOT = lazy_pattern(
    r"\b(?:not|never|no)\b|n't|\bun(?=\w{3})|\b(?:yet to|still to|still owe\w*|owes?|missing|still "
    r"(?:has|have|needs?) to|(?:has|have|needs?) to|must|still open|outstanding|overdue)\b|没有?|未|不|"
    r"还没",
    re.IGNORECASE,
)
_IN_MONTH = lazy_pattern(
    rf"\b(?:in|for|of|during|from)\s+(?:the month of\s+)?(?P<name>{_MONTH})\b\.?(?:,?\s+(?P<year>\d{{4}}))?|"
    rf"^\s*(?:(?:and|just|only|now|but)\s+)*(?P<first>{_MONTH})\b(?!\s*\d)|(?:(?P<y>\d{{4}})年)?(?P<zh>1[0-2]|[1-9])月(?:份)?(?!\d)",
    re.IGNORECASE,
)
_PER_MONTH = lazy_pattern(
    r"\b(?:per|by|each|every) (?:the )?month\b|\bmonthly\b|\bmonth by month\b|按月(?:份)?|每个?月|各月", re.IGNORECASE
)
_DAY = lazy_pattern(
    r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})|(?P<d2>\d{1,2})\.(?P<m2>\d{1,2})\.(?P<y2>\d{4})"
)


class Condition(NamedTuple):
    """Rows whose cell in a column is one of some texts, or is none of them, or compares to an amount."""

    column: int
    title: str
    holds: Callable[[str, Fraction | None], bool]


class Filtered(NamedTuple):
    """The rows that meet a condition, what is asked of them, and the condition as it was read."""

    table: Table
    request: str
    title: str


def filtered(table: Table, request: str) -> Filtered | None:
    """None where no condition is read in the request, or more than one column may be meant."""
    if len(request) > 200 or re.search(r"\bor\b|或者", request, re.IGNORECASE):
        return None
    if re.search(r"\bbetween\b|介于|之间", request, re.IGNORECASE):
        return between(table, request)
    return (
        _by_number(table, request)
        or _by_answer(table, request)
        or without_entry(table, request)
        or _by_day(table, request)
        or _by_month(table, request)
    )


def between(table: Table, request: str) -> Filtered | None:
    """`amount between 10 and 20`, both ends included."""
    found = _BETWEEN.search(request)
    if found is None or re.search(r"\d", request[: found.start()] + request[found.end() :]):
        return None
    low, high = number_in(found["low"]), number_in(found["high"])
    column = _compared(table, request[: found.start()], request)
    if column is None or column.mixed or low is None or high is None or low > high:
        return None
    cells = zip(table.rows, column.cells, strict=True)
    rows = tuple(row for row, cell in cells if cell is not None and low <= cell <= high)
    rest = f"{request[: found.start()]} {request[found.end() :]}"
    return Filtered(table._replace(rows=rows), rest, f"{found['low']} ≤ {column.name} ≤ {found['high']}")


def without_entry(table: Table, request: str) -> Filtered | None:
    """`which item has no price`, `rows where the phone is missing`: rows whose cell of a named column is empty."""
    for form in _EMPTY:
        for at, name in enumerate(table.header):
            found = re.search(form.format(name=re.escape(name)), request, re.IGNORECASE)
            if found:
                rows = tuple(row for row in table.rows if row[at].strip().lower() in MISSING)
                rest = f"{request[: found.start()]} {request[found.end() :]}"
                return Filtered(table._replace(rows=rows), rest, f"{name} = (empty)")
    return None


def kept_rows(table: Table, conditions: Sequence[Condition]) -> tuple[Table, list[Column]]:
    """The rows that meet the conditions, and the columns of numbers with these rows only."""
    numeric = {table.header.index(one.name): one for one in numeric_columns(table)}
    kept = [
        at
        for at, row in enumerate(table.rows)
        if all(
            one.holds(row[one.column].strip().lower(), numeric[one.column].cells[at] if one.column in numeric else None)
            for one in conditions
        )
    ]
    gone = len(kept) < len(table.rows)
    columns = [
        one._replace(cells=tuple(one.cells[at] for at in kept), skipped=0) if gone else one for one in numeric.values()
    ]
    return table._replace(rows=tuple(table.rows[at] for at in kept)), columns


def on_days(table: Table, request: str) -> tuple[str, Condition] | None:
    """The request without the days or months that it names, and those as a condition of their column."""
    found = _in_months(table, request) or _by_day(table, request) or _by_month(table, request)
    at = _day_column(table)
    if found is None or at is None:
        return None
    kept = {row[at].strip().lower() for row in found.table.rows}

    def holds(cell: str, _number: Fraction | None) -> bool:
        return cell in kept

    return found.request, Condition(at, found.title, holds)


def _in_months(table: Table, request: str) -> Filtered | None:
    """`april and may together`: the rows of several months, each named without a day."""
    names = re.findall(rf"(?<!\d )\b({_MONTH})\b(?!\s*\d)", request, re.IGNORECASE)
    found = [_by_month(table, f"in {name}") for name in names] if len(names) > 1 else []
    rows = {row for one in found if one for row in one.table.rows}
    if not found or None in found:
        return None
    rest = re.sub(rf"\b(?:{_MONTH})\b", " ", request, flags=re.IGNORECASE)
    title = ", ".join(one.title for one in found if one)
    return Filtered(table._replace(rows=tuple(row for row in table.rows if row in rows)), rest, title)


def by_month(table: Table, request: str) -> tuple[Table, str] | None:
    """The table with a column `month`, and the request by it, where `per month` is asked and only days are given."""
    at = _day_column(table) if _PER_MONTH.search(request) else None
    if at is None or any(re.fullmatch(r"months?|月份?", name, re.IGNORECASE) for name in table.header):
        return None
    rows = tuple((*row, _month_of(row[at])) for row in table.rows)
    months = Table((*table.header, "month"), rows, table.around)
    return months, _PER_MONTH.sub(" by month ", request)


def _by_number(table: Table, request: str) -> Filtered | None:
    found = [(match, sign, holds) for form, sign, holds in _CONDITION for match in form.finditer(request)]
    if len(found) != 1:
        return None
    match, sign, holds = found[0]
    number = number_in(match["number"])
    inside, behind = _inside(table, request[match.end() :])
    column = inside or _behind(table, behind) or _compared(table, request[: match.start()], request)
    if column is None or number is None or column.mixed:
        return None
    rows = tuple(
        row for row, cell in zip(table.rows, column.cells, strict=True) if cell is not None and holds(cell, number)
    )
    rest = f"{request[: match.start()]} {behind}"
    return Filtered(table._replace(rows=rows), rest, f"{column.name} {sign} {match['number']}")


def _inside(table: Table, behind: str) -> tuple[Column | None, str]:
    """`at least 70 in maths`, which says nothing else of that column; and what stands behind it."""
    for column in numeric_columns(table):
        if found := re.match(rf"\s*(?:in|for)\s+(?:the\s+)?{re.escape(column.name)}(?!\w)", behind, re.IGNORECASE):
            return column, behind[found.end() :]
    return None, behind


def _behind(table: Table, behind: str) -> Column | None:
    """`more than 100 units`: the column named right behind the number."""
    for column in numeric_columns(table):
        if re.match(rf"\s*{re.escape(column.name)}(?!\w)", behind, re.IGNORECASE):
            return column
    return None


def _compared(table: Table, before: str, request: str) -> Column | None:
    """The column named last in front of the comparison, or the only one that is named, or that there is."""
    numeric = numeric_columns(table)
    ends = [
        (re.search(rf"(?<!\w){re.escape(column.name)}(?:e?s)?(?:\W+\w+)?\W*$", before, re.I), column)
        for column in numeric
    ]
    beside = [column for found, column in ends if found]
    named = [column for column in numeric if without_names(request, [column.name]) != request]
    chosen = beside or named or _meant(numeric, request) or numeric
    return chosen[0] if len(chosen) == 1 else None


def _meant(numeric: list[Column], request: str) -> list[Column]:
    """What costs more than 5 is compared by its price, what is sold more than 5 times by its number."""
    for said, names in ((PRICED, PRICES), (_IN_STOCK, COUNTS)):
        if said.search(request):
            return [column for column in numeric if names.search(column.name)]
    return []


def _by_answer(table: Table, request: str) -> Filtered | None:
    """`who has not paid`, where a column says yes or no and is named."""
    answers = [(at, name) for at, name in enumerate(table.header) if says_yes_or_no(table, at)]
    named = [(at, name) for at, name in answers if _is_named(name, request)]
    named = [one for one in named if not re.search(rf"{re.escape(one[1])}\s+(?:of|for)\b", request, re.IGNORECASE)]
    if not named and _OPEN.search(request):
        named = [
            (at, name) for at, name in answers if name.lower() in ("paid", "payed", "settled", "已付", "已缴", "付款")
        ]
    if len(named) != 1:
        return None
    at, name = named[0]
    wanted = NO if _NOT.search(request) else YES
    rows = tuple(row for row in table.rows if row[at].lower() in wanted)
    said = rows[0][at] if rows else "-"
    rest = re.sub(rf"\b(?:un)?{re.escape(_stem(name))}\w*", " ", _NOT.sub(" ", request), flags=re.IGNORECASE)
    return Filtered(table._replace(rows=rows), rest.replace(name, " "), f"{name} = {said or '(empty)'}")


def says_yes_or_no(table: Table, at: int) -> bool:
    said = {row[at].lower() for row in table.rows}
    return at > 0 and len(said) == 2 and bool(said & YES) and bool(said & NO)


def _is_named(name: str, request: str) -> bool:
    return re.search(rf"(?<![a-z])(?:un)?{re.escape(_stem(name))}", request, re.IGNORECASE) is not None


def _stem(name: str) -> str:
    """`paid` is asked for by `pay`, too."""
    return (
        "pa"
        if name.lower() in ("paid", "payed")
        else re.sub(r"(?:ed|d)$", "", name)
        if name.isascii() and len(name) > 4
        else name
    )


def _by_day(table: Table, request: str) -> Filtered | None:
    """`on 3 May`, `since 2026-05-03`, where one column holds days and nothing else."""
    found, at = list(_ON_DAY.finditer(request)), _day_column(table)
    if len(found) != 1 or at is None:
        return None
    said = found[0]
    name = (said["n3"] or said["n4"] or "").lower()[:3]
    month = 1 + [one[:3] for one in MONTHS].index(name) if name else int(said["m"] or said["m2"])
    day = int(said["d"] or said["d2"] or said["d3"] or said["d4"])
    years = {_month_of(row[at])[:4] for row in table.rows}
    if not said["y"] and len(years) != 1:
        return None
    year = said["y"] or years.pop()
    wanted = str(day_of(int(year), month, day))
    way = (said["how"] or said["behind"] or "").strip().lower()
    holds = _ORDERS.get(way, eq)
    rows = tuple(row for row in table.rows if holds(_written_day(row[at]), wanted))
    rest = f"{request[: said.start()]} {request[said.end() :]}"
    sign = {ge: "≥", gt: ">", lt: "<", le: "≤"}.get(holds, "=")
    return Filtered(table._replace(rows=rows), rest, f"{table.header[at]} {sign} {wanted}")


def _by_month(table: Table, request: str) -> Filtered | None:
    found, at = _IN_MONTH.search(request), _day_column(table)
    if found is None or at is None:
        return None
    said = (found["name"] or found["first"] or "").lower()
    if any(cell.strip().lower() == said for row in table.rows for cell in row if said):
        return None
    name = said[:3]
    month = 1 + [one[:3] for one in MONTHS].index(name) if name else int(found["zh"])
    year = found["year"] or found["y"]
    months = {_month_of(row[at]) for row in table.rows}
    wanted = {one for one in months if int(one[5:]) == month and (year is None or one[:4] == year)}
    if len(wanted) > 1:
        return None
    rows = tuple(row for row in table.rows if _month_of(row[at]) in wanted)
    title = f"{table.header[at]} = {next(iter(wanted), MONTHS[month - 1].title())}"
    return Filtered(table._replace(rows=rows), request[: found.start()] + " " + request[found.end() :], title)


def _day_column(table: Table) -> int | None:
    """The only column that holds days and nothing else."""
    days = [at for at in range(len(table.header)) if all(_DAY.fullmatch(row[at].strip()) for row in table.rows)]
    return days[0] if len(days) == 1 else None


def _month_of(cell: str) -> str:
    found = _DAY.fullmatch(cell.strip())
    return f"{found['y'] or found['y2']}-{int(found['m'] or found['m2']):02}" if found else ""


def _written_day(cell: str) -> str:
    """Year, month and day in this order, so that days compare as texts."""
    found = _DAY.fullmatch(cell.strip())
    return f"{_month_of(cell)}-{int(found['d'] or found['d2']):02}" if found else ""


def without_joins(request: str) -> str:
    """`request` without the words that only lead to a condition or a list."""
    return _JOINS.sub(" ", request)
