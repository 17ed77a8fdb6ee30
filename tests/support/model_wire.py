"""A language model that plays a script on the wires of OpenAI and Anthropic, faults included."""

import json
import re
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from tests.support.scripted_model import Answer

from nexus_model_builder.answers import (
    Analysis,
    Architecture,
    BlindAnswers,
    Brief,
    Design,
    RevisedTool,
    WrittenTool,
)

_FORMS = {
    frozenset(form.model_fields): form.__name__
    for form in (Brief, Analysis, BlindAnswers, Architecture, Design, WrittenTool, RevisedTool)
}
OPENAI, ANTHROPIC = "/v1/chat/completions", "/v1/messages"


@dataclass(frozen=True)
class Fault:
    """Instead of an answer: a status with a body, half an answer (`cut`), or one that takes `seconds`."""

    status: int = 200
    error: Mapping[str, Any] = field(default_factory=dict[str, Any])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cut: bool = False
    seconds: float = 0.0
    arguments: str | None = None
    """What the model calls the tool with, as text; on the wire of OpenAI it need not be JSON."""


RATE_LIMIT = Fault(429, {"type": "rate_limit_error", "message": "slow down"}, {"Retry-After": "1"})
OVERLOAD = Fault(529, {"type": "overloaded_error", "message": "overloaded"})
CONTEXT = Fault(
    400,
    {"type": "invalid_request_error", "code": "context_length_exceeded", "message": "prompt is too long: 9 > 8"},
)
CUT = Fault(cut=True)
WRONG_ARGUMENTS = Fault(arguments='{"feasible": "perhaps"}')
BAD_JSON = Fault(arguments='{"feasible": ')


@dataclass(frozen=True)
class Turn:
    """What the model says in a conversation: a text, and tools that it calls, by name with JSON arguments."""

    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    figures: bool = True


@dataclass
class Wire:
    """`faults` come first; then every form gets its answer of the script. `calls` are the forms asked for.

    Without a script the model says `turns`, each once; `bodies` are what it was sent.
    """

    script: Mapping[str, Answer]
    turns: deque[Turn] = field(default_factory=deque[Turn])
    bodies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    url: str = ""
    faults: deque[Fault] = field(default_factory=deque[Fault])
    calls: list[str] = field(default_factory=list[str])
    paths: Counter[str] = field(default_factory=Counter[str])
    keys: set[str] = field(default_factory=set[str])


class _Handler(BaseHTTPRequestHandler):
    wire: ClassVar[Wire]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        wire, path = self.wire, self.path.partition("?")[0]
        wire.paths[path] += 1
        wire.keys.add(self.headers["x-api-key"] or self.headers["Authorization"] or "")
        fault = wire.faults.popleft() if wire.faults else Fault()
        time.sleep(fault.seconds)
        streamed = bool(body.get("stream")) and not fault.error
        answer = self._answer(path, body, fault)
        sent = _events(answer) if streamed else json.dumps({"error": fault.error} if fault.error else answer).encode()
        with suppress(OSError):  # whoever asked does not wait any more
            self._send(fault, sent, "text/event-stream" if streamed else "application/json")

    def _answer(self, path: str, body: dict[str, Any], fault: Fault) -> dict[str, Any]:
        if not self.wire.script:
            self.wire.bodies.append(body)
            return {} if fault.error else _said(body, self.wire.turns.popleft())
        form = form_of(_schema(body))
        self.wire.calls.append(form)
        arguments = fault.arguments or json.dumps(self.wire.script[form])
        return _openai(body, arguments) if path == OPENAI else _anthropic(body, arguments)

    def _send(self, fault: Fault, sent: bytes, kind: str) -> None:
        self.send_response(fault.status)
        for name, value in {"Content-Type": kind, **fault.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent[: len(sent) // 2] if fault.cut else sent)
        if fault.cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests look at the calls."""


def form_of(schema: Mapping[str, Any]) -> str:
    """The name of the form that is asked for; some providers' libraries drop the title."""
    return _FORMS[frozenset(schema["properties"])]


def _schema(body: dict[str, Any]) -> dict[str, Any]:
    if "response_format" in body:
        return body["response_format"]["json_schema"]["schema"]
    (tool,) = body["tools"]
    return tool["function"]["parameters"] if "function" in tool else tool["input_schema"]


def _openai(body: dict[str, Any], arguments: str) -> dict[str, Any]:
    call = {"id": "call_1", "type": "function", "function": {"name": "answer", "arguments": arguments}}
    message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [call]}
    if "response_format" in body:
        message = {"role": "assistant", "content": arguments}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }


def _said(body: dict[str, Any], turn: Turn) -> dict[str, Any]:
    calls = [
        {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for number, (name, arguments) in enumerate(turn.calls)
    ]
    answer = _openai(body, "{}")
    answer["choices"][0]["message"] = {"role": "assistant", "content": turn.text or None, "tool_calls": calls}
    return answer if turn.figures else {name: value for name, value in answer.items() if name != "usage"}


def _events(answer: dict[str, Any]) -> bytes:
    """The same as a stream: each word and each half of a tool's arguments is a piece of its own."""
    message = answer["choices"][0]["message"]
    deltas: list[dict[str, Any]] = [{"content": word} for word in re.findall(r"\S+\s*", message["content"] or "")]
    for index, call in enumerate(message["tool_calls"]):
        text = call["function"]["arguments"]
        begun = {**call, "index": index, "function": {**call["function"], "arguments": text[: len(text) // 2]}}
        rest = {"index": index, "function": {"arguments": text[len(text) // 2 :]}}
        deltas += [{"tool_calls": [begun]}, {"tool_calls": [rest]}]
    chunks = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks += [{"choices": [], "usage": answer["usage"]}] if "usage" in answer else []
    return b"".join(f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks) + b"data: [DONE]\n\n"


def _anthropic(body: dict[str, Any], arguments: str) -> dict[str, Any]:
    with suppress(ValueError):
        arguments = json.loads(arguments)
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [{"type": "tool_use", "id": "toolu_1", "name": "answer", "input": arguments}],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 400,
            "output_tokens": 100,
            "cache_read_input_tokens": 400,
            "cache_creation_input_tokens": 200,
        },
    }


@contextmanager
def model_wire(script: Mapping[str, Any]) -> Generator[Wire]:
    """Served until left."""
    wire = Wire(script)
    handler = type("Playing", (_Handler,), {"wire": wire})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        wire.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield wire
        finally:
            server.shutdown()
            thread.join()
