"""A call that ends although its caller is cancelled: whoever breaks off a commit does not know if it was written."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

ANSWER_SECONDS = 3.0
"""How long a cancelled caller waits for the answer: one that hangs must not hold up the end of a process."""


@asynccontextmanager
async def unbroken() -> AsyncGenerator[Callable[[Awaitable[None]], Awaitable[None]]]:
    """Yields what carries a call through; a cancellation in the meantime takes effect at the end of the block.

    The call is broken off by a second cancellation, or where its answer takes too long.
    """
    cancelled = False

    async def carried(call: Awaitable[None]) -> None:
        nonlocal cancelled
        under_way = asyncio.ensure_future(call)
        try:
            await asyncio.shield(under_way)
        except asyncio.CancelledError:
            cancelled = True
            try:
                await asyncio.wait([under_way], timeout=ANSWER_SECONDS)
            finally:
                under_way.cancel()  # no effect where it has ended
            await under_way

    try:
        yield carried
    finally:
        if cancelled:
            raise asyncio.CancelledError
