"""What a request asks of a table: its rows picked, ordered, counted, or figures of its columns."""

import re
from collections.abc import Sequence

from .contract import Answer, Refusal
from .csv_aliases import in_its_words, with_zeros, without_gaps
from .csv_columns import picked_columns
from .csv_conditions import Filtered, by_month, filtered, without_joins
from .csv_counts import count_of_a_kind, counted_by, counted_name, row_count, row_list
from .csv_figures import MEASURES, Measure, by_group, overview, per_column
from .csv_groups import GROUP, begins_with, group_column
from .csv_names import about_names
from .csv_products import put_together, spread
from .csv_ranking import ranked
from .csv_read import answer_of, picks_or_counts
from .csv_rows import Picked, picked_rows
from .csv_scope import UNCLEAR, refuse_by_row, refuse_other_rows, refuse_second_group, refuse_unclear, without_names
from .patterns import lazy_pattern
from .table import MISSING, Column, Table, numeric_columns
from .table_answers import answer_to
from .wording import asks_how_many

COUNT = lazy_pattern(
    r"\bhow many (?=per\b|by\b|(?:are |were )?(?:there )?(?:in |for )?(?:each|every)\b)|\bhow often\b|"
    r"\bhow many times\b|多少[笔项次]|几[笔项次]|"
    r"\bhow many (?:data )?(?:rows|records|lines|entries)\b|\bcount\b|\brow count\b|\bnumber of (?:rows|records|"
    r"lines)\b|多少行|几行|行数|多少条|几条|记录数",
    re.I,
)
_ALSO = lazy_pattern(
    r"^\s*(?:and|with|where|,)+\s|\s(?:and|with|where|,|且|并且)+\s*(?=[\s?.!:]*$)|\s+and\s+(?=\S)|并且?|且",
    re.IGNORECASE,
)
_HOW_MUCH = lazy_pattern(r"\bhow much(?: money)?(?: is| are| was)?\b|多少钱", re.IGNORECASE)
_SOME_AMOUNT = lazy_pattern(
    r"\b(?:costs?|expenses?|spend(?:ing)?|spent|purchases?|payments?|paid|earned|earnings|income)\b|支出|花费|开支|消费|花了|收入",
    re.IGNORECASE,
)
_NAMED_COLUMN = lazy_pattern(
    r"\b(?:total|sum|average|mean|min|max|minimum|maximum|median) (?:of|for) (?:the )?(?:column )?[\"'`]?(\w+)",
    re.IGNORECASE,
)
_GENERAL = lazy_pattern(
    r"all|each|every|both|this|that|these|those|it|them|columns?|csv|table|numbers?|values?|numeric|following|rows?|"
    r"data|"
    r"file|everything|whole|entire|given|my|amounts?|figures?|any|spreadsheet|above|last|previous",
    re.IGNORECASE,
)
_HOW_MANY = lazy_pattern(r"\bhow many\b|[几多]少?[个支本件张位名笔次]", re.IGNORECASE)
_AMOUNTS = lazy_pattern(r"price|cost|amount|spent|paid|revenue|sales$|total|价|金额|费|款", re.IGNORECASE)
_ASKS_AMOUNT = lazy_pattern(
    r"\b(?:only|just|how (?:many|much)|do|did|does|have|has|there|left|sell|sold|place|placed|order|ordered|buy|"
    r"bought|about|was|is|were|and|for|on|the)"
    r"\b|花了?|钱|呢|只|多少|几个?|还?有|剩",
    re.I,
)
_COUNTED_THINGS = lazy_pattern(
    r"\bhow many (?!not\b|other\b)[a-z]+(?= (?:per|by|in|for|are|does|do|did|has|have|each)\b)|"
    r"[几多]少?[个名位]?(?:人|学生|员工)",
    re.IGNORECASE,
)
_AVERAGE_PER = lazy_pattern(r"(平均)每[个月天日人周年笔单条次件项行]")
_PLACES = {str(n): n - 1 for n in range(1, 10)} | {
    word: n for words in ("一二三四五", ("first", "second", "third", "fourth", "fifth")) for n, word in enumerate(words)
}
_PLACED = lazy_pattern(
    r"\bcolumn (?:no\.? |number )?([1-9])\b|\b(first|second|third|fourth|fifth) column\b|第([1-9一二三四五])列",
    re.IGNORECASE,
)


def answered(table: Table, request: str, chinese: bool, total: bool = False, requirement: str = "") -> Answer:
    """`total`: the request is a short one about an earlier table, in which a total may go without saying."""
    try:
        if (answer := answer_to(table, request, chinese, requirement)) is not None:
            return answer
    except Refusal as refusal:
        try:
            return _answered(table, request, chinese, total)
        except Refusal as other:
            raise refusal if other.english.startswith(UNCLEAR) else other from None
    return _answered(table, request, chinese, total)


def _answered(table: Table, request: str, chinese: bool, total: bool) -> Answer:
    table, request = with_zeros(table, request)
    plain = without_gaps(table, request)
    whole = answer_of(table, plain, chinese)
    if whole is None and (named := in_its_words(table, plain)) != plain:
        plain, whole = named, answer_of(table, named, chinese)
    if whole is not None and picks_or_counts(table, plain):
        return whole
    try:
        return _by_parts(table, request, chinese, total)
    except Refusal:
        if whole is None:
            raise
        return whole


def _by_parts(table: Table, request: str, chinese: bool, total: bool) -> Answer:
    """The answer by the parts of a request that are known."""
    request = _AVERAGE_PER.sub(r"\1", in_its_words(table, _by_place(table, request)))
    if (months := by_month(table, request)) is not None:
        table, request = months
    if (found := filtered(table, request)) is not None:
        return of_filtered(found, chinese)
    if (apart := spread(table, request, chinese)) is not None:
        return apart
    if (together := put_together(table, request, chinese)) is not None:
        return together
    measured = any(measure.asked.search(_without_names(request, table.header)) for measure in MEASURES)
    columns = None if measured else picked_columns(table, request, chinese)
    if answer := columns or ranked(table, request, chinese) or about_names(table, request, chinese):
        return answer
    picked = picked_rows(table, request)
    if picked is not None and unmeasured(picked.cell).strip():
        return _of_rows(picked, chinese)
    return _figures_of(table, request, chinese, total)


def _by_place(table: Table, request: str) -> str:
    """`request` with `column 2` or `第二列` by its name."""

    def name(found: "re.Match[str]") -> str:
        at = _PLACES.get((found[1] or found[2] or found[3]).lower(), -1)
        return f"{table.header[at]} column" if 0 <= at < len(table.header) else found.group()

    return _PLACED.sub(name, request)


def _figures_of(table: Table, request: str, chinese: bool, total: bool) -> Answer:
    besides = COUNT.sub(" ", unmeasured(without_names(request, table.header)))
    refuse_by_row(without_names(request, table.header))
    refuse_other_rows(table, besides)
    _refuse_unknown_column(table, request)
    if (named := counted_name(table, request)) is not None:
        return count_of_a_kind(table, named, chinese)
    measures = [measure for measure in MEASURES if measure.asked.search(_without_names(request, table.header))]
    counting = _HOW_MANY.search(request) and not any(
        mentioned(column.name, request) for column in numeric_columns(table)
    )
    if not measures and (COUNT.search(request) or asks_how_many(request) or (counting and GROUP.search(request))):
        group = group_column(table, request)
        refuse_unclear(_COUNTED_THINGS.sub(" ", besides) if group is not None else besides, table)
        return row_count(table, chinese) if group is None else counted_by(table, group, chinese)
    numeric = _with_numbers(table, request)
    group = group_column(table, request)
    unnamed = without_names(request, [column.name for column in numeric])
    refuse_unclear(besides if measures or group is not None or total else unnamed, table)
    named = any(mentioned(column.name, request) for column in numeric)
    if len(numeric) > 1 and not named and (what := _SOME_AMOUNT.search(without_names(request, table.header))):
        raise _which_column(what.group(), numeric)
    measures = measures or [MEASURES[0]]
    chosen = _chosen(table, request, group, numeric)
    if group is None and not re.search(r"\w", request):
        return overview(table, chosen, chinese)
    if group is not None:
        return _by_group(table, group, chosen, measures, chinese)
    return per_column(table, chosen, measures, chinese)


def _which_column(what: str, numeric: list[Column]) -> Refusal:
    names = ", ".join(column.name for column in numeric)
    return Refusal(f"Which column do you mean by '{what}': {names}?", f"“{what}”指的是哪一列：{names}？")


def _by_group(table: Table, group: int, chosen: list[Column], measures: list[Measure], chinese: bool) -> Answer:
    """By name; where every name stands once, as days do, also over all."""
    answer = by_group(table, group, chosen, measures, chinese)
    if len({row[group] for row in table.rows}) < len(table.rows):
        return answer
    return answer._replace(text=f"{per_column(table, chosen, measures, chinese).text}\n{answer.text}")


def _with_numbers(table: Table, request: str) -> list[Column]:
    numeric = numeric_columns(table)
    if not numeric:
        raise Refusal(
            "No column of this CSV holds numbers, so there is nothing to total.", "这个 CSV 没有数字列，无法合计。"
        )
    _refuse_column_without_numbers(table, request, numeric)
    return numeric


def _chosen(table: Table, request: str, group: int | None, numeric: list[Column]) -> list[Column]:
    """The columns that are named, else all of numbers; the one to group by is none of them."""
    left = [column for column in numeric if table.header.index(column.name) != group]
    if group is not None:
        refuse_second_group(table, request, {table.header[group], *(column.name for column in numeric)})
    if group is not None and not left:
        name = table.header[group]
        raise Refusal(
            f"There is nothing to total by '{name}': no other column holds numbers.",
            f"无法按“{name}”分组统计：没有其他数字列。",
        )
    chosen = [column for column in left if mentioned(column.name, request)] or left
    _refuse_mixed(chosen)
    return chosen


def _of_rows(picked: Picked, chinese: bool) -> Answer:
    """The figures of the rows that are named; for a name that occurs once, the row itself says it."""
    names = [column.name for column in numeric_columns(picked.table)]
    if _HOW_MANY.search(picked.request) and all(_AMOUNTS.search(name) for name in names):
        refuse_other_rows(picked.table, COUNT.sub(" ", picked.request))
        said = without_names(_HOW_MANY.sub(" ", COUNT.sub(" ", picked.request)), picked.table.header)
        refuse_unclear(_ASKS_AMOUNT.sub(" ", said), picked.table)
        return headed(picked, row_count(picked.table, chinese), chinese)
    said = _ASKS_AMOUNT.sub(" ", picked.request) if names and not COUNT.search(picked.request) else picked.request
    if any(measure.asked.search(said) for measure in MEASURES) or COUNT.search(said):
        return headed(picked, answered(picked.table, said, chinese, total=True), chinese)
    answer = (
        answered(picked.table, without_joins(said), chinese, total=True) if names else row_count(picked.table, chinese)
    )
    if not names:
        refuse_unclear(without_names(without_joins(said), picked.table.header), picked.table)
    rows = row_list(picked.table, chinese).text.partition("\n")[2]
    return headed(picked, answer._replace(text=f"{answer.text}\n{rows}"), chinese)


def of_filtered(found: Filtered, chinese: bool) -> Answer:
    """Figures or the number of the rows that meet a condition, else the rows themselves."""
    table, said = found.table, _ALSO.sub(" ", found.request)
    if (inner := filtered(table, said)) is not None and inner.request != said:
        return of_filtered(inner._replace(title=f"{found.title}, {inner.title}"), chinese)
    if (picked := picked_rows(table, said)) is not None and unmeasured(picked.cell).strip():
        return of_filtered(
            Filtered(picked.table, picked.request, f"{found.title}, {picked.column} = {picked.cell}"), chinese
        )
    _refuse_emptied(table, said)
    figures_named = any(mentioned(column.name, said) for column in numeric_columns(table))
    if figures_named and len(table.rows) > 1 and re.search(r"\bhow (?:many|much)\b|多少", said, re.IGNORECASE):
        said = f"{_HOW_MANY.sub(' ', said)} total"
    if _HOW_MUCH.search(said) and numeric_columns(table):
        said = f"{_HOW_MUCH.sub(' ', said)} total"
    measured = any(measure.asked.search(said) for measure in MEASURES) or GROUP.search(said) is not None
    counted = COUNT.search(said) or _HOW_MANY.search(said)
    if not table.rows:
        answer = row_count(table, chinese)
    elif measured:
        answer = _figures_of(table, without_joins(said), chinese, total=True)
    else:
        left = without_names(without_joins(_HOW_MANY.sub(" ", COUNT.sub(" ", said))), table.header)
        refuse_unclear(left, table)
        answer = row_list(table, chinese)
        answer = answer._replace(text=answer.text.partition("\n")[0].rstrip(":：")) if counted else answer
    return answer._replace(text=f"{found.title}:\n{answer.text}", tool_input={**answer.tool_input, "rows": found.title})


def _refuse_emptied(table: Table, said: str) -> None:
    """Raises Refusal where a column is named of which the rows that were picked have nothing."""
    for at, name in enumerate(table.header):
        if table.rows and mentioned(name, said) and all(row[at].strip().lower() in MISSING for row in table.rows):
            raise Refusal(f"'{name}' is empty in these rows.", f"这些行的“{name}”是空的。")


def headed(picked: Picked, answer: Answer, chinese: bool) -> Answer:
    head = f"{picked.column} 为 {picked.cell}：" if chinese else f"{picked.column} = {picked.cell}:"
    return answer._replace(text=f"{head}\n{answer.text}", tool_input={**answer.tool_input, picked.column: picked.cell})


def _refuse_mixed(columns: list[Column]) -> None:
    for column in columns:
        if column.mixed:
            raise Refusal(
                f"The column '{column.name}' mixes currencies, or percentages with numbers: that has no total.",
                f"“{column.name}”这一列混有不同的货币或百分比，不能合计。",
            )


def unmeasured(request: str) -> str:
    """A cell that says `Total` is no row to pick."""
    for measure in MEASURES:
        request = measure.asked.sub(" ", request)
    return request


def _refuse_unknown_column(table: Table, request: str) -> None:
    found = _NAMED_COLUMN.search(request)
    if found is None or _GENERAL.fullmatch(found[1]) or mentioned(found[1], " ".join(table.header)):
        return
    if any(mentioned(name, request) for name in table.header):
        return
    names = ", ".join(table.header[:20])
    raise Refusal(
        f"There is no column '{found[1]}'. The columns are: {names}.", f"没有“{found[1]}”这一列。各列是：{names}。"
    )


def _refuse_column_without_numbers(table: Table, request: str, numeric: list[Column]) -> None:
    found = _NAMED_COLUMN.search(request)
    if found is None or any(mentioned(column.name, request) for column in numeric):
        return
    named = next((name for name in table.header if begins_with(found[1], name)), None)
    if named is not None:
        raise Refusal(f"The column '{named}' holds no numbers.", f"“{named}”这一列没有数字。")


def _without_names(request: str, header: Sequence[str]) -> str:
    """A column called `total` or `max` is no request for one; the request keeps its own words."""
    words = request
    for name in header:
        quoted = re.escape(name)
        words = re.sub(rf"\b(of|for) (?:the )?{quoted}\b|[\"'`]{quoted}[\"'`]", r"\1 ", words, flags=re.IGNORECASE)
    return words


def mentioned(name: str, request: str) -> bool:
    if re.search(r"[^\x00-\x7f]", name):
        return name in request
    spelled = re.escape(name).replace("_", "[_ ]")
    return re.search(rf"(?<![A-Za-z0-9_]){spelled}(?:e?s)?(?![A-Za-z0-9_])", request, re.IGNORECASE) is not None
