"""What a kind of long work defines, and what its runs can see."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import replace
from typing import Protocol, TypeVar

from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.replies import Outcome
from nexus_runtime.ledger.ledger import ChangedMeanwhile
from nexus_runtime.process import log
from nexus_runtime.work.items import WorkItem
from nexus_runtime.work.places import Places

logger = log.get(__name__)
T = TypeVar("T")


class WorkLost(Exception):
    """Another process has taken the work, or it was ended elsewhere: stop, and write nothing more."""


class Held:
    """Work that this process holds.

    `epoch` grows with every new runner: a fencing token for messages to others. `lost` is set when the work
    is no longer this process's; its task is then cancelled. `stopping` is set when the process is about to stop.
    `changed` is set when a hint says that something happened to it, and cleared by the task that waits for it.
    """

    def __init__(self, item: WorkItem, stopping: asyncio.Event, *, mine: bool, orphan: bool = False) -> None:
        self.item = item
        self.mine = mine
        self.orphan = orphan
        self.places: Places | None = None
        self.placed = False
        self.resting = False
        self.taking = False
        self.started = False
        self.ended = False
        self.stale = not item.complete
        self.stopping = stopping
        self.lost = asyncio.Event()
        self.changed = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.item.name

    @property
    def epoch(self) -> int:
        return self.item.epoch

    def told(self) -> object:
        """What was known when it began; to its first run alone, for later much may have happened."""
        known, self.item = self.item.known, replace(self.item, known=None)
        return known

    def lose(self) -> None:
        """The work no longer belongs to this process: its task is cancelled, once."""
        if not self.lost.is_set():
            self.lost.set()
            self.cancel()

    def cancel(self) -> None:
        """Cancels the task, unless it is the caller."""
        if self.task is not None and self.task is not asyncio.current_task():
            self.task.cancel()

    def require(self) -> None:
        """Raises WorkLost."""
        if self.lost.is_set():
            raise WorkLost(self.item.key)

    async def rest(self, seconds: float) -> None:
        """Waits for a hint, at most this long; in the meantime its place is free for other work."""
        await self.aside(lambda: self._hinted(seconds))

    async def aside(self, wait: Callable[[], Awaitable[None]]) -> None:
        """Waits for this; in the meantime its place is free for other work."""
        places = self.places
        if places is None:
            raise RuntimeError("work gives up its place only while it runs")
        self.placed, self.resting = False, True
        places.release()
        try:
            await wait()
        finally:
            self.resting = False
        await places.take()
        self.placed = True

    async def _hinted(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.changed.wait()
        except TimeoutError:
            pass
        self.changed.clear()

    async def conclude(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Repeats `attempt` (load, decide, commit) until it succeeds. Raises WorkLost."""
        pause, changed = 0.0, 0
        while True:
            self.require()
            try:
                return await attempt()
            except ChangedMeanwhile:
                changed += 1
                pause = 0.0 if changed < 3 else 0.02
            except ServiceUnavailable as error:
                logger.warning("end of work not written yet", work=self.item.key, reason=error.message)
                pause = min(2.0, pause * 2 + 0.1)
            await asyncio.sleep(random.uniform(0, pause))


working: ContextVar[Held | None] = ContextVar("working", default=None)
"""The work of the current task, which may end it only under the epoch under which it holds it."""


class WorkKind(Protocol):
    """One kind of long work. It keeps its own durable state; that it is still to be done is what the item says.

    It ends by a committed change with `End(kind, name, outcome)`, whoever commits it. A `run` that returns or raises
    before is tried again, after `adopt` was asked.
    """

    @property
    def name(self) -> str: ...

    async def run(self, name: str, held: Held) -> None:
        """Does the work, from its durable state to its end. Cancelled if the work is lost or the process stops."""
        ...

    async def adopt(self, name: str) -> bool:
        """Called if its runner died midway: True to run it again, False to interrupt it."""
        ...

    async def interrupt(self, name: str, held: Held) -> None:
        """Ends the work without a result: nobody knows how far it got."""
        ...

    async def outcome(self, name: str) -> Outcome | None:
        """The answer for callers who ask after the end; None while it has not ended."""
        ...


class Repeatable:
    """Base for work that may be run again, however far it got, and that nobody waits for."""

    async def adopt(self, name: str) -> bool:
        del name
        return True

    async def interrupt(self, name: str, held: Held) -> None:
        raise TypeError(f"repeatable work is never interrupted: {held.item.kind} {name}")

    async def outcome(self, name: str) -> Outcome | None:
        del name
        return None
