"""Which generation of figures answers, and which are written."""

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
"""How long answers may still come from the generation that was replaced; its tables outlive it by far."""
HELD_SECONDS = 0.05


class Stores(Protocol):
    """The generations of figures that there are."""

    async def writing(self) -> Sequence[StatsStore]:
        """All that are to have what is counted now. Waits while nothing may be counted."""
        ...

    async def reading(self) -> StatsStore:
        """The one that answers."""
        ...


@dataclass(frozen=True)
class Standing:
    """`building` is being made beside the one that answers; nothing is counted before `held_until` (Unix time).

    `newest` is the highest number that there was: none is used twice, as processes remember rows by it.
    """

    serving: int = FIRST_GENERATION
    building: int = 0
    newest: int = FIRST_GENERATION
    held_until_ms: int = 0


class Generations:
    """The one item that says so. Only who makes a generation changes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def standing(self) -> Standing:
        item: Item | None = await self._database.get(GENERATIONS, KEY)
        if item is None:
            return Standing()
        return Standing(item["serving"], item["building"], item["newest"], item["held_until_ms"])

    async def change(self, before: Standing, after: Standing) -> None:
        """Raises ConditionFailed where somebody else was faster."""
        known = {"serving": before.serving, "building": before.building, "newest": before.newest}
        first = await self._database.get(GENERATIONS, KEY) is None
        where = Where(absent="name") if first else Where(equal=known)
        await self._database.write(Update(GENERATIONS, KEY, assign=asdict(after), where=where))

    async def hold(self, seconds: float) -> None:
        """Nothing new is counted for so long, 0: go on. What was begun is finished."""
        until = int((time.time() + seconds) * 1000) if seconds else 0
        await self._database.write(Update(GENERATIONS, KEY, assign={"held_until_ms": until}))


class DynamoStores:
    """Of a process that counts and answers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._generations = Generations(database)
        self._stores: dict[int, StatsStore] = {}
        self._standing = Standing()
        self._asked = float("-inf")

    async def writing(self) -> Sequence[StatsStore]:
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
        return self._stores.get(number) or DynamoStatsStore(self._database, generation(number))
