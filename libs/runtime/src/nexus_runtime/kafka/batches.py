"""Kafka's record batches as bytes: read whatever their headers are named, and found where they cannot be read."""

# aiokafka's decoder in Python is marked final for its users, and untyped where it is extended here.
# pyright: reportPrivateUsage=false, reportGeneralTypeIssues=false, reportUnknownMemberType=false

import struct
from typing import Any, SupportsIndex

from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy

OFFSET_AND_LENGTH = struct.Struct(">qi")
MAGIC_AT, LAST_DELTA_AT, LEAST_LENGTH = 16, 23, 15
MOST_RECORDS = 1_000_000


class Batches(_MemoryRecordsPy):
    """The batches of one fetch.

    aiokafka's fast decoder refuses a whole batch for one header whose name is not UTF-8; after `again` a slower one,
    which bears that, reads the same batch and those behind it.
    """

    def __init__(self, fetched: bytes) -> None:
        super().__init__(fetched)
        self._taken: tuple[Any, int] = (None, 0)
        self._bears_names = False

    def next_batch(self, *args: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # defaults only
        self._taken = self._next_slice, self._pos
        batch = super().next_batch(*args)
        if self._bears_names and isinstance(batch, DefaultRecordBatch):
            return _BatchWithAnyNames(self._taken[0])
        return batch

    def again(self) -> None:
        self._next_slice, self._pos = self._taken
        self._bears_names = True


class _BatchWithAnyNames(_DefaultRecordBatchPy):
    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer = _Decoded(self._buffer)


class _Decoded(bytearray):
    """Bytes of which any are text: those that are not UTF-8 become lone surrogates."""

    def __getitem__(self, at: SupportsIndex | slice) -> Any:
        part = super().__getitem__(at)
        return _Decoded(part) if isinstance(part, bytearray) else part

    def decode(self, *_: Any) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]  # always as UTF-8
        return super().decode(errors="surrogateescape")


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
    batches = Batches(batch)
    try:
        try:
            return _read(batches)
        except UnicodeDecodeError:
            batches.again()
            return _read(batches)
    except Exception:  # noqa: BLE001  # the codecs raise what they like
        return False


def _read(batches: Batches) -> bool:
    parsed = batches.next_batch()
    return parsed.validate_crc() and all(True for _ in parsed)
