"""The newest entries of lists, at a cost that does not grow with the lists."""

from collections import OrderedDict
from collections.abc import AsyncIterator

from nexus_runtime.dynamo.client import Database
from nexus_runtime.dynamo.model import Item, Table


class FirstPages:
    """The first pages of the lists in a table, each of which is a partition in the order of time.

    Where a page ended when it was last read is remembered: newer entries only come before it, so a query down to there
    finds as many, unless some were deleted. The embedded database reads a partition from its bound to its end, however
    few entries are asked for.
    """

    def __init__(self, database: Database, table: Table, most: int = 10_000) -> None:
        self._database = database
        self._table = table
        self._ends: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._most = most

    async def newest(self, name: str, number: int) -> list[Item]:
        """At most this many."""
        low, entries = self._ends.get((name, number)), list[Item]()
        if low is not None:
            entries = await self._down_to(low, name, number)
        if len(entries) < number:
            entries = await self._down_to(None, name, number)
        if len(entries) == number:
            self._note(name, number, entries[-1][self._table.sort_key or ""])
        return entries

    async def _down_to(self, low: str | None, name: str, number: int) -> list[Item]:
        return await some(self._database.query(self._table, name, newest_first=True, page=number, low=low), number)

    def _note(self, name: str, number: int, position: str) -> None:
        self._ends[name, number] = position
        self._ends.move_to_end((name, number))
        while len(self._ends) > self._most:
            self._ends.popitem(last=False)


async def some(entries: AsyncIterator[Item], most: int) -> list[Item]:
    """The first of them."""
    found: list[Item] = []
    async for entry in entries:
        found.append(entry)
        if len(found) == most:
            break
    return found
