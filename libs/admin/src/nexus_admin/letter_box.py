"""The dead letters that the broker keeps, and what is done with them.

What became of a letter stands in a topic of marks. A letter is published again first and marked then: a crash between
the two leaves it open, and who redrives it again does no harm, for its group knows the message by its id.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from nexus_admin.letters import Letter, State, letters_of
from nexus_contracts.identifiers import format_timestamp
from nexus_contracts.topics import DEAD_LETTER_MARKS, Topic, dead_letter_topics
from nexus_devstack.errors import StackError
from nexus_devstack.topics import described_topics, quiet_client
from nexus_kafka.admission import refusal
from nexus_kafka.options import KafkaOptions

SILENCE_SECONDS = 15.0


class LetterBox:
    """Every call raises StackError where the broker does not answer."""

    def __init__(self, kafka: KafkaOptions, *, idempotent: bool = True) -> None:
        """The embedded broker knows no idempotent producers."""
        self._kafka = kafka
        self._idempotent = idempotent

    async def letters(self) -> list[Letter]:
        """All that are kept, oldest first."""
        topics = (*dead_letter_topics(), DEAD_LETTER_MARKS)
        there, _ = await described_topics(self._kafka, topics)
        async with self._answering():
            records = await self._records([one for one in dead_letter_topics() if one.name in there])
            # Read last, so that a letter which is marked in the meantime is seen with its mark.
            marks = await self._records([DEAD_LETTER_MARKS] if DEAD_LETTER_MARKS.name in there else [])
        return letters_of(records, {mark.key.decode(): State(json.loads(mark.value)["outcome"]) for mark in marks})

    async def settle(self, letter: Letter, state: State, at: datetime) -> None:
        """Redrives it, or marks it as dropped. Returns when the broker has all of it."""
        async with self._answering(), self._producer() as producer:
            if state is State.REDRIVEN:
                record = letter.record
                headers = letter.redriven_headers()
                await producer.send_and_wait(letter.source, record.value, key=record.key, headers=headers)
            mark = json.dumps({"letter": letter.id, "outcome": state.value, "time": format_timestamp(at)})
            await producer.send_and_wait(DEAD_LETTER_MARKS.name, mark.encode(), key=letter.id.encode())

    async def _records(self, topics: Sequence[Topic]) -> list[Any]:
        """All records of the topics, up to their present ends."""
        partitions = [TopicPartition(one.name, number) for one in topics for number in range(one.partitions)]
        if not partitions:
            return []
        consumer: Any = AIOKafkaConsumer(**self._kafka.kafka_consumer("dead-letters"), enable_auto_commit=False)
        found: list[Any] = []
        try:
            await consumer.start()
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            behind = {one for one in partitions if await consumer.position(one) < ends[one]}
            while behind:
                async with asyncio.timeout(SILENCE_SECONDS):
                    batches = await consumer.getmany(*behind, timeout_ms=1000)
                found += [record for batch in batches.values() for record in batch]
                behind = {one for one in behind if await consumer.position(one) < ends[one]}
        finally:
            await consumer.stop()
        return found

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
            raise StackError(f"the broker does not tell its dead letters: {why or error or 'no answer'}") from None
