"""Totals, averages, extremes and counts of the columns of a CSV table, also by group."""

from functools import partial

from .contract import CERTAIN, LIKELY, POSSIBLE, Question, Task, Tool
from .csv_answers import COUNT, answered
from .csv_defaults import in_full
from .csv_figures import MEASURES
from .csv_followed import OTHER_FORM, TABLE_WORDS, about_earlier_table
from .csv_groups import GROUP
from .number_lists import about_a_list, named_amounts
from .table import numeric_columns, table_in
from .table_answers import is_read


def understand(question: Question) -> Task | None:
    table = table_in(named_amounts(question.text) or question.text)
    if table is None:
        return about_earlier_table(question) or (about_a_list(question) if question.alone else None)
    asks = any(measure.asked.search(table.around) for measure in MEASURES) or COUNT.search(table.around)
    if OTHER_FORM.search(table.around):
        confidence = POSSIBLE
    elif asks or TABLE_WORDS.search(table.around):
        confidence = CERTAIN
    elif not numeric_columns(table):
        confidence = POSSIBLE
    else:
        confidence = CERTAIN if "统计" in table.around or GROUP.search(table.around) else LIKELY
    if confidence < CERTAIN and not question.alone and is_read(table, table.around, question.requirement):
        confidence = CERTAIN
    return Task(confidence, lambda: answered(table, table.around, question.chinese, requirement=question.requirement))


TOOL = Tool(
    name="csv_totals",
    ability="total the columns of a CSV (also averages, minimum, maximum, median, row count, totals by group)",
    ability_chinese="合计 CSV 的各列（也能求平均值、最小值、最大值、中位数、行数和分组合计）",
    example="Total the columns of this CSV:\nitem,price\npen,1.50\nbook,12",
    example_chinese="总计每一列：\n商品,价格\n笔,1.5\n书,12",
    understand=understand,
    in_full=partial(in_full, answer=answered),
)
