"""A second process of `builds` that stops itself where it does the most harm, and what it holds in hand then."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import psutil
from tests.support.chaos_platform import Platform
from tests.support.eventually import eventually

from nexus_devstack.ports import free_port
from nexus_devstack.program import reports_ready
from nexus_devstack.services import Service, program_of
from nexus_devstack.stack import START_SECONDS

NAME = "builds-2"
PROGRAM = Path(__file__).with_name("chaos_stopping.py")
CAUGHT_SECONDS, WOKEN_SECONDS = 60.0, 60.0
AT_ONCE = 4
T = TypeVar("T")


class Trap:
    """Set at a point, it closes on the next message of the second process that comes there."""

    def __init__(self, platform: Platform, point: Path, port: int) -> None:
        self._platform = platform
        self._point = point
        self._ready = reports_ready(port)

    async def caught(self, point: str, act: Callable[[], Awaitable[T]]) -> list[asyncio.Task[T]]:
        """Lets callers act, some at once and again and again, until the process stands still at the point.

        The acts that are not done by then: one of them stands still with it, or all that were in its hands.
        """
        self._point.write_text(point, encoding="utf-8")
        acts = [asyncio.ensure_future(act()) for _ in range(AT_ONCE)]
        async with asyncio.timeout(CAUGHT_SECONDS):
            while not self._closed():
                await asyncio.wait(acts, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
                acts = [one if not one.done() else asyncio.ensure_future(act()) for one in acts]
        return acts

    def _closed(self) -> bool:
        pid = self._platform.stack.pid(NAME)
        return not self._point.exists() and psutil.Process(pid).status() == psutil.STATUS_STOPPED

    async def open(self) -> None:
        """The process wakes up, where it stands still, and takes part again."""
        self._point.unlink(missing_ok=True)
        self._platform.stack.cont(NAME)
        await eventually(self._ready, lambda fault: fault is None, seconds=WOKEN_SECONDS, every=0.1)


@asynccontextmanager
async def second_builds(platform: Platform, folder: Path) -> AsyncGenerator[Trap]:
    """Two processes of `builds` while the block lasts; the second one can be trapped."""
    stack, point, port = platform.stack, folder / "point", free_port()
    service = Service("builds", (sys.executable, str(PROGRAM), str(point)), "BUILDS_PORT")
    program = program_of(service, port, stack.environment("builds"), NAME)
    await stack.supervisor.start([program], START_SECONDS)
    try:
        await stack.wait_ready("builds")
        yield Trap(platform, point, port)
    finally:
        await stack.remove(NAME)
