"""Finds a JSON document in a prompt and reads it strictly, with every number as it is written there."""

import json
import re
from typing import NamedTuple, Union, cast

from .contract import JsonValue, Refusal
from .patterns import lazy_pattern

_MOST_STARTS = 40
_DEEPEST = 80
"""An answer may have 90 levels, and the trace of a call is a few around the value that was found."""
_START = lazy_pattern(r"\{|(?<![\w$\])*.])\[")
_BRACKETS = lazy_pattern(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\]]', re.DOTALL)
_PROSE = lazy_pattern(r"\[\s*(?!true|false|null|NaN|Infinity)[^\W\d]")
_MORE = lazy_pattern(r"\s*(?:[}\]]|,?\s*[{\[]|,\s*[\"\d-])")
_PATH_BEHIND = lazy_pattern(r"\s*\[-?\d{1,9}\](?:\[-?\d{1,9}\]|\.[\w-]+)*\s*")
_EXACT_FLOAT = lazy_pattern(r"-?\d{1,15}(?:\.\d{1,15})?(?:[eE][-+]?\d{1,2})?")


STEP = r"(?:\.?\[(?:-?\d{1,300}|\*|\"[^\"\]]{1,100}\"|'[^'\]]{1,100}')\]|\.\.?(?:[\w-]+|\*))"


class Numeral(NamedTuple):
    """A number by its own text: `1e400` does not become infinite, and no digit is lost."""

    text: str

    def plain(self) -> JsonValue:
        """The number for a trace; as text where a reader would get another number out of it."""
        if re.fullmatch(r"-?\d{1,15}", self.text):
            return int(self.text)
        digits = sum(sign.isdigit() for sign in re.split("[eE]", self.text)[0])
        return float(self.text) if digits <= 15 and _EXACT_FLOAT.fullmatch(self.text) else self.text


Node = Union[None, bool, str, Numeral, list["Node"], dict[str, "Node"]]  # noqa: UP007 - lazy names


class Fault(NamedTuple):
    """Why a text is no JSON, in both languages."""

    english: str
    chinese: str


class Document(NamedTuple):
    """A JSON value and the words around it. `error`: why it is no JSON; `repeated`: a key that an object has twice."""

    value: Node
    request: str
    error: Fault | None = None
    repeated: str | None = None


class _Candidate(NamedTuple):
    start: int
    end: int
    value: Node = None
    error: Fault | None = None
    repeated: str | None = None

    @property
    def weight(self) -> int:
        return self.end - self.start


_MORE_TEXT = Fault("there is more text after its end", "结束之后还有别的内容")
_FAULTS = {
    "Expecting value": "应为一个值",
    "Expecting property name enclosed in double quotes": "应为双引号括起来的键",
    "Expecting ':' delimiter": "应为冒号",
    "Expecting ',' delimiter": "应为逗号",
    "Illegal trailing comma before end of object": "有多余的逗号",
    "Illegal trailing comma before end of array": "有多余的逗号",
    "Unterminated string starting at": "的字符串没有结束",
    "Invalid control character at": "有控制字符",
}


def _fault(broken: json.JSONDecodeError) -> Fault:
    reason = _FAULTS.get(broken.msg, "的转义无效" if "escape" in broken.msg else "有错误")
    return Fault(str(broken), f"第 {broken.lineno} 行第 {broken.colno} 列{reason}")


def whole_document(text: str, request: str) -> Document:
    """`text`, all of it, as a JSON value of any kind. Raises Refusal if it is nested too deeply."""
    text = text.strip()
    read = _read(text, 0)
    error = read.error or (_MORE_TEXT if read.end < len(text) else None)
    return Document(read.value, request, error, read.repeated)


def document_in(prompt: str) -> Document | None:
    """The longest JSON object or list in `prompt`, broken or not. Raises Refusal if it is nested too deeply."""
    best, at = None, 0
    for _ in range(_MOST_STARTS):
        found = _START.search(prompt, at)
        if found is None:
            break
        read = _read(prompt, found.start())
        at = max(read.end, found.end())
        # Brackets in prose are a document only where nothing else is one.
        prose = read.error is not None and _PROSE.match(prompt, read.start) is not None
        if best is None or (not prose and read.weight > best.weight):
            best = read._replace(end=read.start) if prose else read
    if best is None:
        return None
    behind = prompt[best.end :]
    if best.error is None and _PATH_BEHIND.fullmatch(behind):
        behind = f"${behind.strip()}"
    request = f"{prompt[: best.start]} {behind}"
    error = best.error
    if error is None and _MORE.match(behind):
        error = _MORE_TEXT
    if error is None and len(request) >= 5000:
        return None
    return Document(best.value, request, error, best.repeated)


def _read(prompt: str, start: int) -> _Candidate:
    constants, repeated = list[str](), list[str]()

    def unique(pairs: list[tuple[str, Node]]) -> dict[str, Node]:
        value = dict(pairs)
        if len(value) < len(pairs):
            names = [name for name, _ in pairs]
            repeated.append(next(name for name in names if names.count(name) > 1))
        return value

    decoder = json.JSONDecoder(
        parse_int=Numeral, parse_float=Numeral, parse_constant=constants.append, object_pairs_hook=unique
    )
    try:
        value, length = cast("tuple[Node, int]", decoder.raw_decode(prompt[start:]))
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as broken:
        return _Candidate(start, _extent(prompt, start), error=_fault(broken))
    _refuse_depth(prompt, start, start + length)
    error = Fault(f"{constants[0]} is not a JSON value", f"{constants[0]} 不是 JSON 值") if constants else None
    return _Candidate(start, start + length, value, error, repeated[0] if repeated else None)


def _extent(prompt: str, start: int) -> int:
    """Where the bracket at `start` is closed, else the end: what stands inside a broken document is none itself."""
    depth = 0
    for found in _BRACKETS.finditer(prompt, start):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found.group(), 0)
        if depth == 0:
            return found.end()
    return len(prompt)


def _refuse_depth(prompt: str, start: int, end: int) -> None:
    depth = 0
    for found in _BRACKETS.finditer(prompt, start, end):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found.group(), 0)
        if depth > _DEEPEST:
            raise _too_deep()


def _too_deep() -> Refusal:
    return Refusal("The JSON is nested too deeply for me.", "这个 JSON 嵌套得太深了。")


def written(value: Node, indent: str | None = None) -> str:
    """The value as JSON, on one line or with `indent` before each member."""
    if isinstance(value, Numeral):
        return value.text
    if isinstance(value, dict):
        members = [f"{json.dumps(name, ensure_ascii=False)}: {_inner(one, indent)}" for name, one in value.items()]
        return _enclosed("{", members, "}", indent)
    if isinstance(value, list):
        return _enclosed("[", [_inner(one, indent) for one in value], "]", indent)
    return json.dumps(value, ensure_ascii=False)


def _inner(value: Node, indent: str | None) -> str:
    return written(value, None if indent is None else indent + "  ")


def _enclosed(opening: str, members: list[str], closing: str, indent: str | None) -> str:
    if indent is None or not members:
        return opening + ", ".join(members) + closing
    lines = ",".join(f"\n{indent}{member}" for member in members)
    return f"{opening}{lines}\n{indent[:-2]}{closing}"


def plain(value: Node) -> JsonValue:
    """The value for a trace."""
    if isinstance(value, Numeral):
        return value.plain()
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def has_half_pair(text: str) -> bool:
    """Whether half of a surrogate pair is in `text`: JSON can write it, UTF-8 cannot."""
    return re.search("[\ud800-\udfff]", text) is not None


def selected(document: Node, path: str) -> list[Node]:
    """The values at `path`: names, indexes (negative ones from the end), `*` for all, `..` for any depth."""
    values: list[Node] = [document]
    for step in re.findall(STEP, path):
        name = step.strip(".[]").strip("\"'")
        if step.startswith(".."):
            values = [found for value in values for inner in nested(value) for found in _child(inner, name, True)]
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


def nested(value: Node) -> list[Node]:
    """The value and everything in it, outermost first."""
    found, waiting = list[Node](), [value]
    while waiting:
        one = waiting.pop(0) if len(waiting) < 50 else waiting.pop()
        found.append(one)
        waiting += list(one.values()) if isinstance(one, dict) else one if isinstance(one, list) else []
    return found
