"""How long the server accepts connections in one turn of the event loop."""

import socket
from types import SimpleNamespace

import pytest
import uvicorn

from nexus_runtime.process import server
from nexus_runtime.process.http_protocol import BoundedHttp


@pytest.mark.parametrize(
    ("passed", "seconds"),
    [
        pytest.param(0.0, server.SHORTEST_SECONDS, id="at once again"),
        pytest.param(0.2, 0.05, id="a turn of a fifth of a second, with a quarter of that after it"),
        pytest.param(60.0, server.LONGEST_SECONDS, id="after a rest"),
    ],
)
def test_a_flood_of_newcomers_leaves_time_for_the_others(
    monkeypatch: pytest.MonkeyPatch, passed: float, seconds: float
) -> None:
    each, clock = 0.001, SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(server, "time", SimpleNamespace(monotonic=lambda: clock.now))
    accepting = server.Server(uvicorn.Config(lambda: None, http=BoundedHttp, log_config=None), lambda: None)
    received: list[socket.socket] = []

    def receive(connection: socket.socket) -> None:
        received.append(connection)
        clock.now += each

    monkeypatch.setattr(accepting, "_receive", receive)
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening:
        listening.setblocking(False)
        accepting._accept_all(listening)  # pyright: ignore[reportPrivateUsage]
        clock.now += passed
        newcomers = [socket.create_connection(listening.getsockname()) for _ in range(120)]
        accepting._accept_all(listening)  # pyright: ignore[reportPrivateUsage]
    assert len(received) == pytest.approx(seconds / each, abs=1)
    for one in (*newcomers, *received):
        one.close()
