"""HTTP by httptools, where uvicorn leaves something to be wished: a bound, blanks, half-closed connections, HTTP/1.0.

httptools is kept because h11 costs a third more.
"""

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_HEAD_BYTES = 64 * 1024


class BoundedHttp(HttpToolsProtocol):
    """Ends a connection on which more than 64 KB came that made no head, no body and no end of a request."""

    _fruitless = 0

    def data_received(self, data: bytes) -> None:
        self._fruitless += len(data)
        super().data_received(data)
        if self._fruitless > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The request's head is too large.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Blanks around a value are none of it (RFC 9110, section 5.5); the parser leaves those behind it."""
        super().on_header(name, value.strip(b" \t"))

    def on_headers_complete(self) -> None:
        self._fruitless = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._fruitless = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._fruitless = 0
        super().on_message_complete()

    def eof_received(self) -> bool | None:  # pyright: ignore[reportIncompatibleMethodOverride]  # asyncio's own type
        """True keeps the connection for the answers that are due: the caller has asked all that it will ask.

        A caller that has gone looks the same. That is found out when something is written; an answer that has begun
        and has no end in sight might write too late, so it ends now.
        """
        last = self.cycle
        if not last or last.response_complete or last.more_body:
            return None
        if last.response_started and last.chunked_encoding:
            return None
        last.keep_alive = False
        return True

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        answering: Any = _Unchunked(app, cycle) if cycle.scope["http_version"] == "1.0" else app
        super()._start_asgi_task(cycle, answering)


class _Unchunked:
    """Answers in HTTP/1.0, which knows no chunks: a body whose length is not told ends with the connection."""

    def __init__(self, app: ASGIApp, cycle: RequestResponseCycle) -> None:
        self._app = app
        self._cycle = cycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        of_known_length = True

        async def plainly(message: Message) -> None:
            nonlocal of_known_length
            if message["type"] == "http.response.start":
                of_known_length = any(name.lower() == b"content-length" for name, _ in message.get("headers", ()))
                self._cycle.chunked_encoding = None if of_known_length else False
            elif not of_known_length:
                self._cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, plainly)
