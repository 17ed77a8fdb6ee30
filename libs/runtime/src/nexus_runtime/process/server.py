"""When a process begins to take connections, and how it takes leave of its callers."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from types import FrameType
from typing import cast

import uvicorn

from nexus_runtime.process import succession

TICK_SECONDS = 1.0
LOOK_SECONDS = 0.05
LINGER_SECONDS = 1.0
"""How long idle connections stay open behind a successor's back: what is being sent on them just then is answered."""


async def _at_once() -> bool:
    return True


class Server(uvicorn.Server):
    """Tells when it begins to stop: it then waits for every answer under way, and a stream has no end of its own.

    From `taken_over`, a socket that the predecessor listens on, it takes connections only when it `serves`.

    uvloop takes one new connection in a turn of the event loop, however many wait. While much is asked on the others,
    turns are long, and newcomers, an orchestrator's probes among them, would wait for tens of seconds, as nobody sees
    them to refuse them: the rest is taken here, too.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        at_stop: Callable[[], None],
        taken_over: socket.socket | None = None,
        serves: Callable[[], Awaitable[bool]] = _at_once,
    ) -> None:
        protocol = cast("Callable[..., asyncio.Protocol]", config.http)
        config.http = cast("type[asyncio.Protocol]", partial(protocol, accepted=self._accepted))
        super().__init__(config)
        self._at_stop = at_stop
        self._taken_over = taken_over
        self._serves = serves
        self._taking_over: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked = asyncio.Event()
        self._listening: list[socket.socket] = []
        self._accepting = False
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
        self.servers.append(await listening)
        self._accept_from(self.servers[-1])

    def _accept_from(self, server: asyncio.Server) -> None:
        # Duplicates, as uvloop does not let anybody accept on its own.
        for own in server.sockets:
            self._listening.append(socket.socket(fileno=os.dup(own.fileno())))
            self._listening[-1].setblocking(False)

    def _accepted(self) -> None:
        """A connection was made: more may wait."""
        if not self._accepting:
            self._accepting = True
            asyncio.get_running_loop().call_soon(self._accept_rest)

    def _accept_rest(self) -> None:
        self._accepting = False
        loop = asyncio.get_running_loop()
        for listening in self._listening:
            # None waits any more, or no more files may be open.
            with contextlib.suppress(OSError):
                for _ in range(self.config.backlog):
                    connection, _ = listening.accept()
                    connecting = loop.create_task(loop.connect_accepted_socket(self._protocol, connection))
                    self._connecting.add(connecting)
                    connecting.add_done_callback(self._connecting.discard)

    def _protocol(self) -> asyncio.Protocol:
        """As uvicorn makes it for the sockets that it knows from the start."""
        make = cast("Callable[..., asyncio.Protocol]", self.config.http_protocol_class)
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

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
        for listening in (*self.servers, *self._listening):
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
