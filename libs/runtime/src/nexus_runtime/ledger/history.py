"""The history of aggregates: every event kept, numbered from 1 without a gap, several packed into one item."""

from collections.abc import AsyncIterator, Iterable, Sequence

from pydantic import TypeAdapter

from nexus_contracts.history import HistoryEntry
from nexus_runtime.dynamo import Database, Put, Table, Where

MAX_ITEM_BYTES = 350_000
"""DynamoDB's limit is 400 KB an item. One event is at most a Kafka message, and outputs are bounded below this."""
READ_ITEMS = 10
"""Items fetched at once: readers want the next few events, and an item can be large."""
_ENTRIES: TypeAdapter[list[HistoryEntry]] = TypeAdapter(list[HistoryEntry])


def history_table(name: str) -> Table:
    """Sorted by the *last* sequence in the item, so that reading on from any sequence starts at the right item."""
    return Table(name, "aggregate", "last", sort_key_type="N")


class History:
    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self.table = table

    def record(self, aggregate: str, entries: Sequence[HistoryEntry]) -> list[Put]:
        """The writes that keep these entries, oldest first; they fail where the sequence is taken."""
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
        """Everything kept of the aggregate, or what was recorded up to sequence `through`."""
        keys = [
            {"aggregate": aggregate, "last": item["last"]}
            async for item in self._database.query(self.table, aggregate, high=through, only=("last",))
        ]
        await self._database.delete_many(self.table, keys)


def _packs(entries: Iterable[HistoryEntry]) -> list[list[tuple[int, str]]]:
    """Sequence and JSON of the entries, as many together as one item can hold."""
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
