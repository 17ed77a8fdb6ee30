"""An answer as events: each call of a tool, the text piece by piece, and the whole at the end."""

import re
from typing import cast

from ..tools.contract import JsonValue
from ..tools.patterns import lazy_pattern
from .wire import END_OF_EVENT, encoded

_PIECE = lazy_pattern(r".{1,60}(?:\s|$)|.{1,60}", re.DOTALL)
_Object = dict[str, JsonValue]


def events_of(answer: _Object) -> bytes:
    """`answer` is {"output", "tool_calls", ...}; its text in pieces that end between words."""
    events: list[_Object] = []
    for call in cast("list[_Object]", answer["tool_calls"]):
        events.append({"tool_use": {name: call[name] for name in ("name", "input") if name in call}})
        events.append({"tool_result": {name: value for name, value in call.items() if name != "input"}})
    events += [{"text": piece} for piece in _PIECE.findall(str(answer["output"]))]
    return b"".join(b"data: " + encoded(event) + END_OF_EVENT for event in [*events, answer])
