"""Whatever is delivered twice, late, in any order or around a crash: the figures are those of the history."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.memory_stats_store import MemoryStatsStore
from tests.support.stats_consumer import TODAY, assert_figures_of, deliver
from tests.support.stats_histories import History, histories, project_id, start_of_build

from nexus_contracts.envelope import CloudEvent
from nexus_runtime.ledger.ledger import ChangedMeanwhile
from nexus_stats.domain.counting import FactChange, Observation, Seen, Stored, changes, fold, joined, packed
from nexus_stats.domain.facts import AgentFact, BuildFact, EndFact
from nexus_stats.domain.marks import Tally
from nexus_stats.domain.rows import Row

LIMIT = 6


class Crash(Exception):
    """The process died."""


class CrashingStore(MemoryStatsStore):
    """Dies before the transaction whose number (from 1) is in `fatal`."""

    def __init__(self, fatal: Collection[int]) -> None:
        super().__init__(LIMIT)
        self._fatal = fatal
        self._transactions = itertools.count(1)

    def _transact(self, group: Sequence[FactChange]) -> None:
        if next(self._transactions) in self._fatal:
            raise Crash
        super()._transact(group)


class SharedStore(MemoryStatsStore):
    """Several consumers take turns between reading and writing."""

    collisions = 0

    async def known(self, keys: Collection[str]) -> dict[str, Stored]:
        found = await super().known(keys)
        await asyncio.sleep(0)
        return found

    async def commit(self, changes: Sequence[FactChange], shard: str) -> None:
        await asyncio.sleep(0)
        try:
            await super().commit(changes, shard)
        except ChangedMeanwhile:
            self.collisions += 1
            raise


@st.composite
def delivered(draw: st.DrawFn) -> tuple[History, History]:
    """A history, and what the topic holds of it: in any order, some events more than once."""
    history = draw(histories())
    again = draw(st.lists(st.sampled_from(history), max_size=10)) if history else []
    return history, draw(st.permutations([*history, *again]))


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await work()

    asyncio.run(main())


@settings(max_examples=50, deadline=None)
@given(delivered(), st.sets(st.integers(1, 40), max_size=3))
def test_figures_equal_those_of_the_events_seen_so_far(topic: tuple[History, History], ends: set[int]) -> None:
    records, store = topic[1], MemoryStatsStore(LIMIT)

    async def consume() -> None:
        for start, end in itertools.pairwise([0, *sorted(ends), len(records)]):
            await deliver(records[start:end], store)
            await assert_figures_of(_distinct(records[: max(start, end)]), store)

    run(consume)


@settings(max_examples=50, deadline=None)
@given(delivered(), st.sets(st.integers(1, 30)), st.data())
def test_crashes_and_replays_from_earlier_offsets_change_no_figure(
    topic: tuple[History, History], fatal: set[int], draws: Any
) -> None:
    (history, records), store = topic, CrashingStore(fatal)

    async def consume() -> None:
        offset = 0
        while offset < len(records):
            end = draws.draw(st.integers(offset + 1, len(records)), label="end of the batch")
            try:
                await deliver(records[offset:end], store)
            except Crash:
                offset = draws.draw(st.integers(0, offset), label="replayed from")
            else:
                offset = end
        await assert_figures_of(history, store)

    run(consume)


@settings(max_examples=40, deadline=None)
@given(delivered(), st.integers(2, 3))
def test_consumers_side_by_side_count_nothing_twice(topic: tuple[History, History], consumers: int) -> None:
    (history, records), store = topic, SharedStore(LIMIT)

    async def consume() -> None:
        await asyncio.gather(*(deliver(records[start:], store) for start in range(consumers)))
        await deliver(records, store)
        await assert_figures_of(history, store)

    run(consume)


def test_consumers_side_by_side_do_collide() -> None:
    """The property above would mean little if they never did."""
    store, start = SharedStore(LIMIT), start_of_build(project_id(1), 1, TODAY)

    async def consume() -> None:
        await asyncio.gather(deliver([start], store), deliver([start], store))
        await assert_figures_of([start], store)

    run(consume)
    assert store.collisions == 1


days = st.dates().map(str)
endings = st.builds(EndFact, st.sampled_from(["successful", "failed", "cancelled"]), st.integers(0, 3))
build_facts = st.builds(
    BuildFact, st.just("t"), st.just("p"), st.just(1), st.none() | days, st.integers(0, 6), st.none() | endings
)
DESCRIBED = ["", "x", "y"]


def described(fact: AgentFact, number: int) -> AgentFact:
    return replace(fact, category=DESCRIBED[number], described=number)


statuses = st.sampled_from(["running", "offline", "deleted"])
undescribed = st.builds(AgentFact, st.just("t"), st.just("a"), st.integers(1, 3), statuses)
agent_facts = st.builds(described, undescribed, st.integers(0, 2))
tallies = st.sets(st.sampled_from([b"1", b"2", b"3"])).map(
    lambda marks: Tally(
        "page", 7, {mark: {Row("t", "usage", "2026-01-01"): {"input_tokens": mark[0]}} for mark in marks}
    )
)


def three(facts: Any) -> st.SearchStrategy[tuple[Observation, Observation, Observation]]:
    return st.tuples(facts, facts, facts)


@given(three(build_facts) | three(agent_facts) | three(tallies))
def test_the_join_is_commutative_associative_and_idempotent(
    facts: tuple[Observation, Observation, Observation],
) -> None:
    one, other, third = facts
    assert joined(one, other) == joined(other, one)
    assert joined(one, joined(other, third)) == joined(joined(one, other), third)
    assert joined(one, one) == one
    assert joined(joined(one, other), other) == joined(one, other)


@given(st.lists(build_facts.map(lambda fact: replace(fact, project_id=f"{fact.day}{fact.stage}"))))
def test_a_transaction_stays_within_its_limit_and_none_is_left_out(facts: list[BuildFact]) -> None:
    wanted = changes(fold(Seen(fact, TODAY) for fact in facts), {}, TODAY)
    groups = packed(wanted, LIMIT)
    assert [change for group in groups for change in group] == wanted
    for group in groups:
        assert len(group) + len({row for change in group for row in change.delta}) <= LIMIT


def _distinct(events: Sequence[CloudEvent]) -> list[CloudEvent]:
    return list({event.id: event for event in events}.values())
