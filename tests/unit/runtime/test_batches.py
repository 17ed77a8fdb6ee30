"""Batches with headers of any name; and where reading continues after a batch that cannot be read."""

from typing import Any

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from tests.support.raw_batches import LZ4, UNREADABLE, ZSTD, batch, with_base, with_header_name, with_length

from nexus_runtime.kafka.batches import Batches, after_unreadable

ODD_NAME = with_header_name(batch(b"a", headers=[("odd", b"x")]), b"odd", b"\xff\xfe\x80")


@pytest.mark.parametrize("kind", UNREADABLE)
def test_after_the_last_record_of_the_batch(kind: str) -> None:
    assert after_unreadable(with_base(UNREADABLE[kind], 10), 10) == 12
    assert after_unreadable(with_base(UNREADABLE[kind], 10), 11) == 12


def test_readable_batches_before_it_are_passed() -> None:
    fetched = with_base(batch(b"a"), 9) + with_base(UNREADABLE["no zstd"], 10) + with_base(batch(b"b"), 12)
    assert after_unreadable(fetched, 9) == 12


@pytest.mark.parametrize("length", [-(2**31), -1, 0, 5, 2**31 - 1])
def test_a_length_that_cannot_be_leaves_one_offset(length: int) -> None:
    assert after_unreadable(with_length(with_base(batch(b"a"), 10), length), 10) == 11


def test_readable_records_are_never_passed_over() -> None:
    assert after_unreadable(with_base(batch(b"a", b"b", b"c"), 10), 10) == 10
    assert after_unreadable(b"", 10) == 10


def test_a_batch_that_was_fetched_in_part_is_not_passed_over() -> None:
    whole = with_base(batch(b"a"), 10) + with_base(UNREADABLE["no zstd"], 11)
    assert after_unreadable(whole[:-5], 10) == 10


def test_a_header_name_that_is_no_utf_8_does_not_hide_its_record_or_those_behind() -> None:
    batches = Batches(ODD_NAME + batch(b"b", b"c"))
    with pytest.raises(UnicodeDecodeError):
        list(batches.next_batch())
    batches.again()
    first, second = list(batches.next_batch()), list(batches.next_batch())
    assert [record.value for record in first + second] == [b"a", b"b", b"c"]
    assert first[0].headers == [("\udcff\udcfe\udc80", b"x")]
    assert not batches.has_next()


@pytest.mark.parametrize("codec", [0, 1, 2, LZ4, ZSTD])
def test_the_slower_decoder_reads_what_the_fast_one_reads(codec: int) -> None:
    builder: Any = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, -1, 1 << 20)
    builder.append(0, 1000, b"k", "äö€".encode() * 100, [("é", b"\xff"), ("null", None)])
    builder.append(1, 2000, None, None, [])
    batches = Batches(bytes(builder.build()))
    fast = batches.next_batch()
    batches.again()
    slow = batches.next_batch()
    assert slow.validate_crc()
    assert [_content(record) for record in slow] == [_content(record) for record in fast]


def _content(record: Any) -> tuple[Any, ...]:
    return record.offset, record.timestamp, record.key, record.value, list(record.headers)


def test_a_batch_with_such_a_name_is_never_passed_over() -> None:
    assert after_unreadable(with_base(ODD_NAME, 10), 10) == 10
