"""`python -m benchmarks.runner.open_load`: requests at a rate, whether the ones before are answered or not.

A process of its own on bare sockets and epoll, each request on a connection of its own: with asyncio the client itself,
which cannot open as many connections as are asked for, was what was measured. Takes a `Plan` as JSON from its standard
input and writes what became of it, an `OpenLoad`, to its standard output.
"""

import asyncio
import contextlib
import dataclasses
import json
import select
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

PATIENCE_SECONDS = 30.0
"""For answers, after the last request."""
TICK_SECONDS = 0.001
UNANSWERED = "unanswered"


@dataclass(frozen=True)
class Plan:
    """`rate` requests a second or, without it, the next one when one of `clients` was answered.

    In `path` and `body` the first `%d` is the number of the request, from 0. With a body it is a POST of JSON.
    """

    port: int
    path: str
    seconds: float
    rate: float | None = None
    clients: int = 0
    body: str | None = None

    def due(self, passed: float, sent: int, under_way: int) -> int:
        """How many requests are to be sent now."""
        if passed >= self.seconds:
            return 0
        return self.clients - under_way if self.rate is None else int(passed * self.rate) - sent

    def request(self, number: int) -> bytes:
        head = "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        path = self.path.replace("%d", str(number), 1)
        if self.body is None:
            return f"{head.format('GET', path)}\r\n".encode()
        body = self.body.replace("%d", str(number), 1)
        fields = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"{head.format('POST', path)}{fields}\r\n{body}".encode()


@dataclass
class OpenLoad:
    """`seconds` until the last answer, `cpu_seconds` of the client; outcomes are statuses, or why there was none.

    By outcome: `latencies` in milliseconds, from connecting to the whole answer, and the `numbers` of the requests.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    latencies: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    numbers: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    @property
    def sent(self) -> int:
        return sum(self.outcomes.values())

    @property
    def outcomes(self) -> Counter[str]:
        return Counter({outcome: len(numbers) for outcome, numbers in self.numbers.items()})


async def run(plan: Plan) -> OpenLoad:
    """In a process of its own, until each request has its outcome."""
    pipes: Any = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.runner.open_load", **pipes)
    told, _ = await process.communicate(json.dumps(dataclasses.asdict(plan)).encode())
    if process.returncode:
        raise RuntimeError("the client of the open load failed")
    return OpenLoad(**json.loads(told))


@dataclass
class _Asked:
    number: int
    began: float
    socket: socket.socket
    request: bytes
    received: bytes = b""


class _Client:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._poll = select.epoll()
        self._asked: dict[int, _Asked] = {}
        self._done = OpenLoad()

    def run(self) -> OpenLoad:
        plan, sent, began = self._plan, 0, time.perf_counter()
        while (passed := time.perf_counter() - began) < plan.seconds or self._asked:
            if passed >= plan.seconds + PATIENCE_SECONDS:
                break
            for _ in range(plan.due(passed, sent, len(self._asked))):
                self._connect(sent)
                sent += 1
            for descriptor, event in self._poll.poll(TICK_SECONDS):
                self._go_on(self._asked[descriptor], event)
        for asked in list(self._asked.values()):
            self._end(asked, UNANSWERED)
        self._done.seconds, self._done.cpu_seconds = time.perf_counter() - began, time.process_time()
        return self._done

    def _connect(self, number: int) -> None:
        opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        asked = _Asked(number, time.perf_counter(), opened, self._plan.request(number))
        self._asked[opened.fileno()] = asked
        self._poll.register(opened.fileno(), select.EPOLLIN)
        with contextlib.suppress(BlockingIOError):
            opened.connect(("127.0.0.1", self._plan.port))
        self._send(asked)

    def _send(self, asked: _Asked) -> None:
        """On the loopback a connection is there at once, unless the queue of the listening socket is full."""
        try:
            asked.socket.send(asked.request)
        except BlockingIOError:
            self._poll.modify(asked.socket.fileno(), select.EPOLLOUT)
        except OSError as error:
            self._end(asked, type(error).__name__)

    def _go_on(self, asked: _Asked, event: int) -> None:
        if event & select.EPOLLOUT:
            self._poll.modify(asked.socket.fileno(), select.EPOLLIN)
            self._send(asked)
            return
        try:
            received = asked.socket.recv(65_536)
        except OSError as error:
            self._end(asked, type(error).__name__)
            return
        asked.received += received
        if not received:
            self._end(asked, "closed")
        elif _complete(asked.received):
            self._end(asked, asked.received[9:12].decode())

    def _end(self, asked: _Asked, outcome: str) -> None:
        del self._asked[asked.socket.fileno()]
        asked.socket.close()
        self._done.latencies.setdefault(outcome, []).append((time.perf_counter() - asked.began) * 1000)
        self._done.numbers.setdefault(outcome, []).append(asked.number)


def _complete(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    _, _, length = head.lower().partition(b"\r\ncontent-length:")
    return bool(end) and len(body) >= int(length.partition(b"\r\n")[0])


if __name__ == "__main__":
    json.dump(dataclasses.asdict(_Client(Plan(**json.load(sys.stdin))).run()), sys.stdout)
