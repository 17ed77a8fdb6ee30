"""What every answer goes through: its text is never empty, and all of it is valid UTF-8 and strict JSON."""

import json
from math import isfinite

from ..tools.contract import JsonValue

_LONGEST_TEXT = 250_000
_LONGEST_CALL = 500_000
_MOST_BITS = 13_000


def showable_text(text: str, chinese: bool) -> str:
    """`text`, with half surrogate pairs as escapes; a sentence where there is nothing to show, or too much."""
    if not text.strip():
        return "没有结果可以显示。" if chinese else "There is nothing to show: the result is empty."
    if len(text) > _LONGEST_TEXT:
        count = len(text)
        return (
            f"答案有 {count} 个字符，太长，无法显示。"
            if chinese
            else f"The answer has {count} characters: too many to show."
        )
    return _encodable(text)


def showable_call(call: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """A tool call for the trace; without its input and output where they are too long or too deep to be sent."""
    try:
        shown = {name: _strict(value) for name, value in call.items()}
        if len(json.dumps(shown, ensure_ascii=False, allow_nan=False)) <= _LONGEST_CALL:
            return shown
    except RecursionError:
        pass
    return {"name": call.get("name"), "input": {}, "output": {"left_out": "too large to show"}}


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _strict(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return _encodable(value)
    if isinstance(value, dict):
        return {_encodable(name): _strict(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_strict(one) for one in value]
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return hex(value) if isinstance(value, int) and value.bit_length() > _MOST_BITS else value
