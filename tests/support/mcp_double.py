"""An MCP server on loopback: without sessions, as the protocol is since 2026, or with them, as it was before."""

import json
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from tests.support.doors import served_host

from nexus_agents.backends.door.mcp import STATELESS, WITH_SESSIONS

SESSION = "session-of-one-call"
GREETING = {"content": [{"type": "text", "text": "Hello, Ada."}], "isError": False}


@dataclass
class McpDouble:
    """`results` are those of the calls; a number is a status instead, a text the whole body of an event stream.

    `seen` are methods with their parameters and headers; `sessions` those that are open.
    """

    with_sessions: bool = False
    streamed: bool = False
    results: deque[Any] = field(default_factory=deque[Any])
    seen: list[tuple[str, Any, Mapping[str, str]]] = field(default_factory=list[tuple[str, Any, Mapping[str, str]]])
    sessions: set[str] = field(default_factory=set[str])
    url: str = ""

    @property
    def methods(self) -> list[str]:
        return [method for method, _, _ in self.seen]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "DELETE":
            self.seen.append(("DELETE", None, request.headers))
            self.sessions.discard(request.headers["Mcp-Session-Id"])
            return web.Response(status=204)
        message = json.loads(await request.text())
        self.seen.append((message["method"], message.get("params"), request.headers))
        assert request.headers["Accept"] == "application/json, text/event-stream"
        if self.with_sessions:
            return self._in_session(request, message)
        if request.headers.get("MCP-Protocol-Version") != STATELESS:
            return web.json_response({"jsonrpc": "2.0", "id": 1, "error": {"code": -32022, "message": "?"}}, status=400)
        about = message["params"]["_meta"]
        assert about["io.modelcontextprotocol/protocolVersion"] == STATELESS
        assert (request.headers["Mcp-Method"], request.headers["Mcp-Name"]) == ("tools/call", message["params"]["name"])
        return self._result()

    def _in_session(self, request: web.BaseRequest, message: Any) -> web.StreamResponse:
        if message["method"] == "initialize":
            self.sessions.add(SESSION)
            begun = {"protocolVersion": WITH_SESSIONS, "capabilities": {}, "serverInfo": {"name": "d", "version": "1"}}
            answer = self._answer({"jsonrpc": "2.0", "id": message["id"], "result": begun})
            answer.headers["Mcp-Session-Id"] = SESSION
            return answer
        if request.headers.get("Mcp-Session-Id") not in self.sessions:
            return web.json_response(
                {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "?"}}, status=400
            )
        assert request.headers["MCP-Protocol-Version"] == WITH_SESSIONS
        return web.Response(status=202) if message["method"] == "notifications/initialized" else self._result()

    def _result(self) -> web.StreamResponse:
        result = self.results.popleft()
        if isinstance(result, int):
            return web.Response(status=result)
        if isinstance(result, str):
            return web.Response(text=result, content_type="text/event-stream")
        told = result if "error" in result else {"result": result}
        return self._answer({"jsonrpc": "2.0", "id": 1, **told})

    def _answer(self, message: Any) -> web.Response:
        if not self.streamed:
            return web.json_response(message)
        note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "working"}}
        text = "".join(f"event: message\ndata: {json.dumps(one)}\n\n" for one in (note, message))
        return web.Response(text=f": ping\n\n{text}", content_type="text/event-stream")


@asynccontextmanager
async def mcp_double(**fields: Any) -> AsyncGenerator[McpDouble]:
    """Served until left."""
    double = McpDouble(**fields)
    async with served_host(double.handle) as double.url:
        yield double
