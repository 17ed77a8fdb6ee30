"""Listens for the callers of the agent and gives each connection a process of its own."""

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import NamedTuple, NoReturn

from .confined import Limits

_PORT = 8080
_BACKLOG = 128
_MOST_CHILDREN = 64
_CONNECTION_SECONDS = 30
_FAREWELL_SECONDS = 1.0


class Settings(NamedTuple):
    """Where to listen (a Unix socket, or host and port), how far an invocation may go, and the module that answers."""

    socket_path: str | None
    host: str
    port: int
    limits: Limits
    handler: str


def settings_from(environment: Mapping[str, str]) -> Settings:
    """From AGENT_SOCKET, AGENT_HOST, AGENT_PORT, AGENT_TIME_LIMIT_SECONDS, AGENT_MEMORY_LIMIT_MB, AGENT_HANDLER."""
    seconds = float(environment.get("AGENT_TIME_LIMIT_SECONDS") or 10)
    memory_mb = int(environment.get("AGENT_MEMORY_LIMIT_MB") or 256)
    return Settings(
        socket_path=environment.get("AGENT_SOCKET") or None,
        host=environment.get("AGENT_HOST") or "0.0.0.0",
        port=int(environment.get("AGENT_PORT") or _PORT),
        limits=Limits(seconds, memory_mb),
        handler=environment.get("AGENT_HANDLER") or "handling",
    )


def serve(root: str) -> None:
    """Serves the package unpacked in `root` until SIGTERM or SIGINT."""
    settings = settings_from(os.environ)
    listener = _listener(settings)
    # Callers may connect while the tools are still being imported: the backlog holds them for these milliseconds.
    handling = import_module(f"{__name__.rpartition('.')[0]}.{settings.handler}")
    _Server(listener, handling.handler(root, settings.limits), settings).run()


def _listener(settings: Settings) -> socket.socket:
    if settings.socket_path is None:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
    else:
        with suppress(FileNotFoundError):
            os.unlink(settings.socket_path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(settings.socket_path)
    listener.listen(_BACKLOG)
    return listener


class Handler:
    """Answers one connection. `busy` says if others are being answered, `changed` when that last changed (Unix s)."""

    def handle(self, connection: socket.socket, busy: bool, changed: int) -> None:
        raise NotImplementedError

    def prepare(self) -> bool:
        """A few milliseconds of work that quickens the answers; False where none is left."""
        raise NotImplementedError


class _Server:
    def __init__(self, listener: socket.socket, handler: Handler, settings: Settings) -> None:
        self._listener = listener
        self._handler = handler
        self._settings = settings
        self._children: set[int] = set()
        self._changed = int(time.time())
        self._unprepared = True

    def run(self) -> NoReturn:
        signal.signal(signal.SIGTERM, lambda _number, _frame: self._stop())
        signal.signal(signal.SIGINT, lambda _number, _frame: self._stop())
        signal.signal(signal.SIGCHLD, lambda _number, _frame: self._reap())
        sys.stderr.write(f"serving on {self._settings.socket_path or self._settings.port}\n")
        sys.stderr.flush()
        while True:
            while len(self._children) >= _MOST_CHILDREN:
                select.select([], [], [], 0.05)
                self._reap()
            self._prepare()
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                sys.stderr.write(f"could not accept a connection: {error}\n")
                select.select([], [], [], 0.05)
                continue
            self._fork(connection)

    def _prepare(self) -> None:
        """While nobody waits: what is made before a fork is there in every process after it."""
        while self._unprepared and not select.select([self._listener], [], [], 0)[0]:
            self._unprepared = self._handler.prepare()

    def _fork(self, connection: socket.socket) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGTERM})
        try:
            child = os.fork()
            if child == 0:
                self._answer_and_exit(connection)
            self._children.add(child)
            self._changed = int(time.time())
        except OSError as error:
            sys.stderr.write(f"could not start a process for a connection: {error}\n")
        finally:
            connection.close()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD, signal.SIGTERM})

    def _answer_and_exit(self, connection: socket.socket) -> NoReturn:
        code = 1
        try:
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD, signal.SIGTERM})
            self._listener.close()
            signal.setitimer(signal.ITIMER_REAL, _CONNECTION_SECONDS + self._settings.limits.seconds)
            self._handler.handle(connection, busy=bool(self._children), changed=self._changed)
            code = 0
        except OSError:
            code = 0
        finally:
            os._exit(code)

    def _reap(self) -> None:
        for child in list(self._children):
            with suppress(ChildProcessError):
                if os.waitpid(child, os.WNOHANG)[0] == 0:
                    continue
            self._children.discard(child)
            self._changed = int(time.time())

    def _stop(self) -> NoReturn:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if self._settings.socket_path is not None:
            with suppress(OSError):
                os.unlink(self._settings.socket_path)
        for child in self._children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
        deadline = time.monotonic() + _FAREWELL_SECONDS
        while self._children and time.monotonic() < deadline:
            self._reap()
            select.select([], [], [], 0.005)
        os._exit(0)
