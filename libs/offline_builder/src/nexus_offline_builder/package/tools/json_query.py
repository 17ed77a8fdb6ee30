"""Looks up values in a JSON document by path."""

import json
import re
from fractions import Fraction
from functools import partial
from typing import NamedTuple, cast

from .contract import CERTAIN, LIKELY, POSSIBLE, Answer, JsonValue, Question, Refusal, Task, Tool, Value

_MOST_STARTS = 40
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
_ASKED = re.compile(r"\bjson\b|\$[.\[]", re.IGNORECASE)


class _Document(NamedTuple):
    """A JSON value and the words around it; the error of JSON that does not parse."""

    value: JsonValue
    request: str
    error: str | None = None


def understand(question: Question) -> Task | None:
    document = _document_in(question.text)
    if document is None:
        return _about_earlier_document(question)
    request = document.request
    asked = _ASKED.search(request) or _NAMED.search(request) or _BARE_PATH.search(request) or _KEYS.search(request)
    if document.error is not None:
        return (
            Task(LIKELY, lambda: _invalid(document, question))
            if _ASKED.search(request) or _VALIDITY.search(request)
            else None
        )
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
        if (found := _document_in(earlier)) and found.error is None:
            document = _Document(found.value, text)
            return Task(LIKELY, partial(_answer, document, question))
    return Task(LIKELY, _refuse_without_document) if _ASKED.search(text) else None


def _refuse_without_document() -> Answer:
    raise Refusal(
        'Please put the JSON into your message, for example: get a.b from {"a": {"b": 1}}.',
        '请把 JSON 放在消息里，例如：从 {"a": {"b": 1}} 中取 a.b。',
    )


def _document_in(prompt: str) -> _Document | None:
    """The longest JSON object or list in `prompt`. Raises Refusal if it is nested too deeply."""
    decoder, best, at, error = json.JSONDecoder(), (0, 0, cast(JsonValue, None)), 0, None
    for _ in range(_MOST_STARTS):
        found = re.compile(r"(?<![\w$\])*.])[{\[]").search(prompt, at)
        if found is None:
            break
        try:
            value, length = cast("tuple[JsonValue, int]", decoder.raw_decode(prompt[found.start() :]))
        except RecursionError:
            raise Refusal("The JSON is nested too deeply for me.", "这个 JSON 嵌套得太深了。") from None
        except ValueError as broken:
            error, at = error or str(broken), found.end()
            continue
        end = found.start() + length
        if length > best[1] - best[0]:
            best = (found.start(), end, value)
        at = end
    if best[1]:
        request = prompt[: best[0]] + " " + prompt[best[1] :]
        return _Document(best[2], request) if len(request) < 5000 else None
    return _Document(None, re.split(r"[{\[]", prompt, maxsplit=1)[0], error) if error else None


def _invalid(document: _Document, question: Question) -> Answer:
    reason = document.error or ""
    text = f"这不是有效的 JSON：{reason}。" if question.chinese else f"This is not valid JSON: {reason}."
    return Answer(text, {"query": "validate"}, {"valid": False, "reason": reason})


def _answer(document: _Document, question: Question) -> Answer:
    request = document.request
    path = _path_in(request, document.value)
    if path is None:
        if _VALIDITY.search(request):
            return Answer(
                "这是有效的 JSON。" if question.chinese else "This is valid JSON.",
                {"query": "validate"},
                {"valid": True},
            )
        path = "$"
    values = _selected(document.value, path)
    if not values:
        raise Refusal(f"There is nothing at {path} in this JSON.{_hint(document.value)}", f"这个 JSON 里没有 {path}。")
    if _KEYS.search(request) and all(isinstance(value, dict) for value in values):
        keys: list[JsonValue] = [key for value in values if isinstance(value, dict) for key in value]
        return _shown(path, f"keys of {path}", keys)
    if _LENGTH.search(request) and len(values) == 1 and isinstance(values[0], (list, dict, str)):
        count = len(values[0])
        return Answer(
            f"{path}: {count}", {"path": path, "query": "length"}, {"length": count}, (Value(str(count), None),)
        )
    return _shown(path, path, values[0] if len(values) == 1 else list(values))


def _hint(value: JsonValue) -> str:
    return f" Its keys are: {', '.join(list(value)[:20])}." if isinstance(value, dict) and value else ""


def _shown(path: str, title: str, result: JsonValue) -> Answer:
    text = (
        result
        if isinstance(result, str)
        else json.dumps(result, ensure_ascii=False, indent=2 if isinstance(result, dict) else None)
    )
    if len(text) > _LONGEST_OUTPUT:
        raise Refusal("The value is too long to answer with.", "这个值太长，无法回答。")
    return Answer(f"{title} = {text}", {"path": path}, {"value": result}, _values(result))


def _values(result: JsonValue) -> tuple[Value, ...]:
    if isinstance(result, bool) or not isinstance(result, (int, float)):
        return ()
    written = str(result)
    return (Value(written, Fraction(written)),) if re.fullmatch(r"-?\d+(?:\.\d+)?(?:e[-+]?\d{1,3})?", written) else ()


def _path_in(request: str, document: JsonValue) -> str | None:
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


def _selected(document: JsonValue, path: str) -> list[JsonValue]:
    """The values at `path`: names, indexes (negative ones from the end), `*` for all, `..` for any depth."""
    values: list[JsonValue] = [document]
    for step in re.findall(_STEP, path):
        name = step.strip(".[]").strip("\"'")
        if step.startswith(".."):
            values = [found for value in values for inner in _nested(value) for found in _child(inner, name, True)]
        else:
            values = [found for value in values for found in _child(value, name, "[" in step)]
    return values


def _child(value: JsonValue, name: str, bracketed: bool = False) -> list[JsonValue]:
    if name == "*":
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    if isinstance(value, dict):
        return [value[name]] if name in value else []
    if isinstance(value, list) and re.fullmatch(r"-?\d+", name) and -len(value) <= int(name) < len(value):
        return [value[int(name)]]
    if isinstance(value, list) and not bracketed:
        return [found for item in value if isinstance(item, dict) for found in _child(item, name)]
    return []


def _nested(value: JsonValue) -> list[JsonValue]:
    """The value and everything in it, outermost first."""
    found, waiting = list[JsonValue](), [value]
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
