"""Which generation of the figures is read, and which ones are written."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from nexus_runtime.dynamo import Database, Item, Update, Where
from nexus_stats.store import DynamoStatsStore, StatsStore
from nexus_stats.tables import FIRST_GENERATION, GENERATIONS, generation

KEY = {"name": "figures"}
READ_SECONDS = 1.0
"""How long queries may still read a generation that was replaced; its tables are kept much longer."""
HELD_SECONDS = 0.05


class Stores(Protocol):
    """The existing generations of figures."""

    async def writing(self) -> Sequence[StatsStore]:
        """All generations in which events have to be counted now. Waits while counting is on hold."""
        ...

    async def reading(self) -> StatsStore:
        """The generation that answers queries."""
        ...


@dataclass(frozen=True)
class Standing:
    """`serving` answers queries, `building` (0: none) is being built beside it.

    Counting is on hold until `held_until_ms` (Unix time). `newest` is the highest number so far: none is used twice,
    because processes cache rows by generation.
    """

    serving: int = FIRST_GENERATION
    building: int = 0
    newest: int = FIRST_GENERATION
    held_until_ms: int = 0


class Generations:
    """The item that holds the standing. Only a recount changes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def standing(self) -> Standing:
        item: Item | None = await self._database.get(GENERATIONS, KEY)
        if item is None:
            return Standing()
        return Standing(item["serving"], item["building"], item["newest"], item["held_until_ms"])

    async def change(self, before: Standing, after: Standing) -> None:
        """Raises ConditionFailed if another recount was faster."""
        known = {"serving": before.serving, "building": before.building, "newest": before.newest}
        first = await self._database.get(GENERATIONS, KEY) is None
        where = Where(absent="name") if first else Where(equal=known)
        await self._database.write(Update(GENERATIONS, KEY, assign=asdict(after), where=where))

    async def hold(self, seconds: float) -> None:
        """Puts counting on hold for this long; 0 ends the hold. Batches that have begun are finished."""
        until = int((time.time() + seconds) * 1000) if seconds else 0
        await self._database.write(Update(GENERATIONS, KEY, assign={"held_until_ms": until}))


class DynamoStores:
    """The generations as seen by a process that counts and answers queries."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._generations = Generations(database)
        self._stores: dict[int, StatsStore] = {}
        self._standing = Standing()
        self._asked = float("-inf")

    async def writing(self) -> Sequence[StatsStore]:
        # Read for every batch: what is recorded after a recount has begun is not in the histories that it reads, so a
        # batch that missed the new generation would be missing from it for good.
        standing = await self._generations.standing()
        while standing.held_until_ms > time.time() * 1000:
            await asyncio.sleep(HELD_SECONDS)
            standing = await self._generations.standing()
        numbers = [number for number in (standing.serving, standing.building) if number]
        self._stores = {number: self._store(number) for number in numbers}
        return list(self._stores.values())

    async def reading(self) -> StatsStore:
        if time.monotonic() - self._asked > READ_SECONDS:
            self._standing = await self._generations.standing()
            self._asked = time.monotonic()
        return self._store(self._standing.serving)

    def _store(self, number: int) -> StatsStore:
        # Kept for readers too: a store remembers where the first pages of activities ended.
        if number not in self._stores:
            self._stores[number] = DynamoStatsStore(self._database, generation(number))
        return self._stores[number]
