"""Where what was seen, counters and activities are kept."""

import zlib
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, NamedTuple, Protocol

import pydantic_core

from nexus_contracts.stats import Activity
from nexus_runtime.dynamo import ConditionFailed, Database, Item, Put, Where
from nexus_runtime.dynamo.first_pages import FirstPages, some
from nexus_runtime.dynamo.model import MAX_ACTIONS
from nexus_runtime.ledger.ledger import ChangedMeanwhile
from nexus_stats.domain.activities import ACTIVITY_DAYS, position
from nexus_stats.domain.counting import FACT, Content, FactChange, Stored, packed
from nexus_stats.domain.marks import marks_on
from nexus_stats.domain.rows import Row, added, bounded, summed
from nexus_stats.domain.sketch import Timed
from nexus_stats.tables import Generation

ROWS_KEPT = 1_000
PLAIN_BYTES = 1_000
"""What is longer is compressed: names repeat each other, and most bins are small numbers."""
_Place = tuple[Row, str]
"""A row and its shard."""
Noted = Sequence[tuple[str, Activity]]
"""Activities with their tenants."""


class StatsStore(Protocol):
    """One generation of figures."""

    async def known(self, keys: Collection[str]) -> dict[str, Stored]:
        """What is stored, by key."""
        ...

    async def commit(self, changes: Sequence[FactChange], shard: str) -> None:
        """Stores what was seen together with the counters, in as few transactions as possible.

        Raises ChangedMeanwhile if something no longer has the version that its change is based on: some of the changes
        may be stored then, each with its counters. Writers of the same shard conflict with each other.
        """
        ...

    async def counted(self, tenant: str, metric: str, first: str = "", last: str = "~") -> dict[str, dict[str, int]]:
        """The counters of the rows named from `first` to `last`, both included; without durations' bins."""
        ...

    async def timed(self, tenant: str, metric: str, first: str = "", last: str = "~") -> dict[str, Timed]:
        """The same with their bins."""
        ...

    async def note(self, noted: Noted) -> None:
        """Stores each activity once, however often it is noted."""
        ...

    async def activities(self, tenant: str, limit: int, before: str | None, since: datetime) -> list[Activity]:
        """The newest first, none older than `since`; `before` is a position."""
        ...


class _Written(NamedTuple):
    """A row as it is stored in its shard; `version` 0: not stored yet."""

    timed: Timed
    version: int

    def plus(self, row: Row, delta: Timed) -> "_Written":
        within = delta._replace(counts=bounded(row, self.timed.counts, delta.counts))
        return _Written(self.timed.plus(within), self.version + 1)


class DynamoStatsStore:
    """Each shard has its own rows; reading sums them up, with one query.

    The rows written last are cached, so that writing one again needs no read. If another process has written a row in
    the meantime, its version reveals that at the write.
    """

    def __init__(self, database: Database, tables: Generation) -> None:
        self._database = database
        self._tables = tables
        self._rows: OrderedDict[_Place, _Written] = OrderedDict()
        self._first_pages = FirstPages(database, tables.activities)

    async def known(self, keys: Collection[str]) -> dict[str, Stored]:
        items = await self._database.get_many(self._tables.seen, [{"thing": key} for key in keys])
        return {item["thing"]: Stored(_content(item), item["version"]) for item in items}

    async def commit(self, changes: Sequence[FactChange], shard: str) -> None:
        # A crash between two groups is harmless: each fact is stored together with its counters, so a repeat of the
        # batch counts only the groups that are missing.
        for group in packed(changes, MAX_ACTIONS):
            await self._transact(group, shard)

    async def _transact(self, group: Sequence[FactChange], shard: str) -> None:
        deltas = {(row, shard): counts for row, counts in summed(change.delta for change in group).items()}
        before = await self._written(deltas)
        after = {place: before[place].plus(place[0], Timed.of(delta)) for place, delta in deltas.items()}
        # Out of the cache until the write has succeeded: if its answer is lost, nobody knows which version is stored,
        # and a wrong guess would fail every later write of the row.
        for place in deltas:
            self._rows.pop(place, None)
        seen = (self._see(change) for change in group)
        try:
            await self._database.write(*seen, *(self._row(place, row) for place, row in after.items()))
        except ConditionFailed as error:
            raise ChangedMeanwhile(str(error)) from error
        self._rows.update(after)
        while len(self._rows) > ROWS_KEPT:
            self._rows.popitem(last=False)

    async def _written(self, places: Collection[_Place]) -> Mapping[_Place, _Written]:
        unknown = {_key(place): place for place in places if place not in self._rows}
        found = {place: self._rows.get(place, _Written(Timed({}), 0)) for place in places}
        keys = [{"series": series, "position": position} for series, position in unknown]
        for item in await self._database.get_many(self._tables.counters, keys):
            place = unknown[item["series"], item["position"]]
            found[place] = _Written(read_row(item), item["version"])
        return found

    def _see(self, change: FactChange) -> Put:
        item: dict[str, Any] = {"thing": change.key, "version": change.version + 1, "ttl": change.expires}
        if isinstance(change.content, frozenset):
            item["marks"] = b"".join(sorted(change.content))
        else:
            item["fact"] = FACT.dump_json(change.content).decode()
        # Of two consumers that computed their difference to the same fact only one commits; the other starts again from
        # what that one stored. Otherwise both differences would be added to the counters.
        where = Where(equal={"version": change.version}) if change.version else Where(absent="thing")
        return Put(self._tables.seen, item, where=where)

    def _row(self, place: tuple[Row, str], row: _Written) -> Put:
        series, in_series = _key(place)
        stored = {name: _dumped(part) for name, part in row.timed._asdict().items()}
        item = {"series": series, "position": in_series, "version": row.version, **stored}
        where = Where(equal={"version": row.version - 1}) if row.version > 1 else Where(absent="series")
        return Put(self._tables.counters, item, where=where)

    async def counted(self, tenant: str, metric: str, first: str = "", last: str = "~") -> dict[str, dict[str, int]]:
        # Without the bins: of a day of many durations they are most of the row.
        items = await self._items(tenant, metric, first, last, only=("position", "counts"))
        return {name: added(_loaded(item["counts"]) for item in parts) for name, parts in items.items()}

    async def timed(self, tenant: str, metric: str, first: str = "", last: str = "~") -> dict[str, Timed]:
        items = await self._items(tenant, metric, first, last)
        return {name: reduce(Timed.plus, map(read_row, parts)) for name, parts in items.items()}

    async def _items(
        self, tenant: str, metric: str, first: str, last: str, only: Sequence[str] = ()
    ) -> dict[str, list[Item]]:
        """Those of the rows in the range, by name: one for each shard."""
        found: dict[str, list[Item]] = {}
        table, series = self._tables.counters, _series(tenant, metric)
        async for item in self._database.query(table, series, only=only, low=f"{first}#", high=f"{last}#~"):
            found.setdefault(item["position"].rpartition("#")[0], []).append(item)
        return found

    async def note(self, noted: Noted) -> None:
        puts = [self._activity(tenant, one) for tenant, one in noted]
        for start in range(0, len(puts), MAX_ACTIONS):
            await self._database.write(*puts[start : start + MAX_ACTIONS])

    def _activity(self, tenant: str, one: Activity) -> Put:
        expires = int((one.time + timedelta(days=ACTIVITY_DAYS)).timestamp())
        item = {"tenant": tenant, "position": position(one), "ttl": expires, "activity": one.model_dump_json()}
        return Put(self._tables.activities, item)

    async def activities(self, tenant: str, limit: int, before: str | None, since: datetime) -> list[Activity]:
        if before is None:
            items = await self._first_pages.newest(tenant, limit)
        else:
            older = self._database.query(self._tables.activities, tenant, newest_first=True, page=limit, before=before)
            items = await some(older, limit)
        found = (Activity.model_validate_json(item["activity"]) for item in items)
        return [one for one in found if one.time >= since]


def _series(tenant: str, metric: str) -> str:
    return f"{tenant}#{metric}"


def _key(place: _Place) -> tuple[str, str]:
    """Series and position."""
    row, shard = place
    return _series(row.tenant, row.metric), f"{row.name}#{shard}"


def _content(item: Item) -> Content:
    return marks_on(_bytes(item["marks"])) if "marks" in item else FACT.validate_json(item["fact"])


def read_row(item: Item) -> Timed:
    """What is in a stored row. One without `bins` has them among its counters, as all rows once had."""
    counts = _loaded(item["counts"])
    return Timed(counts, _loaded(item["bins"])) if "bins" in item else Timed.of(counts)


def _dumped(part: Any) -> bytes:
    text = pydantic_core.to_json(part)
    return text if len(text) < PLAIN_BYTES else zlib.compress(text, 1)


def _loaded(stored: Any) -> Any:
    text = _bytes(stored)
    return pydantic_core.from_json(text if text.startswith((b"{", b"[")) else zlib.decompress(text))


def _bytes(stored: Any) -> bytes:
    """boto3 wraps them, botocore does not."""
    return bytes(getattr(stored, "value", stored))
