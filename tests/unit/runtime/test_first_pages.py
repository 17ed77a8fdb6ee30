"""The first page of a list is read down to where it ended before, and is whole whatever happened in the meantime."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from tests.support.memory_database import MemoryDatabase

from nexus_runtime.dynamo import Delete, Item, Put, Table
from nexus_runtime.dynamo.first_pages import FirstPages

LISTS = Table("Lists", "name", "position")


class Counting(MemoryDatabase):
    """Counts the entries from the bound of each query to the end of its list, which the embedded database reads."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0

    async def query(self, table: Table, partition: Any, **how: Any) -> AsyncIterator[Item]:
        low = how.get("low") or ""
        self.read += len([item for item in self.items(table) if item["position"] >= low])
        async for item in super().query(table, partition, **how):
            yield item

    async def put(self, *positions: str) -> None:
        for position in positions:
            await self.write(Put(LISTS, {"name": "a", "position": position}))


async def page(pages: FirstPages) -> Sequence[str]:
    return [item["position"] for item in await pages.newest("a", 3)]


def test_only_the_first_reading_looks_at_the_whole_list() -> None:
    async def read() -> None:
        database = Counting()
        pages = FirstPages(database.as_database(), LISTS)
        await database.put(*(f"{number:03}" for number in range(500)))
        assert await page(pages) == ["499", "498", "497"]
        assert database.read == 500
        await database.put("500", "400")
        assert await page(pages) == ["500", "499", "498"]
        assert await page(pages) == ["500", "499", "498"]
        assert database.read == 500 + 4 + 3

    asyncio.run(read())


def test_a_page_is_whole_though_entries_were_deleted() -> None:
    async def read() -> None:
        database = Counting()
        pages = FirstPages(database.as_database(), LISTS)
        assert await page(pages) == []
        await database.put("1", "2", "3", "4")
        assert await page(pages) == ["4", "3", "2"]
        await database.write(Delete(LISTS, {"name": "a", "position": "3"}))
        assert await page(pages) == ["4", "2", "1"]
        await database.write(Delete(LISTS, {"name": "a", "position": "1"}))
        assert await page(pages) == ["4", "2"]

    asyncio.run(read())
