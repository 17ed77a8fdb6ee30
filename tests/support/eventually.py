"""Waiting for what nothing signals: it is looked at again and again until it is as wanted, with a deadline.

Where something does signal (an event, a future, a process that ends), wait for that instead.
"""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")
SECONDS = 20.0
REST, LONGEST_REST_SECONDS = 4.0, 0.2
"""After a look, as many times as long as it took: what is waited for needs the machine, too."""
NOT_LOOKED = "nothing was seen yet"


@overload
async def eventually(
    look: Callable[[], Awaitable[T]],
    accept: Callable[[T], object] = bool,
    *,
    seconds: float = SECONDS,
    every: float = 0.02,
    what: str = "",
    despite: tuple[type[Exception], ...] = (),
) -> T: ...
@overload
async def eventually(
    look: Callable[[], T],
    accept: Callable[[T], object] = bool,
    *,
    seconds: float = SECONDS,
    every: float = 0.02,
    what: str = "",
    despite: tuple[type[Exception], ...] = (),
) -> T: ...
async def eventually(
    look: Callable[[], Any],
    accept: Callable[[Any], object] = bool,
    *,
    seconds: float = SECONDS,
    every: float = 0.02,
    what: str = "",
    despite: tuple[type[Exception], ...] = (),
) -> Any:
    """The first value of `look` that is accepted; looked at every `every` seconds, also after an error of `despite`.

    A look that takes long is repeated less often. Fails the test with the last value, or error, after `seconds`, in the
    middle of a look if need be.
    """
    last: Any = NOT_LOOKED
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            while True:
                began = time.monotonic()
                try:
                    seen = look()
                    last = await seen if inspect.isawaitable(seen) else seen
                except despite as error:
                    last = error
                else:
                    if accept(last):
                        return last
                await asyncio.sleep(_rest(every, time.monotonic() - began))
    except TimeoutError:
        if not limit.expired():
            raise
        raise AssertionError(_failure(what, seconds, last)) from None


def eventually_blocking(
    look: Callable[[], T],
    accept: Callable[[T], object] = bool,
    *,
    seconds: float = SECONDS,
    every: float = 0.02,
    what: str = "",
) -> T:
    """The same for tests without an event loop. A look is not cut short."""
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if accept(last := look()):
            return last
        if time.monotonic() > deadline:
            raise AssertionError(_failure(what, seconds, last))
        time.sleep(_rest(every, time.monotonic() - began))


def _rest(every: float, looked: float) -> float:
    return max(every, min(REST * looked, LONGEST_REST_SECONDS))


def _failure(what: str, seconds: float, last: object) -> str:
    return f"not within {seconds:g} s{': ' * bool(what)}{what}; last seen: {last!r}"
