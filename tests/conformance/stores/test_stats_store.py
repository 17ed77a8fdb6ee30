"""What the handlers rely on, of every store of statistics."""

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from tests.support.databases import new_tables
from tests.support.memory_stats_store import MemoryStatsStore

from nexus_contracts.stats import Activity
from nexus_devstack.stack import Stack
from nexus_runtime.ledger.ledger import ChangedMeanwhile
from nexus_stats.domain.activities import position
from nexus_stats.domain.counting import FactChange, Observation, Seen, Stored, changes, fold
from nexus_stats.domain.facts import AgentFact, BuildFact, EndFact
from nexus_stats.domain.marks import Tally
from nexus_stats.domain.rows import Row
from nexus_stats.domain.sketch import Timed, bin_of
from nexus_stats.store import DynamoStatsStore, StatsStore
from nexus_stats.tables import TABLES, generation

pytestmark = pytest.mark.asyncio(loop_scope="session")

Replicas = Callable[[], StatsStore]
"""The store as another process sees it."""
NOW = datetime(2099, 1, 3, tzinfo=UTC)
"""In the future: DynamoDB Local really deletes what is past its time to live."""
DAY = "2026-01-02"
ENDED = EndFact("successful", 1500)
TIMES = {"duration_ms": 3000, bin_of(1500): 2, bin_of(0): 1}
MARKS = Tally("page", 4_070_995_200, {b"a" * 12: {Row("t", "invocations", DAY): {"total": 1}}, b"b" * 12: {}})
SEEN: list[Observation] = [
    BuildFact("t", "p", 1, DAY, 3),
    BuildFact("t", "p", 2, None, 0, ENDED),
    AgentFact("t", "a", 7, "running", "c", 2),
    MARKS,
]


@pytest_asyncio.fixture(params=["memory", "dynamo"], loop_scope="session")
async def replicas(request: pytest.FixtureRequest, stack: Stack) -> AsyncGenerator[Replicas]:
    if request.param == "memory":
        store = MemoryStatsStore()
        yield lambda: store
        return
    async with new_tables(stack, TABLES) as database:
        yield lambda: DynamoStatsStore(database, generation(1))


def new(*seen: Observation) -> list[FactChange]:
    return changes(fold(Seen(one, NOW) for one in seen), {}, NOW)


async def add(store: StatsStore, shard: str, *seen: Observation) -> None:
    folded = fold(Seen(one, NOW) for one in seen)
    await store.commit(changes(folded, await store.known(folded), NOW), shard)


def invocation(number: int, day: str = DAY, tenant: str = "t", count: int = 1) -> Tally:
    return Tally(f"page-{number}", 4_070_995_200, {b"a" * 12: {Row(tenant, "invocations", day): {"total": count}}})


async def test_an_empty_store_knows_and_counts_nothing(replicas: Replicas) -> None:
    store = replicas()
    assert await store.known(["build#p#1"]) == {}
    assert await store.known([]) == {}
    assert await store.counted("t", "totals") == {}
    assert await store.activities("t", 5, None, NOW) == []


async def test_what_was_seen_comes_back_as_it_was_stored(replicas: Replicas) -> None:
    store = replicas()
    await store.commit(new(*SEEN), "a0")
    known = await replicas().known([*(one.key for one in SEEN), "build#other#1"])
    contents = [frozenset(one.deltas) if isinstance(one, Tally) else one for one in SEEN]
    assert known == {one.key: Stored(content, 1) for one, content in zip(SEEN, contents, strict=True)}


async def test_counters_of_all_shards_add_up_for_one_tenant(replicas: Replicas) -> None:
    store, other = replicas(), replicas()
    await add(store, "a0", invocation(1), AgentFact("t", "a", 1, "building"))
    await add(other, "a1", invocation(2), invocation(3, tenant="u"))
    await add(other, "a1", AgentFact("t", "a", 2, "offline"))
    assert await store.counted("t", "invocations") == {DAY: {"total": 2}}
    assert await store.counted("u", "invocations") == {DAY: {"total": 1}}
    assert await store.counted("t", "totals") == {"agents": {"offline": 1}, "categories": {"|offline": 1}}
    assert await store.known(["agent#a"]) == {"agent#a": Stored(AgentFact("t", "a", 2, "offline"), 2)}


async def test_bins_of_all_shards_add_up_apart_from_the_counters(replicas: Replicas) -> None:
    store, other = replicas(), replicas()
    await add(store, "a0", BuildFact("t", "p", 1, DAY, 3, ENDED), BuildFact("t", "q", 1, DAY, 3, EndFact("failed", 0)))
    await add(other, "a1", BuildFact("t", "p", 2, DAY, 3, ENDED))
    (of_day,) = (await store.timed("t", "builds")).items()
    assert of_day == (DAY, Timed.of({"total": 3, "successful": 2, "failed": 1, "stage_3": 3} | TIMES))
    assert (await store.timed("t", "totals", "agents", "builds"))["builds"].bins == of_day[1].bins
    counted = (await store.counted("t", "builds"))[DAY]
    assert counted == of_day[1].counts
    assert not counted.keys() & {bin_of(1500), bin_of(0)}


async def test_two_that_share_a_shard_take_turns_and_lose_nothing(replicas: Replicas) -> None:
    """As while a partition moves: the one has written the row that the other remembers."""
    stores, collisions = (replicas(), replicas()), 0
    for number in range(6):
        try:
            await add(stores[number % 2], "a0", invocation(number))
        except ChangedMeanwhile:
            collisions += 1
            await add(stores[number % 2], "a0", invocation(number))
    assert await replicas().counted("t", "invocations") == {DAY: {"total": 6}}
    assert collisions == (0 if stores[0] is stores[1] else 4)


async def test_what_was_stored_meanwhile_stops_the_transaction_whole(replicas: Replicas) -> None:
    store = replicas()
    await store.commit(new(invocation(1)), "a0")
    for version in (0, 2):
        delta = {Row("t", "totals", "builds"): {"total": 1}}
        stale = [*new(invocation(2)), FactChange("page-1", frozenset({b"a" * 12}), version, delta)]
        with pytest.raises(ChangedMeanwhile):
            await store.commit(stale, "a0")
    assert await store.known(["page-2"]) == {}
    assert await store.counted("t", "totals") == {}
    assert await store.counted("t", "invocations") == {DAY: {"total": 1}}


async def test_what_counts_nothing_is_guarded_too(replicas: Replicas) -> None:
    store = replicas()
    await store.commit(new(SEEN[1]), "a0")
    with pytest.raises(ChangedMeanwhile):
        await store.commit(new(SEEN[1]), "a0")


async def test_no_changes_are_no_work(replicas: Replicas) -> None:
    await replicas().commit([], "a0")
    await replicas().note([])


async def test_a_range_includes_both_ends_and_only_its_metric(replicas: Replicas) -> None:
    store, days = replicas(), ["2025-12-31", "2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]
    await store.commit(new(*(invocation(number, day) for number, day in enumerate(days)), SEEN[0]), "a0")
    assert sorted(await store.counted("t", "invocations", "2026-01-01", "2026-01-03")) == days[1:4]
    assert sorted(await store.counted("t", "invocations", DAY, DAY)) == [DAY]
    assert sorted(await store.counted("t", "builds", "2025-01-01", "2027-01-01")) == [DAY]


async def test_more_changes_than_a_transaction_takes_are_all_stored(replicas: Replicas) -> None:
    store = replicas()
    seen = [invocation(number, f"2026-{1 + number % 12:02d}-01") for number in range(250)]
    await store.commit(new(*seen), "a0")
    assert len(await store.known([one.key for one in seen])) == 250
    counted = await replicas().counted("t", "invocations")
    assert sum(counts["total"] for counts in counted.values()) == 250
    assert len(counted) == 12


async def test_a_row_of_many_names_comes_back_whole(replicas: Replicas) -> None:
    counts = {f"proj_{number:032x}:agent|total": number + 1 for number in range(500)}
    await replicas().commit([FactChange("page-1", frozenset({b"a" * 12}), 0, {Row("t", "agents3", DAY): counts})], "a0")
    assert await replicas().counted("t", "agents3") == {DAY: counts}


async def test_activities_are_paged_newest_first_each_once(replicas: Replicas) -> None:
    store = replicas()
    all_of = [Activity(id=f"evt_{n}", type="x", time=NOW + timedelta(seconds=n), project_id="p") for n in range(5)]
    for one in (*all_of, *all_of):
        await store.note([("t", one)])
    first = await store.activities("t", 2, None, NOW)
    assert first == all_of[:2:-1]
    assert await store.activities("t", 9, position(first[-1]), NOW) == all_of[2::-1]
    assert await store.activities("t", 9, None, NOW + timedelta(seconds=3)) == all_of[:2:-1]
    assert await store.activities("u", 9, None, NOW) == []
