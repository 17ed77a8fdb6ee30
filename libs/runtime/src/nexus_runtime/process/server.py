"""When a process begins to take connections, and how it takes leave of its callers."""

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from types import FrameType
from typing import Any, cast

import uvicorn

from nexus_runtime.process import succession
from nexus_runtime.process.http_protocol import BoundedHttp
from nexus_runtime.process.shedding import Shedding, first_request, refuse

TICK_SECONDS = 1.0
LOOK_SECONDS = 0.05
SHORTEST_SECONDS, LONGEST_SECONDS = 0.005, 0.1
"""For accepting in one turn of the event loop."""
LINGER_SECONDS = 1.0
"""How long idle connections stay open behind a successor's back: what is being sent on them just then is answered."""


async def _at_once() -> bool:
    return True


class Server(uvicorn.Server):
    """Tells when it begins to stop: it then waits for every answer under way, and a stream has no end of its own.

    From `taken_over`, a socket that the predecessor listens on, it takes connections only when it `serves`.

    It accepts on its own: uvloop takes one new connection in a turn of the event loop, however many wait. While much is
    asked on the others, turns are long, and newcomers, an orchestrator's probes among them, would wait for tens of
    seconds, as nobody sees them to refuse them. Here all that wait are taken, or refused by the `shedder`.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        at_stop: Callable[[], None],
        taken_over: socket.socket | None = None,
        serves: Callable[[], Awaitable[bool]] = _at_once,
        shedder: Shedding | None = None,
    ) -> None:
        protocol = cast("Callable[..., asyncio.Protocol]", config.http)
        config.http = cast("type[asyncio.Protocol]", partial(protocol, shedder=shedder))
        super().__init__(config)
        self._shedder = shedder
        self._at_stop = at_stop
        self._taken_over = taken_over
        self._serves = serves
        self._taking_over: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked = asyncio.Event()
        self._listening: list[socket.socket] = []
        self._accepted_at = 0.0
        self._connecting: set[asyncio.Task[object]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers:
            self._accept_from(server)
        if self._taken_over is not None:
            self._taking_over = asyncio.create_task(self._take_over(self._taken_over), name="connections taken over")

    async def _take_over(self, taken: socket.socket) -> None:
        while not await self._serves():  # noqa: ASYNC110  # what it depends on is elsewhere
            await asyncio.sleep(LOOK_SECONDS)
        listening = asyncio.get_running_loop().create_server(self._protocol, sock=taken, backlog=self.config.backlog)
        self._accept_from(await listening)

    def _accept_from(self, server: asyncio.Server) -> None:
        """From duplicates of its sockets, as uvloop lets nobody else accept."""
        for own in server.sockets:
            listening = socket.socket(fileno=os.dup(own.fileno()))
            listening.setblocking(False)
            self._listening.append(listening)
            self._watch(listening)
        server.close()

    def _watch(self, listening: socket.socket) -> None:
        if listening in self._listening:
            asyncio.get_running_loop().add_reader(listening, self._accept_all, listening)

    def _accept_all(self, listening: socket.socket) -> None:
        try:
            until = self._accepting_until()
            while time.monotonic() < until:
                connection, _ = listening.accept()
                self._receive(connection)
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:
            # No more files may be open: the socket stays readable meanwhile.
            loop = asyncio.get_running_loop()
            loop.remove_reader(listening)
            loop.call_later(LOOK_SECONDS, self._watch, listening)
        finally:
            self._accepted_at = time.monotonic()

    def _accepting_until(self) -> float:
        """A fifth of the time is for accepting: a flood that comes as fast as it is refused would take all of it."""
        now = time.monotonic()
        return now + min(max(SHORTEST_SECONDS, (now - self._accepted_at) / 4), LONGEST_SECONDS)

    def _receive(self, connection: socket.socket) -> None:
        request = first_request(connection) if self._shedder else None
        if self._shedder and request and (refusal := self._shedder.refusal(request)):
            refuse(connection, self.server_state.default_headers, refusal)
            return
        loop, protocol = asyncio.get_running_loop(), self._protocol(taken=request is not None)
        connecting = loop.create_task(loop.connect_accepted_socket(lambda: protocol, connection))
        self._connecting.add(connecting)
        connecting.add_done_callback(partial(self._connected, protocol))

    def _connected(self, protocol: BoundedHttp, connecting: asyncio.Task[object]) -> None:
        self._connecting.discard(connecting)
        if connecting.cancelled() or connecting.exception():
            protocol.leave()

    def _protocol(self, **more: Any) -> BoundedHttp:
        """As uvicorn makes it for the sockets that it knows from the start."""
        make = cast("Callable[..., BoundedHttp]", self.config.http_protocol_class)
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state, **more)

    async def main_loop(self) -> None:
        """uvicorn's server polls ten times a second whether to stop; this one is notified, and updates the date."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._asked.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        # Not put back: afterwards it would kill.
        signal.signal(succession.SIGNAL, self._succeeded)
        with super().capture_signals():
            yield

    def _succeeded(self, _number: int, frame: FrameType | None) -> None:
        succession.succession.begun = True
        self.handle_exit(signal.SIGTERM, frame)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self._loop is not None:
            # A Python signal handler: by itself it does not wake the event loop.
            self._loop.call_soon_threadsafe(self._asked.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._taking_over is not None:
            self._taking_over.cancel()
        for listening in self._listening:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        self._listening = []
        self._at_stop()
        if succession.succession.begun:
            self.config.timeout_graceful_shutdown = int(succession.FINISH_SECONDS)
            await self._linger()
        await super().shutdown(sockets)

    async def _linger(self) -> None:
        """Until all callers have gone: each answer from now on is the last of its connection."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while self.server_state.connections:  # noqa: ASYNC110  # uvicorn signals no end of a connection
                    await asyncio.sleep(LOOK_SECONDS)
