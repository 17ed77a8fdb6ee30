"""The number of open dead letters by topic."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from nexus_contracts.dead_letters import Mark
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.topics import DEAD_LETTER_MARKS, dead_letter_topics
from nexus_runtime.kafka.ends import ends_of
from nexus_runtime.kafka.whole import read_whole
from nexus_runtime.process.settings import ServiceSettings

CLIENT = "dead-letters"
ANSWER_SECONDS = 3.0


class DeadLetters:
    """A part of a service; connects with the first request, and again after a fault.

    No letter is read. Where there are none it asks for the ends of their topics, and else reads all marks, too.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._consumer: Any = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Does nothing: it connects with the first request."""

    async def stop(self) -> None:
        await self._drop()

    async def open(self) -> dict[str, int]:
        """Of those that the broker keeps, how many were neither redriven nor dropped; topics without any are left out.

        Raises ServiceUnavailable.
        """
        async with self._turn:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    kept = await self._kept()
                    # Read last, so that a letter which is marked in the meantime is seen with its mark.
                    return open_letters(kept, await self._marks()) if any(kept.values()) else {}
            except (KafkaError, OSError, TimeoutError) as error:
                await self._drop()
                raise ServiceUnavailable("the dead letters cannot be read from the message broker") from error

    async def _kept(self) -> dict[str, range]:
        """The offsets that each topic has."""
        if self._consumer is None:
            consumer: Any = AIOKafkaConsumer(**self._settings.kafka_consumer(CLIENT), enable_auto_commit=False)
            self._consumer = consumer
            await consumer.start()
        places = [TopicPartition(topic.name, 0) for topic in dead_letter_topics()]
        ends = await ends_of(self._consumer, places)
        begins = await self._consumer.beginning_offsets(places)
        return {place.topic: range(begins[place], ends[place]) for place in places}

    async def _marks(self) -> list[Mark]:
        """Those of our form: anybody may write to their topic."""
        marks: list[Mark] = []
        for record in (await read_whole(self._settings, CLIENT, [DEAD_LETTER_MARKS]))[0]:
            with contextlib.suppress(ValidationError):
                marks.append(Mark.model_validate_json(record.value or b""))
        return marks

    async def _drop(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(2):
                    await consumer.stop()


def open_letters(kept: Mapping[str, range], marks: Iterable[Mark]) -> dict[str, int]:
    """By topic, without those of which there are none. `kept`: the offsets that each topic of letters has.

    Marks outlive their letters, and a letter may have two of them; those that do not say where it is count for none.
    """
    settled = {(mark.topic or "", mark.offset) for mark in marks}
    done = Counter(topic for topic, offset in settled if offset in kept.get(topic, ()))
    return {topic: left for topic, offsets in kept.items() if (left := len(offsets) - done[topic])}
