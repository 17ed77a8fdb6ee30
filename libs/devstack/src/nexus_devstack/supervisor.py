"""Starts processes together, keeps them alive, and stops them in order."""

import asyncio
from collections.abc import Iterable, Sequence

from nexus_devstack.console import Console
from nexus_devstack.errors import StackError
from nexus_devstack.program import Program
from nexus_devstack.supervised import Supervised


class Supervisor:
    """`stop` stops what it has started; if this process is killed before, the system kills them all."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._supervised: dict[str, Supervised] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._supervised)

    def __getitem__(self, name: str) -> Supervised:
        """Raises StackError if no process has that name."""
        if name not in self._supervised:
            raise StackError(f"there is no process {name}; there are: {', '.join(self._supervised) or 'none'}")
        return self._supervised[name]

    async def start(self, programs: Iterable[Program], timeout_seconds: float) -> None:
        """Starts all at once and returns when they are ready. Raises StackError as soon as one fails."""
        added = [Supervised(program, self.console) for program in programs]
        self._supervised.update({each.name: each for each in added})
        starting = [asyncio.create_task(each.start(timeout_seconds)) for each in added]
        try:
            await asyncio.gather(*starting)
        finally:
            for task in starting:
                task.cancel()
            await asyncio.gather(*starting, return_exceptions=True)

    async def stop(self, *waves: Sequence[str]) -> None:
        """Stops the named processes wave by wave, those of a wave at once; unknown names are ignored."""
        for wave in waves:
            leaving = [self._supervised[name] for name in wave if name in self._supervised]
            await asyncio.gather(*(each.stop() for each in leaving))
            for each in leaving:
                del self._supervised[each.name]

    def kill_all(self) -> None:
        """Sends SIGKILL to all processes: a stop in progress then ends at once."""
        for each in self._supervised.values():
            each.kill()
