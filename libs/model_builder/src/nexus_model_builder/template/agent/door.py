"""Calls the agent's model, and tools elsewhere, through the door: the Unix socket beside the agent's own."""

import json
import os
import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import Any, NamedTuple, cast

_CHAT = "/v1/chat/completions"
_MOST_REFUSED = 100_000
_Object = dict[str, Any]


class DoorClosed(Exception):
    """The model was not asked, or did not answer; `code` and message are for whoever invoked the agent."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Call(NamedTuple):
    """A tool that the model calls; `arguments` is text, and JSON if the model is right."""

    id: str
    name: str
    arguments: str


def chat(body: _Object) -> Iterator[_Object]:
    """The deltas of the model's answer, as they come. Raises DoorClosed."""
    try:
        with _answer(_CHAT, {**body, "stream": True}) as answer:
            yield from _deltas(answer)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise DoorClosed("MODEL_UNAVAILABLE", "The model's answer was cut off or unreadable.") from None


def call_remote(server: str, tool: str, arguments: _Object) -> str:
    """What a tool of an MCP server says. Raises DoorClosed."""
    try:
        with _answer(f"/mcp/{server}/{tool}", arguments) as answer:
            return str(json.loads(answer.read())["text"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise DoorClosed("HOST_UNAVAILABLE", "The tool's answer was cut off or unreadable.") from None


@contextmanager
def _answer(path: str, content: _Object) -> "Generator[BufferedReader]":
    """The body of the answer. Raises DoorClosed."""
    body = json.dumps(content).encode()
    # Of HTTP/1.0: the answer comes in no chunks, and ends with the connection.
    head = f"POST {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(os.path.join(os.path.dirname(os.environ.get("AGENT_SOCKET", "")), "door"))
        except OSError:
            raise DoorClosed("MODEL_NOT_ALLOWED", "There is no language model where this agent runs.") from None
        connection.sendall(head.encode("ascii") + body)
        with connection.makefile("rb") as answer:
            status = int(answer.readline().split()[1])
            while answer.readline().strip():
                pass
            if status != 200:
                raise _refusal(json.loads(answer.read(_MOST_REFUSED)))
            yield answer


def _deltas(answer: BufferedReader) -> Iterator[_Object]:
    for line in answer:
        text = line[5:].strip() if line.startswith(b"data:") else b""
        if text == b"[DONE]":
            return
        event = cast("_Object", json.loads(text)) if text else {}
        if "error" in event:
            raise _refusal(event)
        if event.get("choices"):
            yield event["choices"][0].get("delta") or {}
    raise ValueError("the stream has no end")


def _refusal(answer: _Object) -> DoorClosed:
    error = answer["error"]
    return DoorClosed(str(error["code"]), str(error["message"]))


class Heard:
    """An answer of the model, put together from its deltas."""

    def __init__(self) -> None:
        self.text = ""
        self._calls: list[Call] = []

    def add(self, delta: _Object) -> str:
        """The next piece of its text."""
        piece = str(delta.get("content") or "")
        self.text += piece
        for part in cast("list[_Object]", delta.get("tool_calls") or []):
            self._add_call(part)
        return piece

    def _add_call(self, part: _Object) -> None:
        said = cast("_Object", part.get("function") or {})
        index = int(part.get("index") or 0)
        if index >= len(self._calls):
            number = len(self._calls)
            self._calls.append(Call(str(part.get("id") or f"call_{number}"), str(said.get("name") or ""), ""))
        call = self._calls[min(index, len(self._calls) - 1)]
        text = call.arguments + str(said.get("arguments") or "")
        self._calls[min(index, len(self._calls) - 1)] = call._replace(arguments=text)

    @property
    def calls(self) -> "list[Call]":
        return self._calls

    @property
    def message(self) -> _Object:
        """As the model is shown it with the next step."""
        calls = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in self._calls
        ]
        return {"role": "assistant", "content": self.text or None, "tool_calls": calls}
