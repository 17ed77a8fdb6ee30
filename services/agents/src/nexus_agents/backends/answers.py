"""Interprets an agent's HTTP answer: as an answer, or as a failure reported by the agent."""

import asyncio
import json
import re
from dataclasses import replace
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, JsonValue, TypeAdapter, ValidationError

from nexus_agents.backends.payload import STREAM
from nexus_agents.backends.streams import JSON, joined_text, read_events
from nexus_agents.domain.backend import AgentAnswer
from nexus_agents.domain.backend_errors import AgentFailed
from nexus_contracts.agents.events import AgentUsage
from nexus_contracts.builds.reports import countable_usage
from nexus_contracts.strict_json import INVALID, UnreadableJson
from nexus_contracts.text import is_visible

MAX_ANSWER_BYTES = 8_000_000
"""Limit for the whole response: events of a few characters are several times as large as their text."""
_MAX_READ_AT_ONCE = 50_000
_MAX_MESSAGE = 2_000
_MAX_TOOL_CALLS = 1_000
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")
_USAGE: TypeAdapter[AgentUsage] = TypeAdapter(Annotated[AgentUsage, AfterValidator(countable_usage)])
_OUTPUT_NAMES = ("output", "result", "response")


async def read_answer(
    status: int, content_type: str, body: bytes, events: list[JsonValue] | None = None
) -> AgentAnswer:
    """As `answer_in`; a large body takes seconds, and does not hold up the event loop.

    `events` are those of a stream that was read while it came.
    """
    reading = partial(answer_in, status, content_type, body)
    if events is not None and 200 <= status < 300:
        reading = partial(_read_stream, events)
    return reading() if len(body) <= _MAX_READ_AT_ONCE else await asyncio.to_thread(reading)


def answer_in(status: int, content_type: str, body: bytes) -> AgentAnswer:
    """`content_type` without its parameters. Raises AgentFailed, and StreamBroken for a stream that was cut off."""
    if not 200 <= status < 300:
        raise _failure_of_status(status, body)
    text = _decoded(body)
    if content_type.startswith("text/") and content_type != STREAM:
        return AgentAnswer(_not_empty(text), raw=text)
    try:
        if content_type == STREAM:
            return _read_stream(read_events(text))
        value = JSON.read(_not_empty(text).encode())
    except UnreadableJson as error:
        raise _invalid(f"{'is not JSON' if error.kind == INVALID else 'cannot be read'}: {error}") from None
    if isinstance(value, dict) and value.get("error") and not _has_output(value):
        raise failure_in(value)
    return answer_of(value)


def answer_of(value: JsonValue) -> AgentAnswer:
    """An answer from any JSON value; of our packages {"output", "tool_calls", "usage"}."""
    if not isinstance(value, dict):
        return AgentAnswer(_output(value), raw=value)
    given = [name for name in _OUTPUT_NAMES if name in value]
    name = next((name for name in given if value[name] is not None), given[0] if given else None)
    calls = _tool_calls(value.get("tool_calls"))
    usage, ignored = usage_of(value.get("usage"), len(calls))
    state = value.get("session_state")
    return AgentAnswer(
        output=_output(value if name is None else value[name]),
        tool_calls=calls,
        usage=usage,
        usage_ignored=ignored,
        session_state=state if isinstance(state, dict) else None,
        raw=value,
    )


def _invalid(what: str) -> AgentFailed:
    return AgentFailed("INVALID_ANSWER", f"The agent's answer {what}.")


def failure_in(value: dict[str, JsonValue]) -> AgentFailed:
    """The failure that {"error", "error_type"?, "message"?, "usage"?} reports, in the forms that agents use."""
    error, message, kind = value.get("error"), value.get("message"), value.get("error_type")
    if isinstance(error, dict):
        code, text = error.get("code"), error.get("message")
    elif kind is not None:
        code, text = kind, error
    elif message is not None:
        code, text = error, message
    else:
        code, text = None, error
    if not (isinstance(code, str) and _CODE.fullmatch(code)):
        code, text = "AGENT_ERROR", text if code is None else f"{_text(code)}: {_text(text)}"
    told = _text(text)[:_MAX_MESSAGE]
    failure = AgentFailed(code, told if is_visible(told) else "The agent reported an error without a message.")
    failure.usage, _ = usage_of(value.get("usage"), 0)
    return failure


def _failure_of_status(status: int, body: bytes) -> AgentFailed:
    try:
        value = JSON.read(body)
    except UnreadableJson:
        value = None
    if isinstance(value, dict) and value.get("error"):
        return failure_in(value)
    detail = value.get("detail") or value.get("message") if isinstance(value, dict) else None
    text = _text(detail) if detail else body[:_MAX_MESSAGE].decode(errors="replace")
    return AgentFailed("AGENT_ERROR", f"The agent answered HTTP {status}: {text}"[:_MAX_MESSAGE])


def _read_stream(events: list[JsonValue]) -> AgentAnswer:
    last = events[-1] if events else None
    if isinstance(last, dict) and last.get("error") and not _has_output(last):
        raise failure_in(last)
    whole = [event for event in events if isinstance(event, dict) and _has_output(event)]
    pieces = joined_text(events)
    if whole:
        return replace(answer_of({**whole[-1], "usage": _usage_in(events)}), raw=events)
    usage, ignored = usage_of(_usage_in(events), 0)
    output = _not_empty(pieces) if pieces or not events else _output(last)
    return AgentAnswer(output, usage=usage, usage_ignored=ignored, raw=events)


def _usage_in(events: list[JsonValue]) -> JsonValue:
    """The latest in a stream, whose events tell of all that was used so far."""
    told = (event.get("usage") for event in reversed(events) if isinstance(event, dict))
    return next((usage for usage in told if usage is not None), None)


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise _invalid(f"is not UTF-8: {error.reason} at byte {error.start}") from None


def _output(value: JsonValue) -> str:
    if value is None:
        raise _invalid("is null")
    return _not_empty(_text(value))


def _not_empty(text: str) -> str:
    if not is_visible(text):
        raise _invalid("has nothing that can be seen" if text.strip() else "is empty")
    return text


def _has_output(value: dict[str, JsonValue]) -> bool:
    return any(value.get(name) is not None for name in _OUTPUT_NAMES)


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return _text_of_message(value) or json.dumps(value, ensure_ascii=False)


def _text_of_message(value: JsonValue) -> str:
    """The text of {"role", "content": [{"text"}, ...]}, which agents built with a model's SDK answer."""
    content = value.get("content") if isinstance(value, dict) else None
    if not isinstance(content, list):
        return ""
    pieces = (part.get("text") for part in content if isinstance(part, dict))
    return "".join(piece for piece in pieces if isinstance(piece, str))


def _tool_calls(value: JsonValue) -> tuple[dict[str, JsonValue], ...]:
    calls = value[:_MAX_TOOL_CALLS] if isinstance(value, list) else []
    return tuple(call for call in calls if isinstance(call, dict))


def usage_of(value: JsonValue, tool_calls: int) -> tuple[AgentUsage, str | None]:
    """What is counted of the usage that an agent gives, and if it is ignored why: as a whole, where a part is invalid.

    The rules are those of reports; null counts as nothing. Wrong figures of an agent do not fail the invocation.
    """
    counted = AgentUsage(tool_calls=tool_calls)
    if value is None:
        return counted, None
    given = {name: one for name, one in value.items() if one is not None} if isinstance(value, dict) else value
    try:
        usage = _USAGE.validate_python(given)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return counted, f"{'.'.join(map(str, fault['loc'])) or 'usage'}: {fault['msg']}"
    return usage if usage.tool_calls else usage.model_copy(update={"tool_calls": tool_calls}), None
