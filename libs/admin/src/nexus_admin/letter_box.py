"""The dead letters that the broker keeps, and what is done with them.

What became of a letter stands in a topic of marks. A letter is published again first and marked then: a crash between
the two leaves it open, and who redrives it again does no harm, for its group knows the message by its id.

Anybody may write to these topics: what cannot be read is told by its place, and the rest is read all the same.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from nexus_admin.letters import Letter, Unreadable, letters_of, marks_of
from nexus_contracts.dead_letters import Mark, State
from nexus_contracts.topics import DEAD_LETTER_MARKS, Topic, dead_letter_topics
from nexus_devstack.errors import StackError
from nexus_devstack.topics import described_topics, quiet_client
from nexus_kafka.admission import refusal
from nexus_kafka.options import KafkaOptions
from nexus_runtime.kafka.guarded import Halt
from nexus_runtime.kafka.whole import read_whole

CLIENT = "dead-letters"


@dataclass(frozen=True)
class Contents:
    """All letters kept, oldest first, and what cannot be read, which may hold further letters or marks."""

    letters: list[Letter]
    unreadable: list[Unreadable]


class LetterBox:
    """The dead letters of a broker. Every call raises StackError if it does not answer."""

    def __init__(self, kafka: KafkaOptions, *, idempotent: bool = True) -> None:
        """`idempotent` is False for the embedded broker, which does not support idempotent producers."""
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
        """Redrives the letter, or marks it as dropped. Returns when the broker has acknowledged everything."""
        async with self._answering(), self._producer() as producer:
            if state is State.REDRIVEN:
                record = letter.record
                headers = letter.redriven_headers()
                await producer.send_and_wait(letter.source, record.value, key=record.key, headers=headers)
            place = {"topic": letter.record.topic, "offset": letter.record.offset}
            mark = Mark(letter=letter.id, outcome=state, time=at, **place).model_dump_json()
            await producer.send_and_wait(DEAD_LETTER_MARKS.name, mark.encode(), key=letter.id.encode())

    async def _read(self, topics: Sequence[Topic]) -> tuple[list[Any], list[Unreadable]]:
        """All records of the topics up to their current ends, and what cannot be read there."""
        records, halts = await read_whole(self._kafka, CLIENT, topics)
        return records, list(map(_unreadable, halts))

    @asynccontextmanager
    async def _producer(self) -> AsyncGenerator[Any]:
        producer: Any = AIOKafkaProducer(
            **self._kafka.kafka_client(CLIENT),
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
