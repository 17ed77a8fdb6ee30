"""A commit that has begun is carried through although its task is cancelled, for a while."""

import asyncio

import pytest

from nexus_runtime.ledger import unbroken as module
from nexus_runtime.ledger.unbroken import unbroken


class Caller:
    """A task that makes a call and notes its end; the test says how the call ends."""

    def __init__(self) -> None:
        self.answer = asyncio.get_running_loop().create_future()
        self.noted: list[str] = []
        self.task = asyncio.create_task(self._call())

    async def _call(self) -> None:
        async with unbroken() as carried:
            try:
                await carried(self.answer)
            except BaseException as error:
                self.noted.append(type(error).__name__)
                raise
            self.noted.append("written")
        self.noted.append("went on")

    async def cancel(self) -> None:
        await asyncio.sleep(0)
        self.task.cancel()
        await asyncio.sleep(0)

    async def over(self) -> str:
        (ended,) = await asyncio.gather(self.task, return_exceptions=True)
        return type(ended).__name__


async def test_who_is_not_cancelled_goes_on() -> None:
    caller = Caller()
    caller.answer.set_result(None)
    assert (await caller.over(), caller.noted) == ("NoneType", ["written", "went on"])


async def test_a_cancelled_caller_learns_that_it_was_written_and_then_ends() -> None:
    caller = Caller()
    await caller.cancel()
    assert not caller.task.done()
    caller.answer.set_result(None)
    assert (await caller.over(), caller.noted) == ("CancelledError", ["written"])


async def test_a_cancelled_caller_learns_that_it_was_refused_and_then_ends() -> None:
    caller = Caller()
    await caller.cancel()
    caller.answer.set_exception(ValueError())
    assert (await caller.over(), caller.noted) == ("CancelledError", ["ValueError"])


async def test_who_is_cancelled_twice_waits_no_longer() -> None:
    caller = Caller()
    await caller.cancel()
    await caller.cancel()
    assert (await caller.over(), caller.noted) == ("CancelledError", ["CancelledError"])
    assert caller.answer.cancelled()


async def test_an_answer_that_does_not_come_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.01)
    caller = Caller()
    await caller.cancel()
    assert (await caller.over(), caller.noted) == ("CancelledError", ["CancelledError"])
