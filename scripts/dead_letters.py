"""Shows the records of a dead-letter topic, or publishes one of them again where it came from.

`.venv/bin/python scripts/dead_letters.py <topic> [--again OFFSET]`; the broker is that of the environment.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from nexus_kafka.admission import refusal
from nexus_kafka.options import KafkaOptions, faults_of

SILENCE_SECONDS = 2.0


async def records(kafka: KafkaOptions, topic: str) -> AsyncIterator[Any]:
    """All records of the topic's one partition; ends when none came for a while."""
    consumer: Any = AIOKafkaConsumer(
        **kafka.kafka_consumer("dead-letters"), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        consumer.assign([TopicPartition(topic, 0)])
        while True:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    record = await consumer.getone()
            except TimeoutError:
                return
            yield record
    finally:
        await consumer.stop()


def origin(record: Any) -> dict[str, str]:
    return {name: value.decode(errors="replace") for name, value in record.headers if name.startswith("dlq_")}


async def show(kafka: KafkaOptions, topic: str) -> None:
    async for record in records(kafka, topic):
        print(f"offset {record.offset}  key {record.key!r}  type {dict(record.headers).get('ce_type', b'?').decode()}")
        for name, value in origin(record).items():
            print(f"  {name} = {value}")
        print(f"  {(record.value or b'')[:500].decode(errors='replace')}\n")


async def publish_again(kafka: KafkaOptions, topic: str, offset: int) -> None:
    async for record in records(kafka, topic):
        if record.offset == offset:
            break
    else:
        raise SystemExit(f"error: {topic} has no record at offset {offset}")
    producer: Any = AIOKafkaProducer(**kafka.kafka_client("dead-letters"), acks="all")
    await producer.start()
    try:
        kept = [(name, value) for name, value in record.headers if not name.startswith("dlq_")]
        target = origin(record)["dlq_topic"]
        sent = await producer.send_and_wait(target, record.value, key=record.key, headers=kept)
        print(f"published to {target}, partition {sent.partition}, offset {sent.offset}")
    finally:
        await producer.stop()


async def answer(kafka: KafkaOptions, chosen: argparse.Namespace) -> None:
    try:
        if chosen.again is None:
            await show(kafka, chosen.topic)
        else:
            await publish_again(kafka, chosen.topic, chosen.again)
    except KafkaError as error:
        raise SystemExit(f"error: {await refusal(kafka) or error}") from None


def main() -> None:
    parser = argparse.ArgumentParser(description="Show dead letters, or publish one again.")
    parser.add_argument("topic", help="such as builds.commands.v1.builds.dlq")
    parser.add_argument("--again", type=int, metavar="OFFSET", help="publish this record to its origin again")
    chosen = parser.parse_args()
    try:
        kafka = KafkaOptions.from_environment(os.environ)
    except ValidationError as error:
        sys.exit(f"error: {faults_of(error)}")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # said once, by the error
    asyncio.run(answer(kafka, chosen))


if __name__ == "__main__":
    main()
