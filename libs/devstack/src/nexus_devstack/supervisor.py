"""Starts processes together, keeps them alive, and stops them in order."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from nexus_devstack.console import Console
from nexus_devstack.errors import StackError
from nexus_devstack.program import Program
from nexus_devstack.supervised import Supervised


class Supervisor:
    """`stop` stops what it has started; if this process is killed before, the system kills them all."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._supervised: dict[str, Supervised] = {}
        self._others = set[Supervised]()
        """Those that are about to take over, and those that are leaving because another one has."""
        self._leaving = set[asyncio.Task[None]]()
        self._replacing = asyncio.Lock()

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

    async def replace(self, program: Program, at_first: Mapping[str, str], timeout_seconds: float) -> None:
        """Starts `program` beside the one of its name, which leaves once the new one is ready; one at a time.

        `at_first`: what the new one has to know in order to take over. Raises StackError if it does not become ready:
        then the former goes on.
        """
        async with self._replacing:
            former, successor = self[program.name], Supervised(program, self.console, at_first)
            self._others.add(successor)
            try:
                await successor.start(timeout_seconds)
                # Meanwhile somebody may have stopped the former.
                self[program.name]
            except BaseException:
                await successor.stop()
                raise
            finally:
                self._others.discard(successor)
            successor.starts += former.starts
            self._supervised[program.name] = successor
            self._others.add(former)
            leaving = asyncio.create_task(self._left(former), name=f"{former.name} leaves")
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _left(self, former: Supervised) -> None:
        try:
            await former.leave()
        finally:
            self._others.discard(former)

    async def stop(self, *waves: Sequence[str]) -> None:
        """Stops the named processes wave by wave, those of a wave at once; unknown names are ignored."""
        for wave in waves:
            ending = [self._supervised[name] for name in wave if name in self._supervised]
            ending += [each for each in self._others if each.name in wave]
            await asyncio.gather(*(each.stop() for each in ending))
            for name in wave:
                self._supervised.pop(name, None)
        if not self._supervised:
            await asyncio.gather(*self._leaving, return_exceptions=True)

    def kill_all(self) -> None:
        """Sends SIGKILL to all processes: a stop in progress then ends at once."""
        for each in (*self._supervised.values(), *self._others):
            each.kill()
