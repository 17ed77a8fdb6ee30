"""What is asked of the database in one turn of the event loop goes to it in one call: calls cost more than they carry.

Commands that arrived together are decided in the same turn, so under load a dozen of them are one read and one
transaction; a command that is alone waits for nobody.
"""

import asyncio
from collections.abc import Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from nexus_runtime.dynamo.model import (
    MAX_ACTIONS,
    Action,
    Check,
    ConditionFailed,
    DatabaseUnavailable,
    Item,
    Put,
    Table,
    Update,
    Value,
    Where,
    WritesCollide,
)

MOST_CHARACTERS = 1_000_000
"""Of what is written together: four million bytes at the most, which a transaction may have."""
TRIES = 2
"""Of several together while others use their items, before each goes by itself."""
Key = tuple[Any, Any]
Place = tuple[str, Key]


class Calls(Protocol):
    """Of `Database`."""

    async def get(self, table: Table, key: Mapping[str, Value], only: Sequence[str] = ()) -> Item | None: ...

    async def get_many(
        self, table: Table, keys: Sequence[Mapping[str, Value]], only: Sequence[str] = ()
    ) -> list[Item]: ...

    async def write(self, *actions: Action, tries: int = ...) -> None: ...


@dataclass(frozen=True, eq=False)
class _Read:
    table: Table
    key: Mapping[str, Value]
    only: tuple[str, ...]
    found: "asyncio.Future[Item | None]"


@dataclass(frozen=True, eq=False)
class _Write:
    actions: Sequence[Action]
    written: asyncio.Future[None]


class JointCalls:
    """Reads and writes as `Database` has them, each ending as if it were alone: a write whose condition fails does not
    concern the others, only a fault of the database is everybody's.
    """

    def __init__(self, database: Calls) -> None:
        self._database = database
        self._reads: list[_Read] = []
        self._writes: list[_Write] = []
        self._under_way = set[asyncio.Task[None]]()

    async def get(self, table: Table, key: Mapping[str, Value], only: Sequence[str] = ()) -> Item | None:
        """The item, or None; its key is in it even where `only` does not name it."""
        asked = _Read(table, key, tuple(only), asyncio.get_running_loop().create_future())
        self._reads.append(asked)
        self._begin_later()
        return await asked.found

    def write(self, *actions: Action) -> asyncio.Future[None]:
        """All of the actions or none. Raises ConditionFailed."""
        asked = _Write(actions, asyncio.get_running_loop().create_future())
        self._writes.append(asked)
        self._begin_later()
        return asked.written

    def _begin_later(self) -> None:
        if len(self._reads) + len(self._writes) == 1:
            # Behind all that runs in this turn.
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        # Without those who were cancelled in the meantime.
        reads = [one for one in self._reads if not one.found.done()]
        writes = [one for one in self._writes if not one.written.done()]
        self._reads, self._writes = [], []
        for alike in _alike(reads):
            self._run(self._read(alike), [one.found for one in alike])
        for together in _compatible(writes):
            self._run(self._write(together), [one.written for one in together])

    def _run(self, call: Coroutine[Any, Any, None], asked: "Sequence[asyncio.Future[Any]]") -> None:
        # In a task of its own: who has asked may be cancelled, the others still wait.
        task = asyncio.create_task(call)
        self._under_way.add(task)

        def over(_: asyncio.Task[None]) -> None:
            self._under_way.discard(task)
            for one in asked:
                one.cancel()  # no effect where it has ended, as all have unless the task was cancelled with its loop

        task.add_done_callback(over)

    async def _read(self, asked: Sequence[_Read]) -> None:
        table, only = asked[0].table, asked[0].only
        try:
            wanted = {_key(table, one.key): one.key for one in asked}
            if len(wanted) == 1:
                item = await self._database.get(table, asked[0].key, only)
                found = {} if item is None else dict.fromkeys(wanted, item)
            else:
                named = {*only, *asked[0].key} if only else ()
                items = await self._database.get_many(table, list(wanted.values()), tuple(named))
                found = {_key(table, item): item for item in items}
        except Exception as error:  # noqa: BLE001  # whatever it is, those who have asked are told
            _fail([one.found for one in asked], error)
        else:
            for one in asked:
                _end(one.found, found.get(_key(table, one.key)))

    async def _write(self, together: Sequence[_Write]) -> None:
        (actions, places), alone = _united(together), len(together) == 1
        try:
            await (self._database.write(*actions) if alone else self._database.write(*actions, tries=TRIES))
        except Exception as error:  # noqa: BLE001  # whatever it is, those who have asked are told
            if alone or (isinstance(error, DatabaseUnavailable) and not isinstance(error, WritesCollide)):
                _fail([one.written for one in together], error)
            elif isinstance(error, ConditionFailed):
                await self._write_others(together, places, error.failed)
            else:
                # Something of one collides with another write, or the database refuses it: the others go on without.
                await asyncio.gather(*(self._write([one]) for one in together))
        else:
            for one in together:
                _end(one.written, None)

    async def _write_others(
        self, together: Sequence[_Write], places: Sequence[Sequence[int]], failed: Collection[int]
    ) -> None:
        """Nothing is written yet: those whose conditions have failed are told, the others do it without them."""
        others = list[_Write]()
        for one, where in zip(together, places, strict=True):
            if own := frozenset(number for number, place in enumerate(where) if place in failed):
                _fail([one.written], ConditionFailed(own))
            else:
                others.append(one)
        if others:
            await self._write(others)


def _alike(asked: Sequence[_Read]) -> list[list[_Read]]:
    """By table and attributes."""
    found: dict[tuple[Table, tuple[str, ...]], list[_Read]] = {}
    for one in asked:
        found.setdefault((one.table, one.only), []).append(one)
    return list(found.values())


def _compatible(asked: Sequence[_Write]) -> list[list[_Write]]:
    """As few transactions as possible in this order; each may have one action for an item."""
    if len(asked) == 1:
        return [[*asked]]  # nothing to compare it with
    packs: list[list[_Write]] = []
    touched, size = dict[Place, Action](), 0
    for one in asked:
        own = {_place(action): action for action in one.actions}
        more = sum(_size(vars(action)) for action in one.actions)
        shared = {place: _merged(touched[place], own[place]) for place in own.keys() & touched}
        fits = len(touched.keys() | own.keys()) <= MAX_ACTIONS and size + more <= MOST_CHARACTERS
        if not packs or not fits or None in shared.values():
            packs.append([])
            touched, size, shared = dict[Place, Action](), 0, {}
        packs[-1].append(one)
        touched |= own | {place: action for place, action in shared.items() if action}
        size += more
    return packs


def _united(together: Sequence[_Write]) -> tuple[list[Action], list[list[int]]]:
    """The actions of all, and the positions of each one's own."""
    actions, places, known = list[Action](), list[list[int]](), dict[Place, int]()
    for one in together:
        places.append([])
        for action in one.actions:
            place = known.setdefault(_place(action), len(actions))
            if place < len(actions) and (merged := _merged(actions[place], action)):
                actions[place] = merged
            else:
                place = len(actions)
                actions.append(action)
            places[-1].append(place)
    return actions, places


def _merged(first: Action, then: Action) -> Action | None:
    """Both as one action: what is checked alike, and counts on one condition, which they do not touch. Else None."""
    if isinstance(first, Check) and first == then:
        return first
    if not (isinstance(first, Update) and isinstance(then, Update) and first.where == then.where):
        return None
    where, assigned, added = first.where or Where(), {**first.assign, **then.assign}, {*first.add, *then.add}
    conditions = {*where.equal, *where.at_most}
    more = first.default or then.default or first.append or then.append or where.absent
    if more or assigned.keys() & added or conditions & {*assigned, *added}:
        return None
    return replace(first, assign=assigned, add={name: first.add.get(name, 0) + then.add.get(name, 0) for name in added})


def _place(action: Action) -> Place:
    return action.table.name, _key(action.table, action.item if isinstance(action, Put) else action.key)


def _key(table: Table, place: Mapping[str, Any]) -> Key:
    return place[table.partition_key], place[table.sort_key] if table.sort_key else ""


def _size(value: Any) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, Mapping):
        named = cast("Mapping[str, Any]", value)
        return sum(len(name) + _size(one) for name, one in named.items())
    if isinstance(value, Sequence):
        return sum(map(_size, cast("Sequence[Any]", value)))
    return 8


def _end(asked: "asyncio.Future[Any]", result: Item | None) -> None:
    if not asked.done():  # its task may have been cancelled
        asked.set_result(result)


def _fail(asked: "Sequence[asyncio.Future[Any]]", error: Exception) -> None:
    for one in asked:
        if not one.done():
            one.set_exception(error)
