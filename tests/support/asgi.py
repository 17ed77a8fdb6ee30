"""Requests to an ASGI application in this process, byte for byte as a server would hand them over."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        return self.json["error"]


class HttpCaller:
    """`chunks_taken` tells how many pieces of the last body the application asked for."""

    def __init__(self, app: ASGIApp, address: str = "caller") -> None:
        self._app = app
        self._address = address
        self.chunks_taken = 0

    async def __call__(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        headers: Sequence[tuple[str, str]] = (),
        raw: bytes | None = None,
        chunks: Iterable[bytes] | None = None,
        content_type: str | None = "application/json",
    ) -> HttpAnswer:
        """`body` is sent as JSON, `raw` as it is, both with Content-Length; `chunks` without."""
        sent = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        lines = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        if chunks is None:
            lines.append((b"content-length", str(len(sent)).encode()))
        if content_type and (sent or chunks is not None):
            lines.append((b"content-type", content_type.encode()))
        pieces = iter([sent] if chunks is None else chunks)
        answered: list[Message] = []

        taken_whole = False

        async def receive() -> Message:
            nonlocal taken_whole
            if taken_whole:
                await asyncio.get_running_loop().create_future()  # the caller stays
            piece = next(pieces, None)
            self.chunks_taken += piece is not None
            more = piece is not None and chunks is not None
            taken_whole = not more
            return {"type": "http.request", "body": piece or b"", "more_body": more}

        async def send(message: Message) -> None:
            answered.append(message)

        self.chunks_taken = 0
        await self._app(_scope(method, target, lines) | {"client": (self._address, 1)}, receive, send)
        return _answer(answered)


def _scope(method: str, target: str, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "server": ("gateway", 80),
    }


def _answer(messages: list[Message]) -> HttpAnswer:
    start, *rest = messages
    headers: dict[str, str] = {}
    for name, value in start["headers"]:
        known = headers.get(key := name.decode().lower())
        headers[key] = value.decode() if known is None else f"{known}, {value.decode()}"
    return HttpAnswer(start["status"], headers, b"".join(message.get("body", b"") for message in rest))
