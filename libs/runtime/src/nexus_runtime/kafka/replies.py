"""Answers to commands: the owner sends them where the command says, the gateway's desk waits for them.

Each gateway reads one partition of the reply topic, from its end, without a group: an answer is for whoever waits
now; whoever does not wait any more reads the resource.
"""

import asyncio
import contextlib
import random
from collections.abc import Iterable
from typing import Any

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.model import Message
from nexus_contracts.replies import (
    REPLY_ALONE_HEADER,
    REPLY_PARTITION_HEADER,
    REPLY_TYPE,
    REPLY_WHEN_HEADER,
    WHEN_ACCEPTED,
    Outcome,
    Reply,
)
from nexus_contracts.topics import GATEWAY_REPLIES, Topic
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.pace import PROMPT
from nexus_runtime.kafka.reader import Tap
from nexus_runtime.process import log, tracing
from nexus_runtime.process.clock import new_id, utc_now
from nexus_runtime.process.settings import ServiceSettings

logger = log.get(__name__)
_REQUEST = "ce_causationid"
"""The header that names the request which a reply answers."""


class ReplyAddress(Message):
    """Who waits for the answer: stored with long work, so that whichever process ends it can answer."""

    partition: int
    request_id: str
    command_id: str
    replayed: bool = False

    def reply(self, outcome: Outcome) -> Reply:
        return outcome.reply(self.request_id, self.command_id, replayed=self.replayed)


def reply_partition(headers: Iterable[tuple[str, bytes | None]]) -> int | None:
    """The partition that the sender of a command reads, or None if it does not wait."""
    for name, value in headers:
        # Anybody may write to the topic: int() is slow with many digits, and refuses thousands of them.
        if name == REPLY_PARTITION_HEADER and value and len(value) <= 9 and value.isdigit():
            number = int(value)
            return number if number < GATEWAY_REPLIES.partitions else None
    return None


def waits_for_acceptance(headers: Iterable[tuple[str, bytes | None]]) -> bool:
    """Whether the sender of a command waits only until it is accepted, not for the outcome."""
    return (REPLY_WHEN_HEADER, WHEN_ACCEPTED) in headers


def waits_alone(headers: Iterable[tuple[str, bytes | None]]) -> bool:
    """Whether the sender of a command waits for nothing else."""
    return any(name == REPLY_ALONE_HEADER for name, _ in headers)


class Replier:
    """The owner's side."""

    def __init__(self, bus: Bus, source: str) -> None:
        self._bus = bus
        self._source = source

    async def send(self, partition: int | None, reply: Reply, *, alone: bool = False) -> None:
        """Does nothing if nobody waits; `alone`: nobody else does. Raises ServiceUnavailable."""
        if partition is None:
            return
        event = CloudEvent.own(
            id=new_id("evt_"),
            source=self._source,
            type=REPLY_TYPE,
            subject=reply.command_id,
            time=utc_now(),
            data={**dict(reply), "error": reply.error and reply.error.model_dump()},
            causationid=reply.request_id,
            traceparent=tracing.traceparent.get(),
        )
        await self._bus.publish(GATEWAY_REPLIES, event, partition=partition, hand=alone)


class ReplyDesk:
    """The gateway's side: futures by request id, completed by the replies in this process's partition."""

    def __init__(self, settings: ServiceSettings, bus: Bus, topic: Topic = GATEWAY_REPLIES) -> None:
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        # Gateways may pick the same partition: each ignores answers that it does not wait for.
        self.partition = random.randrange(topic.partitions)
        self._tap = Tap(
            settings,
            bus,
            topic,
            [self.partition],
            self._read,
            rests=PROMPT,
            awaited=lambda: bool(self._waiting),
            handed=self._fulfil,
        )

    async def start(self) -> None:
        """Returns at once; reads in the background."""
        await self._tap.start()

    async def stop(self) -> None:
        await self._tap.stop()

    @property
    def listening(self) -> bool:
        return self._tap.listening

    def alive(self) -> bool:
        return self._tap.alive()

    @contextlib.contextmanager
    def expect(self, request_id: str) -> Any:
        """A future for the answer to this request, discarded at the end of the block."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = future
        try:
            yield future
        finally:
            del self._waiting[request_id]

    def _read(self, record: Any) -> None:
        """Parses only what somebody waits for: as a rule it was handed over before it could be read."""
        asked = next((value for name, value in record.headers if name == _REQUEST), None)
        if asked is None or asked.decode(errors="replace") in self._waiting:
            self._fulfil(record.value)

    def _fulfil(self, value: bytes) -> None:
        try:
            # Not parsed as a whole event: only owners write here, and none of the attributes is needed.
            reply = Reply.model_validate_json(value)
            future = self._waiting.get(reply.request_id)
            # A redelivered command is answered again, so an answer may arrive twice.
            if future is not None and not future.done():
                future.set_result(reply)
        except (TypeError, ValueError) as error:
            logger.warning("reply could not be read", error=str(error))
