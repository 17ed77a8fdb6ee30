"""The dead letters that the broker keeps, and what is done with them.

What became of a letter stands in a topic of marks. A letter is published again first and marked then: a crash between
the two leaves it open, and who redrives it again does no harm, for its group knows the message by its id.

Anybody may write to these topics: what cannot be read is told by its place, and the rest is read all the same.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from nexus_admin.letters import Letter, Mark, State, Unreadable, letters_of, marks_of
from nexus_contracts.topics import DEAD_LETTER_MARKS, Topic, dead_letter_topics
from nexus_devstack.errors import StackError
from nexus_devstack.topics import described_topics, quiet_client
from nexus_kafka.admission import refusal
from nexus_kafka.options import KafkaOptions
from nexus_runtime.kafka.ends import ends_of
from nexus_runtime.kafka.guarded import GuardedConsumer, Halt

SILENCE_SECONDS = 15.0
POLL_MS = 200


@dataclass(frozen=True)
class Contents:
    """All letters that are kept, oldest first, and what cannot be read: letters may be in there, or their marks."""

    letters: list[Letter]
    unreadable: list[Unreadable]


class LetterBox:
    """Every call raises StackError where the broker does not answer."""

    def __init__(self, kafka: KafkaOptions, *, idempotent: bool = True) -> None:
        """The embedded broker knows no idempotent producers."""
        self._kafka = kafka
        self._idempotent = idempotent

    async def contents(self) -> Contents:
        topics = (*dead_letter_topics(), DEAD_LETTER_MARKS)
        there, _ = await described_topics(self._kafka, topics)
        async with self._answering():
            records, unreadable = await self._read([one for one in dead_letter_topics() if one.name in there])
            # Read last, so that a letter which is marked in the meantime is seen with its mark.
            told, untold = await self._read([DEAD_LETTER_MARKS] if DEAD_LETTER_MARKS.name in there else [])
        marks, strange = marks_of(told)
        return Contents(letters_of(records, marks), [*unreadable, *untold, *strange])

    async def settle(self, letter: Letter, state: State, at: datetime) -> None:
        """Redrives it, or marks it as dropped. Returns when the broker has all of it."""
        async with self._answering(), self._producer() as producer:
            if state is State.REDRIVEN:
                record = letter.record
                headers = letter.redriven_headers()
                await producer.send_and_wait(letter.source, record.value, key=record.key, headers=headers)
            mark = Mark(letter=letter.id, outcome=state, time=at).model_dump_json()
            await producer.send_and_wait(DEAD_LETTER_MARKS.name, mark.encode(), key=letter.id.encode())

    async def _read(self, topics: Sequence[Topic]) -> tuple[list[Any], list[Unreadable]]:
        """All records of the topics, up to their present ends, and what among them cannot be read."""
        partitions = [TopicPartition(one.name, number) for one in topics for number in range(one.partitions)]
        if not partitions:
            return [], []
        consumer: Any = GuardedConsumer(**self._kafka.kafka_consumer("dead-letters"), enable_auto_commit=False)
        try:
            await consumer.start()
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            return await _read_to_the_end(consumer, partitions)
        finally:
            await consumer.stop()

    @asynccontextmanager
    async def _producer(self) -> AsyncGenerator[Any]:
        producer: Any = AIOKafkaProducer(
            **self._kafka.kafka_client("dead-letters"),
            acks="all",
            enable_idempotence=self._idempotent,
            max_request_size=2_000_000,
        )
        try:
            await producer.start()
            yield producer
        finally:
            await producer.stop()

    @asynccontextmanager
    async def _answering(self) -> AsyncGenerator[None]:
        quiet_client()
        try:
            yield
        except (KafkaError, OSError, TimeoutError) as error:
            why = None if isinstance(error, TimeoutError) else await refusal(self._kafka)
            raise StackError(f"the broker's dead letters cannot be read: {why or error or 'no answer'}") from None


def _unreadable(halt: Halt) -> Unreadable:
    return Unreadable(halt.partition.topic, halt.partition.partition, halt.offset, halt.reason)


async def _read_to_the_end(consumer: Any, partitions: Sequence[TopicPartition]) -> tuple[list[Any], list[Unreadable]]:
    """Raises TimeoutError where nothing comes for a while although there is more."""
    found: list[Any] = []
    unreadable: dict[tuple[TopicPartition, int], Unreadable] = {}
    ends = await ends_of(consumer, partitions)
    at = {one: await consumer.position(one) for one in partitions}
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(SILENCE_SECONDS) as silence:
        while behind := [one for one in partitions if at[one] < ends[one]]:
            batches = await consumer.getmany(*behind, timeout_ms=POLL_MS)
            found += [record for batch in batches.values() for record in batch]
            for halt in list(consumer.halts.values()):
                if await consumer.skip(halt.partition, halt.offset) > halt.offset:
                    unreadable[halt.partition, halt.offset] = _unreadable(halt)
            now = {one: await consumer.position(one) for one in partitions}
            if now != at:
                at = now
                silence.reschedule(loop.time() + SILENCE_SECONDS)
    return found, list(unreadable.values())
