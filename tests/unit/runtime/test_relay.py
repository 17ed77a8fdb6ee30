"""The relay: every committed event is published, an aggregate's first appearances in order, whatever fails."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import BaseModel
from tests.support.bus_fakes import FakeBus, first_appearances
from tests.support.eventually import eventually
from tests.support.memory_database import MemoryDatabase

from nexus_contracts.history import HistoryEntry
from nexus_contracts.topics import BUILDS_EVENTS
from nexus_runtime.ledger.history import History, history_table
from nexus_runtime.ledger.outbox import Outbox, Span, outbox_table
from nexus_runtime.ledger.relay import Pace, Relay
from nexus_runtime.process.clock import new_id, utc_now

NAME = "proj_1"


class Happened(BaseModel):
    type: str = "nexus.thing.happened.v1"


class Desk:
    """Commits events of aggregates as the ledger does, and lets the test say when the relay hears of them."""

    def __init__(
        self, volatile: bool, held: int = 100, left_behind_seconds: float = 0, gather_seconds: float = 0
    ) -> None:
        self.database = MemoryDatabase()
        self.bus = FakeBus()
        pace = Pace(gather_seconds, 0.01, 0.001, left_behind_seconds, held)
        database = self.database.as_database()
        self.history, self.outbox = (
            History(database, history_table("History")),
            Outbox(database, outbox_table("Outbox")),
        )
        self.relay = Relay(self.bus.as_bus(), self.outbox, self.history, BUILDS_EVENTS, "/test", volatile, pace)
        self._last: dict[str, int] = {}

    async def commit(self, number: int = 1, name: str = NAME) -> list[HistoryEntry]:
        last = self._last.get(name, 0)
        entries = [
            HistoryEntry(sequence=last + n, id=new_id("evt_"), type="nexus.thing.v1", time=utc_now(), data={})
            for n in range(1, number + 1)
        ]
        self._last[name] = last + number
        record = self.outbox.record(name, entries[0].sequence, entries[-1].sequence)
        await self.database.write(*self.history.record(name, entries), record)
        return entries

    async def happen(self, number: int = 1, name: str = NAME) -> None:
        self.relay.announce(name, await self.commit(number, name))

    async def published(self, last: int, name: str = NAME) -> None:
        await eventually(lambda: self._has(last, name), every=0.005)

    async def _has(self, last: int, name: str) -> bool:
        return set(range(1, last + 1)) <= set(self.bus.sequences(name))

    async def settled(self, name: str = NAME) -> None:
        async def gone() -> bool:
            return not await self.outbox.holds(name)

        await eventually(gone, every=0.005)


@pytest.fixture(params=[False, True], ids=["durable", "volatile"])
async def desk(request: pytest.FixtureRequest) -> AsyncGenerator[Desk]:
    async with at_work(Desk(request.param)) as made:
        yield made


@asynccontextmanager
async def at_work(desk: Desk) -> AsyncGenerator[Desk]:
    """The desk with its relay running, for as long as the block lasts."""
    running = asyncio.create_task(desk.relay.run())
    yield desk
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def in_order(sequences: Sequence[int | None], last: int) -> bool:
    return first_appearances(sequences) == list(range(1, last + 1))


async def test_what_was_announced_is_published_once_and_settled(desk: Desk) -> None:
    for _ in range(3):
        await desk.happen(2)
        await desk.published(desk._last[NAME])  # pyright: ignore[reportPrivateUsage]
    await desk.settled()
    assert in_order(desk.bus.sequences(NAME), 6)


async def test_what_a_crash_left_between_commit_and_announcement_is_found(desk: Desk) -> None:
    await desk.commit(3)
    await desk.published(3)
    await desk.settled()
    assert in_order(desk.bus.sequences(NAME), 3)


async def test_what_another_process_left_is_found_at_once_when_it_has_died() -> None:
    async with at_work(Desk(volatile=False, left_behind_seconds=3_600)) as desk:
        await desk.happen()
        await desk.settled()
        await desk.commit(2)
        desk.relay.sweep_soon()
        await desk.published(3)
        assert in_order(desk.bus.sequences(NAME), 3)


async def test_what_is_committed_within_a_moment_is_sent_together() -> None:
    async with at_work(Desk(volatile=False, gather_seconds=0.3)) as desk:
        names = [f"proj_{number}" for number in range(3)]
        for name in names * 2:
            await desk.happen(name=name)
            await asyncio.sleep(0)
        assert desk.bus.records == [], "nobody waits for it"
        await desk.published(2, names[-1])
        assert [in_order(desk.bus.sequences(name), 2) for name in names] == [True] * 3


@pytest.mark.parametrize("sent_before_the_fault", [0, 1, 2])
async def test_a_publish_that_fails_half_way_lets_no_later_event_pass(desk: Desk, sent_before_the_fault: int) -> None:
    await desk.happen()
    await desk.published(1)
    send: Any = desk.bus.send
    calls = 0

    async def failing(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == sent_before_the_fault + 1:
            desk.bus.refuse = 1
        return await send(*arguments)

    desk.bus.send = failing  # pyright: ignore[reportAttributeAccessIssue]
    await desk.happen(3)
    await desk.happen(2)
    await desk.published(6)
    await desk.settled()
    assert in_order(desk.bus.sequences(NAME), 6)


async def test_an_event_that_was_not_acknowledged_comes_again_before_the_next(desk: Desk) -> None:
    await desk.happen()
    await desk.published(1)
    desk.bus.swallow = 1
    await desk.happen()
    await desk.happen()
    await desk.published(3)
    await desk.settled()
    sequences = desk.bus.sequences(NAME)
    assert in_order(sequences, 3)
    assert sequences.count(2) >= 2


async def test_announcements_in_the_wrong_order_are_published_in_the_right_one(desk: Desk) -> None:
    first, second = await desk.commit(), await desk.commit(2)
    desk.relay.announce(NAME, second)
    desk.relay.announce(NAME, first)
    await desk.published(3)
    await desk.settled()
    assert in_order(desk.bus.sequences(NAME), 3)


async def test_an_event_that_another_process_committed_goes_before_ours(desk: Desk) -> None:
    await desk.happen()
    await desk.published(1)
    await desk.commit()
    await desk.happen()
    await desk.published(3)
    assert in_order(desk.bus.sequences(NAME), 3)


async def test_a_slow_history_of_one_aggregate_holds_up_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, read = asyncio.Event(), desk.history.read

    async def slow(aggregate: str, *place: int) -> Any:
        if aggregate == NAME:
            await gate.wait()
        async for entry in read(aggregate, *place):
            yield entry

    monkeypatch.setattr(desk.history, "read", slow)
    await desk.commit(2)
    desk.relay.announce(NAME)
    await desk.happen(1, "other")
    await desk.published(1, "other")
    await desk.happen(1)
    assert desk.bus.sequences(NAME) == []
    gate.set()
    await desk.published(3)
    assert in_order(desk.bus.sequences(NAME), 3)


async def test_a_fault_of_one_aggregate_ends_neither_the_relay_nor_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = desk.history.read

    async def broken(aggregate: str, *place: int) -> Any:
        if aggregate == NAME:
            raise ValueError("unreadable")
        async for entry in read(aggregate, *place):
            yield entry

    monkeypatch.setattr(desk.history, "read", broken)
    await desk.commit()
    await desk.commit(1, "other")
    await desk.published(1, "other")
    await desk.happen(1, "third")
    await desk.published(1, "third")


@pytest.mark.parametrize("volatile", [False, True])
async def test_more_events_than_are_kept_in_memory_are_read_again_and_published_in_order(volatile: bool) -> None:
    async with at_work(Desk(volatile, held=3)) as desk:
        for number in (2, 2, 1, 3, 4):
            await desk.happen(number)
        await desk.published(12)
        await desk.settled()
        assert in_order(desk.bus.sequences(NAME), 12)


async def test_what_was_added_while_settling_stays_in_the_outbox() -> None:
    desk = Desk(volatile=False)
    await desk.commit(2)
    await desk.commit(1)
    await desk.outbox.settle([Span(NAME, 1, 2)])
    assert await desk.outbox.pending(NAME) == (3, 3)
    await desk.outbox.settle([Span(NAME, 1, 2)])
    assert await desk.outbox.pending(NAME) == (3, 3)
    await desk.outbox.settle([Span(NAME, 3, 3)])
    assert await desk.outbox.pending(NAME) is None
    await desk.outbox.settle([Span(NAME, 3, 3)])


async def test_what_was_published_of_many_is_settled_together_and_those_that_grew_apart() -> None:
    desk = Desk(volatile=False)
    names = [f"aggregate-{number}" for number in range(60)]
    for name in names:
        await desk.commit(2, name)
    grown = names[::7]
    for name in grown:
        await desk.commit(1, name)
    await desk.outbox.settle([Span(name, 1, 2) for name in names])
    left = {name: pending for name in names if (pending := await desk.outbox.pending(name))}
    assert left == dict.fromkeys(grown, (3, 3))


@pytest.mark.parametrize("desk", [True], indirect=True)
async def test_a_volatile_broker_keeps_an_event_in_the_outbox_until_all_have_consumed_it(desk: Desk) -> None:
    desk.bus.consumed = 0
    await desk.happen(2)
    await desk.published(2)
    await desk.bus.restart()
    await desk.published(2)
    assert await desk.outbox.holds(NAME)
    await desk.happen()
    await desk.published(3)
    assert in_order(desk.bus.sequences(NAME), 3)
    desk.bus.consumed = 100
    await desk.settled()


async def test_a_broker_that_was_away_gets_everything_in_order_when_it_is_back(desk: Desk) -> None:
    desk.bus.reachable = False
    await desk.happen(2)
    await desk.happen(1)
    desk.bus.reachable = True
    await desk.happen(1)
    await desk.published(4)
    await desk.settled()
    assert in_order(desk.bus.sequences(NAME), 4)
