"""Turns a JSON list of objects into a CSV table."""

import csv
import io
import re

from .contract import CERTAIN, POSSIBLE, Answer, JsonValue, Question, Refusal, Task, Tool
from .json_document import Document, Node, Numeral, document_in, written
from .json_turns import table_before
from .patterns import lazy_pattern
from .table import Table

_ASKED = lazy_pattern(
    r"(?:(?<![a-z\d_])|2|json[-_ ]?to[-_ ]?)(?:csv|table|spreadsheet|excel|tsv)(?![a-z\d_])|表格", re.IGNORECASE
)
_BEYOND = lazy_pattern(
    r"\b(?:only|just|where|sort\w*|order(?:ed)? by|filter\w*|without|except|first|last|top|sum|total|"
    r"average|group\w*|rename|drop|skip|unique)\b|"
    r"(?<![-=])[<>]|只|排序|筛选|过滤|合计|去掉|分组",
    re.IGNORECASE,
)
_SAYS_NO_MORE = lazy_pattern(
    r"\b(?:please|convert|this|it|that|here|the|one|json|now|and)\b|请|转换?一?下?|这个", re.IGNORECASE
)
_LONGEST_OUTPUT = 200_000


def understand(question: Question) -> Task | None:
    document = document_in(question.text)
    if document is None and (table := table_before(question, "csv")) is not None:
        return Task(CERTAIN, lambda: _of_table(table, question.chinese))
    if document is None or (document.error is not None and not _ASKED.search(document.request)):
        return None
    asked = _ASKED.search(document.request)
    said = _SAYS_NO_MORE.sub(" ", document.request)
    if not asked and (re.search(r"\w", said) or not (question.alone or _ASKED.search(question.requirement))):
        return None
    if beyond := _BEYOND.search(document.request):
        return Task(CERTAIN, lambda: _refuse_beyond(beyond.group()))
    return Task(CERTAIN if asked else POSSIBLE, lambda: _answer(document, question.chinese))


def in_full(question: Question, requirement: str) -> str | None:
    """A document and nothing else, under what the requirement makes of it."""
    document = document_in(question.text) if question.text.strip()[:1] in ("[", "{") else None
    if document is None or re.search(r"\w", _SAYS_NO_MORE.sub(" ", document.request)) or not _ASKED.search(requirement):
        return None
    return f"convert to csv: {question.text.strip()}"


def _refuse_beyond(word: str) -> Answer:
    raise Refusal(
        f"I turn the whole list into a table as it is; I cannot do '{word}'.",
        f"我只会把整个列表原样转成表格，做不到“{word}”。",
    )


def _answer(document: Document, chinese: bool) -> Answer:
    if document.error is not None:
        raise Refusal(
            f"This is not valid JSON: {document.error.english}.", f"这不是有效的 JSON：{document.error.chinese}。"
        )
    records = _records(document.value)
    names = list(dict.fromkeys(name for record in records for name in record))
    return _table_of(names, [[_cell(record.get(name)) for name in names] for record in records], chinese)


def _of_table(table: Table, chinese: bool) -> Answer:
    return _table_of(list(table.header), [list(row) for row in table.rows], chinese)


def _table_of(names: list[str], rows: list[list[str]], chinese: bool) -> Answer:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    text = buffer.getvalue().strip("\n")
    if len(text) > _LONGEST_OUTPUT:
        raise Refusal("The table would be too long to answer with.", "转换后的表格太长，无法回答。")
    columns: list[JsonValue] = [*names]
    head = f"{len(rows)} 行：" if chinese else f"{len(rows)} row{'' if len(rows) == 1 else 's'}:"
    return Answer(f"{head}\n{text}", {"rows": len(rows), "columns": columns}, {"csv": text})


def _records(value: Node) -> list[dict[str, Node]]:
    """The objects of the list; of the only list of an object, where the document is one."""
    if isinstance(value, dict):
        lists = [
            one
            for one in value.values()
            if isinstance(one, list) and one and all(isinstance(item, dict) for item in one)
        ]
        value = lists[0] if len(lists) == 1 and len(value) == 1 else [value]
    records = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    if not records or (isinstance(value, list) and len(records) < len(value)):
        raise Refusal("Only a list of objects can become a table.", "只有对象的列表才能转成表格。")
    return records


def _cell(value: Node) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return value.text if isinstance(value, Numeral) else written(value)


TOOL = Tool(
    name="json_to_csv",
    ability="convert a JSON list of objects to a CSV table",
    ability_chinese="把 JSON 对象列表转换成 CSV 表格",
    example='Convert to CSV: [{"item": "pen", "price": 1.5}]',
    example_chinese='转成 CSV：[{"商品": "笔", "价格": 1.5}]',
    understand=understand,
    in_full=in_full,
)
