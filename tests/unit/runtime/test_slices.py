"""What may take long shares the event loop: slices of work, and rests as long as these."""

import asyncio

import pytest

from nexus_runtime.process.slices import SLICE_SECONDS, HalfOfTheLoop


class Clock:
    """Moves with work and with sleep alone."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return found


async def worked(half: HalfOfTheLoop, clock: Clock, *seconds: float) -> None:
    work = half.begin()
    for one in seconds:
        clock.now += one
        await work.breathe()


async def test_short_work_never_rests(rests: list[float]) -> None:
    clock = Clock()
    half = HalfOfTheLoop(clock)
    for _ in range(10):
        await worked(half, clock, SLICE_SECONDS / 3, SLICE_SECONDS / 3)
    assert rests == []


async def test_each_slice_is_followed_by_a_rest_as_long(rests: list[float]) -> None:
    clock = Clock()
    await worked(HalfOfTheLoop(clock), clock, SLICE_SECONDS / 2, SLICE_SECONDS, SLICE_SECONDS / 2)
    assert rests == [pytest.approx(1.5 * SLICE_SECONDS)]


async def test_who_works_while_others_rest_rests_after_them(rests: list[float]) -> None:
    clock = Clock()
    half = HalfOfTheLoop(clock)
    first, second = half.begin(), half.begin()
    clock.now += SLICE_SECONDS
    await first.breathe()
    await second.breathe()
    assert rests == [pytest.approx(SLICE_SECONDS), pytest.approx(2 * SLICE_SECONDS)]
    clock.now += 100
    await worked(half, clock, SLICE_SECONDS)
    assert rests[-1] == pytest.approx(SLICE_SECONDS), "what was long ago holds up nobody"
