"""What the handlers rely on, of every store of statistics."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from tests.support.memory_stats_store import MemoryStatsStore
from tests.support.stats_stack import statistics_database

from nexus_runtime.ledger.ledger import ChangedMeanwhile
from nexus_stats.domain.counting import Fact, FactChange, KnownFact, Row, changes, fold
from nexus_stats.domain.facts import AgentFact, BuildFact, EndFact, InvocationFact
from nexus_stats.store import DynamoStatsStore, StatsStore

Replicas = Callable[[int], StatsStore]
"""The store as one of several replicas sees it."""
ENDED = EndFact("successful", 1500, 3, 5, 1, 1000)
FACTS: list[Fact] = [
    BuildFact("p", 1, "2026-01-02", 3),
    BuildFact("p", 2, None, 0, ENDED),
    InvocationFact("i", "2026-01-02", ENDED),
    AgentFact("a", 7, "running"),
]


@pytest.fixture(params=["memory", "dynamo"])
async def replicas(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Replicas]:
    if request.param == "memory":
        store = MemoryStatsStore()
        yield lambda _shard: store
        return
    async with statistics_database(tmp_path, monkeypatch) as database:
        yield lambda shard: DynamoStatsStore(database, shard)


def new(*facts: Fact) -> list[FactChange]:
    return changes(fold(facts), {})


def invocation(number: int, day: str = "2026-01-02") -> InvocationFact:
    return InvocationFact(f"inv-{number}", day)


async def test_an_empty_store_knows_and_counts_nothing(replicas: Replicas) -> None:
    store = replicas(0)
    assert await store.facts(["build#p#1"]) == {}
    assert await store.facts([]) == {}
    assert await store.counted("totals") == {}


async def test_facts_come_back_as_they_were_stored(replicas: Replicas) -> None:
    store = replicas(0)
    await store.commit(new(*FACTS))
    known = await store.facts([*(fact.key for fact in FACTS), "build#other#1"])
    assert known == {fact.key: KnownFact(fact, 1) for fact in FACTS}


async def test_counters_of_all_replicas_add_up(replicas: Replicas) -> None:
    await replicas(0).commit(new(invocation(1), AgentFact("a", 1, "building")))
    await replicas(1).commit(new(invocation(2)))
    after: dict[str, Fact] = {"agent#a": AgentFact("a", 2, "offline")}
    await replicas(1).commit(changes(after, await replicas(1).facts(after)))
    assert await replicas(2).counted("invocations") == {"2026-01-02": {"total": 2}}
    assert await replicas(2).counted("totals") == {"agents": {"offline": 1}}
    assert await replicas(2).facts(after) == {"agent#a": KnownFact(after["agent#a"], 2)}


async def test_a_fact_stored_meanwhile_stops_the_transaction_whole(replicas: Replicas) -> None:
    store = replicas(0)
    await store.commit(new(invocation(1)))
    for version in (0, 2):
        stale = [*new(invocation(2)), FactChange(invocation(1), version, {Row("totals", "builds"): {"total": 1}})]
        with pytest.raises(ChangedMeanwhile):
            await store.commit(stale)
    assert await store.facts(["invocation#inv-2"]) == {}
    assert await store.counted("totals") == {}
    assert await store.counted("invocations") == {"2026-01-02": {"total": 1}}


async def test_a_fact_that_counts_nothing_is_guarded_too(replicas: Replicas) -> None:
    store = replicas(0)
    await store.commit(new(FACTS[1]))
    with pytest.raises(ChangedMeanwhile):
        await store.commit(new(FACTS[1]))


async def test_no_changes_are_no_work(replicas: Replicas) -> None:
    await replicas(0).commit([])


async def test_a_range_includes_both_ends_and_only_its_metric(replicas: Replicas) -> None:
    store, days = replicas(0), ["2025-12-31", "2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]
    await store.commit(new(*(invocation(number, day) for number, day in enumerate(days)), FACTS[0]))
    assert sorted(await store.counted("invocations", "2026-01-01", "2026-01-03")) == days[1:4]
    assert sorted(await store.counted("invocations", "2026-01-02", "2026-01-02")) == ["2026-01-02"]
    assert sorted(await store.counted("builds", "2025-01-01", "2027-01-01")) == ["2026-01-02"]


async def test_more_changes_than_a_transaction_takes_are_all_stored(replicas: Replicas) -> None:
    store = replicas(0)
    facts = [invocation(number, f"2026-{1 + number % 12:02d}-01") for number in range(250)]
    await store.commit(new(*facts))
    assert len(await store.facts([fact.key for fact in facts])) == 250
    counted = await store.counted("invocations")
    assert sum(counts["total"] for counts in counted.values()) == 250
    assert len(counted) == 12
