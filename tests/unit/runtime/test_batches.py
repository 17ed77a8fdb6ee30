"""Where reading goes on after a batch that cannot be read."""

import pytest
from tests.support.raw_batches import UNREADABLE, batch, with_base, with_length

from nexus_runtime.kafka.batches import after_unreadable


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
