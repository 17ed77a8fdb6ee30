"""The one way in which tests wait for what nothing signals."""

import asyncio
from itertools import count

import pytest
from tests.support.eventually import eventually, eventually_blocking


async def test_the_first_accepted_value_is_given() -> None:
    numbers = count()
    assert await eventually(lambda: next(numbers), lambda number: number == 3, every=0) == 3


async def test_a_coroutine_is_awaited() -> None:
    numbers = count()

    async def look() -> int:
        return next(numbers)

    assert await eventually(look, every=0) == 1


async def test_a_failure_names_what_was_waited_for_and_the_last_value() -> None:
    with pytest.raises(AssertionError, match=r"not within 0.01 s: the door is open; last seen: 'closed'"):
        await eventually(lambda: "closed", lambda door: door == "open", seconds=0.01, every=0, what="the door is open")


async def test_a_look_that_hangs_is_cut_short() -> None:
    with pytest.raises(AssertionError, match="nothing was seen yet"):
        await eventually(asyncio.Event().wait, seconds=0.01)


async def test_only_the_named_errors_are_looked_past() -> None:
    faults = iter([ConnectionError("refused"), ConnectionError("refused"), None])

    def look() -> str:
        if fault := next(faults):
            raise fault
        return "answered"

    assert await eventually(look, every=0, despite=(ConnectionError,)) == "answered"


async def test_a_timeout_of_the_look_itself_is_no_verdict_on_the_wait() -> None:
    def look() -> None:
        raise TimeoutError("the look's own")

    with pytest.raises(TimeoutError, match="own"):
        await eventually(look)


def test_without_an_event_loop_the_same_holds() -> None:
    numbers = count()
    assert eventually_blocking(lambda: next(numbers), lambda number: number == 3, every=0) == 3
    with pytest.raises(AssertionError, match="last seen: 0"):
        eventually_blocking(lambda: 0, seconds=0.01, every=0)
