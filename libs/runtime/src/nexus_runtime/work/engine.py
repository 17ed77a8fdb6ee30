"""The engine of long work: a queue that also runs what it begins, and what other processes left behind."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.replies import Outcome
from nexus_runtime.dynamo import Database, Table
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Change, End
from nexus_runtime.process import log
from nexus_runtime.process.succession import succession
from nexus_runtime.work.answers import Answers, Sender
from nexus_runtime.work.hands import Hands
from nexus_runtime.work.items import WorkItem, WorkItems, work_key
from nexus_runtime.work.kind import Held, WorkKind, WorkLost, working
from nexus_runtime.work.places import Capacity
from nexus_runtime.work.queue import Plan, Queue
from nexus_runtime.work.registration import Registration, Roster
from nexus_runtime.work.sweeper import Sweeper

logger = log.get(__name__)


@dataclass(frozen=True)
class LongWork:
    """The tables of an owner's long work.

    `leases` tell who lives (None: this process only begins and ends work); a process beats every `beat_seconds`, and
    one that is seen without a beat for `silent_seconds` has died.
    """

    items: Table
    leases: Table | None = None
    beat_seconds: float = 2.0
    silent_seconds: float = 5.0


class Engine(Queue):
    """Runs the kinds of work that it serves; work of other kinds that it begins is left to other processes.

    `stop_seconds` is what a stop may take; `retry_seconds` the first pause before work that failed is tried again.
    """

    def __init__(
        self,
        items: WorkItems,
        answers: Answers,
        registration: Registration,
        roster: Roster,
        *,
        look_seconds: float = 2.0,
        retry_seconds: float = 0.1,
        stop_seconds: float = 3.0,
        doubt_seconds: float = 15.0,
    ) -> None:
        super().__init__(items, answers, stop_seconds=stop_seconds, doubt_seconds=doubt_seconds)
        self._registration = registration
        self._hints: set[asyncio.Task[None]] = set()
        self._hands = Hands(items, lambda: registration.name, lambda: self.sweeper.place_is_free(), retry_seconds)
        self.roster = roster
        """Observed by the sweeper, every `look_seconds` or sooner."""
        self.sweeper = Sweeper(items, roster, registration, self._hands, look_seconds)
        # Before it has its name it can take nothing of what it sees.
        registration.changed = self.sweeper.look_soon

    @classmethod
    def over(
        cls, database: Database, sender: Sender, work: LongWork, *, inherits: bool = False, **timings: float
    ) -> "Engine":
        """An engine on these tables; `timings` are those of the constructor.

        `inherits`: the work of a process that is about to leave.
        """
        assert work.leases is not None, "who works has a lease"
        registration = Registration(database, work.leases, work.beat_seconds, work.silent_seconds)
        roster = Roster(database, work.leases, work.silent_seconds)
        engine = cls(WorkItems(database, work.items), Answers(sender), registration, roster, **timings)
        if inherits:
            engine.sweeper.inherit()
        return engine

    def serve(self, kind: WorkKind, at_once: int, waiting: int = 1000) -> None:
        """Runs up to `at_once` works of this kind, and accepts `waiting` more. Call it before `start`."""
        self._hands.serve(kind, Capacity(at_once, waiting))

    def full(self, kind: str) -> bool:
        """Whether this process accepts no more work of this kind for now."""
        return not self._hands.has_room(kind)

    async def start(self) -> None:
        """Returns at once; begins to work as soon as the database answers."""
        await self._registration.start()
        await self.sweeper.start()

    async def stop(self) -> None:
        """Takes no more work; running work may finish, then it is interrupted or handed over; answers are sent.

        Where a successor works already, running work has longer.
        """
        await self.sweeper.stop()
        for task in self._hints:
            task.cancel()
        await self._hands.finish(self._stop_seconds / 4, succession.patience(self._stop_seconds / 4))
        await self._tell_all(self._stop_seconds / 4)
        # Last: without a registration the others would take over work that is still being finished here.
        await self._registration.stop()

    def held(self, kind: str, name: str) -> Held | None:
        """The work, if this process holds it."""
        held = self._hands.held.get(work_key(kind, name))
        return held if held and held.mine and not held.lost.is_set() else None

    def at_work(self, kind: str) -> bool:
        """Whether this process works on anything of this kind, or something waits for it here."""
        return self._hands.count(kind) > 0

    def hint(self, kind: str, name: str, *, to_take: bool = True) -> None:
        """Something happened to this work: its runner in this process should check again.

        `to_take`: it may also have just begun, without a runner; that takes a look into the database.
        """
        if held := self._hands.held.get(work_key(kind, name)):
            held.changed.set()
        elif to_take and self._hands.kind(kind) is not None:
            self._follow_hint(self._take_hint(kind, name))

    def doubt(self, kind: str, name: str) -> None:
        """Another process may have ended this work: if this one runs it, it checks at once and stops if so."""
        if held := self._hands.held.get(work_key(kind, name)):
            self._follow_hint(self._confirm(held))

    async def check(self) -> Mapping[str, Any]:
        """Details for the health report."""
        return self._hands.figures()

    def _follow_hint(self, following: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(following)
        self._hints.add(task)
        task.add_done_callback(self._hints.discard)

    async def _confirm(self, held: Held) -> None:
        try:
            await self._hands.confirm(held)
        except ServiceUnavailable as error:
            logger.info("doubt not followed, the next look will tell", work=held.item.key, reason=error.message)

    async def _take_hint(self, kind: str, name: str) -> None:
        try:
            item = await self.items.get(kind, name)
        except ServiceUnavailable as error:
            logger.info("hint not followed, the work will be found later", kind=kind, name=name, reason=error.message)
            return
        if item is not None and item.free:
            self._hands.offer(item, orphan=False)

    def _require_room(self, change: Change) -> None:
        current = working.get()
        if current is not None:
            current.require()
        # What work begins, or what takes the place of work, was accepted long before.
        if current is None and not change.ends:
            for begin in change.begins:
                self._hands.require_room(begin.kind)

    def _runner(self, kind: str) -> str:
        return self._hands.reserve(kind)

    async def _present(self, end: End) -> WorkItem:
        # The task that runs the work ends it only under the epoch it holds. Whatever else ends it, such as a deletion,
        # ends it under any epoch, and the runner notices that it lost it.
        key, current = work_key(end.kind, end.name), working.get()
        if current is not None and current.item.key == key:
            return await self._own(current)
        held = self.held(end.kind, end.name)
        if held is not None and not held.stale and not held.ended:
            return held.item
        return await super()._present(end)

    async def _own(self, held: Held) -> WorkItem:
        """The item under which the current task works: it may end only that one. Raises WorkLost."""
        if held.ended:
            raise WorkLost(held.item.key)
        if held.stale:
            found = await self.items.get(held.item.kind, held.name)
            if found is None or not held.item.same_hold(found):
                held.lose()
                raise WorkLost(held.item.key)
            held.item, held.stale = found, False
        return held.item

    async def _add_waiter(self, item: WorkItem, address: ReplyAddress) -> None:
        await super()._add_waiter(item, address)
        # The end is written on condition of the number of waiters, so it must read the item again first.
        if held := self._hands.held.get(item.key):
            held.stale = True

    async def _outcome(self, kind: str, name: str) -> Outcome | None:
        served = self._hands.kind(kind)
        return await served.outcome(name) if served else await super()._outcome(kind, name)

    def _committed(self, plan: Plan) -> None:
        super()._committed(plan)
        for item, _ in plan.ended:
            self._hands.ended(item)
        for item in plan.begun:
            self._hands.begin(item)

    def _refused(self, plan: Plan) -> None:
        for item in plan.begun:
            self._hands.unreserve(item)
        # The cause is unknown: another caller may be waiting, or the work is lost. The next attempt reads the item.
        for item, _ in plan.ended:
            if held := self._hands.held.get(item.key):
                held.stale = True

    def _doubtful(self, plan: Plan) -> None:
        # Where another task of this process has ended it, that has answered: there is no doubt.
        plan.ended = [(item, outcome) for item, outcome in plan.ended if not self._hands.has_ended(item)]
        super()._doubtful(plan)
        self._refused(plan)
        # If it was begun nevertheless, the sweep finds it under this process's name, or without a runner.
        self.sweeper.look_soon()
