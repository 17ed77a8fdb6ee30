"""What one build costs in units of DynamoDB and bytes of Kafka, and 1,000,000 of them a month on AWS.

A build is a project created, built by the rules, its agent deployed: everything that all services write and read for
it. Leases are left out: they cost the same however much is built. Reads count above those of an idle platform.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
from aiokafka import AIOKafkaConsumer

from benchmarks.runner.figures import Figure
from benchmarks.runner.load import load
from benchmarks.runner.meter import IDLE_SECONDS, SETTLE_SECONDS
from benchmarks.runner.metered import Tally, metered
from benchmarks.whole_path import Api
from nexus_contracts.topics import TOPICS
from nexus_devstack.stack import Stack

BUILDS, AT_ONCE, LONGEST_SECONDS = 20, 4, 300.0
MONTHLY = 1_000_000
WRITE_DOLLARS, READ_DOLLARS = 0.625e-6, 0.125e-6
"""A unit, on demand, us-east-1."""
KAFKA_IN_DOLLARS, KAFKA_OUT_DOLLARS = 0.10, 0.05
"""A GB, MSK Serverless, us-east-1; what clusters and partitions cost by the hour comes on top."""


async def measure() -> list[Figure]:
    tally = Tally("")
    with tempfile.TemporaryDirectory() as folder:
        async with metered(tally) as door:
            stack = Stack(data_dir=Path(folder), ports="free", env={"*": {"DYNAMODB_ENDPOINT_URL": door}})
            tally.target = f"http://127.0.0.1:{stack.ports['DYNAMODB_PORT']}"
            async with stack, aiohttp.ClientSession(stack.gateway_url) as http:
                return await _counted(stack, Api(http), tally)


async def _counted(stack: Stack, api: Api, tally: Tally) -> list[Figure]:
    await asyncio.sleep(SETTLE_SECONDS)
    tally.clear()
    await asyncio.sleep(IDLE_SECONDS)
    idle = tally.reads.total() / IDLE_SECONDS
    tally.clear()
    began = time.perf_counter()

    async def build(_number: int) -> None:
        await api.build_agent()

    await load(build, clients=AT_ONCE, count=BUILDS, seconds=LONGEST_SECONDS)
    await asyncio.sleep(2 * SETTLE_SECONDS)
    reads = tally.reads.total() - idle * (time.perf_counter() - began)
    writes = {table: units for table, units in tally.writes.items() if not table.endswith("Leases")}
    figures = [Figure(f"write units {table}", units / BUILDS, "a build") for table, units in sorted(writes.items())]
    sent = await _kafka_bytes(stack)
    return [*figures, *_prices(sum(writes.values()) / BUILDS, max(0.0, reads) / BUILDS, sent)]


def _prices(writes: float, reads: float, sent: dict[str, float]) -> list[Figure]:
    published = sum(sent.values())
    consumed = sum(sent[topic.name] * max(1, len(topic.groups)) for topic in TOPICS)
    kafka = (published * KAFKA_IN_DOLLARS + consumed * KAFKA_OUT_DOLLARS) / 1e9
    return [
        Figure("write units", writes, "a build"),
        Figure("read units", reads, "a build"),
        *(Figure(f"kafka {topic}", size, "bytes a build") for topic, size in sent.items()),
        Figure("kafka published", published, "bytes a build"),
        Figure("kafka consumed", consumed, "bytes a build"),
        Figure("DynamoDB writes", MONTHLY * writes * WRITE_DOLLARS, "$ for 1,000,000"),
        Figure("DynamoDB reads", MONTHLY * reads * READ_DOLLARS, "$ for 1,000,000"),
        Figure("Kafka traffic", MONTHLY * kafka, "$ for 1,000,000"),
    ]


async def _kafka_bytes(stack: Stack) -> dict[str, float]:
    """Of every topic: keys, values and headers, as they are before compression."""
    sizes = {topic.name: 0.0 for topic in TOPICS}
    servers = stack.endpoints.kafka_bootstrap_servers
    consumer: Any = AIOKafkaConsumer(*sizes, bootstrap_servers=servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        while batches := await consumer.getmany(timeout_ms=3000):
            for partition, records in batches.items():
                sizes[partition.topic] += sum(map(_size, records)) / BUILDS
    finally:
        await consumer.stop()
    return sizes


def _size(record: Any) -> int:
    headers = sum(len(name) + len(value or b"") for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers
