"""When a consumer stands still, and when it only looks as though it did."""

import pytest

from nexus_runtime.kafka.progress import Progress, Reading


class Watched:
    """A consumer of partitions, looked at once a second."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.progress = Progress[str](lambda: self.now)

    def see(self, seconds: int = 1, **readings: Reading) -> set[str]:
        """What has stood still for thirty seconds, after so many seconds in which nothing but the fetches changed."""
        for _ in range(seconds):
            self.now += 1
            self.progress.observe(readings)
        return set(self.progress.stalled(30))


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_position_that_stays_behind_the_end_is_stalled(watched: Watched) -> None:
    assert watched.see(30, p=Reading(5, 9, 1)) == set()
    assert watched.see(1, p=Reading(5, 9, 2)) == {"p"}
    assert "at offset 5, its end at 9" in watched.progress.stalled(30)["p"]


def test_progress_ends_a_stall(watched: Watched) -> None:
    watched.see(60, p=Reading(5, 9, 1))
    assert watched.see(1, p=Reading(6, 9, 1)) == set()
    assert watched.see(31, p=Reading(6, 9, 1)) == {"p"}


def test_a_partition_read_to_its_end_is_never_stalled(watched: Watched) -> None:
    for at in range(100):
        assert watched.see(1, p=Reading(9, 9, at)) == set()


def test_at_the_end_without_an_answer_of_the_broker_is_stalled(watched: Watched) -> None:
    assert watched.see(31, p=Reading(9, 9, 1)) == {"p"}


def test_beyond_the_end_is_stalled_although_the_broker_answers(watched: Watched) -> None:
    for at in range(31):
        watched.see(1, p=Reading(50, 9, at))
    assert set(watched.progress.stalled(30)) == {"p"}


def test_a_partition_without_a_position_is_stalled(watched: Watched) -> None:
    assert watched.see(31, p=Reading(None, None, None)) == {"p"}


def test_a_batch_taken_again_and_again_is_no_progress(watched: Watched) -> None:
    for at in range(31):
        watched.see(1, p=Reading(5, 9, at, queued=at % 2 == 0))
    assert set(watched.progress.stalled(30)) == {"p"}


def test_records_that_wait_behind_another_partitions_backlog_are_no_stall(watched: Watched) -> None:
    for at in range(60):
        assert watched.see(1, busy=Reading(at, 900, 1), waits=Reading(5, 9, 1, queued=True)) == set()


def test_a_partition_that_is_not_fetched_is_stalled_whatever_the_others_do(watched: Watched) -> None:
    for at in range(31):
        watched.see(1, busy=Reading(at, 900, 1), lost=Reading(5, 9, 1))
    assert set(watched.progress.stalled(30)) == {"lost"}


def test_a_partition_that_was_given_up_and_comes_again_starts_anew(watched: Watched) -> None:
    watched.see(60, p=Reading(5, 9, 1))
    assert watched.see(1) == set()
    assert watched.see(30, p=Reading(5, 9, 1)) == set()


def test_what_a_transaction_holds_up_is_stalled_for_a_cause_of_its_own(watched: Watched) -> None:
    assert watched.see(31, p=Reading(5, 9, 1, held=True)) == {"p"}
    assert watched.progress.stalled(30)["p"].endswith("an open transaction holds it up")
    assert watched.progress.stalled(30, but_held=True) == {}
