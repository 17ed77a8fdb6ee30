"""Turns a CSV table into a JSON list of objects."""

import json
import re

from .contract import CERTAIN, LIKELY, POSSIBLE, Answer, JsonValue, Question, Refusal, Task, Tool
from .json_document import Document, written
from .json_turns import document_before
from .patterns import lazy_pattern
from .table import Table, table_in

_ASKED = lazy_pattern(r"(?<![a-z\d_])json(?![a-z\d_])", re.IGNORECASE)
_BEYOND = lazy_pattern(
    r"\b(?:only|just|where|sort\w*|order(?:ed)? by|xml|yaml|sql|html|markdown|filter\w*|without|except|first|last|"
    r"top|sum|total|average|group\w*|"
    r"rename|drop|skip|unique|nested|keyed|transpose|python)\b|(?<![-=])[<>]|只|排序|筛选|过滤|合计|去掉|分组|前\d",
    re.IGNORECASE,
)
_TYPED = lazy_pattern(r"-?(?:0|[1-9]\d{0,14})")
_DECIMAL = lazy_pattern(r"-?(?:0|[1-9]\d{0,11})\.\d{1,6}")
_LONGEST_OUTPUT = 200_000


def understand(question: Question) -> Task | None:
    table = table_in(question.text)
    if table is not None:
        asked = _ASKED.search(table.around)
        if beyond := _BEYOND.search(table.around):
            return Task(CERTAIN if asked else POSSIBLE, lambda: _refuse_beyond(beyond.group()))
        return Task(CERTAIN if asked else POSSIBLE, lambda: _answer(table, question.chinese))
    if (document := document_before(question, "json")) is not None:
        return Task(CERTAIN, lambda: _of_document(document))
    if not _ASKED.search(question.text) or len(question.text) > 200 or re.search(r"[{\[]", question.text):
        return None
    earlier = next((found for text in question.earlier if (found := table_in(text))), None)
    if earlier is not None:
        return Task(LIKELY, lambda: _answer(earlier, question.chinese))
    return Task(LIKELY, _refuse_without_table)


def _of_document(document: Document) -> Answer:
    text = written(document.value)
    return Answer(text, {"characters": len(text)}, {"json": text})


def _refuse_beyond(word: str) -> Answer:
    raise Refusal(
        f"I turn the whole table into JSON as it is; I cannot do '{word}'.",
        f"我只会把整个表格原样转成 JSON，做不到“{word}”。",
    )


def _refuse_without_table() -> Answer:
    raise Refusal(
        "Please put the CSV itself into your message: a line with the column names, then one line per row.",
        "请把 CSV 内容直接放在消息里：第一行是列名，之后每行一条记录。",
    )


def _typed(cell: str) -> JsonValue:
    """Plain numbers, true, false and empty cells get their JSON type; `007` and `1e5` stay text."""
    if cell == "":
        return None
    if _TYPED.fullmatch(cell):
        return int(cell)
    if _DECIMAL.fullmatch(cell):
        return float(cell)
    return {"true": True, "false": False}.get(cell.lower(), cell)


def _answer(table: Table, chinese: bool) -> Answer:
    records: list[JsonValue] = [
        {name: _typed(cell) for name, cell in zip(table.header, row, strict=True)} for row in table.rows
    ]
    text = json.dumps(records, ensure_ascii=False, indent=2)
    if len(text) > _LONGEST_OUTPUT:
        raise Refusal("The JSON would be too long to answer with.", "转换后的 JSON 太长，无法回答。")
    head = f"{len(records)} 条记录：" if chinese else f"{len(records)} record{'' if len(records) == 1 else 's'}:"
    return Answer(f"{head}\n{text}", {"rows": len(records), "columns": list(table.header)}, {"json": records})


TOOL = Tool(
    name="csv_to_json",
    ability="convert a CSV to JSON",
    ability_chinese="把 CSV 转换成 JSON",
    example="Convert this CSV to JSON:\nitem,price\npen,1.50",
    example_chinese="把这个 CSV 转成 JSON：\n商品,价格\n笔,1.5",
    understand=understand,
)
