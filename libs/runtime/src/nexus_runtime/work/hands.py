"""The work that this process runs: one task each, and a bounded number of each kind at once.

An item with a runner has been started by it, or is about to be. Work that has to wait for a place has no runner, and
the first process with a free place takes it. So when a process dies, only what it was running is in doubt.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from nexus_contracts.errors import ServiceUnavailable
from nexus_runtime.dynamo import ConditionFailed
from nexus_runtime.ledger.ledger import ChangedMeanwhile
from nexus_runtime.process import log, metrics
from nexus_runtime.work.items import NOBODY, WorkItem, WorkItems
from nexus_runtime.work.kind import Held, WorkKind, WorkLost, working
from nexus_runtime.work.places import AllPlacesTaken, Capacity, Places

logger = log.get(__name__)
INTERRUPTIONS = 16
"""How much interrupted work is ended at a time. It needs no regular place, which long work may hold for minutes."""
MAX_PAUSE_SECONDS = 30.0


def next_pause(last: float, first: float, lasted: float) -> float:
    """In seconds, before work that failed is tried again: longer each time, but for work that went well for a while."""
    return first if not last or lasted > MAX_PAUSE_SECONDS else min(last * 2, MAX_PAUSE_SECONDS)


class Hands:
    """`runner` returns this process's name, None while it may take nothing. `idle` is called when a place is free."""

    def __init__(
        self, items: WorkItems, runner: Callable[[], str | None], idle: Callable[[], None], retry_seconds: float
    ) -> None:
        self._items = items
        self._runner = runner
        self._idle = idle
        self._retry = retry_seconds
        self._kinds: dict[str, WorkKind] = {}
        self._places: dict[str, Places] = {}
        self._interruptions = Places(Capacity(INTERRUPTIONS))
        self._count: Counter[str] = Counter()
        self.held: dict[str, Held] = {}
        self.stopping = asyncio.Event()

    def serve(self, kind: WorkKind, limits: Capacity) -> None:
        self._kinds[kind.name] = kind
        places = self._places[kind.name] = Places(limits)
        metrics.WORK_WAITING.labels(kind.name).set_function(lambda: places.queued)
        metrics.WORK_RUNNING.labels(kind.name).set_function(lambda: places.taken)

    def kind(self, name: str) -> WorkKind | None:
        return self._kinds.get(name)

    def figures(self) -> dict[str, dict[str, int]]:
        return {kind: {"running": one.taken, "waiting": one.queued} for kind, one in self._places.items()}

    def count(self, kind: str) -> int:
        """How much of this kind is running or waiting here."""
        return self._count[kind]

    def has_room(self, kind: str) -> bool:
        return kind not in self._places or self._count[kind] < self._places[kind].limits.room

    def require_room(self, kind: str) -> None:
        """Raises AllPlacesTaken."""
        if not self.has_room(kind):
            raise AllPlacesTaken("this process has no capacity for more work")

    def reserve(self, kind: str) -> str:
        """The runner of work that begins now: this process if it can reserve a place, else nobody."""
        name = self._runner()
        if name is None or kind not in self._kinds or self.stopping.is_set() or not self._places[kind].reserve():
            return NOBODY
        return name

    def unreserve(self, item: WorkItem) -> None:
        """Frees a reserved place: the transaction failed, or somebody else works on it."""
        if item.owned:
            self._places[item.kind].release()

    def begin(self, item: WorkItem) -> None:
        """Runs work that was just committed, in its reserved place or when one becomes free."""
        before = self.held.get(item.key)
        known = before is not None and before.item.begun == item.begun
        if known or item.later or item.kind not in self._kinds or (self.stopping.is_set() and not item.owned):
            # Known: the sweeper has found it before the database's answer arrived. Stopping: it is left to others.
            self.unreserve(item)
            return
        held = Held(item, self.stopping, mine=item.owned)
        held.placed = item.owned
        self._spawn(held, before)

    def offer(self, item: WorkItem, *, orphan: bool) -> bool:
        """Takes it when there is a place. False if enough is waiting here already: others may be faster."""
        if self.stopping.is_set() or item.kind not in self._kinds or item.key in self.held:
            return True
        places = self._places[item.kind]
        if not orphan and places.queued >= places.limits.at_once:
            return False
        held = Held(item, self.stopping, mine=False, orphan=orphan)
        # At once: otherwise work that never began could take the place while `adopt` is still being asked.
        held.placed = orphan and places.reserve()
        self._spawn(held, None)
        return True

    def ended(self, item: WorkItem) -> None:
        """This process has ended it; if another task than its own did so, its own is cancelled."""
        held = self.held.get(item.key)
        if held is not None and held.item.begun == item.begun:
            held.ended = True
            if working.get() is not held:
                held.lose()

    def has_ended(self, item: WorkItem) -> bool:
        """Whether this process has ended it, and its task still unwinds."""
        held = self.held.get(item.key)
        return held is not None and held.item.begun == item.begun and held.ended

    async def confirm(self, held: Held) -> None:
        """Drops the work if it no longer belongs to this process."""
        found = await self._items.get(held.item.kind, held.name)
        if held.mine and not held.ended and not held.item.same_hold(found):
            logger.info("work was taken or ended elsewhere", work=held.item.key)
            held.lose()

    async def keep(self, held: Held) -> None:
        """Renames work that this process holds under a former name to its present one, if it has one.

        This process was presumed dead, but nobody took the work. Under the former name it would look abandoned.
        """
        runner = self._runner()
        if runner is None or held.item.runner == runner:
            return
        try:
            await self._items.rename(held.item, runner)
        except ConditionFailed:
            await self.confirm(held)
        else:
            # Of what is held only the name has changed: the rest may have been read again in the meantime.
            held.item = replace(held.item, runner=runner)

    async def finish(self, seconds: float, patience: float) -> None:
        """Starts nothing more; waits for running work as long as `patience`, then cancels it and waits `seconds`."""
        self.stopping.set()
        for held in list(self.held.values()):
            # Not while it is being taken: it would be left under this process's name as if it had been started.
            if held.resting or not (held.mine or held.taking):
                held.cancel()
        for timeout in (patience, seconds):
            if tasks := {held.task for held in self.held.values() if held.task}:
                await asyncio.wait(tasks, timeout=timeout)
            for held in list(self.held.values()):
                held.cancel()
        # Cancelled twice, it just ends: its item will be found under a name that no process has any more.
        if tasks := {held.task for held in self.held.values() if held.task}:
            await asyncio.wait(tasks, timeout=seconds)

    def _spawn(self, held: Held, before: Held | None) -> None:
        self.held[held.item.key] = held
        self._count[held.item.kind] += 1
        held.task = asyncio.create_task(self._work(held, before), name=held.item.key)
        # Not in a `finally` of the task: one that is cancelled before its first step never gets there.
        held.task.add_done_callback(lambda _: self._over(held))

    def _over(self, held: Held) -> None:
        places = self._places[held.item.kind]
        self._count[held.item.kind] -= 1
        if held.placed:
            places.release()
        if self.held.get(held.item.key) is held:
            del self.held[held.item.key]
        if places.free:
            self._idle()

    async def _work(self, held: Held, before: Held | None) -> None:
        working.set(held)
        try:
            # What was held under this name before may still be unwinding: two tasks never work on one name.
            if before is not None and before.task is not None:
                await asyncio.wait([before.task])
            await self._carry_through(held)
        except asyncio.CancelledError:
            await self._let_go(held)

    async def _carry_through(self, held: Held) -> None:
        pause, began = 0.0, time.monotonic()
        while not await self._tried(held):
            # A failed attempt leaves its state in doubt, as if its process had died: `adopt` decides if it runs again.
            held.orphan = True
            pause = next_pause(pause, self._retry, time.monotonic() - began)
            await asyncio.sleep(pause)
            began = time.monotonic()

    async def _tried(self, held: Held) -> bool:
        """Makes one attempt; returns whether this process is done with it."""
        try:
            if held.orphan and not await self._kinds[held.item.kind].adopt(held.name):
                return await self._interrupt(held)
            return await self._run(held)
        except WorkLost:
            logger.info("work was lost", work=held.item.key)
            return True
        except (ServiceUnavailable, ChangedMeanwhile) as error:
            logger.warning("work will be retried", work=held.item.key, reason=str(error))
        except Exception:
            logger.exception("work failed", work=held.item.key)
        # If it is not taken yet, the next sweep of any process will find it.
        return not held.mine

    async def _run(self, held: Held) -> bool:
        places = held.places = self._places[held.item.kind]
        if not held.placed:
            if held.orphan and not held.mine and not await self._freed(held):
                return True
            await places.take(urgent=held.orphan)
            held.placed = True
        try:
            if not await self._taken(held):
                return True
            if held.orphan and not held.started:
                metrics.WORK_ADOPTED.labels(held.item.kind).inc()
            held.started = True
            await self._kinds[held.item.kind].run(held.name, held)
            return held.ended or await self._gone(held)
        finally:
            if held.placed:
                held.placed = False
                places.release()

    async def _freed(self, held: Held) -> bool:
        """Removes the dead runner while the work waits here; False if another process was faster.

        Under that name it would look abandoned, and another process may have a free place.
        """
        try:
            held.item = await self._items.give(held.item, NOBODY)
        except ConditionFailed:
            return False
        return True

    async def _interrupt(self, held: Held) -> bool:
        await self._interruptions.take()
        try:
            if not await self._taken(held):
                return True
            metrics.WORK_INTERRUPTED.labels(held.item.kind).inc()
            await self._kinds[held.item.kind].interrupt(held.name, held)
            return held.ended or await self._gone(held)
        finally:
            self._interruptions.release()

    async def _taken(self, held: Held) -> bool:
        """Takes it; returns whether it belongs to this process. If an answer is lost, the sweeper finds out."""
        if held.mine:
            return not held.lost.is_set()
        runner = self._runner()
        if runner is None:
            return False
        held.taking = True
        try:
            held.item = await self._items.give(held.item, runner)
        except ConditionFailed:
            return False
        finally:
            held.taking = False
        held.mine = True
        # The stop began during the write: under this process's name it would look as if it were running.
        if self.stopping.is_set():
            await self._let_go(held)
            return False
        return True

    async def _gone(self, held: Held) -> bool:
        """Whether it was ended by somebody else, or by a commit of this process whose answer was lost."""
        return not held.item.same_hold(await self._items.get(held.item.kind, held.name))

    async def _let_go(self, held: Held) -> None:
        """After the task was cancelled, because the work is lost or the process stops: releases or interrupts it."""
        # If it was lost, only its new runner may write.
        if not held.mine or held.ended or held.lost.is_set() or not self.stopping.is_set():
            return
        kind = self._kinds[held.item.kind]
        try:
            if not held.started or await kind.adopt(held.name):
                await self._items.give(held.item, NOBODY)
            else:
                metrics.WORK_INTERRUPTED.labels(held.item.kind).inc()
                await kind.interrupt(held.name, held)
        except (ConditionFailed, WorkLost):
            logger.info("work was ended or taken before it was released", work=held.item.key)
        except ServiceUnavailable as error:
            logger.warning("work not released, other processes will find it", work=held.item.key, reason=error.message)
        except Exception:
            logger.exception("work not released, other processes will find it", work=held.item.key)
