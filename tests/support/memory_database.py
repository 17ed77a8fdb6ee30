"""A database in memory with the interface and the conditions of the real one; nothing in it ever waits."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, cast

from nexus_runtime.dynamo import (
    Action,
    Check,
    ConditionFailed,
    Database,
    Delete,
    Filter,
    Item,
    Put,
    Table,
    Update,
    Value,
)
from nexus_runtime.dynamo.model import MAX_ACTIONS, Where

Key = tuple[Value, Value]


class MemoryDatabase:
    """`tables` maps a table's name to its items by key. `writes` counts the writes that were carried out."""

    prefix = ""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, Item]] = {}
        self.writes = 0

    def as_database(self) -> Database:
        """Itself, for callers that are typed for the real one."""
        return cast(Database, self)

    def items(self, table: Table) -> list[Item]:
        """All items of a table: for the eyes of tests."""
        return list(self._items(table).values())

    async def get(self, table: Table, key: Mapping[str, Value], only: Sequence[str] = ()) -> Item | None:
        item = self._items(table).get(_key(table, key))
        return None if item is None else _projected(item, only)

    async def get_many(self, table: Table, keys: Sequence[Mapping[str, Value]], only: Sequence[str] = ()) -> list[Item]:
        assert len({_key(table, key) for key in keys}) == len(keys), "keys of one request are distinct"
        found = [await self.get(table, key, only) for key in keys]
        return [item for item in found if item is not None]

    async def query(
        self,
        table: Table,
        partition: Value,
        *,
        matching: Filter | None = None,
        newest_first: bool = False,
        page: int | None = None,
        only: Sequence[str] = (),
        **bounds: Any,
    ) -> AsyncIterator[Item]:
        del page
        keys = sorted((key for key in self._items(table) if key[0] == partition), reverse=newest_first)
        for key in keys:
            item = self._items(table).get(key)
            if item is not None and _within(key[1], bounds) and (matching is None or _matches(item, matching)):
                yield _projected(item, only)

    async def count(self, table: Table, partition: Value) -> int:
        return sum(1 for key in self._items(table) if key[0] == partition)

    async def scan(
        self, table: Table, limit: int, start: Mapping[str, Value] | None = None
    ) -> tuple[list[Item], Mapping[str, Value] | None]:
        keys = sorted(self._items(table))
        after = [key for key in keys if start is None or key > _key(table, start)]
        found = [deepcopy(self._items(table)[key]) for key in after[:limit]]
        names = [name for name in (table.partition_key, table.sort_key) if name]
        return found, {name: found[-1][name] for name in names} if len(after) > limit else None

    async def write(self, *actions: Action, tries: int = 1) -> None:
        del tries  # there are no other transactions while this one is written
        assert 0 < len(actions) <= MAX_ACTIONS
        places = [(action.table.name, _key(action.table, _key_of(action))) for action in actions]
        assert len(set(places)) == len(places), f"a transaction has one action for each item: {places}"
        failed = [n for n, action in enumerate(actions) if action.where and not self._holds(action, action.where)]
        if failed:
            raise ConditionFailed(frozenset(failed))
        for action in actions:
            self._apply(action)
        self.writes += 1

    async def delete_many(self, table: Table, keys: Sequence[Mapping[str, Value]]) -> None:
        for key in keys:
            self._items(table).pop(_key(table, key), None)

    async def ping(self) -> None:
        return

    def _items(self, table: Table) -> dict[Key, Item]:
        return self.tables.setdefault(table.name, {})

    def _holds(self, action: Action, where: Where) -> bool:
        item = self._items(action.table).get(_key(action.table, _key_of(action)), {})
        equal = all(name in item and item[name] == value for name, value in where.equal.items())
        at_most = all(item.get(name, most) <= most for name, most in where.at_most.items())
        return equal and at_most and (where.absent is None or where.absent not in item)

    def _apply(self, action: Action) -> None:
        items, key = self._items(action.table), _key(action.table, _key_of(action))
        match action:
            case Put():
                items[key] = deepcopy({name: value for name, value in action.item.items() if value is not None})
            case Delete():
                items.pop(key, None)
            case Update():
                items[key] = _updated(items.get(key, dict(action.key)), action)
            case Check():
                pass


def _updated(item: Item, update: Update) -> Item:
    changed = {**item, **update.assign}
    for name, value in update.default.items():
        changed[name] = item.get(name, value)
    for name, number in update.add.items():
        changed[name] = item.get(name, 0) + number
    for name, more in update.append.items():
        changed[name] = [*item.get(name, []), *more]
    return changed


def _key_of(action: Action) -> Mapping[str, Value]:
    return cast("Mapping[str, Value]", action.item) if isinstance(action, Put) else action.key


def _key(table: Table, key: Mapping[str, Value]) -> Key:
    return key[table.partition_key], key[table.sort_key] if table.sort_key else ""


def _projected(item: Item, only: Sequence[str]) -> Item:
    return deepcopy({name: value for name, value in item.items() if not only or name in only})


def _within(value: Any, bounds: Mapping[str, Any]) -> bool:
    checks: dict[str, Callable[[Any], bool]] = {
        "begins": lambda bound: value.startswith(bound),
        "low": lambda bound: value >= bound,
        "high": lambda bound: value <= bound,
        "before": lambda bound: value < bound,
    }
    return all(checks[name](bound) for name, bound in bounds.items() if bound is not None)


def _matches(item: Item, wanted: Filter) -> bool:
    equal = all(item.get(name) == value for name, value in wanted.equal.items())
    return equal and all(value in item.get(name, []) for name, value in wanted.contains.items())
