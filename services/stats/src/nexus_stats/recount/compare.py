"""Compares the figures of two generations."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from nexus_runtime.dynamo import Database
from nexus_stats.domain.rows import Counts, added
from nexus_stats.store import read_row
from nexus_stats.tables import generation

ROWS = 500


class Difference(NamedTuple):
    """One counter that differs."""

    series: str
    name: str
    counter: str
    was: int
    recounted: int

    def __str__(self) -> str:
        return f"{self.series} {self.name} {self.counter}: {self.was}, recounted {self.recounted}"


async def differences(database: Database, one: int, other: int) -> set[Difference]:
    """Exact only while counting is on hold."""
    before, after = await _figures(database, one), await _figures(database, other)
    found: set[Difference] = set()
    for place in before.keys() | after.keys():
        old, new = before.get(place, {}), after.get(place, {})
        found |= {
            Difference(*place, counter, old.get(counter, 0), new.get(counter, 0))
            for counter in old.keys() | new.keys()
            if old.get(counter, 0) != new.get(counter, 0)
        }
    return found


async def _figures(database: Database, number: int) -> dict[tuple[str, str], Counts]:
    figures: dict[tuple[str, str], Counts] = {}
    async for series, name, counts in _rows(database, number):
        figures[series, name] = added((figures.get((series, name), {}), counts))
    return figures


async def _rows(database: Database, number: int) -> AsyncIterator[tuple[str, str, Counts]]:
    start = None
    while True:
        items, start = await database.scan(generation(number).counters, ROWS, start)
        for item in items:
            yield item["series"], item["position"].rpartition("#")[0], read_row(item).named()
        if start is None:
            return
