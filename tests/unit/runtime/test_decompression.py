"""What is read from Kafka is decompressed, up to a limit."""

from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import codec
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from cramjam import DecompressionError

from nexus_runtime.kafka import batches, decompression, guarded
from nexus_runtime.kafka.decompression import DecompressedTooLarge

Codec = tuple[Callable[[Any], bytes], Callable[[Any], bytes]]
CODECS: dict[str, Codec] = {
    "gzip": (codec.gzip_encode, decompression.gzip_decode),
    "gzip in two members": (
        lambda payload: codec.gzip_encode(payload[:7]) + codec.gzip_encode(payload[7:]),
        decompression.gzip_decode,
    ),
    "snappy in blocks": (codec.snappy_encode, decompression.snappy_decode),
    "raw snappy": (lambda payload: codec.snappy_encode(payload, xerial_compatible=False), decompression.snappy_decode),
    "lz4": (codec.lz4_encode, decompression.lz4_decode),
    "zstd": (codec.zstd_encode, decompression.zstd_decode),
}


@pytest.mark.parametrize("size", [0, 8, 100_000])
@pytest.mark.parametrize("kind", CODECS)
def test_what_was_compressed_comes_back(kind: str, size: int) -> None:
    encode, decode = CODECS[kind]
    payload = bytes(number % 251 for number in range(size))
    assert decode(memoryview(encode(payload))) == payload


@pytest.mark.parametrize("kind", CODECS)
def test_what_is_more_than_the_limit_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompression, "MAX_DECOMPRESSED_BYTES", 100_000)
    encode, decode = CODECS[kind]
    assert decode(encode(bytes(100_000))) == bytes(100_000)
    with pytest.raises(DecompressedTooLarge, match="more than 100000 bytes"):
        decode(encode(bytes(100_001)))


@pytest.mark.parametrize("kind", CODECS)
def test_half_of_it_is_unreadable(kind: str) -> None:
    encode, decode = CODECS[kind]
    whole = bytes(encode(bytes(number % 251 for number in range(5_000))))
    with pytest.raises((EOFError, DecompressionError)):
        decode(whole[: len(whole) // 2])


@pytest.mark.parametrize("number", [1, 2, 3, 4], ids=["gzip", "snappy", "lz4", "zstd"])
def test_the_compiled_decoder_of_batches_keeps_the_limit(number: int) -> None:
    assert guarded.GuardedConsumer  # it sees to that
    builder: Any = DefaultRecordBatchBuilder(2, number, 0, -1, -1, -1, 1 << 30)
    builder.append(0, 1000, b"k", bytes(17_000_000), [])
    with pytest.raises(DecompressedTooLarge):
        list(batches.Batches(bytes(builder.build())).next_batch())
