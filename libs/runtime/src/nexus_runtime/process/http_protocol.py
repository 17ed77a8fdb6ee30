"""Gaps in uvicorn's httptools protocol, closed: limits, white space, trailers, half-closed connections, HTTP/1.0.

httptools is kept because h11 costs a third more.
"""

import asyncio
import contextlib
import fcntl
import resource
import termios
from array import array
from typing import Any, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from nexus_runtime.process import shedding
from nexus_runtime.process.shedding import MAX_HEAD_BYTES, Shedding
from nexus_runtime.process.succession import succession

RECEIVING_SECONDS = 20.0
BYTES_A_SECOND = 1_000
MOST_CONNECTIONS = resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 3 // 4
"""The rest of the files that the process may have open is for what it does; below zero there is no limit."""


class BoundedHttp(HttpToolsProtocol):
    """Ends connections that take without giving, and those that ask without taking.

    Those on which more than 64 KB came that made no head, no body and no end of a request; on which a request has not
    come within 20 s, and a second more for every 1,000 bytes of its body, with no pause of 20 s; whose caller takes
    less than 1,000 bytes a second of an answer for which there is no more room; where there are too many connections,
    the one that is the next to be ended so.
    """

    _fruitless = 0
    _in_head = True
    _due: float | None = None
    """When the data being received must be complete; None while nothing is being received."""
    _unsent, _unsent_at = 0, 0.0
    """How much of an answer waited for its caller to take it, and when that was looked at."""
    _look: asyncio.TimerHandle

    def __init__(
        self,
        *given: Any,
        shedder: Shedding | None = None,
        taken: bool = False,
        **named: Any,
    ) -> None:
        """`taken`: the shedder was already asked for the first request."""
        super().__init__(*given, **named)
        self._shedder = shedder
        self._taken = taken

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)
        self._due = self.loop.time() + RECEIVING_SECONDS
        self._look = self.loop.call_at(self._due, self._end_if_slow)
        if 0 < MOST_CONNECTIONS < len(self.connections):
            receiving = [one for one in cast("set[BoundedHttp]", self.connections) if one.is_receiving]
            min(receiving, key=lambda one: one.due).transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._look.cancel()
        self.leave()
        super().connection_lost(exc)

    def leave(self) -> None:
        """A request that was taken does not come."""
        if self._shedder and self._taken:
            self._taken = False
            self._shedder.begins()

    @property
    def due(self) -> float:
        return self.loop.time() + RECEIVING_SECONDS if self._due is None else self._due

    @property
    def is_receiving(self) -> bool:
        """Whether it is the caller's turn to send something."""
        under_way = self.cycle and not self.cycle.response_complete and not self.cycle.more_body
        return self._due is not None and not under_way and not self.flow.read_paused

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unsent = 0

    def _takes(self, now: float) -> bool:
        """Whether the caller takes what it has asked for, where nothing more can be written before it does."""
        stuck = self.flow.write_paused or self.transport.is_closing()
        unsent = self._not_taken() if stuck else 0
        if unsent and self._unsent and now - self._unsent_at < RECEIVING_SECONDS:
            return True
        taken, known = self._unsent - unsent, self._unsent
        self._unsent, self._unsent_at = unsent, now
        return not (unsent and known) or taken >= BYTES_A_SECOND * RECEIVING_SECONDS

    def _not_taken(self) -> int:
        """Bytes here and in the kernel, whose buffer may have megabytes, and takes more only when a third is empty."""
        queued = array("i", [0])
        with contextlib.suppress(OSError):
            fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, queued)
        return self.transport.get_write_buffer_size() + queued[0]

    def _end_if_slow(self) -> None:
        now = self.loop.time()
        if not self._takes(now):
            # Not closed: that would wait until all is taken.
            self.transport.abort()
            return
        if self._due is not None and not self.is_receiving:
            self._due = now + RECEIVING_SECONDS
        if now < self.due:
            self._look = self.loop.call_at(self.due, self._end_if_slow)
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self._due is None:
            self._due = self.loop.time() + RECEIVING_SECONDS
        self._fruitless += len(data)
        super().data_received(data)
        if self._fruitless > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The request's head is too large.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Blanks around a value are none of it (RFC 9110, section 5.5); the parser leaves those behind it.

        What comes behind a body is dropped (section 6.5.1): whoever checked the head, a proxy perhaps, has not seen it.
        """
        if not self._in_head:
            return
        super().on_header(name, value.strip(b" \t"))

    def on_headers_complete(self) -> None:
        """Raises ValueError, which the parser takes for bytes that are no request: the server answers its bare 400."""
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD_BYTES:
            raise ValueError("The request's head is too large.")
        assert self.parser is not None
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise ValueError("A request names its host once (RFC 9112, section 3.2).")
        self._fruitless = 0
        self._in_head = False
        # Nothing here uses cookies, but FastAPI reads them for every route, and Python before 3.11.10 and 3.12.6 takes
        # half a minute for 60 KB of backslashes in one (CVE-2024-7592).
        if any(name == b"cookie" for name, _ in self.headers):
            self.headers[:] = [field for field in self.headers if field[0] != b"cookie"]
        super().on_headers_complete()
        if succession.begun and self.cycle:
            self.cycle.keep_alive = False

    def on_message_begin(self) -> None:
        self._due = self.loop.time() + RECEIVING_SECONDS
        self._in_head = True
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        self._fruitless = 0
        self._due = min(self.due + len(body) / BYTES_A_SECOND, self.loop.time() + RECEIVING_SECONDS)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._fruitless = 0
        self._due = None
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
        if self._shedder:
            taken, self._taken = self._taken, False
            if not taken and (refusal := self._shedder.refusal(cast("Scope", cycle.scope))):
                self._refuse(cycle, refusal)
                return
            self.loop.call_soon(self._shedder.begins)
        answering: Any = _Unchunked(app, cycle) if cycle.scope["http_version"] == "1.0" else app
        super()._start_asgi_task(cycle, answering)

    def _refuse(self, cycle: RequestResponseCycle, refusal: bytes) -> None:
        """Without a task and the application, which cost most of what a request costs."""
        # Who waits for 100 Continue may send the body or not, so what came next could be the body or a request.
        cycle.keep_alive &= not cycle.waiting_for_100_continue
        self.transport.write(shedding.answer(cycle.default_headers, refusal, last=not cycle.keep_alive))
        # Later, as it starts the next request that came with this one: hundreds refused would be as many nested calls.
        self.loop.call_soon(self._refused, cycle)

    def _refused(self, cycle: RequestResponseCycle) -> None:
        cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()


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
