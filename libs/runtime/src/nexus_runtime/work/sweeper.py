"""Finds work that nobody runs: left behind by other processes, or by an earlier life of this one."""

import asyncio
import time
from collections.abc import Callable

from nexus_contracts.errors import ServiceUnavailable
from nexus_runtime.process import log
from nexus_runtime.process.succession import FINISH_SECONDS
from nexus_runtime.work.hands import Hands
from nexus_runtime.work.items import WorkItem, WorkItems
from nexus_runtime.work.registration import Registration, Roster

logger = log.get(__name__)
INHERIT_SECONDS, INHERIT_LOOK_SECONDS = FINISH_SECONDS + 30.0, 0.2
QUIET_LOOKS = 5
"""While nothing is found, only every fifth look reads all work; the leases show if a process has died."""
SHARE = 9
"""A pause is at least this many times as long as the look before: much work makes looks rarer, not the load higher."""


def pause_after(look: float, silent_seconds: float) -> float:
    """Seconds to pause after a look that took `look` seconds.

    Never so long that the roster would take the pause for a standstill of this process and start observing anew: then a
    busy process would never see another fall silent.
    """
    return min(SHARE * look, silent_seconds / 4)


class Sweeper:
    """Looks every `look_seconds`, or sooner if there is a reason or `silent_seconds` is short."""

    def __init__(
        self, items: WorkItems, roster: Roster, registration: Registration, hands: Hands, look_seconds: float
    ) -> None:
        self._items = items
        self._roster = roster
        self._registration = registration
        self._hands = hands
        # As in `pause_after`: a process that looks less often never sees another fall silent.
        self._look_seconds = min(look_seconds, roster.silent_seconds / 4)
        self._quiet = QUIET_LOOKS
        self._surplus = False
        self._inherits_until = 0.0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.others_changed: Callable[[], None] = lambda: None
        """The set of living processes has changed."""

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="work sweeper")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def inherit(self) -> None:
        """Another process is about to leave: until it has, what it releases is found at once."""
        self._inherits_until = time.monotonic() + INHERIT_SECONDS

    @property
    def _inherits(self) -> bool:
        return time.monotonic() < self._inherits_until

    def look_soon(self) -> None:
        """Looks soon: there may be work that this process does not know."""
        self._quiet = QUIET_LOOKS
        self._wake.set()

    def place_is_free(self) -> None:
        """Looks for work that was left to others at the last look, if there was any."""
        if self._surplus:
            self._surplus = False
            self.look_soon()

    async def look(self) -> None:
        """Finds dead processes; then, if there is a reason, all work that nobody runs."""
        known = self._roster.living
        if await self._roster.observe():
            self.others_changed()
            if known - self._roster.living:
                self._inherits_until = 0.0
        elif self._quiet < QUIET_LOOKS and not self._inherits:
            self._quiet += 1
            return
        self._quiet = 0
        # The work first: its runner was registered before it took it, so it is among the living unless it has died. In
        # the other order, work taken in between by a new process would look abandoned.
        items = await self._items.all()
        await self._roster.observe()
        self._surplus = False
        for item in sorted(items, key=lambda item: item.free):  # interrupted work before work that never began
            self._consider(item)
        await self._check_own(items)

    def _consider(self, item: WorkItem) -> None:
        if item.later or item.key in self._hands.held:
            return
        # Under this process's name, but not held by it: begun by a commit whose answer was lost.
        own = item.runner == self._registration.name
        if not (item.free or own) and item.runner in self._roster.living:
            return
        # If one was found there may be more: the next look reads all work again.
        self._quiet = QUIET_LOOKS
        if not self._hands.offer(item, orphan=not (item.free or own)):
            self._surplus = True

    async def _check_own(self, items: list[WorkItem]) -> None:
        # The list may be older than what this process holds: only reading the item again proves that it is lost.
        listed = {item.key: item for item in items}
        for held in list(self._hands.held.values()):
            if not held.mine or held.ended:
                continue
            if held.item.same_hold(listed.get(held.item.key)):
                await self._hands.keep(held)
            else:
                await self._hands.confirm(held)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            began = time.monotonic()
            try:
                await self.look()
            except ServiceUnavailable as error:
                logger.info("did not look for work", reason=error.message)
            except Exception:
                logger.exception("looking for work failed")
            pause = pause_after(time.monotonic() - began, self._roster.silent_seconds)
            await asyncio.sleep(pause)
            try:
                usual = INHERIT_LOOK_SECONDS if self._inherits else self._look_seconds
                async with asyncio.timeout(max(0.0, usual - pause)):
                    await self._wake.wait()
            except TimeoutError:
                continue
