"""Decompression that ends at a limit: a batch of a few kilobytes may stand for gigabytes.

aiokafka decompresses a batch whole and without a limit; its decoders take their codecs from their modules.
"""

# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import cramjam
from aiokafka.record import _crecords, default_records, legacy_records

from nexus_contracts.topics import MAX_MESSAGE_BYTES

MAX_DECOMPRESSED_BYTES = 16 * MAX_MESSAGE_BYTES
"""Limit for one batch. Brokers store batches of about a megabyte, and text rarely expands more than sixteenfold."""
XERIAL = b"\x82SNAPPY\x00"
XERIAL_HEADER_BYTES = 16
BLOCK_LENGTH = struct.Struct("!i")


class DecompressedTooLarge(ValueError):
    """The batch decompresses to more than the limit."""

    def __init__(self) -> None:
        super().__init__(f"more than {MAX_DECOMPRESSED_BYTES} bytes when decompressed")


def gzip_decode(payload: Any) -> bytes:
    """One or more members. Raises DecompressedTooLarge, zlib.error, EOFError."""
    rest, found = bytes(payload), bytearray()
    while rest:
        member = zlib.decompressobj(wbits=31)
        found += member.decompress(rest, MAX_DECOMPRESSED_BYTES + 1 - len(found))
        if len(found) > MAX_DECOMPRESSED_BYTES:
            raise DecompressedTooLarge
        if not member.eof:
            raise EOFError("the compressed batch is truncated")
        rest = member.unused_data
    return bytes(found)


def snappy_decode(payload: Any) -> bytes:
    """Raw, or in the blocks of the Java library. Raises DecompressedTooLarge, cramjam.DecompressionError."""
    blocks, size = list(_snappy_blocks(memoryview(payload))), 0
    for block in blocks:
        size += cramjam.snappy.decompress_raw_len(block)
        if size > MAX_DECOMPRESSED_BYTES:
            raise DecompressedTooLarge
    return b"".join(bytes(cramjam.snappy.decompress_raw(block)) for block in blocks)


def lz4_decode(payload: Any) -> bytes:
    """Raises DecompressedTooLarge, cramjam.DecompressionError."""
    return _decoded(cramjam.lz4.decompress_into, payload)


def zstd_decode(payload: Any) -> bytes:
    """Raises DecompressedTooLarge, cramjam.DecompressionError."""
    return _decoded(cramjam.zstd.decompress_into, payload)


def _decoded(decompress_into: Any, payload: Any) -> bytes:
    # The size is not known in advance, and memory has to be zeroed: so start small, which suffices for most batches.
    for share in (64, 8, 1):
        room = bytearray(MAX_DECOMPRESSED_BYTES // share)
        try:
            size = decompress_into(payload, room)
        except cramjam.DecompressionError as error:
            if "whole buffer" not in str(error):
                raise
        else:
            return bytes(memoryview(room)[:size])
    raise DecompressedTooLarge


def _snappy_blocks(payload: memoryview) -> Iterator[memoryview]:
    """https://github.com/xerial/snappy-java: a header, then each block behind its length."""
    if bytes(payload[: len(XERIAL)]) != XERIAL:
        yield payload
        return
    at = XERIAL_HEADER_BYTES
    while at < len(payload):
        (length,) = BLOCK_LENGTH.unpack_from(payload, at)
        at += BLOCK_LENGTH.size
        if length < 0 or at + length > len(payload):
            raise cramjam.DecompressionError("a block is longer than its batch")
        yield payload[at : at + length]
        at += length


def limit() -> None:
    """From now on this process decompresses everything from Kafka with these functions."""
    modules: tuple[Any, ...] = (default_records, legacy_records, _crecords.default_records, _crecords.legacy_records)
    for module in modules:
        for decode in (gzip_decode, snappy_decode, lz4_decode, zstd_decode):
            if hasattr(module, decode.__name__):
                setattr(module, decode.__name__, decode)
