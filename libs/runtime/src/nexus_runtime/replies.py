"""Answers to commands: the owner sends them where the command says, the gateway's desk waits for them.

Each gateway reads one partition of the reply topic, from its end, without a group: an answer is for whoever waits
now; whoever does not wait any more reads the resource.
"""

import asyncio
import contextlib
import random
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from nexus_contracts.envelope import CloudEvent, MalformedEvent, read_event
from nexus_contracts.model import Message
from nexus_contracts.replies import REPLY_PARTITION_HEADER, REPLY_TYPE, Outcome, Reply
from nexus_contracts.topics import GATEWAY_REPLIES, Topic
from nexus_runtime import log, tracing
from nexus_runtime.bus import Bus
from nexus_runtime.clock import new_id, utc_now
from nexus_runtime.settings import ServiceSettings

logger = log.get(__name__)


class ReplyAddress(Message):
    """Who waits for the answer: kept with long work, so that whoever ends it can answer."""

    partition: int
    request_id: str
    command_id: str
    replayed: bool = False

    def reply(self, outcome: Outcome) -> Reply:
        return Reply(
            status=outcome.status,
            result=outcome.result,
            error=outcome.error,
            request_id=self.request_id,
            command_id=self.command_id,
            replayed=self.replayed,
        )


def reply_partition(headers: Iterable[tuple[str, bytes | None]]) -> int | None:
    """The partition that the sender of a command reads, or None where it does not wait."""
    for name, value in headers:
        if name == REPLY_PARTITION_HEADER and value and len(value) <= 9 and value.isdigit():
            number = int(value)
            return number if number < GATEWAY_REPLIES.partitions else None
    return None


class Replier:
    """The owner's side."""

    def __init__(self, bus: Bus, source: str) -> None:
        self._bus = bus
        self._source = source

    async def send(self, partition: int | None, reply: Reply) -> None:
        """Does nothing where nobody waits. Raises ServiceUnavailable."""
        if partition is None:
            return
        event = CloudEvent(
            id=new_id("evt_"),
            source=self._source,
            type=REPLY_TYPE,
            subject=reply.command_id,
            time=utc_now(),
            data=reply.model_dump(mode="json"),
            causationid=reply.request_id,
            traceparent=tracing.traceparent.get(),
        )
        await self._bus.publish(GATEWAY_REPLIES, event, partition=partition)


class ReplyDesk:
    """The gateway's side: futures by request id, fulfilled by what arrives in this process's partition."""

    def __init__(self, settings: ServiceSettings, bus: Bus, topic: Topic = GATEWAY_REPLIES) -> None:
        self._settings = settings
        self._bus = bus
        self._topic = topic
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self._reading: asyncio.Task[None] | None = None
        self.partition = random.randrange(topic.partitions)
        self.listening = False

    async def start(self) -> None:
        """Returns at once; reads, and reads again after faults, in the background."""
        self._bus.when_broker_is_new(self._read_again)
        self._reading = asyncio.create_task(self._read(), name="replies")

    async def stop(self) -> None:
        if self._reading:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    @contextlib.contextmanager
    def expect(self, request_id: str) -> Any:
        """A future for the answer to this request; forgotten at the end of the block."""
        future = self._waiting[request_id] = asyncio.get_running_loop().create_future()
        try:
            yield future
        finally:
            del self._waiting[request_id]

    async def _read_again(self) -> None:
        """A consumer with an assigned partition does not notice that the broker is another one."""
        await self.stop()
        self._reading = asyncio.create_task(self._read(), name="replies")

    async def _read(self) -> None:
        while True:
            consumer: Any = AIOKafkaConsumer(
                bootstrap_servers=self._settings.kafka_bootstrap_servers,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                fetch_max_wait_ms=self._settings.fetch_max_wait_ms(),
            )
            try:
                await consumer.start()
                place = TopicPartition(self._topic.name, self.partition)
                consumer.assign([place])
                if not self._settings.kafka_volatile:
                    await consumer.seek_to_end(place)
                self.listening = True
                async for record in consumer:
                    self._fulfil(record)
            except (KafkaError, OSError) as error:
                logger.warning("replies not read, trying again", error=repr(error))
            finally:
                self.listening = False
                await asyncio.shield(_closed(consumer))
            await asyncio.sleep(0.5)

    def _fulfil(self, record: Any) -> None:
        try:
            event = read_event(record.value, record.headers)
            future = self._waiting.get(str(event.data.get("request_id")))
            if future is not None and not future.done():
                future.set_result(Reply.model_validate(event.data))
        except (MalformedEvent, ValueError) as error:
            logger.warning("reply not understood", error=str(error))


async def _closed(consumer: Any) -> None:
    # With its broker gone, aiokafka lets the cancellation of its own tasks out: it must not end the reader.
    with contextlib.suppress(KafkaError, TimeoutError, asyncio.CancelledError):
        async with asyncio.timeout(3):
            await consumer.stop()
