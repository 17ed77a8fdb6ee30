"""Messages that expect an answer, kept until it comes, because a volatile broker may lose them.

With a durable broker nothing is ever sent again, and messages that nobody waits for any more are forgotten.
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
    REPLY_ALONE_HEADER,
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
"""Limit for kept messages that nobody waits for any more; a message may have a megabyte."""
KEPT_SECONDS = 300.0
RETRY_SECONDS = 1.0


class Publisher(Protocol):
    @property
    def cluster(self) -> str | None:
        """The broker's identity; a new broker has nothing that the previous one accepted."""
        ...

    def require_reachable(self) -> None:
        """Raises BrokerUnavailable."""
        ...

    def when_broker_is_new(self, action: Callable[[], Awaitable[None]]) -> None: ...

    async def publish(
        self, topic: Topic, event: CloudEvent, headers: Sequence[tuple[str, bytes]] = (), partition: int | None = None
    ) -> None:
        """Returns once the record is durable. Raises BrokerUnavailable (nothing sent) or Unacknowledged."""
        ...


class Desk(Protocol):
    partition: int

    def expect(self, request_id: str) -> AbstractContextManager[asyncio.Future[Reply]]:
        """A future for the reply to the message with that id."""
        ...


@dataclass(eq=False)
class _Request:
    """`cluster` is the broker that last accepted it. `held` ends with the answer, or when it is given up."""

    topic: Topic
    event: CloudEvent
    cluster: str | None
    sent: float
    when_accepted: bool
    held: ExitStack = field(default_factory=ExitStack)


class Requests:
    """`keep`: messages not answered in time are kept for some minutes, up to a limit."""

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
        self._asking = 0
        self._sending_again: asyncio.Task[None] | None = None
        bus.when_broker_is_new(self._broker_is_new)

    async def ask(
        self, topic: Topic, event: CloudEvent, wait_seconds: float, *, when_accepted: bool = False
    ) -> Reply | None:
        """The reply; None if nobody waits for it, it does not come in time, or the server stops.

        `when_accepted`: a reply comes as soon as the command is accepted or refused.
        Raises BrokerUnavailable (nothing sent) or Unacknowledged.
        """
        self._asking += 1
        try:
            return await self._asked(
                _Request(topic, event, self._bus.cluster, self._now(), when_accepted), wait_seconds
            )
        finally:
            self._asking -= 1

    async def _asked(self, request: _Request, wait_seconds: float) -> Reply | None:
        event = request.event
        with request.held as held:
            expected = held.enter_context(self._desk.expect(event.id))
            await self._send(request)
            self._unanswered[event.id] = request
            held.callback(self._unanswered.pop, event.id)
            if request.cluster != self._bus.cluster:
                # The broker was replaced during the send: the notice of that may have come before this line.
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
        """Forgets messages that are too old, and the oldest ones if there are too many."""
        oldest = self._now() - KEPT_SECONDS
        for request in list(self._kept.values()):
            if request.sent >= oldest:
                if len(self._kept) < MOST_KEPT:
                    return
                logger.warning("too many unanswered messages; dropped one", subject=request.event.subject)
            request.held.close()

    async def _broker_is_new(self) -> None:
        """Returns at once; messages accepted by the previous broker are resent in the background."""
        if self._sending_again is None or self._sending_again.done():
            self._sending_again = asyncio.create_task(self._send_again(), name="unanswered messages")

    async def _send_again(self) -> None:
        while lost := self._lost():
            logger.warning("resending messages to the new broker", messages=len(lost))
            try:
                for request in lost:
                    if request.event.id in self._unanswered:
                        await self._send(request)
            except ServiceUnavailable as error:
                logger.warning("some messages not resent yet", reason=error.message)
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
            *([(REPLY_ALONE_HEADER, b"true")] if self._asking == 1 else []),
        ]
        await self._bus.publish(request.topic, request.event, headers)
        request.cluster = cluster
