"""Rows of counters as they are stored, and as they once were: one golden file for each form, never changed."""

import asyncio
import json
import zlib
from pathlib import Path

import pytest
from tests.support.memory_database import MemoryDatabase

from nexus_runtime.dynamo import Item, Put
from nexus_stats.domain.counting import FactChange
from nexus_stats.domain.rows import Counts, Row
from nexus_stats.domain.sketch import Timed
from nexus_stats.store import DynamoStatsStore, read_row
from nexus_stats.tables import generation

GOLDEN = Path(__file__).parent / "golden"
TABLES = generation(1)
DAY, SHARD = "2026-03-01", "a0"
COUNTERS = {"total": 3, "successful": 2, "duration_ms": 12}
BINS = [1, 0, 1]
forms = pytest.mark.parametrize("form", [1, 2])


def stored(form: int) -> Item:
    item = json.loads((GOLDEN / f"row.{form}.json").read_text(encoding="utf-8"))
    return {**item, **{name: json.dumps(item[name]).encode() for name in ("counts", "bins") if name in item}}


def compressed(item: Item) -> Item:
    return {**item, **{name: zlib.compress(item[name]) for name in ("counts", "bins") if name in item}}


def counting(counts: Counts) -> FactChange:
    return FactChange("page", frozenset({b"a" * 12}), 0, {Row("acme", "invocations", DAY): counts})


def written(before: Item, *changes: FactChange) -> tuple[DynamoStatsStore, Item]:
    """The row after these changes by a process that has not written it before."""
    database = MemoryDatabase()
    store = DynamoStatsStore(database.as_database(), TABLES)

    async def write() -> None:
        await database.write(Put(TABLES.counters, before))
        await store.commit(changes, SHARD)

    asyncio.run(write())
    (item,) = database.items(TABLES.counters)
    return store, item


@forms
def test_every_form_is_read_compressed_or_not(form: int) -> None:
    assert read_row(stored(form)) == read_row(compressed(stored(form))) == (COUNTERS, BINS)


@forms
def test_a_row_of_any_form_is_added_to_in_the_newest(form: int) -> None:
    _, item = written(stored(form), counting({"total": 1, "d1": 1}))
    assert (json.loads(item["counts"]), json.loads(item["bins"])) == ({**COUNTERS, "total": 4}, [1, 0, 2])
    assert read_row(item).named() == {**COUNTERS, "total": 4, "dz": 1, "d1": 2}


def test_reading_counters_leaves_the_bins_where_they_are() -> None:
    store, _ = written(stored(2))
    assert asyncio.run(store.counted("acme", "invocations")) == {DAY: COUNTERS}
    assert asyncio.run(store.timed("acme", "invocations")) == {DAY: Timed(COUNTERS, BINS)}
