"""How much work of one kind a process runs, and how much more it accepts."""

import asyncio
from collections import deque
from dataclasses import dataclass

from nexus_contracts.errors import ServiceUnavailable


class AllPlacesTaken(ServiceUnavailable):
    """Too much has been accepted: the message is delivered again later, here or to another process."""


@dataclass(frozen=True)
class Capacity:
    """The number running at once, and the number accepted beyond that to wait."""

    at_once: int
    waiting: int = 0

    @property
    def room(self) -> int:
        return self.at_once + self.waiting


class Places:
    """A semaphore whose places can be reserved without waiting; else first come, first served, urgent work first."""

    def __init__(self, limits: Capacity) -> None:
        self.limits = limits
        self.free = limits.at_once
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def taken(self) -> int:
        return self.limits.at_once - self.free

    @property
    def queued(self) -> int:
        return sum(not place.done() for place in self._queue)

    def reserve(self) -> bool:
        """Takes a place if one is free and nobody waits for it."""
        if self.free <= 0 or self.queued:
            return False
        self.free -= 1
        return True

    async def take(self, *, urgent: bool = False) -> None:
        if self.reserve():
            return
        place = asyncio.get_running_loop().create_future()
        if urgent:
            self._queue.appendleft(place)
        else:
            self._queue.append(place)
        try:
            await place
        except asyncio.CancelledError:
            # The place was given and the task cancelled in the same step of the event loop: it goes to the next one.
            if place.done() and not place.cancelled():
                self.release()
            raise

    def release(self) -> None:
        while self._queue:
            place = self._queue.popleft()
            if not place.done():
                place.set_result(None)
                return
        self.free += 1
