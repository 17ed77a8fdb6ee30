"""Listens for the callers of the agent and gives each a process of its own, which may end at any moment.

A process that has answered as it should answers the next caller: a new one is several times as dear, as it copies each
page of memory that it touches first.
"""

import gc
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import NamedTuple, NoReturn

from .confined import MEMORY_EXHAUSTED, Limits

_PORT = 8080
_BACKLOG = 128
_MOST_CHILDREN = 64
_CONNECTION_SECONDS = 30
_FAREWELL_SECONDS = 1.0
_MOST_ANSWERS = 200
_MOST_GROWTH_KB = 32 * 1024
"""What a process may have taken for its answers and answer further callers: each may use what its limit says."""
_TICK_MILLISECONDS, _REST_MILLISECONDS = 200, 5_000
_SIGNALS = frozenset((signal.SIGCHLD, signal.SIGTERM))
_BEGINS, _ANSWERED = b"b", b"."
"""What a child says of a connection that was handed over to it, before it reads from it, and when it has answered."""


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
    """Answers one connection. `busy` says if others are being answered, `changed` when that last changed (Unix s).

    `lasting`: nothing stays of a caller who was answered, so that the process may answer another one.
    """

    lasting = False

    def handle(self, connection: socket.socket, busy: bool, changed: int) -> None:
        raise NotImplementedError

    def epitaph(self, status: int) -> bytes:
        """What is sent for a process that ended before it answered; `status` as `os.waitpid` has it."""
        del status
        return b""

    def prepare(self) -> bool:
        """A few milliseconds of work that quickens the answers; False where none is left."""
        raise NotImplementedError


class _Child:
    """A process that answers callers; without a `connection` it waits for one, which comes by the `channel`."""

    def __init__(self, channel: socket.socket, connection: socket.socket) -> None:
        self.channel = channel
        self.connection: socket.socket | None = connection
        self.begun = True
        """Whether it may have read from the connection."""
        self.left = 0.0
        """When its caller hung up, on the monotonic clock."""
        self.killed = False

    def hear(self) -> bool:
        """Takes what it has said; whether it has answered."""
        with suppress(OSError):  # it has said nothing
            told = self.channel.recv(64, socket.MSG_DONTWAIT)
            self.begun = self.begun or _BEGINS in told
            if _ANSWERED in told and self.connection is not None:
                self.connection.close()
                self.connection, self.left = None, 0.0
                return True
        return False

    def close(self) -> None:
        self.channel.close()
        if self.connection is not None:
            self.connection.close()


class _Server:
    def __init__(self, listener: socket.socket, handler: Handler, settings: Settings) -> None:
        self._listener = listener
        self._handler = handler
        self._settings = settings
        self._children: dict[int, _Child] = {}
        self._changed = int(time.time())
        self._unprepared = True

    def run(self) -> NoReturn:
        signal.signal(signal.SIGTERM, lambda _number, _frame: self._stop())
        signal.signal(signal.SIGINT, lambda _number, _frame: self._stop())
        signal.signal(signal.SIGCHLD, lambda _number, _frame: self._reap())
        sys.stderr.write(f"serving on {self._settings.socket_path or self._settings.port}\n")
        sys.stderr.flush()
        while True:
            self._prepare()
            self._attend()

    def _prepare(self) -> None:
        """While nobody waits: what is made before a fork is there in every process after it."""
        while self._unprepared and not select.select([self._listener], [], [], 0)[0]:
            self._unprepared = self._handler.prepare()

    def _attend(self) -> None:
        """Waits for the next caller, for children that have answered, and for callers who hang up before they have."""
        poller, watched = select.poll(), dict[int, _Child]()
        with _undisturbed():
            self._end_unwanted()
            busy = [child for child in self._children.values() if child.connection is not None]
            for child in [one for one in busy if not one.killed]:
                watched[child.channel.fileno()] = child
                poller.register(child.channel, select.POLLIN)
                if child.connection is not None and not child.left:
                    watched[child.connection.fileno()] = child
                    poller.register(child.connection, 0)
            idle = len(self._children) - len(busy)
        room = bool(idle) or len(busy) < _MOST_CHILDREN
        if room:
            poller.register(self._listener, select.POLLIN)
        # Without room only the end of a child makes some, and that is told by a signal alone.
        soon = not room or any(child.left for child in busy)
        happened = poller.poll(_TICK_MILLISECONDS if soon else _REST_MILLISECONDS if idle else None)
        if idle and not soon and not happened:
            self._dismiss()
        # The next caller last: whoever is free by then may answer.
        for descriptor, event in happened:
            if descriptor in watched:
                self._look_after(watched[descriptor], descriptor, event)
        if any(descriptor == self._listener.fileno() for descriptor, _ in happened):
            self._accept()

    def _look_after(self, child: _Child, descriptor: int, event: int) -> None:
        with _undisturbed():
            if child.connection is None or child.killed:
                return
            if descriptor == child.channel.fileno():
                if child.hear():
                    self._changed = int(time.time())
            elif event & (select.POLLHUP | select.POLLERR):
                child.left = time.monotonic()

    def _end_unwanted(self) -> None:
        """Those whose callers have hung up a moment ago, which they also do when they have been answered."""
        before = time.monotonic() - _FAREWELL_SECONDS
        for number, child in self._children.items():
            if 0.0 < child.left < before and not child.killed:
                child.killed = True
                os.kill(number, signal.SIGKILL)

    def _dismiss(self) -> None:
        """Those who wait, and nobody came: they hold memory."""
        with _undisturbed():
            for child in self._children.values():
                if child.connection is None:
                    child.channel.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError as error:
            sys.stderr.write(f"could not accept a connection: {error}\n")
            select.select([], [], [], 0.05)
            return
        with _undisturbed():
            if not self._hand_over(connection):
                self._fork(connection)
            self._changed = int(time.time())

    def _hand_over(self, connection: socket.socket) -> bool:
        """To a child that waits, if there is one."""
        for child in self._children.values():
            if child.connection is None and child.channel.fileno() >= 0:
                with suppress(OSError):  # it has just ended
                    socket.send_fds(child.channel, [b"%d %d" % (self._busy, self._changed)], [connection.fileno()])
                    child.connection, child.begun = connection, False
                    return True
        return False

    @property
    def _busy(self) -> bool:
        return any(child.connection is not None for child in self._children.values())

    def _fork(self, connection: socket.socket) -> None:
        # The garbage collector of the new process leaves alone what is there already: it would copy all of it.
        gc.freeze()
        channel, far = socket.socketpair()
        try:
            number = os.fork()
            if number == 0:
                channel.close()
                self._answer_and_exit(far, connection)
            self._children[number] = _Child(channel, connection)
        except OSError as error:
            channel.close()
            connection.close()
            sys.stderr.write(f"could not start a process for a connection: {error}\n")
        finally:
            far.close()

    def _answer_and_exit(self, channel: socket.socket, connection: socket.socket) -> NoReturn:
        code = 1
        try:
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            self._listener.close()
            for other in self._children.values():
                other.close()
            self._answer_all(channel, connection)
            code = 0
        except OSError:
            code = 0
        except MemoryError:
            code = MEMORY_EXHAUSTED
        except Exception as error:  # noqa: BLE001 - the boundary of the process: the caller sees that it died
            sys.stderr.write(f"the answer failed: {type(error).__name__}\n")
            sys.stderr.flush()
        finally:
            os._exit(code)

    def _answer_all(self, channel: socket.socket, connection: socket.socket) -> None:
        """Answers the caller, and others after it as long as that leaves nothing behind."""
        busy, changed, seconds = self._busy, self._changed, _CONNECTION_SECONDS + self._settings.limits.seconds
        most_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + _MOST_GROWTH_KB
        for left in range(_MOST_ANSWERS if self._handler.lasting else 1, 0, -1):
            signal.signal(signal.SIGALRM, lambda _number, _frame: os._exit(0))
            signal.setitimer(signal.ITIMER_REAL, seconds)
            self._handler.handle(connection, busy, changed)
            signal.setitimer(signal.ITIMER_REAL, 0)
            connection.close()
            if left == 1 or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > most_kb:
                return
            channel.send(_ANSWERED)
            told, descriptors, _, _ = socket.recv_fds(channel, 64, 1)
            if not descriptors:
                return
            channel.send(_BEGINS)
            connection = socket.socket(fileno=descriptors[0])
            others, moment = told.split()
            busy, changed = others == b"1", int(moment)

    def _reap(self, *, quietly: bool = False) -> None:
        with _undisturbed():
            for number, child in list(self._children.items()):
                status = 0
                with suppress(ChildProcessError):
                    ended, status = os.waitpid(number, os.WNOHANG)
                    if ended == 0:
                        continue
                child.hear()
                del self._children[number]
                if child.connection is not None and not quietly:
                    if not child.begun:
                        # It ended before it looked at its caller, who is still unread.
                        self._fork(child.connection)
                        child.connection = None
                    elif status and not child.left:
                        self._say(child.connection, self._handler.epitaph(status))
                child.close()
                self._changed = int(time.time())

    def _say(self, connection: socket.socket, answer: bytes) -> None:
        """It fits into the empty buffer of the connection: nothing was sent before."""
        connection.setblocking(False)
        with suppress(OSError):
            connection.send(answer)
            connection.shutdown(socket.SHUT_WR)

    def _stop(self) -> NoReturn:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if self._settings.socket_path is not None:
            with suppress(OSError):
                os.unlink(self._settings.socket_path)
        for number in self._children:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGTERM)
        deadline = time.monotonic() + _FAREWELL_SECONDS
        while self._children and time.monotonic() < deadline:
            self._reap(quietly=True)
            select.select([], [], [], 0.005)
        os._exit(0)


@contextmanager
def _undisturbed() -> Generator[None, None, None]:
    """Children that end meanwhile, and requests to stop, are seen to afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
