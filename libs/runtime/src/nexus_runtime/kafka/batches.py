"""Kafka's record batches as bytes: just enough of them to find the one that cannot be read."""

import struct
from typing import Any

from aiokafka.record.memory_records import MemoryRecords

OFFSET_AND_LENGTH = struct.Struct(">qi")
MAGIC_AT, LAST_DELTA_AT, LEAST_LENGTH = 16, 23, 15
MOST_RECORDS = 1_000_000


def after_unreadable(fetched: bytes, offset: int) -> int:
    """The offset after the first batch of `fetched`, which begins around `offset`, that cannot be read.

    `offset` itself where what comes first can be read, `offset` + 1 where not even the batch's length makes sense.
    """
    at = 0
    while len(fetched) - at > OFFSET_AND_LENGTH.size:
        base, length = OFFSET_AND_LENGTH.unpack_from(fetched, at)
        if length < LEAST_LENGTH or len(fetched) - at < OFFSET_AND_LENGTH.size + length:
            break
        batch = fetched[at : at + OFFSET_AND_LENGTH.size + length]
        following = _following(base, batch)
        if following > offset and not _readable(batch):
            return following if following - offset <= MOST_RECORDS else offset + 1
        at += len(batch)
    return offset if at or not fetched else offset + 1


def _following(base: int, batch: bytes) -> int:
    if batch[MAGIC_AT] < 2:
        return base + 1
    return base + max(0, struct.unpack_from(">i", batch, LAST_DELTA_AT)[0]) + 1


def _readable(batch: bytes) -> bool:
    try:
        records: Any = MemoryRecords(batch)
        parsed = records.next_batch()
        return parsed.validate_crc() and all(True for _ in parsed)
    except Exception:  # noqa: BLE001  # the codecs raise what they like
        return False
