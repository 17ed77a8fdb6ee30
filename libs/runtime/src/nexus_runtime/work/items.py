"""The items of long work: one exists from the transaction that begins the work to the one that ends it.

The process that works on it is its runner; every new runner raises its epoch, and the end is written on the condition
of the epoch. So a process that has lost an item can never end it, and aggregates need not know who works on them.
"""

import asyncio
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nexus_runtime.dynamo import Check, Database, Delete, Item, Put, Table, Update, Value, Where
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Begin
from nexus_runtime.process.clock import new_id

SHARDS = 4
NOBODY, LATER = "", "later"
"""Special runners: anyone may take it; it waits to be started."""
_LISTED = ("kind", "name", "begun", "runner", "epoch", "awaited")


def work_table(name: str) -> Table:
    return Table(name, "shard", "item")


def work_key(kind: str, name: str) -> str:
    return f"{kind}#{name}"


@dataclass(frozen=True)
class WorkItem:
    """`begun` is unique to each beginning, so that new work under an old name is not mistaken for the former.

    `waiters` may be fewer than `awaited`: then they have to be read. `known` is not stored: it is passed from the
    beginning of the work to its run within one process.
    """

    kind: str
    name: str
    begun: str
    runner: str
    epoch: int
    awaited: int = 0
    waiters: tuple[ReplyAddress, ...] = ()
    known: object = field(default=None, compare=False, repr=False)

    @property
    def key(self) -> str:
        return work_key(self.kind, self.name)

    @property
    def free(self) -> bool:
        return self.runner == NOBODY

    @property
    def later(self) -> bool:
        return self.runner == LATER

    @property
    def owned(self) -> bool:
        return not (self.free or self.later)

    @property
    def complete(self) -> bool:
        """Whether all waiters are known."""
        return len(self.waiters) == self.awaited

    def same_hold(self, other: "WorkItem | None") -> bool:
        """Whether nobody has taken or ended it in the meantime."""
        return other is not None and (self.begun, self.epoch) == (other.begun, other.epoch)

    def given_to(self, runner: str) -> "WorkItem":
        return replace(self, runner=runner, epoch=self.epoch + 1, known=None)


def begun(begin: Begin, runner: str) -> WorkItem:
    """The item for work that begins."""
    waiters = (begin.waiter,) if begin.waiter else ()
    owner = LATER if begin.later else runner
    return WorkItem(begin.kind, begin.name, new_id("work_"), owner, begin.after + 1, len(waiters), waiters, begin.known)


class WorkItems:
    """The table, and the writes to it."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table

    async def get(self, kind: str, name: str) -> WorkItem | None:
        item = await self._database.get(self._table, self._key(kind, name))
        return _read(item) if item else None

    async def all(self) -> list[WorkItem]:
        """All items, without their waiters."""
        shards = await asyncio.gather(*(self._shard(number) for number in range(SHARDS)))
        return [item for shard in shards for item in shard]

    def create(self, item: WorkItem) -> Put:
        return Put(self._table, self._stored(item), where=Where(absent="shard"))

    def replace(self, before: WorkItem, after: WorkItem) -> Put:
        """Ends `before` and begins `after` under its name."""
        return Put(self._table, self._stored(after), where=_unchanged(before))

    def start(self, before: WorkItem, after: WorkItem) -> Update:
        """Assigns work that was begun for later to its first runner."""
        return self._give(before, after)

    def end(self, item: WorkItem) -> Delete:
        """Fails if another process has taken it, or another caller waits for it."""
        return Delete(self._table, self._key(item.kind, item.name), where=_unchanged(item))

    def held(self, item: WorkItem) -> Check:
        """A check for transactions of its runner: it still holds the item, which has not ended."""
        where = Where(equal={"begun": item.begun, "epoch": item.epoch})
        return Check(self._table, self._key(item.kind, item.name), where)

    async def give(self, item: WorkItem, runner: str) -> WorkItem:
        """Assigns it to a runner, or to nobody. Raises ConditionFailed if another has taken it."""
        given = item.given_to(runner)
        await self._database.write(self._give(item, given))
        return given

    async def rename(self, item: WorkItem, runner: str) -> WorkItem:
        """Changes the name of its runner; the epoch stays. Raises ConditionFailed if another has taken it."""
        renamed = replace(item, runner=runner)
        await self._database.write(self._give(item, renamed))
        return renamed

    async def add_waiter(self, item: WorkItem, waiter: ReplyAddress) -> None:
        """Raises ConditionFailed if it has ended, or another waiter was added in the meantime."""
        where = Where(equal={"begun": item.begun, "awaited": item.awaited})
        more = {"waiters": [waiter.model_dump()]}
        key = self._key(item.kind, item.name)
        await self._database.write(Update(self._table, key, append=more, add={"awaited": 1}, where=where))

    def _give(self, before: WorkItem, after: WorkItem) -> Update:
        # Regardless of the number of waiters: one more of them does not affect who runs it.
        where = Where(equal={"begun": before.begun, "epoch": before.epoch})
        assign: dict[str, Value] = {"runner": after.runner, "epoch": after.epoch}
        return Update(self._table, self._key(before.kind, before.name), assign=assign, where=where)

    async def _shard(self, number: int) -> Sequence[WorkItem]:
        return [_read(item) async for item in self._database.query(self._table, str(number), only=_LISTED)]

    def _stored(self, item: WorkItem) -> dict[str, Value | None]:
        waiters = [waiter.model_dump() for waiter in item.waiters]
        listed = {name: getattr(item, name) for name in _LISTED}
        return {**self._key(item.kind, item.name), **listed, "waiters": waiters}

    def _key(self, kind: str, name: str) -> dict[str, Value]:
        key = work_key(kind, name)
        return {"shard": str(zlib.crc32(key.encode()) % SHARDS), "item": key}


def _unchanged(item: WorkItem) -> Where:
    return Where(equal={"begun": item.begun, "epoch": item.epoch, "awaited": item.awaited})


def _read(item: Item) -> WorkItem:
    waiters = tuple(ReplyAddress.model_validate(waiter) for waiter in item.get("waiters", ()))
    return WorkItem(**{name: item[name] for name in _LISTED}, waiters=waiters)
