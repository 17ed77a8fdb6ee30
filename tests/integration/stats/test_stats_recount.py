"""Figures counted anew from the histories, while the present ones answer and are added to."""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.databases import new_database
from tests.support.stats_consumer import OneStore, assert_figures_of, deliver, deliver_to
from tests.support.stats_histories import one_busy_history

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.history import HistoryEntry
from nexus_runtime.dynamo import Database
from nexus_runtime.ledger.history import History as Recorded
from nexus_runtime.ledger.history import history_table
from nexus_runtime.process.clock import utc_now
from nexus_stats.domain.counting import FactChange
from nexus_stats.domain.rows import Row
from nexus_stats.generations import DynamoStores, Generations
from nexus_stats.recount import source
from nexus_stats.recount.compare import Difference
from nexus_stats.recount.recount import Recount
from nexus_stats.recount.source import HistoryPart, Source
from nexus_stats.tables import TABLES

pytestmark = pytest.mark.timeout(300)


class Killed(Exception):
    """The process died."""


@dataclass
class Platform:
    """The owners' histories and the statistics on one database. `left`: parts until a recount dies, -1: never."""

    database: Database
    owners: dict[str, Recorded]
    left: int = -1

    async def record(self, events: Sequence[CloudEvent]) -> None:
        """In the histories, aggregate by aggregate, some entries in one item."""
        subjects = dict.fromkeys(event.subject for event in events)
        for subject in subjects:
            own = sorted((one for one in events if one.subject == subject), key=lambda one: one.sequence or 0)
            owner = self.owners["builds" if own[0].type.startswith(("nexus.build.", "nexus.stage.")) else "agents"]
            await self.database.write(*owner.record(subject, [_entry(event) for event in own]))

    def recount(self, looks: int = 2, again_seconds: float = 0.01) -> Recount:
        sources = [Source(name, history.export) for name, history in self.owners.items()]
        return Recount(self.database, sources, utc_now, self._report, looks, again_seconds)

    def _report(self, owner: str, part: HistoryPart) -> None:
        del owner, part
        self.left -= 1
        if self.left == 0:
            raise Killed


def _entry(event: CloudEvent) -> HistoryEntry:
    return HistoryEntry(
        sequence=event.sequence or 0,
        id=event.id,
        type=event.type,
        time=event.time,
        data=event.data,
        tenant=event.nexustenant or "",
    )


@pytest.fixture
async def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Platform]:
    monkeypatch.setattr(source, "ITEMS", 7)
    async with new_database(tmp_path, TABLES) as database:
        tables = {name: history_table(f"{name.title()}History") for name in ("builds", "agents")}
        await asyncio.gather(*map(database.create, tables.values()))
        yield Platform(database, {name: Recorded(database, table) for name, table in tables.items()})


async def serving(platform: Platform) -> OneStore:
    return OneStore(await DynamoStores(platform.database).reading())


async def test_what_was_never_counted_is_rebuilt_over_deaths_and_then_found_right(platform: Platform) -> None:
    history = one_busy_history(random.Random(13), 12)
    await platform.record(history)
    for _ in range(3):
        platform.left = 2
        with pytest.raises(ExceptionGroup):
            await platform.recount().rebuild()
    assert (await Generations(platform.database).standing()).serving == 1
    platform.left = -1
    assert len(await platform.recount().rebuild()) > 20
    assert (await Generations(platform.database).standing()).serving == 2
    await assert_figures_of(history, (await serving(platform)).store)
    assert await platform.recount().verify() == set()
    assert (await Generations(platform.database).standing()).serving == 2


async def test_a_wrong_figure_is_found_by_verify_and_put_right_by_rebuild(platform: Platform) -> None:
    history = one_busy_history(random.Random(14), 6)
    await platform.record(history)
    store = (await serving(platform)).store
    await deliver(history, store, utc_now())
    wrong = FactChange("strange", frozenset({b"x" * 12}), 0, {Row("other", "totals", "builds"): {"total": 7}})
    await store.commit([wrong], "b0")
    (found,) = await platform.recount().verify()
    assert (found[:3], found.was - found.recounted) == (("other#totals", "builds", "total"), 7)
    assert await platform.recount().rebuild() == {found}
    await assert_figures_of(history, (await serving(platform)).store)


async def test_what_happens_meanwhile_is_counted_once_in_both(platform: Platform) -> None:
    """Every event is published, some before the histories are read, some after, some twice."""
    chance = random.Random(15)
    history = one_busy_history(chance, 10)
    await platform.record(history)
    live, stores = [*history, *chance.sample(history, 20)], DynamoStores(platform.database)
    chance.shuffle(live)

    async def publish() -> None:
        for start in range(0, len(live), 9):
            await deliver_to(stores, live[start : start + 9], utc_now())
            await asyncio.sleep(0)

    found: Any = None
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publish())
        found = tasks.create_task(platform.recount(looks=60, again_seconds=1.0).rebuild())
    assert found.result() == set[Difference]()
    await assert_figures_of(history, (await serving(platform)).store)


async def test_erased_histories_still_count(platform: Platform) -> None:
    history = [event for event in one_busy_history(random.Random(16), 8) if not event.type.startswith("nexus.agent.")]
    await platform.record(history)
    for subject in {event.subject for event in history}:
        for owner in platform.owners.values():
            await owner.erase(subject)
    await platform.recount().rebuild()
    await assert_figures_of(history, (await serving(platform)).store)
