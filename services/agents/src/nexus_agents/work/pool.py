"""The tasks of this process: a bounded number at work, the others waiting, each known by its work item."""

import asyncio
from collections.abc import Callable, Coroutine

from nexus_contracts.errors import ServiceUnavailable
from nexus_runtime.process import log

logger = log.get(__name__)


class AllPlacesTaken(ServiceUnavailable):
    """Too much was accepted already: the message is taken again later, here or by another process."""


class Pool:
    """`places` at work at once; beyond them up to `waiting` more are accepted."""

    def __init__(self, places: int, waiting: int) -> None:
        self._places = asyncio.Semaphore(places)
        self._room = places + waiting
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def require_room(self) -> None:
        """Raises AllPlacesTaken."""
        if len(self._tasks) >= self._room:
            raise AllPlacesTaken("all places for work of this process are taken")

    def add(self, item: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """The work is begun when a place is free; not again where the item is here already."""
        if item not in self._tasks:
            self._tasks[item] = asyncio.create_task(self._run(item, work), name=item)

    def items(self) -> set[str]:
        return set(self._tasks)

    def abandon(self, item: str) -> None:
        """Its outcome is decided elsewhere; does nothing to the task that says so of itself."""
        task = self._tasks.get(item)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def finish(self, seconds: float) -> None:
        """Waits so long for what is in hand, then has it interrupted, and waits as long again."""
        for attempt in range(2):
            if not self._tasks:
                return
            if attempt:
                for task in self._tasks.values():
                    task.cancel()
            await asyncio.wait(set(self._tasks.values()), timeout=seconds)

    async def _run(self, item: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        try:
            async with self._places:
                await work()
        except asyncio.CancelledError:
            logger.info("work abandoned", item=item)
        except Exception:
            # Its work item stays: it is seen by the next look at what this process has in hand.
            logger.exception("work failed", item=item)
        finally:
            if self._tasks.get(item) is asyncio.current_task():
                del self._tasks[item]
