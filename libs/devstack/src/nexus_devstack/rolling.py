"""Replaces the services of a running platform when a signal asks for it; who asked finds the outcome in a file."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from nexus_devstack.console import Console
from nexus_devstack.errors import StackError
from nexus_devstack.stack import Stack

SIGNAL = signal.SIGUSR1
LOOK_SECONDS = 0.2
DONE = "all services were replaced"


def _outcome(data_dir: Path) -> Path:
    return data_dir / "replaced"


class Rolling:
    """The platform's side."""

    def __init__(self, stack: Stack, console: Console) -> None:
        self._stack = stack
        self._console = console
        self._replacing: asyncio.Task[None] | None = None

    def ask(self) -> None:
        """Returns at once. Who asks while it is under way gets the outcome of that."""
        if self._replacing is None or self._replacing.done():
            self._replacing = asyncio.create_task(self._replace(), name="services are replaced")

    async def _replace(self) -> None:
        try:
            await self._stack.replace_all()
        except StackError as error:
            said = f"error: {error}"
        else:
            said = DONE
        self._console.say(said)
        path = _outcome(self._stack.data_dir)
        new = path.with_suffix(".new")
        new.write_text(said, encoding="utf-8")
        new.rename(path)


def replaced(data_dir: Path, pid: int, runs: Callable[[], bool], seconds: float) -> None:
    """Has the platform that is process `pid` replace its services. Raises StackError if not all of them were."""
    path = _outcome(data_dir)
    path.unlink(missing_ok=True)
    os.kill(pid, SIGNAL)
    deadline = time.monotonic() + seconds
    while not path.exists():
        if not runs():
            raise StackError("the platform ended meanwhile")
        if time.monotonic() > deadline:
            raise StackError(f"not all services were replaced within {seconds:.0f} s")
        time.sleep(LOOK_SECONDS)
    if (said := path.read_text(encoding="utf-8")) != DONE:
        raise StackError(said.removeprefix("error: "))
