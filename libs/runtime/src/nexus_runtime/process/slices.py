"""Shares the event loop: what may take long works a few milliseconds at a time, and then leaves the loop to others."""

import asyncio
import time
from collections.abc import Callable

SLICE_SECONDS = 0.003


class HalfOfTheLoop:
    """For all that works by its slices: together they take no more than half of the loop's time.

    Each rests for as long as it has worked, one after the other.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.monotonic = monotonic
        self._resting_until = 0.0

    def begin(self) -> "Slices":
        """Work begins, now."""
        return Slices(self)

    async def rest(self, seconds: float) -> None:
        """Waits for this long, after all who rest already."""
        now = self.monotonic()
        self._resting_until = max(now, self._resting_until) + seconds
        await asyncio.sleep(self._resting_until - now)


class Slices:
    """One piece of work that does not await anything but `breathe`."""

    def __init__(self, half: HalfOfTheLoop) -> None:
        self._half = half
        self._began = half.monotonic()

    async def breathe(self) -> None:
        """Returns at once until a slice is used up."""
        if (worked := self._half.monotonic() - self._began) >= SLICE_SECONDS:
            await self._half.rest(worked)
            self._began = self._half.monotonic()


half_of_the_loop = HalfOfTheLoop()
"""The process's own."""
