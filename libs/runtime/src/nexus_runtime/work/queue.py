"""The log of long work, for processes that begin and end it; an engine also runs it."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.replies import Outcome
from nexus_runtime.dynamo import Action, ConditionFailed
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Begin, Change, End, Start
from nexus_runtime.ledger.ledger import ChangedMeanwhile, Contention
from nexus_runtime.process import log, metrics
from nexus_runtime.work.answers import Answers
from nexus_runtime.work.items import NOBODY, WorkItem, WorkItems, begun, work_key

logger = log.get(__name__)
TRIES = 30
OutcomeOf = Callable[[str], Awaitable[Outcome | None]]


@dataclass
class Plan:
    """The effects of a transaction: `begun` items as they will be, `ended` items as they were."""

    actions: list[Action] = field(default_factory=list[Action])
    begun: list[WorkItem] = field(default_factory=list[WorkItem])
    ended: list[tuple[WorkItem, Outcome]] = field(default_factory=list[tuple[WorkItem, Outcome]])


class Queue:
    """Begins work for others to do, and ends it.

    `doubt_seconds`: how long a write whose answer was lost may still take effect. `stop_seconds`: what a stop may take.
    """

    def __init__(
        self, items: WorkItems, answers: Answers, *, stop_seconds: float = 1.0, doubt_seconds: float = 15.0
    ) -> None:
        self.items = items
        self.answers = answers
        self._stop_seconds = stop_seconds
        self._doubt_seconds = doubt_seconds
        self._doubts: dict[str, asyncio.Task[None]] = {}
        self._outcomes: dict[str, OutcomeOf] = {}

    def know(self, kind: str, outcome: OutcomeOf) -> None:
        """Registers `outcome` (as `WorkKind.outcome`) for a kind of work that other processes run."""
        self._outcomes[kind] = outcome

    async def start(self) -> None:
        """Does nothing: no work runs here."""
        return

    async def stop(self) -> None:
        await self._tell_all(self._stop_seconds)

    async def _tell_all(self, seconds: float) -> None:
        """Resolves doubts, and waits until the answers are sent."""
        if doubts := set(self._doubts.values()):
            await asyncio.wait(doubts, timeout=seconds / 2)
        for task in list(self._doubts.values()):
            task.cancel()
        await self.answers.stop(seconds / 2)

    @asynccontextmanager
    async def transaction(self, change: Change) -> AsyncGenerator[Sequence[Action]]:
        """As `WorkLog` promises."""
        plan = Plan()
        try:
            await self._write(plan, change)
        except BaseException:
            self._refused(plan)
            raise
        try:
            yield plan.actions
        except ConditionFailed:
            self._refused(plan)
            raise
        except BaseException:
            # A commit that was broken off included: the write may have reached the database, or reach it yet.
            self._doubtful(plan)
            raise
        self._committed(plan)

    async def follow(self, work: str, address: ReplyAddress) -> None:
        """As `WorkLog` promises. Raises Contention if the work neither exists nor is known to have ended."""
        kind, _, name = work.partition("#")
        for _ in range(TRIES):
            item = await self.items.get(kind, name)
            if item is None:
                # The end is committed, or the work was never begun: its kind knows from the state.
                if (outcome := await self._outcome(kind, name)) is not None:
                    return self.answers.tell([address], outcome)
            elif any(waiter.request_id == address.request_id for waiter in item.waiters):
                return None
            else:
                try:
                    return await self._add_waiter(item, address)
                except ConditionFailed:
                    logger.debug("work has ended or gained a waiter in the meantime", work=work)
            await asyncio.sleep(random.uniform(0, 0.02))
        raise Contention("the work that answers this command keeps changing; try again")

    async def outcome(self, work: str) -> Outcome | None:
        """The outcome of `work`, if it has ended."""
        kind, _, name = work.partition("#")
        return None if await self.items.get(kind, name) else await self._outcome(kind, name)

    async def _add_waiter(self, item: WorkItem, address: ReplyAddress) -> None:
        await self.items.add_waiter(item, address)

    async def _write(self, plan: Plan, change: Change) -> None:
        self._require_room(change)
        ending = {work_key(end.kind, end.name): end for end in change.ends}
        for begin in change.begins:
            # Ended and begun again under one name: a transaction may touch an item only once, so it is replaced.
            end = ending.pop(work_key(begin.kind, begin.name), None)
            await self._write_begin(plan, begin, end)
        for start in change.starts:
            await self._write_start(plan, start)
        for end in ending.values():
            item = await self._present(end)
            plan.actions.append(self.items.end(item))
            plan.ended.append((item, end.outcome))

    async def _write_begin(self, plan: Plan, begin: Begin, end: End | None) -> None:
        runner = NOBODY if begin.later else self._runner(begin.kind)
        item = begun(begin, runner)
        plan.begun.append(item)
        if end is None:
            plan.actions.append(self.items.create(item))
            return
        before = await self._present(end)
        # Higher than any epoch under which it was ever held: reports and writes of former runners stay fenced off.
        item = plan.begun[-1] = replace(item, epoch=max(begin.after, before.epoch) + 1)
        plan.actions.append(self.items.replace(before, item))
        plan.ended.append((before, end.outcome))

    async def _write_start(self, plan: Plan, start: Start) -> None:
        before = await self.items.get(start.kind, start.name)
        if before is None or not before.later:
            raise ChangedMeanwhile(f"{start.kind} {start.name} does not wait to be started")
        after = replace(before.given_to(self._runner(start.kind)), known=start.known)
        plan.begun.append(after)
        plan.actions.append(self.items.start(before, after))

    async def _present(self, end: End) -> WorkItem:
        item = await self.items.get(end.kind, end.name)
        if item is None:
            raise ChangedMeanwhile(f"{end.kind} {end.name} has ended")
        return item

    def _require_room(self, change: Change) -> None:
        """Raises ServiceUnavailable if this process accepts no more work."""
        del change

    def _runner(self, kind: str) -> str:
        """The runner of work that begins now."""
        del kind
        return NOBODY

    async def _outcome(self, kind: str, name: str) -> Outcome | None:
        """The outcome of work that has ended, if this process knows its kind."""
        known = self._outcomes.get(kind)
        return await known(name) if known else None

    def _committed(self, plan: Plan) -> None:
        for item in plan.begun:
            metrics.WORK_BEGUN.labels(item.kind).inc()
        for item, outcome in plan.ended:
            # This attempt succeeded, and its waiters are answered here: the doubt about an earlier one is resolved.
            if doubt := self._doubts.pop(item.begun, None):
                doubt.cancel()
            metrics.WORK_ENDED.labels(item.kind).inc()
            self.answers.tell(item.waiters, outcome)

    def _refused(self, plan: Plan) -> None:
        """The transaction was not written."""
        del plan

    def _doubtful(self, plan: Plan) -> None:
        """The transaction may have been written, or may still be."""
        for item, outcome in plan.ended:
            if item.waiters and item.begun not in self._doubts:
                task = asyncio.create_task(self._settle(item, outcome))
                self._doubts[item.begun] = task
                task.add_done_callback(lambda _, begun=item.begun: self._doubts.pop(begun, None))

    async def _settle(self, item: WorkItem, outcome: Outcome) -> None:
        """Resolves an end whose commit is in doubt: once the item is gone, nobody else will answer its waiters.

        A write that timed out here may still take effect there, hence more than one look. If another process ended
        the work, that has answered them, too; who has asked takes the first answer that comes.
        """
        pause, waited = 0.05, 0.0
        while waited < self._doubt_seconds:
            await asyncio.sleep(pause)
            waited, pause = waited + pause, min(pause * 2, 1.0)
            try:
                found = await self.items.get(item.kind, item.name)
                if found is not None and found.begun == item.begun:
                    continue
                told = await self._outcome(item.kind, item.name) or outcome
                return self.answers.tell(item.waiters, told)
            except ServiceUnavailable:
                waited = 0.0
