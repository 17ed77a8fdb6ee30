"""The form of Bedrock's ConverseStream, from and into that of OpenAI's chat completions."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, cast

_Object = dict[str, Any]
_NOTHING = "(nothing)"
"""Bedrock refuses texts of which nothing can be seen."""


def request_of(body: _Object, model: str, most_tokens: int) -> _Object:
    """The arguments of the call."""
    messages = cast("list[_Object]", body["messages"])
    request: _Object = {
        "modelId": model,
        "system": [{"text": one["content"]} for one in messages if one["role"] == "system"],
        "messages": _messages(messages),
        "inferenceConfig": {"maxTokens": most_tokens},
    }
    if tools := [_tool(one["function"]) for one in body.get("tools", [])]:
        request["toolConfig"] = {"tools": tools}
    return request


def _tool(function: _Object) -> _Object:
    return {
        "toolSpec": {
            "name": function["name"],
            "description": function["description"],
            "inputSchema": {"json": function["parameters"]},
        }
    }


def _messages(messages: "Iterable[_Object]") -> "list[_Object]":
    """User and assistant take turns: what one of them says in a row is one message."""
    found: list[_Object] = []
    for one in messages:
        if one["role"] == "system":
            continue
        role = "assistant" if one["role"] == "assistant" else "user"
        if not found or found[-1]["role"] != role:
            found.append({"role": role, "content": []})
        found[-1]["content"] += _content(one)
    return found


def _content(message: _Object) -> "list[_Object]":
    text = str(message.get("content") or "")
    if message["role"] == "tool":
        result = [{"text": text if text.strip() else _NOTHING}]
        return [{"toolResult": {"toolUseId": message["tool_call_id"], "content": result}}]
    asked = cast("list[_Object]", message.get("tool_calls") or [])
    calls = [_use(one["id"], one["function"]) for one in asked]
    return [*([{"text": text}] if text.strip() else []), *calls] or [{"text": _NOTHING}]


def _use(id: str, function: _Object) -> _Object:
    try:
        given: Any = json.loads(function["arguments"] or "{}")
    except (ValueError, RecursionError):
        given = {}
    return {"toolUse": {"toolUseId": id, "name": function["name"], "input": given if isinstance(given, dict) else {}}}


def deltas(events: "Iterable[_Object]", charge: _Object) -> Iterator[_Object]:
    """As they come; `charge` becomes what the call has used. Raises ValueError for a stream without its end."""
    whole = False
    blocks: dict[int, int] = {}
    for event in events:
        if "contentBlockStart" in event:
            begun = event["contentBlockStart"]
            if use := begun["start"].get("toolUse"):
                blocks[begun["contentBlockIndex"]] = index = len(blocks)
                yield _call(index, id=use["toolUseId"], name=use["name"], arguments="")
        elif "contentBlockDelta" in event:
            said = event["contentBlockDelta"]["delta"]
            if "text" in said:
                yield {"content": said["text"]}
            elif "toolUse" in said:
                index = blocks[event["contentBlockDelta"]["contentBlockIndex"]]
                yield _call(index, arguments=said["toolUse"]["input"])
        elif "metadata" in event:
            charge.update(_used(event["metadata"]["usage"]))
        whole = whole or "messageStop" in event
    if not whole:
        raise ValueError("the stream has no end")


def _call(index: int, id: "str | None" = None, **function: str) -> _Object:
    return {"tool_calls": [{"index": index, "function": function, **({"id": id} if id else {})}]}


def _used(told: _Object) -> _Object:
    """Bedrock's input leaves out what was read from a cache, or written to one."""
    read, written = int(told.get("cacheReadInputTokens") or 0), int(told.get("cacheWriteInputTokens") or 0)
    return {
        "input_tokens": int(told["inputTokens"]) + read + written,
        "cached_tokens": read,
        "cache_write_tokens": written,
        "output_tokens": int(told["outputTokens"]),
    }
