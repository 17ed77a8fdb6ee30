"""Open-loop load: requests at a rate, whether the ones before are answered or not, on the connections that takes.

Written on bare sockets, as a client that costs more than the server measures itself.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

TICK_SECONDS = 0.005
PATIENCE_SECONDS = 30.0
"""For answers, after the last request."""
Outcome = int | str
"""The status of an answer, or why there is none."""


@dataclass
class OpenLoad:
    """`seconds` until everything was answered, `latencies` in milliseconds of what was answered with 200."""

    sent: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list[float])
    outcomes: Counter[Outcome] = field(default_factory=Counter[Outcome])


async def at_rate(port: int, path: str, rate: float, seconds: float) -> OpenLoad:
    """GETs of a resource of 127.0.0.1, so many a second for so long. Returns when each of them has its outcome."""
    clients, began = _Clients(port, path), time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        for _ in range(int(passed * rate) - clients.done.sent):
            clients.send()
        await asyncio.sleep(TICK_SECONDS)
    await clients.finish()
    clients.done.seconds = time.perf_counter() - began
    return clients.done


class _Clients:
    def __init__(self, port: int, path: str) -> None:
        self.request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        self.done = OpenLoad()
        self.idle: list[_Connection] = []
        self._port = port
        self._open: set[_Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self._quiet = asyncio.Event()

    def send(self) -> None:
        self.done.sent += 1
        self._under_way += 1
        if self.idle:
            self.idle.pop().ask()
            return
        task = asyncio.create_task(self._ask_anew())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def came(self, outcome: Outcome) -> None:
        self.done.outcomes[outcome] += 1
        self._under_way -= 1
        if not self._under_way:
            self._quiet.set()

    async def finish(self) -> None:
        """Waits for all answers; those that do not come in time are `unanswered`."""
        self._quiet.clear()
        if self._under_way:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._quiet.wait()
            except TimeoutError:
                self.done.outcomes["unanswered"] += self._under_way
        for connection in self._open:
            connection.close()

    async def _ask_anew(self) -> None:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(self), "127.0.0.1", self._port
            )
        except OSError as error:
            self.came(type(error).__name__)
            return
        self._open.add(connection)
        connection.ask()


class _Connection(asyncio.Protocol):
    """One request at a time. Answers have a Content-Length."""

    def __init__(self, clients: _Clients) -> None:
        self._clients = clients
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._asked = False
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self) -> None:
        self._asked = True
        self._began = time.perf_counter()
        if self._transport is None or self._transport.is_closing():
            self._ended("disconnected")
        else:
            self._transport.write(self._clients.request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return
        self._received = b""
        status = int(head[9:12])
        if status == 200:
            self._clients.done.latencies.append((time.perf_counter() - self._began) * 1000)
        self._ended(status)
        if b"\r\nconnection: close" not in head.lower():
            self._clients.idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._asked:
            self._ended("disconnected")
        elif self in self._clients.idle:
            self._clients.idle.remove(self)

    def _ended(self, outcome: Outcome) -> None:
        self._asked = False
        self._clients.came(outcome)


def _content_length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0])
