"""Record batches as no well-behaved producer makes them, and a way to publish them as they are."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.codec import gzip_encode, zstd_encode
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

Headers = Sequence[tuple[str, bytes | None]]
LENGTH_AT, MAGIC_AT, CRC_AT, ATTRIBUTES_AT, COUNT_AT, RECORDS_AT = 8, 16, 17, 21, 57, 61
GZIP, SNAPPY, LZ4, ZSTD, UNKNOWN_CODEC, CONTROL = 1, 2, 3, 4, 7, 0x20


def batch(*values: bytes | None, key: bytes | None = b"k", headers: Headers = (), timestamp: int = 1000) -> bytes:
    """A good one, uncompressed."""
    builder: Any = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
    for number, value in enumerate(values):
        builder.append(number, timestamp, key, value, list(headers))
    return bytes(builder.build())


def with_attributes(good: bytes, attributes: int) -> bytes:
    return _summed(good[:ATTRIBUTES_AT] + struct.pack(">h", attributes) + good[ATTRIBUTES_AT + 2 :])


def with_records(good: bytes, records: bytes, count: int | None = None) -> bytes:
    """The header, and then something else than it says."""
    whole = bytearray(good[:RECORDS_AT] + records)
    struct.pack_into(">i", whole, LENGTH_AT, len(whole) - 12)
    if count is not None:
        struct.pack_into(">i", whole, COUNT_AT, count)
    return _summed(bytes(whole))


def with_header_name(good: bytes, name: bytes, other: bytes) -> bytes:
    """`name`, which occurs once, becomes `other`, of the same length."""
    assert good.count(name) == 1
    assert len(name) == len(other)
    return _summed(good.replace(name, other))


def with_wrong_checksum(good: bytes) -> bytes:
    return good[:-1] + bytes([good[-1] ^ 0xFF])


def with_length(good: bytes, length: int) -> bytes:
    return good[:LENGTH_AT] + struct.pack(">i", length) + good[LENGTH_AT + 4 :]


def with_base(good: bytes, offset: int) -> bytes:
    """As the broker keeps it."""
    return struct.pack(">q", offset) + good[8:]


def _summed(raw: bytes) -> bytes:
    return raw[:CRC_AT] + struct.pack(">I", calc_crc32c(raw[ATTRIBUTES_AT:])) + raw[ATTRIBUTES_AT:]


TOO_MUCH = bytes(20_000_000)
"""Some kilobytes when compressed."""
UNREADABLE: Mapping[str, bytes] = {
    "a wrong checksum": with_wrong_checksum(batch(b"x", b"y")),
    "no gzip": with_records(with_attributes(batch(b"x", b"y"), GZIP), b"this is no gzip"),
    "no snappy": with_records(with_attributes(batch(b"x", b"y"), SNAPPY), b"\xff" * 20),
    "no lz4": with_records(with_attributes(batch(b"x", b"y"), LZ4), b"this is no lz4"),
    "no zstd": with_records(with_attributes(batch(b"x", b"y"), ZSTD), b"this is no zstd"),
    "records that are none": with_records(batch(b"x", b"y"), b"\xff" * 30),
    "more zstd than is taken": with_records(with_attributes(batch(b"x", b"y"), ZSTD), zstd_encode(TOO_MUCH)),
    "more gzip than is taken": with_records(with_attributes(batch(b"x", b"y"), GZIP), gzip_encode(TOO_MUCH)),
}
FEWER_THAN_SAID = with_records(batch(b"x", b"y"), batch(b"x")[RECORDS_AT:])


class Refused(Exception):
    """As a broker should."""


async def publish_raw(servers: str, topic: str, partition: int, *batches: bytes) -> list[int]:
    """The offsets that the broker gives them. Raises Refused where it does not take one."""
    place, offsets = TopicPartition(topic, partition), list[int]()
    producer: Any = AIOKafkaProducer(bootstrap_servers=servers)
    async with producer:
        await producer.partitions_for(topic)
        for raw in batches:
            request = ProduceRequest(None, -1, 5000, [(topic, [(partition, raw)])])
            answer = await producer.client.send(producer.client.cluster.leader_for_partition(place), request)
            _, error, offset, *_ = answer.topics[0][1][0]
            if error:
                raise Refused(f"the broker does not take such a batch: error {error}")
            offsets.append(offset)
    return offsets
