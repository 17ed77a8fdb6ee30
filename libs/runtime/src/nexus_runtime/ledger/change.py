"""The content of one transaction, and how the state of an aggregate becomes part of it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from nexus_contracts.aggregate import Aggregate
from nexus_contracts.principal import DEFAULT_TENANT
from nexus_contracts.replies import Outcome
from nexus_runtime.dynamo import Action, Item, Put, Table, Value, Where
from nexus_runtime.dynamo.form import Form
from nexus_runtime.kafka.replies import ReplyAddress

A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True)
class Recorded:
    """The new events of one aggregate, and the sequence of its last event before them."""

    aggregate: str
    after: int
    events: Sequence[BaseModel]
    tenant: str = DEFAULT_TENANT


@dataclass(frozen=True)
class Begin:
    """Long work that begins with the transaction, and who waits for its outcome.

    `later`: it can be followed and ended from now on, but nobody works on it before a `Start`. Its epochs are higher
    than `after`. Work of the same kind and name that the same change ends is replaced. `known` is handed to
    its first run if this process starts it with the commit: what the run would otherwise have to read.
    """

    kind: str
    name: str
    waiter: ReplyAddress | None = None
    later: bool = False
    after: int = 0
    known: object = None


@dataclass(frozen=True)
class Start:
    """Work that was begun for later may now run. `known` as in `Begin`."""

    kind: str
    name: str
    known: object = None


@dataclass(frozen=True)
class End:
    """Long work that ends with the transaction; all waiting callers get `outcome`."""

    kind: str
    name: str
    outcome: Outcome


@dataclass(frozen=True)
class Change:
    """One transaction. Changes can be added: what is saved together commits together, or not at all."""

    actions: tuple[Action, ...] = ()
    recorded: tuple[Recorded, ...] = ()
    begins: tuple[Begin, ...] = ()
    ends: tuple[End, ...] = ()
    starts: tuple[Start, ...] = ()

    @classmethod
    def of(cls, *actions: Action) -> "Change":
        """Only writes."""
        return cls(actions)

    def __add__(self, other: "Change") -> "Change":
        return Change(
            self.actions + other.actions,
            self.recorded + other.recorded,
            self.begins + other.begins,
            self.ends + other.ends,
            self.starts + other.starts,
        )


@dataclass(frozen=True)
class Saved(Generic[A]):
    """An aggregate as it will be once `change` has committed."""

    state: A
    change: Change


class Reader(Protocol):
    async def get(self, table: Table, key: Mapping[str, Value], only: Sequence[str] = ()) -> Item | None: ...


class States(Generic[A]):
    """Aggregates of one kind in one table: one item each, under its id."""

    def __init__(self, table: Table, form: Form[A]) -> None:
        self.table = table
        self.form = form

    async def load(self, database: Reader, key: str) -> A | None:
        """The state under a key."""
        item = await database.get(self.table, {self.table.partition_key: key})
        return self.read(item) if item else None

    def read(self, item: Item) -> A:
        """The state in an item. Raises UnknownSchema."""
        return self.form.read(item)

    def save(
        self, key: str, before: A | None, after: A, events: Sequence[BaseModel] = (), also: Sequence[Action] = ()
    ) -> Saved[A]:
        """The write of `after`, on condition that the state is still `before` (None: that there is none).

        `events` continue the aggregate's history; `also` commits with it.
        """
        state = advanced(before, after, events)
        where = Where(equal={"version": before.version}) if before else Where(absent=self.table.partition_key)
        item = {self.table.partition_key: key, "version": state.version, **self.form.written(state)}
        recorded = (Recorded(key, state.sequence - len(events), events, state.tenant),) if events else ()
        return Saved(state, Change((Put(self.table, item, where=where), *also), recorded))


def advanced(before: A | None, after: A, events: Sequence[BaseModel]) -> A:
    """`after` with the version of the next write and the sequence of its last event.

    What starts afresh under an id that had events before says so: `after.sequence` is where they ended.
    """
    version, sequence = (before.version, before.sequence) if before else (0, after.sequence)
    return after.model_copy(update={"version": version + 1, "sequence": sequence + len(events)})


class WorkLog(Protocol):
    """Keeps long work durable: its items are written in the transaction that begins or ends it."""

    def transaction(self, change: Change) -> AbstractAsyncContextManager[Sequence[Action]]:
        """The actions for what `change` begins, starts and ends, to be written inside the block.

        How the block ends tells whether the change is durable (no exception), is not (ConditionFailed), or may be (any
        other). Raises ServiceUnavailable where nothing more can be taken on now.
        """
        ...

    async def follow(self, work: str, address: ReplyAddress) -> None:
        """Adds a caller who waits for the outcome of `work` (`Accepted.work`); answered at once if it has ended."""
        ...

    async def outcome(self, work: str) -> Outcome | None:
        """The outcome of `work`, if it has ended."""
        ...


class NoWork:
    """The work log of an owner without long work."""

    @asynccontextmanager
    async def transaction(self, change: Change) -> AsyncGenerator[Sequence[Action]]:
        if change.begins or change.starts or change.ends:
            raise TypeError("this owner has no long work")
        yield ()

    async def follow(self, work: str, address: ReplyAddress) -> None:
        raise TypeError(f"this owner has no long work: {work}, {address.request_id}")

    async def outcome(self, work: str) -> Outcome | None:
        raise TypeError(f"this owner has no long work: {work}")
