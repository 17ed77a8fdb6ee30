"""What the supervisor needs to know about a process."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import aiohttp

from nexus_devstack.listener import Listener
from nexus_devstack.ports import LOOPBACK

Readiness = Callable[[], Awaitable[str | None]]
"""Says what is still missing; None when ready."""

PROBE_SECONDS = 2.0


@dataclass(frozen=True)
class Program:
    """`argv` is called at every start, `after_restart` once a restarted process is up, before it counts as ready.

    `stop_seconds` is how long it may take to stop after `stop_signal`, before it is killed; `finish_seconds`, how long
    after `succeeded_signal`, which says that another process has taken over. Pause and continue are the system's own
    unless the process stands for one elsewhere. The descriptor of `listener` is in its environment.
    """

    name: str
    argv: Callable[[], Sequence[str]]
    env: Mapping[str, str]
    readiness: Readiness
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    succeeded_signal: signal.Signals = signal.SIGTERM
    finish_seconds: float = 0.0
    pause_signal: signal.Signals = signal.SIGSTOP
    continue_signal: signal.Signals = signal.SIGCONT
    after_restart: Callable[[], Awaitable[None]] | None = None
    listener: Listener | None = None


def accepts_connections(port: int) -> Readiness:
    """Ready when something on this machine accepts connections on `port`."""

    async def probe() -> str | None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                _, writer = await asyncio.open_connection(LOOPBACK, port)
        except (OSError, TimeoutError):
            return f"nothing listens on port {port} yet"
        writer.close()
        return None

    return probe


def reports_ready(port: int, host: str = LOOPBACK) -> Readiness:
    """Ready when GET /health/ready on `port` answers 200, and does not name the message bus as failing."""
    url = f"http://{host}:{port}/health/ready"
    timeout = aiohttp.ClientTimeout(total=PROBE_SECONDS)

    async def probe() -> str | None:
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
                said = await response.text()
                ready = response.status == 200 and "message_bus" not in said
                return None if ready else f"{url} answers {response.status}: {said}"
        except (aiohttp.ClientError, OSError, TimeoutError):
            return f"{url} does not answer"

    return probe
