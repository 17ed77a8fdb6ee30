"""Calls the agent's model, and tools elsewhere, through the door: the Unix socket beside the agent's own."""

import json
import os
import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import Any, cast

from .outside import NotAnswered, WayOut

_CHAT = "/v1/chat/completions"
_MOST_REFUSED = 100_000
_Object = dict[str, Any]


class ThroughDoor(WayOut):
    """The platform asks, and counts, for the agent."""

    def chat(self, body: _Object) -> Iterator[_Object]:
        try:
            with _answer(_CHAT, {**body, "stream": True}) as answer:
                yield from _deltas(answer)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            raise NotAnswered("MODEL_UNAVAILABLE", "The model's answer was cut off or unreadable.") from None

    def call_remote(self, server: str, tool: str, arguments: _Object) -> str:
        try:
            with _answer(f"/mcp/{server}/{tool}", arguments) as answer:
                return str(json.loads(answer.read())["text"])
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            raise NotAnswered("HOST_UNAVAILABLE", "The tool's answer was cut off or unreadable.") from None


def door() -> str:
    """Where the socket is, if there is one."""
    return os.path.join(os.path.dirname(os.environ.get("AGENT_SOCKET", "")), "door")


@contextmanager
def _answer(path: str, content: _Object) -> "Generator[BufferedReader]":
    """The body of the answer. Raises NotAnswered."""
    body = json.dumps(content).encode()
    # Of HTTP/1.0: the answer comes in no chunks, and ends with the connection.
    head = f"POST {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(door())
        except OSError:
            raise NotAnswered("MODEL_NOT_ALLOWED", "There is no language model where this agent runs.") from None
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


def _refusal(answer: _Object) -> NotAnswered:
    error = answer["error"]
    return NotAnswered(str(error["code"]), str(error["message"]))
