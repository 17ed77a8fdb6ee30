"""The history of aggregates: every event, numbered from 1 without gaps, several packed into one item."""

import json
from collections.abc import AsyncIterator, Collection, Iterable, Sequence

from pydantic import TypeAdapter

from nexus_contracts.history import Export, ExportedEntry, HistoryEntry
from nexus_contracts.remains import remains
from nexus_runtime.dynamo import Database, Put, Table, Value, Where

MAX_ITEM_BYTES = 350_000
"""DynamoDB's limit is 400 KB per item. An event fits into a Kafka message, and outputs are limited further."""
READ_ITEMS = 10
"""Items per fetch: readers want the next few events, and an item can be large."""
_ENTRIES: TypeAdapter[list[HistoryEntry]] = TypeAdapter(list[HistoryEntry])


def history_table(name: str) -> Table:
    """Sorted by the *last* sequence in the item, so that reading on from any sequence starts at the right item."""
    return Table(name, "aggregate", "last", sort_key_type="N")


class History:
    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self.table = table

    def record(self, aggregate: str, entries: Sequence[HistoryEntry]) -> list[Put]:
        """The writes that store these entries, oldest first; they fail if a sequence is already used."""
        writes: list[Put] = []
        for pack in _packs(entries):
            content = "[" + ",".join(text for _, text in pack) + "]"
            item = {"aggregate": aggregate, "last": pack[-1][0], "entries": content}
            writes.append(Put(self.table, item, where=Where(absent="aggregate")))
        return writes

    async def read(self, aggregate: str, first: int = 1, last: int | None = None) -> AsyncIterator[HistoryEntry]:
        """The entries from `first` to `last` (both included; None: to the end), oldest first."""
        async for item in self._database.query(self.table, aggregate, low=first, page=READ_ITEMS):
            for entry in _ENTRIES.validate_json(item["entries"]):
                if last is not None and entry.sequence > last:
                    return
                if entry.sequence >= first:
                    yield entry

    async def erase(self, aggregate: str, through: int | None = None) -> None:
        """What is kept of the aggregate, or was recorded up to sequence `through`, but for what is counted from.

        Done again where it was interrupted: what `remains` of the rest is the same each time.
        """
        empty: list[dict[str, Value]] = []
        async for item in self._database.query(self.table, aggregate, high=through, page=READ_ITEMS):
            entries = [one for entry in _ENTRIES.validate_json(item["entries"]) if (one := remains(entry))]
            key = {"aggregate": aggregate, "last": item["last"]}
            if entries:
                await self._database.write(Put(self.table, {**key, "entries": _ENTRIES.dump_json(entries).decode()}))
            else:
                empty.append(key)
        await self._database.delete_many(self.table, empty)

    async def export(self, after: str | None, limit: int, types: Collection[str]) -> Export:
        """Entries of all aggregates, of these types: those of the next `limit` items after the position `after`.

        From end to end it has all that was recorded before it began, of each aggregate in order.
        """
        start: dict[str, Value] | None = json.loads(after) if after else None
        items, more = await self._database.scan(self.table, limit, start)
        entries = [(item["aggregate"], entry) for item in items for entry in _ENTRIES.validate_json(item["entries"])]
        kept = [ExportedEntry(aggregate=aggregate, entry=entry) for aggregate, entry in entries if entry.type in types]
        total = await self._database.size(self.table) if after is None else None
        return Export(entries=kept, items=len(items), after=json.dumps(more) if more else None, total=total)


def _packs(entries: Iterable[HistoryEntry]) -> list[list[tuple[int, str]]]:
    """Sequence and JSON of the entries, grouped into as many as fit into one item."""
    packs: list[list[tuple[int, str]]] = []
    size = 0
    for entry in entries:
        text = entry.model_dump_json()
        weight = len(text.encode())
        if not packs or size + weight > MAX_ITEM_BYTES:
            packs.append([])
            size = 0
        packs[-1].append((entry.sequence, text))
        size += weight + 1
    return packs
