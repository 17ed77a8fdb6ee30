"""How often a broker is asked that does not hold fetches."""

import asyncio

from nexus_runtime.kafka.pace import (
    CALM,
    COLLECTING,
    LONGEST_HOLD_MS,
    PROMPT,
    RUNG_HOLD_MS,
    UNAWAITED_SECONDS,
    FetchPace,
    pace_of,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_rests_are_short_while_records_come_and_long_in_the_end() -> None:
    clock = Clock()
    pace = FetchPace(0.002, 0.1, clock)
    rests: list[float] = []
    while clock.now < 101:
        rests.append(pace.seconds)
        clock.now += pace.seconds
    assert rests[:4] == [0.002] * 4
    assert rests == sorted(rests)
    assert rests[-1] == 0.1
    assert len(rests) < 40

    pace.fetched(found=True, passed_over=False)
    assert pace.seconds == 0.002


def test_what_comes_after_a_silence_is_late_by_a_fourth_of_it_at_most() -> None:
    clock = Clock()
    pace = FetchPace(0.002, 0.1, clock)
    clock.now += 0.2
    assert abs(pace.seconds - 0.05) < 1e-9


async def test_an_expected_record_ends_the_rest() -> None:
    pace = FetchPace(60.0, 60.0)
    resting = asyncio.create_task(pace.rest())
    await asyncio.sleep(0)
    pace.hasten()
    async with asyncio.timeout(5):
        await resting


async def test_rest_is_over_by_itself_and_a_later_expectation_is_harmless() -> None:
    pace = FetchPace(0.001, 0.001)
    await pace.rest()
    pace.hasten()


async def test_more_is_fetched_when_the_consumer_asks_for_it() -> None:
    pace = FetchPace(0.0, 60.0)
    pace.fetched(found=True, passed_over=False)
    pace.given()
    resting = asyncio.create_task(pace.before_more(lambda: False))
    await asyncio.sleep(0)
    assert not resting.done()
    async with asyncio.timeout(5):
        await pace.before_more(lambda: True)  # a backlog is fetched while records are handled
        pace.asked()
        await resting
        await pace.before_more(lambda: False)
        pace.fetched(found=False, passed_over=False)
        pace.given()
        await pace.before_more(lambda: False)


async def test_a_consumer_that_asks_at_once_gets_what_comes_within_the_shortest_rest() -> None:
    clock = Clock()
    pace = FetchPace(60.0, 60.0, clock)
    pace.fetched(found=True, passed_over=False)
    pace.given()
    pace.asked()
    resting = asyncio.create_task(pace.before_more(lambda: False))
    await asyncio.sleep(0)
    assert not resting.done()
    resting.cancel()
    await asyncio.gather(resting, return_exceptions=True)
    clock.now += 60.0
    await pace.before_more(lambda: False)


async def test_a_ring_ends_the_rest() -> None:
    pace = FetchPace(60.0, 60.0)
    resting = asyncio.create_task(pace.rest())
    await asyncio.sleep(0)
    pace.rung(0, 7)
    async with asyncio.timeout(5):
        await resting


async def test_what_was_rung_for_during_a_fetch_is_fetched_next() -> None:
    pace = FetchPace(60.0, 60.0)
    async with asyncio.timeout(5):
        for found in (False, True):
            pace.asks()
            pace.rung(0, 7)
            pace.fetched(found=found, passed_over=False)
            await (pace.before_more(lambda: False) if found else pace.rest())
    pace.asks()
    resting = asyncio.create_task(pace.rest())
    await asyncio.sleep(0)
    assert not resting.done(), "what came before a fetch is found by it"
    resting.cancel()
    await asyncio.gather(resting, return_exceptions=True)


async def test_what_was_rung_for_while_records_are_handled_is_fetched_after_them() -> None:
    pace = FetchPace(60.0, 60.0)
    pace.fetched(found=True, passed_over=False)
    pace.given()
    resting = asyncio.create_task(pace.before_more(lambda: False))
    await asyncio.sleep(0)
    pace.rung(0, 7)
    await asyncio.sleep(0)
    assert not resting.done()
    pace.asked()
    async with asyncio.timeout(5):
        await resting


async def test_a_ring_is_not_heeded_where_nobody_waits() -> None:
    pace = FetchPace(60.0, 60.0, awaited=lambda: False)
    resting = asyncio.create_task(pace.rest())
    await asyncio.sleep(0)
    pace.rung(0, 7)
    await asyncio.sleep(0)
    assert not resting.done()
    resting.cancel()
    await asyncio.gather(resting, return_exceptions=True)


async def test_what_was_rung_for_and_has_come_already_is_not_fetched_again() -> None:
    pace = FetchPace(60.0, 60.0)
    pace.stands_at({0: 7})
    pace.asks()
    pace.rung(0, 7)  # while the fetch that finds it is under way
    pace.fetched(found=True, passed_over=False)
    pace.stands_at({0: 8})
    resting = asyncio.create_task(pace.before_more(lambda: False))
    pace.rung(0, 7)  # late
    await asyncio.sleep(0)
    assert not resting.done()
    pace.rung(0, 8)
    async with asyncio.timeout(5):
        await resting


def test_a_fetch_of_what_was_rung_for_has_time_to_find_it() -> None:
    pace = FetchPace(60.0, 60.0)
    pace.stands_at({0: 7, 1: 3})
    pace.rung(2, 9)  # of a partition that is not fetched now: it is halted, perhaps
    assert pace.asks() == pace.hold_ms
    pace.rung(1, 3)
    assert pace.asks() == RUNG_HOLD_MS
    assert pace.asks() == pace.hold_ms


def test_a_durable_broker_holds_the_fetch_instead() -> None:
    assert pace_of(PROMPT, volatile=False) is None


def test_a_fetch_has_more_time_while_the_broker_passes_over_what_is_there() -> None:
    pace = FetchPace(0.001, 0.1)
    holds: list[int] = []
    for passed_over in [True] * 7 + [False] * 12:
        holds.append(pace.hold_ms)
        pace.fetched(found=False, passed_over=passed_over)
    assert holds[:7] == [1, 4, 16, 64, 256, LONGEST_HOLD_MS, LONGEST_HOLD_MS]
    assert holds[7:] == sorted(holds[7:], reverse=True)
    assert pace.hold_ms == 1


async def test_where_nobody_waits_rests_are_long_until_somebody_does() -> None:
    waiting = list[str]()
    pace = FetchPace(0.001, 0.1, Clock(), awaited=lambda: bool(waiting))
    assert pace.seconds == UNAWAITED_SECONDS
    pace.fetched(found=True, passed_over=False)
    resting = asyncio.create_task(pace.before_more(lambda: False))
    await asyncio.sleep(0)
    assert not resting.done()

    waiting.append("somebody")
    pace.hasten()
    for _ in range(3):
        await asyncio.sleep(0)
    assert resting.done()
    assert pace.seconds == 0.001


def test_what_is_only_counted_is_looked_for_less_often_than_what_may_be_watched() -> None:
    calm, collecting = (pace_of(rests, volatile=True) for rests in (CALM, COLLECTING))
    assert calm is not None
    assert collecting is not None
    assert calm.seconds < collecting.seconds


def test_where_a_caller_waits_a_bell_ends_the_rest() -> None:
    assert [rests.rung for rests in (PROMPT, CALM, COLLECTING)] == [True, False, False]
