"""Messages that are answered: sent, and kept until the answer comes, because a volatile broker may lose them.

A durable broker never is another one, so nothing is ever sent again there, and what nobody waits for is forgotten.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Protocol

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.replies import (
    REPLY_PARTITION_HEADER,
    REPLY_TOPIC_HEADER,
    REPLY_WHEN_HEADER,
    WHEN_ACCEPTED,
    Reply,
)
from nexus_contracts.topics import GATEWAY_REPLIES, Topic
from nexus_runtime.process import log

logger = log.get(__name__)
MOST_KEPT = 1_000
"""Of messages that nobody waits for any more; a message has up to a megabyte."""
KEPT_SECONDS = 300.0
RETRY_SECONDS = 1.0


class Publisher(Protocol):
    @property
    def cluster(self) -> str | None:
        """The broker's identity; another one knows nothing of what the last one took."""
        ...

    def when_broker_is_new(self, action: Callable[[], Awaitable[None]]) -> None: ...

    async def publish(
        self, topic: Topic, event: CloudEvent, headers: Sequence[tuple[str, bytes]] = (), partition: int | None = None
    ) -> None:
        """Returns when the record is durable. Raises BrokerUnavailable (nothing sent) or Unacknowledged."""
        ...


class Desk(Protocol):
    partition: int

    def expect(self, request_id: str) -> AbstractContextManager[asyncio.Future[Reply]]:
        """A future for the reply to the message of that id."""
        ...


@dataclass(eq=False)
class _Request:
    """`cluster` took it last. `held` ends with the answer, or when nobody may hope for it any more."""

    topic: Topic
    event: CloudEvent
    cluster: str | None
    sent: float
    when_accepted: bool
    held: ExitStack = field(default_factory=ExitStack)


class Requests:
    """`keep`: what is not answered in time is kept still, for some minutes, up to a number of messages."""

    def __init__(
        self,
        bus: Publisher,
        desk: Desk,
        *,
        keep: bool,
        retry_seconds: float = RETRY_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus = bus
        self._desk = desk
        self._keep = keep
        self._retry_seconds = retry_seconds
        self._now = now
        self._unanswered: dict[str, _Request] = {}
        self._kept: dict[str, _Request] = {}
        self._sending_again: asyncio.Task[None] | None = None
        bus.when_broker_is_new(self._broker_is_new)

    async def ask(
        self, topic: Topic, event: CloudEvent, wait_seconds: float, *, when_accepted: bool = False
    ) -> Reply | None:
        """The reply; None where nobody waits for it, it does not come in time, or the server stops.

        `when_accepted`: a reply comes as soon as it is decided whether there will be an outcome.
        Raises BrokerUnavailable (nothing sent) or Unacknowledged.
        """
        request = _Request(topic, event, self._bus.cluster, self._now(), when_accepted)
        with request.held as held:
            expected = held.enter_context(self._desk.expect(event.id))
            await self._send(request)
            self._unanswered[event.id] = request
            held.callback(self._unanswered.pop, event.id)
            if request.cluster != self._bus.cluster:
                # Replaced while it took the message: the notice of the new one may have come before this line.
                await self._broker_is_new()
            if wait_seconds:
                with contextlib.suppress(asyncio.CancelledError):  # the server stops
                    await asyncio.wait({expected}, timeout=wait_seconds)
                if expected.done():
                    return expected.result()
            if self._keep:
                self._keep_on(request, expected)
        return None

    def _keep_on(self, request: _Request, expected: asyncio.Future[Reply]) -> None:
        self._forget_some()
        request.held = request.held.pop_all()
        self._kept[request.event.id] = request
        request.held.callback(self._kept.pop, request.event.id)
        expected.add_done_callback(lambda _: request.held.close())

    def _forget_some(self) -> None:
        """Those that are too old, and the oldest where there are too many."""
        oldest = self._now() - KEPT_SECONDS
        for request in list(self._kept.values()):
            if request.sent >= oldest:
                if len(self._kept) < MOST_KEPT:
                    return
                logger.warning("too many unanswered messages; dropped one", subject=request.event.subject)
            request.held.close()

    async def _broker_is_new(self) -> None:
        """Returns at once: what the last broker had is sent again in the background, until the new one has it."""
        if self._sending_again is None or self._sending_again.done():
            self._sending_again = asyncio.create_task(self._send_again(), name="unanswered messages")

    async def _send_again(self) -> None:
        while lost := self._lost():
            logger.warning("resending what the previous broker took", messages=len(lost))
            try:
                for request in lost:
                    if request.event.id in self._unanswered:
                        await self._send(request)
            except ServiceUnavailable as error:
                logger.warning("some messages are still to be resent", reason=error.message)
                await asyncio.sleep(self._retry_seconds)

    def _lost(self) -> list[_Request]:
        self._forget_some()
        return [request for request in self._unanswered.values() if request.cluster != self._bus.cluster]

    async def _send(self, request: _Request) -> None:
        cluster = self._bus.cluster
        headers = [
            (REPLY_TOPIC_HEADER, GATEWAY_REPLIES.name.encode()),
            (REPLY_PARTITION_HEADER, str(self._desk.partition).encode()),
            *([(REPLY_WHEN_HEADER, WHEN_ACCEPTED)] if request.when_accepted else []),
        ]
        await self._bus.publish(request.topic, request.event, headers)
        request.cluster = cluster
