"""Calls a tool of an MCP server (streamable HTTP) as the door does: one request, one answer, nothing asked back.

The server speaks the protocol without sessions, or, as of 2025, with one for each call.
"""

import json
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from .outside import NotAnswered

_STATELESS, _WITH_SESSIONS = "2026-07-28", "2025-11-25"
_VERSION, _SESSION = "MCP-Protocol-Version", "Mcp-Session-Id"
_SECONDS = 60
_MOST_RECEIVED = 8_000_000
_Object = dict[str, Any]
_CLIENT: _Object = {"name": "nexus-agents", "version": "1"}
_ABOUT = "io.modelcontextprotocol/"
_META: _Object = {
    f"{_ABOUT}protocolVersion": _STATELESS,
    f"{_ABOUT}clientInfo": _CLIENT,
    f"{_ABOUT}clientCapabilities": {},
}
_OF_THE_CALLER = (401, 403, 429)
_NOT_BEGUN = (-32600, -32000, -32002)
"""Errors by which servers of 2025 say that a session comes first: the tool was not called."""


class _Replied(NamedTuple):
    status: int
    session: "str | None"
    message: _Object


def called(server: str, url: str, tool: str, arguments: _Object) -> str:
    """What the tool says. Raises NotAnswered."""
    params: _Object = {"name": tool, "arguments": arguments}
    headers = {_VERSION: _STATELESS, "Mcp-Method": "tools/call", "Mcp-Name": tool}
    try:
        answer = _asked(url, headers, "tools/call", {**params, "_meta": _META})
        if _wants_session(answer):
            with _session(server, url) as own:
                answer = _asked(url, own, "tools/call", params)
        return _said(_required(server, answer).message)
    except (OSError, HTTPException, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise _unavailable(server) from None


@contextmanager
def _session(server: str, url: str) -> "Generator[dict[str, str]]":
    """What to send with each request of it."""
    hello = {"protocolVersion": _WITH_SESSIONS, "capabilities": {}, "clientInfo": _CLIENT}
    begun = _required(server, _asked(url, {}, "initialize", hello))
    headers = {_VERSION: str(begun.message["result"]["protocolVersion"])}
    headers |= {_SESSION: begun.session} if begun.session else {}
    try:
        _asked(url, headers, "notifications/initialized", None)
        yield headers
    finally:
        if begun.session:
            with suppress(OSError, HTTPException), _sent(url, "DELETE", headers, b""):
                pass


def _asked(url: str, headers: "dict[str, str]", method: str, params: "_Object | None") -> _Replied:
    """`params` None: a notification, which gets no answer."""
    message: _Object = {"jsonrpc": "2.0", "method": method}
    message |= {"id": 1, "params": params} if params is not None else {}
    own = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    with _sent(url, "POST", {**headers, **own}, json.dumps(message).encode()) as response:
        told = {} if params is None or response.status != 200 else _message(response)
        return _Replied(response.status, response.getheader(_SESSION), told)


@contextmanager
def _sent(url: str, method: str, headers: "dict[str, str]", body: bytes) -> "Generator[HTTPResponse]":
    """Redirects are not followed."""
    target = urlsplit(url)
    kind = HTTPSConnection if target.scheme == "https" else HTTPConnection
    connection = kind(str(target.hostname), target.port, timeout=_SECONDS)
    try:
        connection.request(method, target.path or "/", body, headers)
        yield connection.getresponse()
    finally:
        connection.close()


def _message(response: HTTPResponse) -> _Object:
    """The answer to the request; other messages of a stream are passed over. Raises ValueError."""
    if not str(response.getheader("Content-Type")).startswith("text/event-stream"):
        return _reply(response.read(_MOST_RECEIVED)) or {}
    size, lines = 0, list[bytes]()
    while line := response.readline(_MOST_RECEIVED):
        size += len(line)
        if size > _MOST_RECEIVED:
            break
        if line.startswith(b"data:"):
            lines.append(line[5:].strip())
        elif not line.strip() and lines:
            if found := _reply(b"\n".join(lines)):
                return found
            lines.clear()
    raise ValueError("the stream has no answer")


def _reply(text: bytes) -> "_Object | None":
    """None for what is no answer to a request."""
    read: Any = json.loads(text) if text else None
    message = cast("_Object", read) if isinstance(read, dict) else {}
    return message if message.get("id") == 1 and ("result" in message or "error" in message) else None


def _wants_session(answer: _Replied) -> bool:
    if answer.status == 200:
        error = cast("_Object", answer.message.get("error") or {})
        return error.get("code") in _NOT_BEGUN
    return 400 <= answer.status < 500 and answer.status not in _OF_THE_CALLER


def _required(server: str, answer: _Replied) -> _Replied:
    if answer.status in (401, 403):
        raise NotAnswered("HOST_REJECTED", f"{server} wants a credential, and agents on AgentCore have none.")
    if answer.status != 200 or not answer.message:
        raise _unavailable(server)
    return answer


def _unavailable(server: str) -> NotAnswered:
    return NotAnswered("HOST_UNAVAILABLE", f"{server} does not answer as it should.")


def _said(message: _Object) -> str:
    if "error" in message:
        return str(message["error"].get("message", ""))
    result = cast(_Object, message["result"])
    if result.get("resultType", "complete") != "complete":
        return "The tool wants to be told more than its arguments, which agents cannot."
    parts = cast("list[_Object]", result.get("content") or [])
    texts = [str(part["text"]) if "text" in part else f"[{part.get('type')}]" for part in parts]
    if not texts and "structuredContent" in result:
        return json.dumps(result["structuredContent"], ensure_ascii=False)
    return "\n".join(texts)
