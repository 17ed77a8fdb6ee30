"""How many dead letters are open: those that are kept, without those whose marks say that they were settled."""

from nexus_contracts.dead_letters import Mark, State
from nexus_runtime.kafka.dead_letters import open_letters
from nexus_runtime.process.clock import utc_now

TOPIC, OTHER = "builds.reports.v1.builds-reports.dlq", "builds.events.v1.stats-builds.dlq"


def mark(topic: str | None, offset: int | None, outcome: State = State.REDRIVEN) -> Mark:
    return Mark(letter="3f2a", outcome=outcome, time=utc_now(), topic=topic, offset=offset)


def test_redriven_and_dropped_letters_are_not_open() -> None:
    kept = {TOPIC: range(0, 3), OTHER: range(0, 1)}
    assert open_letters(kept, []) == {TOPIC: 3, OTHER: 1}
    assert open_letters(kept, [mark(TOPIC, 0), mark(TOPIC, 2, State.DROPPED)]) == {TOPIC: 1, OTHER: 1}


def test_a_topic_whose_letters_are_all_settled_is_left_out() -> None:
    assert open_letters({TOPIC: range(4, 5), OTHER: range(0, 0)}, [mark(TOPIC, 4)]) == {}


def test_a_letter_that_was_marked_twice_counts_once() -> None:
    assert open_letters({TOPIC: range(0, 3)}, [mark(TOPIC, 1), mark(TOPIC, 1, State.DROPPED)]) == {TOPIC: 2}


def test_marks_of_letters_that_are_gone_count_for_none() -> None:
    assert open_letters({TOPIC: range(5, 7)}, [mark(TOPIC, 4), mark(TOPIC, 7), mark("gone.dlq", 5)]) == {TOPIC: 2}


def test_a_mark_that_does_not_say_where_its_letter_is_counts_for_none() -> None:
    old = Mark.model_validate_json('{"letter": "3f2a", "outcome": "dropped", "time": "2026-01-02T10:00:00.000000Z"}')
    assert open_letters({TOPIC: range(0, 2)}, [old]) == {TOPIC: 2}
