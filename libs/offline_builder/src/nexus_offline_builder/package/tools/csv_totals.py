"""Totals, averages, extremes and counts of the columns of a CSV table, also by group."""

import re
from collections.abc import Sequence
from functools import partial

from .contract import CERTAIN, LIKELY, POSSIBLE, Answer, Question, Refusal, Task, Tool
from .csv_columns import picked_columns
from .csv_conditions import Filtered, by_month, filtered, without_joins
from .csv_counts import count_of_a_kind, counted_by, counted_name, row_count, row_list
from .csv_defaults import in_full
from .csv_figures import MEASURES, Measure, by_answer, by_group, overview, per_column
from .csv_groups import GROUP, begins_with, group_column
from .csv_names import about_names
from .csv_ranking import asks_order, first_row, order_of, ranked
from .csv_rows import Picked, picked_rows
from .csv_scope import (
    refuse_by_row,
    refuse_other_rows,
    refuse_second_group,
    refuse_unclear,
    says_something,
    without_names,
)
from .number_lists import about_a_list
from .patterns import lazy_pattern
from .table import Column, Table, numeric_columns, table_in
from .wording import asks_how_many

_COUNT = lazy_pattern(
    r"\bhow many (?=per\b|by\b|(?:are |were )?(?:there )?(?:in |for )?(?:each|every)\b)|多少[笔项]|几[笔项]|"
    r"\bhow many (?:data )?(?:rows|records|lines|entries)\b|\bcount\b|\brow count\b|\bnumber of (?:rows|records|"
    r"lines)\b|多少行|几行|行数|多少条|几条|记录数",
    re.I,
)
_TABLE_WORDS = lazy_pattern(
    r"\bcsv\b|\btsv\b|\bcolumns?\b|\brows?\b|\btable\b|\bspreadsheet\b|列|行|表|字段", re.IGNORECASE
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
_OTHER_FORM = lazy_pattern(
    r"字数|词数|词频|字符|单词|句子|"
    r"\b(?:to|as|into|in)\s+json\b|转(?:换)?[成为]?\s*json|\bwords?\b|\bcharacters?\b|\bsentences?\b",
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
_AVERAGE_PER = lazy_pattern(r"(平均)每[个月天日人周年]")
_PLACES = {str(n): n - 1 for n in range(1, 10)} | {
    word: n for words in ("一二三四五", ("first", "second", "third", "fourth", "fifth")) for n, word in enumerate(words)
}
_PLACED = lazy_pattern(
    r"\bcolumn (?:no\.? |number )?([1-9])\b|\b(first|second|third|fourth|fifth) column\b|第([1-9一二三四五])列",
    re.IGNORECASE,
)
_AND_THE = lazy_pattern(
    r"\b(?:and|the|what|about|how|is|are|now|then|so|ok|what's|show|me)\b|那|呢|是|的|多少", re.IGNORECASE
)
_IN_ALL = lazy_pattern(r"\b(?:all|altogether|overall|total|sum)\b|总|合计|一共", re.IGNORECASE)
_LEADS_ON = lazy_pattern(
    r"^\s*(?:(?:and|so|ok|okay|now|then|what about|how about|那么?)[\s,]*)+(?![a-z])", re.IGNORECASE
)
_LONGEST_FOLLOW_UP = 300


def understand(question: Question) -> Task | None:
    table = table_in(question.text)
    if table is None:
        return _about_earlier_table(question) or (about_a_list(question) if question.alone else None)
    asks = any(measure.asked.search(table.around) for measure in MEASURES) or _COUNT.search(table.around)
    if _OTHER_FORM.search(table.around):
        confidence = POSSIBLE
    elif asks or _TABLE_WORDS.search(table.around):
        confidence = CERTAIN
    elif not numeric_columns(table):
        confidence = POSSIBLE
    else:
        confidence = CERTAIN if "统计" in table.around or GROUP.search(table.around) else LIKELY
    return Task(confidence, lambda: _answer(table, table.around, question.chinese))


def _about_earlier_table(question: Question) -> Task | None:
    """`and the average?` is about the table of an earlier turn."""
    words = _LEADS_ON.sub("", question.text)
    if len(words) > _LONGEST_FOLLOW_UP or _OTHER_FORM.search(words):
        return None
    table = next((found for text in question.earlier if (found := table_in(text))), None)
    before = _around(question.earlier)
    if asks_how_many(words) and question.earlier and table_in(question.earlier[0]) and table is not None:
        counted = table._replace(around=before)
        return Task(LIKELY, lambda: _counted(counted, question.chinese))
    if table is not None and (columns := picked_columns(table, words, question.chinese, before)):
        return Task(LIKELY, lambda: columns)
    if table is not None and (first := first_row(table, words, _around(question.earlier), question.chinese)):
        return Task(LIKELY, lambda: first)
    asks = _asks_of(table, words)
    grouped = GROUP.search(words) if not re.search(r"\d", words) else None
    if not (asks or grouped) or re.search(r"\d\s*(?:,|、|and|和)\s*\d", words):
        return None
    if table is not None:
        if grouped and not _asks_figure(words):
            words = f"{order_of(before)} {words}"
        words = _with_group(table, _with_measure(words, question.earlier), question.earlier)
        names_column = any(_mentioned(name, words) for name in table.header)
        asks_only = not re.search(r"\d", words)
        confidence = LIKELY if names_column or asks_only else POSSIBLE
        return Task(confidence, lambda: _answer(table, words, question.chinese, total=True))
    if not _TABLE_WORDS.search(words):
        return None
    return Task(LIKELY, _refuse_without_table)


def _asks_of(table: Table | None, words: str) -> bool:
    """Whether `words` name a figure or an order; in short ones a row, a condition or a column of `table` is enough."""
    if _asks_figure(words):
        return True
    if table is None:
        return False
    short = len(words) <= 60 and (
        picked_rows(table, words) is not None or any(_mentioned(name, words) for name in table.header)
    )
    return short or filtered(table, words) is not None


def _asks_figure(words: str) -> bool:
    return any(one.asked.search(words) for one in MEASURES) or bool(_COUNT.search(words)) or asks_order(words)


def _with_group(table: Table, words: str, earlier: Sequence[str]) -> str:
    """`and the average?` after `total per customer` is by customer, too."""
    before = _around(earlier)
    group = GROUP.search(before) if _only_measures(words) and not asks_order(before) else None
    return f"{words} {group.group()}" if group and table_in(earlier[0]) == table._replace(around=before) else words


def _only_measures(words: str) -> bool:
    """Whether `words` name a figure and nothing else, as `overall` would."""
    return not re.search(r"[^\W_]", _AND_THE.sub(" ", _unmeasured(words))) and not _IN_ALL.search(words)


def _counted(table: Table, chinese: bool) -> Answer:
    """How many rows, of those that the turn before picked."""
    if (found := filtered(table, table.around)) is not None:
        return _of_filtered(found._replace(request="count"), chinese)
    if (picked := picked_rows(table, table.around)) is not None and says_something(picked.cell):
        return _headed(picked, row_count(picked.table, chinese), chinese)
    answer = row_count(table, chinese)
    return answer._replace(text="\n".join([answer.text, *by_answer(table)]))


def _around(earlier: Sequence[str]) -> str:
    """What the turn before asked of its table."""
    table = table_in(earlier[0]) if earlier else None
    return table.around if table is not None else ""


def _with_measure(words: str, earlier: Sequence[str]) -> str:
    """`and the b column?` asks for the figure that the turn before was about."""
    if _asks_figure(words):
        return words
    for text in earlier:
        table = table_in(text)
        asked = [one for one in MEASURES if one.asked.search(table.around if table else text)]
        if asked or table:
            return f"{words} {' '.join(one.english for one in asked)}"
    return words


def _refuse_without_table() -> Answer:
    raise Refusal(
        "Please put the CSV itself into your message: a line with the column names, then one line per row.",
        "请把 CSV 内容直接放在消息里：第一行是列名，之后每行一条记录。",
    )


def _answer(table: Table, request: str, chinese: bool, total: bool = False) -> Answer:
    """`total`: the request is a short one about an earlier table, in which a total may go without saying."""
    request = _AVERAGE_PER.sub(r"\1", _by_place(table, request))
    if (months := by_month(table, request)) is not None:
        table, request = months
    if (found := filtered(table, request)) is not None:
        return _of_filtered(found, chinese)
    measured = any(measure.asked.search(_without_names(request, table.header)) for measure in MEASURES)
    columns = None if measured else picked_columns(table, request, chinese)
    if answer := columns or ranked(table, request, chinese) or about_names(table, request, chinese):
        return answer
    picked = picked_rows(table, request)
    if picked is not None and _unmeasured(picked.cell).strip():
        return _of_rows(picked, chinese)
    return _figures_of(table, request, chinese, total)


def _by_place(table: Table, request: str) -> str:
    """`request` with `column 2` or `第二列` by its name."""

    def name(found: "re.Match[str]") -> str:
        at = _PLACES.get((found[1] or found[2] or found[3]).lower(), -1)
        return f"{table.header[at]} column" if 0 <= at < len(table.header) else found.group()

    return _PLACED.sub(name, request)


def _figures_of(table: Table, request: str, chinese: bool, total: bool) -> Answer:
    besides = _COUNT.sub(" ", _unmeasured(without_names(request, table.header)))
    refuse_by_row(without_names(request, table.header))
    refuse_other_rows(table, besides)
    _refuse_unknown_column(table, request)
    if (named := counted_name(table, request)) is not None:
        return count_of_a_kind(table, named, chinese)
    measures = [measure for measure in MEASURES if measure.asked.search(_without_names(request, table.header))]
    counting = _HOW_MANY.search(request) and not any(
        _mentioned(column.name, request) for column in numeric_columns(table)
    )
    if not measures and (_COUNT.search(request) or asks_how_many(request) or (counting and GROUP.search(request))):
        group = group_column(table, request)
        refuse_unclear(_COUNTED_THINGS.sub(" ", besides) if group is not None else besides, table)
        return row_count(table, chinese) if group is None else counted_by(table, group, chinese)
    numeric = _with_numbers(table, request)
    group = group_column(table, request)
    unnamed = without_names(request, [column.name for column in numeric])
    refuse_unclear(besides if measures or group is not None or total else unnamed, table)
    measures = measures or [MEASURES[0]]
    chosen = _chosen(table, request, group, numeric)
    if group is None and not re.search(r"\w", request):
        return overview(table, chosen, chinese)
    if group is not None:
        return _by_group(table, group, chosen, measures, chinese)
    return per_column(table, chosen, measures, chinese)


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
    chosen = [column for column in left if _mentioned(column.name, request)] or left
    _refuse_mixed(chosen)
    return chosen


def _of_rows(picked: Picked, chinese: bool) -> Answer:
    """The figures of the rows that are named; for a name that occurs once, the row itself says it."""
    names = [column.name for column in numeric_columns(picked.table)]
    if _HOW_MANY.search(picked.request) and all(_AMOUNTS.search(name) for name in names):
        refuse_other_rows(picked.table, _COUNT.sub(" ", picked.request))
        said = without_names(_HOW_MANY.sub(" ", _COUNT.sub(" ", picked.request)), picked.table.header)
        refuse_unclear(_ASKS_AMOUNT.sub(" ", said), picked.table)
        return _headed(picked, row_count(picked.table, chinese), chinese)
    said = _ASKS_AMOUNT.sub(" ", picked.request) if names and not _COUNT.search(picked.request) else picked.request
    if any(measure.asked.search(said) for measure in MEASURES) or _COUNT.search(said):
        return _headed(picked, _answer(picked.table, said, chinese, total=True), chinese)
    answer = (
        _answer(picked.table, without_joins(said), chinese, total=True) if names else row_count(picked.table, chinese)
    )
    if not names:
        refuse_unclear(without_names(without_joins(said), picked.table.header), picked.table)
    rows = row_list(picked.table, chinese).text.partition("\n")[2]
    return _headed(picked, answer._replace(text=f"{answer.text}\n{rows}"), chinese)


def _of_filtered(found: Filtered, chinese: bool) -> Answer:
    """Figures or the number of the rows that meet a condition, else the rows themselves."""
    table, said = found.table, found.request
    measured = any(measure.asked.search(said) for measure in MEASURES) or GROUP.search(said) is not None
    counted = _COUNT.search(said) or _HOW_MANY.search(said)
    if not table.rows:
        answer = row_count(table, chinese)
    elif measured:
        answer = _figures_of(table, without_joins(said), chinese, total=True)
    else:
        left = without_names(without_joins(_HOW_MANY.sub(" ", _COUNT.sub(" ", said))), table.header)
        refuse_unclear(left, table)
        answer = row_list(table, chinese)
        answer = answer._replace(text=answer.text.partition("\n")[0].rstrip(":：")) if counted else answer
    return answer._replace(text=f"{found.title}:\n{answer.text}", tool_input={**answer.tool_input, "rows": found.title})


def _headed(picked: Picked, answer: Answer, chinese: bool) -> Answer:
    head = f"{picked.column} 为 {picked.cell}：" if chinese else f"{picked.column} = {picked.cell}:"
    return answer._replace(text=f"{head}\n{answer.text}", tool_input={**answer.tool_input, picked.column: picked.cell})


def _refuse_mixed(columns: list[Column]) -> None:
    for column in columns:
        if column.mixed:
            raise Refusal(
                f"The column '{column.name}' mixes currencies, or percentages with numbers: that has no total.",
                f"“{column.name}”这一列混有不同的货币或百分比，不能合计。",
            )


def _unmeasured(request: str) -> str:
    """A cell that says `Total` is no row to pick."""
    for measure in MEASURES:
        request = measure.asked.sub(" ", request)
    return request


def _refuse_unknown_column(table: Table, request: str) -> None:
    found = _NAMED_COLUMN.search(request)
    if found is None or _GENERAL.fullmatch(found[1]) or _mentioned(found[1], " ".join(table.header)):
        return
    if any(_mentioned(name, request) for name in table.header):
        return
    names = ", ".join(table.header[:20])
    raise Refusal(
        f"There is no column '{found[1]}'. The columns are: {names}.", f"没有“{found[1]}”这一列。各列是：{names}。"
    )


def _refuse_column_without_numbers(table: Table, request: str, numeric: list[Column]) -> None:
    found = _NAMED_COLUMN.search(request)
    if found is None or any(_mentioned(column.name, request) for column in numeric):
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


def _mentioned(name: str, request: str) -> bool:
    if re.search(r"[^\x00-\x7f]", name):
        return name in request
    spelled = re.escape(name).replace("_", "[_ ]")
    return re.search(rf"(?<![A-Za-z0-9_]){spelled}(?:e?s)?(?![A-Za-z0-9_])", request, re.IGNORECASE) is not None


TOOL = Tool(
    name="csv_totals",
    ability="total the columns of a CSV (also averages, minimum, maximum, median, row count, totals by group)",
    ability_chinese="合计 CSV 的各列（也能求平均值、最小值、最大值、中位数、行数和分组合计）",
    example="Total the columns of this CSV:\nitem,price\npen,1.50\nbook,12",
    example_chinese="总计每一列：\n商品,价格\n笔,1.5\n书,12",
    understand=understand,
    in_full=partial(in_full, answer=_answer),
)
