"""Shows the records of a dead-letter topic, or publishes one of them again where it came from.

`.venv/bin/python scripts/dead_letters.py <topic> [--again OFFSET]`; the broker is KAFKA_BOOTSTRAP_SERVERS.
"""

import argparse
import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

SILENCE_SECONDS = 2.0


async def records(servers: str, topic: str) -> AsyncIterator[Any]:
    """All records of the topic's one partition; ends when none came for a while."""
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
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


async def show(servers: str, topic: str) -> None:
    async for record in records(servers, topic):
        print(f"offset {record.offset}  key {record.key!r}  type {dict(record.headers).get('ce_type', b'?').decode()}")
        for name, value in origin(record).items():
            print(f"  {name} = {value}")
        print(f"  {(record.value or b'')[:500].decode(errors='replace')}\n")


async def publish_again(servers: str, topic: str, offset: int) -> None:
    async for record in records(servers, topic):
        if record.offset == offset:
            break
    else:
        raise SystemExit(f"error: {topic} has no record at offset {offset}")
    producer: Any = AIOKafkaProducer(bootstrap_servers=servers, acks="all")
    await producer.start()
    try:
        kept = [(name, value) for name, value in record.headers if not name.startswith("dlq_")]
        target = origin(record)["dlq_topic"]
        sent = await producer.send_and_wait(target, record.value, key=record.key, headers=kept)
        print(f"published to {target}, partition {sent.partition}, offset {sent.offset}")
    finally:
        await producer.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="Show dead letters, or publish one again.")
    parser.add_argument("topic", help="such as builds.commands.v1.builds.dlq")
    parser.add_argument("--again", type=int, metavar="OFFSET", help="publish this record to its origin again")
    chosen = parser.parse_args()
    servers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092")
    if chosen.again is None:
        asyncio.run(show(servers, chosen.topic))
    else:
        asyncio.run(publish_again(servers, chosen.topic, chosen.again))


if __name__ == "__main__":
    main()
