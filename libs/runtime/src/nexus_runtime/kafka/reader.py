"""Listens to a topic: records published from now on, without a group and without committed offsets."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from nexus_contracts.topics import Topic
from nexus_runtime.kafka.bells import bell_for
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.guarded import GuardedConsumer
from nexus_runtime.kafka.pace import Rests, pace_of
from nexus_runtime.kafka.progress import NOT_LIVE_SECONDS, Progress
from nexus_runtime.process import log
from nexus_runtime.process.settings import ServiceSettings

logger = log.get(__name__)
DEAF_SECONDS = 10.0
POLL_SECONDS = 1.0


class _Deaf(Exception):
    """Nothing is read although there are records, or the broker does not answer."""


class Tap:
    """Hands every record to `take`, which does not raise. What is published while not `listening` is missed.

    A batch that cannot be read is passed over, with what was published until it was noticed: nobody waits for long.
    `rests`: by who waits for a record, while `awaited` says that somebody does; `hasten` says that one is expected. A
    volatile broker gives what it still has, too. `handed` is given the values that publishers hand over; their records
    come, too.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        bus: Bus,
        topic: Topic,
        partitions: Sequence[int],
        take: Callable[[Any], None],
        *,
        rests: Rests,
        awaited: Callable[[], bool],
        handed: Callable[[bytes], None] | None = None,
    ) -> None:
        self._settings = settings
        self._bus = bus
        self._places = [TopicPartition(topic.name, number) for number in partitions]
        self._take = take
        self._pace = pace_of(rests, volatile=settings.kafka_volatile, awaited=awaited)
        self._handed = handed
        self._bell = bell_for(settings, topic, self._rung, self._given) if self._pace and rests.rung else None
        self._reading: asyncio.Task[None] | None = None
        self._heard = time.monotonic()
        self.listening = False

    async def start(self) -> None:
        """Returns at once; reads in the background, and again after faults."""
        self._bus.when_broker_is_new(self._read_again)
        if self._bell is not None:
            self._bell.open()
        self._reading = asyncio.create_task(self._read(), name="tap")

    async def stop(self) -> None:
        if self._bell is not None:
            self._bell.close()
        await self._stop_reading()

    async def _stop_reading(self) -> None:
        if self._reading:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read_again(self) -> None:
        """A consumer with an assigned partition does not notice that the broker was replaced."""
        await self._stop_reading()
        self._reading = asyncio.create_task(self._read(), name="tap")

    def hasten(self) -> None:
        """A record is expected soon."""
        if self._pace is not None:
            self._pace.hasten()

    def _rung(self, partition: int, offset: int) -> None:
        if self._pace is not None and any(place.partition == partition for place in self._places):
            self._pace.rung(partition, offset)

    def _given(self, partition: int, value: bytes) -> None:
        if self._handed is not None and any(place.partition == partition for place in self._places):
            self._handed(value)

    def alive(self) -> bool:
        """Whether it is listening, has stopped only a short while ago, or the broker is unavailable."""
        return self.listening or not self._bus.reachable or time.monotonic() - self._heard < NOT_LIVE_SECONDS

    async def _read(self) -> None:
        while True:
            if not self._bus.reachable:
                self._heard = time.monotonic()
            consumer: Any = GuardedConsumer(
                **self._settings.kafka_consumer("reader"),
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                pass_over=True,
                pace=self._pace,
            )
            try:
                await consumer.start()
                consumer.assign(self._places)
                if not self._settings.kafka_volatile:
                    await consumer.seek_to_end(*self._places)
                await self._listen(consumer)
            except Exception as error:  # noqa: BLE001  # whatever it is, the next consumer may read
                logger.warning("not listening, retrying", topic=self._places[0].topic, error=repr(error))
            finally:
                self.listening = False
                await asyncio.shield(_closed(consumer))
            await asyncio.sleep(0.5)

    async def _listen(self, consumer: Any) -> None:
        progress = Progress[TopicPartition]()
        self.listening = True
        while True:
            found = await consumer.getmany(timeout_ms=int(POLL_SECONDS * 1000))
            for records in found.values():
                for record in records:
                    self._take(record)
            progress.observe({place: consumer.reading(place) for place in self._places})
            if stalled := progress.stalled(DEAF_SECONDS):
                raise _Deaf("; ".join(f"partition {at.partition}: {why}" for at, why in stalled.items()))
            self._heard = time.monotonic()


async def _closed(consumer: Any) -> None:
    # If its broker is gone, aiokafka leaks the cancellation of its own tasks, which must not end the reader.
    with contextlib.suppress(KafkaError, TimeoutError, asyncio.CancelledError):
        async with asyncio.timeout(3):
            await consumer.stop()
