"""Calls tools of MCP servers (streamable HTTP): one request, one answer. What a server asks back is not answered."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import aiohttp
from aiohttp import web
from pydantic import JsonValue

from nexus_agents.backends.door.account import Account
from nexus_agents.backends.door.bodies import MOST_RECEIVED, received_body, sent_body
from nexus_agents.backends.door.grants import Grants, McpGrant, Rights, redacted
from nexus_agents.backends.door.outside import Outside
from nexus_agents.backends.door.refusals import DoorRefusal
from nexus_agents.backends.streams import JSON
from nexus_contracts.strict_json import UnreadableJson

MCP = "/mcp/"
STATELESS, WITH_SESSIONS = "2026-07-28", "2025-11-25"
_VERSION, _SESSION = "MCP-Protocol-Version", "Mcp-Session-Id"
_Object = dict[str, JsonValue]
_CLIENT: _Object = {"name": "nexus-agents", "version": "1"}
_ABOUT = "io.modelcontextprotocol/"
_META: _Object = {
    f"{_ABOUT}protocolVersion": STATELESS,
    f"{_ABOUT}clientInfo": _CLIENT,
    f"{_ABOUT}clientCapabilities": {},
}
_OF_THE_CALLER = (401, 403, 429)
_NOT_BEGUN = (-32600, -32000, -32002)
"""Errors by which servers of 2025 say that a session comes first: the tool was not called."""


class _Answer(NamedTuple):
    status: int
    session: str | None
    message: _Object


class McpServers:
    """Speaks the protocol as each server has it: without sessions, or, as of 2025, with one for each call."""

    def __init__(self, grants: Grants, outside: Outside) -> None:
        self._grants = grants
        self._outside = outside
        self._with_sessions: set[str] = set()

    async def called(self, request: web.BaseRequest, rights: Rights, account: Account) -> web.Response:
        """What the tool of `/mcp/<server>/<tool>` says to the arguments in the body. Raises DoorRefusal."""
        server, _, tool = request.path.removeprefix(MCP).partition("/")
        grant = rights.mcp_tools.get((server, tool))
        if grant is None:
            raise DoorRefusal(403, "TOOL_NOT_ALLOWED", f"the agent may not call {tool[:128]!r} of {server[:40]!r}")
        account.begin_fetch()
        params: _Object = {"name": tool, "arguments": _arguments(await sent_body(request))}
        secret = self._grants.secret(grant, rights.spec)
        own = {grant.header: secret} if secret else {}
        try:
            answer = await self._answer(grant, own, params)
        except (aiohttp.ClientError, ValueError):
            raise _unavailable(grant) from None
        shown = json.dumps(_said(answer.message), ensure_ascii=False)
        return web.Response(body=redacted(shown.encode(), secret), content_type="application/json")

    async def _answer(self, grant: McpGrant, own: Mapping[str, str], params: _Object) -> _Answer:
        if grant.server not in self._with_sessions:
            headers = {**own, _VERSION: STATELESS, "Mcp-Method": "tools/call", "Mcp-Name": str(params["name"])}
            answer = await self._asked(grant, headers, "tools/call", {**params, "_meta": _META})
            if not _wants_session(answer):
                return _required(grant, answer)
            self._with_sessions.add(grant.server)
        async with self._session(grant, own) as headers:
            return _required(grant, await self._asked(grant, headers, "tools/call", params))

    @asynccontextmanager
    async def _session(self, grant: McpGrant, own: Mapping[str, str]) -> AsyncGenerator[dict[str, str]]:
        """What to send with each request of it."""
        hello: _Object = {"protocolVersion": WITH_SESSIONS, "capabilities": {}, "clientInfo": _CLIENT}
        begun = _required(grant, await self._asked(grant, own, "initialize", hello))
        result = begun.message.get("result")
        spoken = result.get("protocolVersion") if isinstance(result, dict) else None
        headers = {**own, _VERSION: str(spoken)} | ({_SESSION: begun.session} if begun.session else {})
        try:
            await self._asked(grant, headers, "notifications/initialized", None)
            yield headers
        finally:
            if begun.session:
                with suppress(aiohttp.ClientError, ValueError):
                    async with self._outside.asked("DELETE", grant.url, headers):
                        pass

    async def _asked(self, grant: McpGrant, headers: Mapping[str, str], method: str, params: _Object | None) -> _Answer:
        """`params` None: a notification, which gets no answer."""
        message: _Object = {"jsonrpc": "2.0", "method": method}
        message |= {"id": 1, "params": params} if params is not None else {}
        own = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
        body = json.dumps(message, ensure_ascii=False).encode()
        async with self._outside.asked("POST", grant.url, {**headers, **own}, body) as response:
            told = {} if params is None or response.status != 200 else await _message(response)
            return _Answer(response.status, response.headers.get(_SESSION), told)


def _arguments(sent: bytes) -> _Object:
    try:
        arguments = JSON.read(sent or b"{}")
    except UnreadableJson as error:
        raise DoorRefusal(400, "INVALID_REQUEST", f"the body cannot be read: {error}") from None
    if not isinstance(arguments, dict):
        raise DoorRefusal(400, "INVALID_REQUEST", "the arguments are no object")
    return arguments


async def _message(response: aiohttp.ClientResponse) -> _Object:
    """The answer to the request; other messages of a stream are passed over. Raises ValueError, DoorRefusal."""
    if response.content_type != "text/event-stream":
        return _reply(await received_body(response)) or {}
    size, lines = 0, list[bytes]()
    async for line in response.content:
        size += len(line)
        if size > MOST_RECEIVED:
            raise DoorRefusal(502, "TOO_LARGE", f"the answer has more than {MOST_RECEIVED} bytes")
        if line.startswith(b"data:"):
            lines.append(line[5:].strip())
        elif not line.strip() and lines:
            if found := _reply(b"\n".join(lines)):
                return found
            lines.clear()
    raise ValueError("the stream has no answer")


def _reply(text: bytes) -> _Object | None:
    """None for what is no answer to a request."""
    message: JsonValue = JSON.read(text) if text else None
    if isinstance(message, dict) and message.get("id") == 1 and ("result" in message or "error" in message):
        return message
    return None


def _wants_session(answer: _Answer) -> bool:
    if answer.status == 200:
        error = answer.message.get("error")
        return isinstance(error, dict) and error.get("code") in _NOT_BEGUN
    return 400 <= answer.status < 500 and answer.status not in _OF_THE_CALLER


def _required(grant: McpGrant, answer: _Answer) -> _Answer:
    """Raises DoorRefusal."""
    if answer.status in (401, 403):
        raise DoorRefusal(502, "HOST_REJECTED", f"{grant.server} refuses this installation: HTTP {answer.status}")
    if answer.status != 200 or not answer.message:
        raise _unavailable(grant)
    return answer


def _unavailable(grant: McpGrant) -> DoorRefusal:
    return DoorRefusal(503, "HOST_UNAVAILABLE", f"{grant.server} does not answer as it should")


def _said(message: _Object) -> dict[str, JsonValue]:
    if isinstance(error := message.get("error"), dict):
        return {"text": str(error.get("message", "")), "is_error": True}
    result = message.get("result")
    if not isinstance(result, dict) or result.get("resultType", "complete") != "complete":
        return {"text": "The tool wants to be told more than its arguments, which agents cannot.", "is_error": True}
    content = result.get("content")
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    texts = [str(part["text"]) if "text" in part else f"[{part.get('type')}]" for part in parts]
    if not texts and "structuredContent" in result:
        texts = [json.dumps(result["structuredContent"], ensure_ascii=False)]
    return {"text": "\n".join(texts), "is_error": result.get("isError") is True}
