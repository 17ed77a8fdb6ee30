"""Server-sent events: where to resume, the format, and responses that consist of them."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Send

from nexus_contracts.errors import ValidationFailed
from nexus_gateway.requests.accept import EVENT_STREAM

HEARTBEAT = b": heartbeat\n\n"
HEARTBEAT_SECONDS = 15.0
KNOWN_SECONDS = 30.0
"""How often a stream asks whether its caller's credentials still count."""
OPENING = b"retry: 1000\n\n"
"""Milliseconds after which a browser reconnects when its stream was cut."""
_SEQUENCE = re.compile(r"[0-9]{1,15}")


def last_event_id(request: Request) -> int | None:
    """The sequence in Last-Event-ID, None without one. Raises ValidationFailed for what is not a sequence."""
    given = request.headers.getlist("last-event-id")
    if not given:
        return None
    if len(given) > 1 or not _SEQUENCE.fullmatch(given[0]):
        raise no_event("must be the id of an event")
    return int(given[0])


def no_event(message: str) -> ValidationFailed:
    """The error for a Last-Event-ID that is not the id of an event."""
    return ValidationFailed(
        "Last-Event-ID is not the id of an event",
        suggestion="Send the id of the last event you have received, or no Last-Event-ID to start from the first.",
        errors=[{"location": "header.last-event-id", "message": message, "type": "sequence"}],
    )


def event_block(event_id: int, name: str, data: bytes) -> bytes:
    """One event; `data` is JSON, hence a single line."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event_id, name.encode(), data)


async def paced(
    blocks: AsyncGenerator[bytes],
    ending: asyncio.Future[None],
    known: Callable[[], Awaitable[bool]],
    *,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
    known_seconds: float = KNOWN_SECONDS,
) -> AsyncGenerator[bytes]:
    """The blocks as they come, and a heartbeat whenever none came for this long.

    Ends with them, with `ending`, and when `known`, which is asked now and then, says that the caller no longer is.
    """
    following: asyncio.Task[bytes | None] | None = None
    now = asyncio.get_running_loop().time
    asked = now()
    try:
        yield OPENING
        while not ending.done():
            if now() - asked >= known_seconds:
                if not await known():
                    return
                asked = now()
            # Kept over heartbeats: cancelling the read of a block would lose that block.
            following = following or asyncio.create_task(_next(blocks))
            await asyncio.wait({following, ending}, timeout=heartbeat_seconds, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                block, following = following.result(), None
                if block is None:
                    return
                yield block
            elif not ending.done():
                yield HEARTBEAT
    finally:
        # A generator that a task is running cannot be closed from outside; cancelling the task closes it.
        if following is None or not following.cancel():
            await blocks.aclose()


async def _next(blocks: AsyncGenerator[bytes]) -> bytes | None:
    return await anext(blocks, None)


class EventStream(StreamingResponse):
    """`blocks` are closed even if the caller disconnects."""

    def __init__(self, blocks: AsyncGenerator[bytes], headers: Mapping[str, str] | None = None) -> None:
        sent = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", **(headers or {})}
        super().__init__(blocks, headers=sent, media_type=EVENT_STREAM)
        self._blocks = blocks

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._blocks):
            await super().stream_response(send)
