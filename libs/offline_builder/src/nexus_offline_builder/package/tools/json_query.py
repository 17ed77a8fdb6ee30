"""Looks up values in a JSON document by path."""

import re
from fractions import Fraction
from functools import partial

from .contract import CERTAIN, LIKELY, POSSIBLE, Answer, Question, Refusal, Task, Tool, Value
from .json_document import Document, Node, Numeral, document_in, has_half_pair, plain, written

_LONGEST_OUTPUT = 100_000
_STEP = r"(?:\.?\[(?:-?\d{1,9}|\*|\"[^\"\]]{1,100}\"|'[^'\]]{1,100}')\]|\.\.?(?:[\w-]+|\*))"
_DOLLAR_PATH = re.compile(rf"\$((?:{_STEP}){{1,50}}|(?![\w.]))")
_BARE_PATH = re.compile(rf"(?<![\w.$@])([A-Za-z_\u4e00-\u9fff][\w-]*(?:{_STEP}){{1,50}})")
_NAMED = re.compile(
    r"(?:\b(?:get|extract|find|read|show|give me|return|fetch|look up|select|query|retrieve|print|what(?:'s| is| "
    r"are))\b\s*(?:me\s+)?(?:(?:all|the|every)\s+)*(?:(?:values?|fields?|keys?|property|element|entry)\s+)*(?:(?:of|"
    r"at|for|called|named)\s+)?(?:the\s+)?(?:(?:field|key|property|path|value)\s+)?|"
    r"\b(?:field|key|property|path|value of|value for)\b\s*|"
    r"(?:提取|取出?|查询|获取|读取|找出)\s*(?:其中的?|里面的?)?|(?:字段|键|"
    r"路径)\s*)[\"'`“「]?(?P<name>[A-Za-z_\u4e00-\u9fff][\w-]*)[\"'`”」]?",
    re.IGNORECASE,
)
_KEYS = re.compile(
    r"\b(?:keys|fields|properties)\b(?! of\b.*\bvalue)|哪些(?:键|字段)|所有的?(?:键|字段)", re.IGNORECASE
)
_LENGTH = re.compile(
    r"\bhow many\b|\bcount\b|\blength\b|\bnumber of\b|\bsize of\b|多少个?|几个|长度|数量", re.IGNORECASE
)
_VALIDITY = re.compile(
    r"\bvalid(?:ate|ity)?\b|\bwell[- ]formed\b|\bcorrect json\b|\bcheck\b|有效|合法|校验|验证|格式正确", re.IGNORECASE
)
_PLACES = {"first": 0, "second": 1, "third": 2, "last": -1, "第一": 0, "第二": 1, "第三": 2, "最后一": -1}
_PLACE = re.compile(
    r"(\b(?:first|second|third|last)\b|第[一二三]|最后一)(?: (?:item|element|entry|value|one)\b|个)", re.IGNORECASE
)
_CALCULABLE = re.compile(r"-?\d{1,300}(?:\.\d{1,300})?(?:e[-+]?\d{1,3})?", re.IGNORECASE)
_ASKED = re.compile(r"\bjson\b|\$[.\[]", re.IGNORECASE)


def understand(question: Question) -> Task | None:
    document = document_in(question.text)
    if document is None:
        return _about_earlier_document(question)
    request = document.request
    asked = _ASKED.search(request) or _NAMED.search(request) or _BARE_PATH.search(request) or _KEYS.search(request)
    if document.error is not None:
        sure = _ASKED.search(request) or _VALIDITY.search(request)
        return Task(LIKELY if sure else POSSIBLE, lambda: _invalid(document, question)) if sure or asked else None
    return Task(CERTAIN if asked or _LENGTH.search(request) else POSSIBLE, lambda: _answer(document, question))


def _about_earlier_document(question: Question) -> Task | None:
    text = question.text
    if len(text) > 300 or not (
        _DOLLAR_PATH.search(text)
        or _BARE_PATH.search(text)
        or _NAMED.search(text)
        or _KEYS.search(text)
        or _LENGTH.search(text)
    ):
        return None
    for earlier in question.earlier:
        if (found := document_in(earlier)) and found.error is None:
            document = Document(found.value, text)
            return Task(LIKELY, partial(_answer, document, question))
    return Task(LIKELY, _refuse_without_document) if _ASKED.search(text) else None


def _refuse_without_document() -> Answer:
    raise Refusal(
        'Please put the JSON into your message, for example: get a.b from {"a": {"b": 1}}.',
        '请把 JSON 放在消息里，例如：从 {"a": {"b": 1}} 中取 a.b。',
    )


def _invalid(document: Document, question: Question) -> Answer:
    reason = document.error or ""
    text = f"这不是有效的 JSON：{reason}。" if question.chinese else f"This is not valid JSON: {reason}."
    return Answer(text, {"query": "validate"}, {"valid": False, "reason": reason})


def _valid(document: Document, question: Question) -> Answer:
    text = "这是有效的 JSON。" if question.chinese else "This is valid JSON."
    if document.repeated is not None:
        key = written(document.repeated)
        text += f"但键 {key} 重复出现，读取结果不确定。" if question.chinese else f" But {_repeats(key)}"
    if has_half_pair(written(document.value)):
        text += (
            "但其中有不成对的代理字符，不是有效的 Unicode 文本。"
            if question.chinese
            else " But it holds half of a surrogate pair, which is not valid Unicode text."
        )
    return Answer(text, {"query": "validate"}, {"valid": True})


def _repeats(key: str) -> str:
    return f"an object has the key {key} more than once, and readers differ in what they make of that."


def _answer(document: Document, question: Question) -> Answer:
    request = document.request
    path = _path_in(request, document.value)
    if path is None:
        if _VALIDITY.search(request):
            return _valid(document, question)
        path = "$"
    if document.repeated is not None:
        key = written(document.repeated)
        raise Refusal(f"I cannot tell what is meant: {_repeats(key)}", f"我无法判断：键 {key} 在同一个对象中重复出现。")
    values = _selected(document.value, path)
    if not values:
        raise Refusal(f"There is nothing at {path} in this JSON.{_hint(document.value)}", f"这个 JSON 里没有 {path}。")
    if _KEYS.search(request) and all(isinstance(value, dict) for value in values):
        keys: list[Node] = [key for value in values if isinstance(value, dict) for key in value]
        return _shown(path, f"keys of {path}", keys)
    if _LENGTH.search(request) and len(values) == 1 and isinstance(values[0], (list, dict, str)):
        count = len(values[0])
        return Answer(
            f"{path}: {count}", {"path": path, "query": "length"}, {"length": count}, (Value(str(count), None),)
        )
    return _shown(path, path, values[0] if len(values) == 1 else list(values))


def _hint(value: Node) -> str:
    return f" Its keys are: {', '.join(list(value)[:20])}." if isinstance(value, dict) and value else ""


def _shown(path: str, title: str, result: Node) -> Answer:
    text = result if isinstance(result, str) and result.strip() else written(result, _indent(result))
    if len(text) > _LONGEST_OUTPUT:
        raise Refusal("The value is too long to answer with.", "这个值太长，无法回答。")
    return Answer(f"{title} = {text}", {"path": path}, {"value": plain(result)}, _values(result))


def _indent(result: Node) -> str | None:
    return "  " if isinstance(result, dict) else None


def _values(result: Node) -> tuple[Value, ...]:
    if not isinstance(result, Numeral) or not _CALCULABLE.fullmatch(result.text):
        return ()
    return (Value(result.text, Fraction(result.text)),)


def _path_in(request: str, document: Node) -> str | None:
    if found := _DOLLAR_PATH.search(request):
        return "$" + found[1]
    for found in _BARE_PATH.finditer(request):
        if not re.match(r"(?:e\.g|i\.e|json\.)", found[1], re.IGNORECASE):
            return f"$.{found[1]}"
    names = [found["name"] for found in _NAMED.finditer(request)] + re.findall(
        r"[\"'`“「]([^\"'`”」]{1,100})[\"'`”」]|([\w\u4e00-\u9fff-]+)", request
    )
    flat = [name if isinstance(name, str) else name[0] or name[1] for name in names]
    if isinstance(document, list) and (place := _PLACE.search(request)):
        return f"$[{_PLACES[place[1].lower()]}]"
    for name in flat:
        if isinstance(document, dict) and name in document:
            return f"$.{name}"
    for name in flat:
        if len(name) > 1 and _selected(document, f"$..{name}") and name.lower() not in ("json", "value", "name of"):
            return f"$..{name}"
    wanted = _NAMED.search(request)
    ignored = r"json|value|values|keys?|this|that|it|from|in|the|valid|number|length|data|item|many|all|fields?"
    return f"$.{wanted['name']}" if wanted and not re.fullmatch(ignored, wanted["name"], re.IGNORECASE) else None


def _selected(document: Node, path: str) -> list[Node]:
    """The values at `path`: names, indexes (negative ones from the end), `*` for all, `..` for any depth."""
    values: list[Node] = [document]
    for step in re.findall(_STEP, path):
        name = step.strip(".[]").strip("\"'")
        if step.startswith(".."):
            values = [found for value in values for inner in _nested(value) for found in _child(inner, name, True)]
        else:
            values = [found for value in values for found in _child(value, name, "[" in step)]
    return values


def _child(value: Node, name: str, bracketed: bool = False) -> list[Node]:
    if name == "*":
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    if isinstance(value, dict):
        return [value[name]] if name in value else []
    if isinstance(value, list) and re.fullmatch(r"-?\d+", name) and -len(value) <= int(name) < len(value):
        return [value[int(name)]]
    if isinstance(value, list) and not bracketed:
        return [found for item in value if isinstance(item, dict) for found in _child(item, name)]
    return []


def _nested(value: Node) -> list[Node]:
    """The value and everything in it, outermost first."""
    found, waiting = list[Node](), [value]
    while waiting:
        one = waiting.pop(0) if len(waiting) < 50 else waiting.pop()
        found.append(one)
        waiting += list(one.values()) if isinstance(one, dict) else one if isinstance(one, list) else []
    return found


TOOL = Tool(
    name="json_query",
    ability="look up values in a JSON document by path, list its keys, count its items, check that it is valid",
    ability_chinese="按路径查询 JSON 中的值、列出键、统计个数、检查是否有效",
    example='Get a.b[0] from {"a": {"b": [1, 2]}}',
    example_chinese='从 {"a": {"b": [1, 2]}} 中取出 a.b[0]',
    understand=understand,
)
