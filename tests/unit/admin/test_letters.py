"""Dead letters as the operator's tool sees them: which are meant, and what is published again."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from nexus_admin.letters import Letter, LetterFilter, letters_of, marks_of
from nexus_contracts.dead_letters import State

TIME = "2026-01-02T10:00:00.000000Z"
ORIGIN = {
    "dlq_topic": "builds.events.v1",
    "dlq_partition": "1",
    "dlq_offset": "7",
    "dlq_value_bytes": "2",
    "dlq_group": "stats-builds",
    "dlq_code": "VALIDATION_ERROR",
    "dlq_error": "it does not fit",
    "dlq_time": TIME,
}


def record(**origin: str) -> Any:
    named = {"ce_type": "nexus.build.started.v1", **ORIGIN, **origin}
    return SimpleNamespace(
        topic="builds.events.v1.stats-builds.dlq",
        offset=3,
        key=b"proj_1",
        value=b"{}",
        headers=[(name, text.encode()) for name, text in named.items()],
    )


def letter(state: State = State.OPEN, **origin: str) -> Letter:
    [found] = letters_of([record(**origin)], {})
    return Letter(found.id, state, found.origin, found.record)


def test_a_letter_says_where_it_comes_from_and_why() -> None:
    seen = letter().details()
    assert (seen["group"], seen["code"], seen["type"], seen["key"], seen["topic"], seen["value"]) == (
        "stats-builds",
        "VALIDATION_ERROR",
        "nexus.build.started.v1",
        "proj_1",
        "builds.events.v1",
        "{}",
    )
    assert seen["headers"] == {"ce_type": "nexus.build.started.v1"}


def test_its_mark_says_what_became_of_it() -> None:
    known = letter().id
    [marked] = letters_of([record()], {known: State.REDRIVEN})
    [other] = letters_of([record(dlq_time="2026-01-02T10:00:01.000000Z")], {known: State.REDRIVEN})
    assert (marked.state, other.state) == (State.REDRIVEN, State.OPEN)


def test_a_mark_of_no_known_form_is_named_and_the_others_count() -> None:
    good = b'{"letter": "3f2a", "outcome": "dropped", "time": "2026-01-02T10:00:00.000000Z"}'
    strange = (None, b"", b"{", b"null", good.replace(b"dropped", b"burnt"), b'{"letter": ' + b"[" * 10_000)
    records = [
        SimpleNamespace(topic="marks", partition=0, offset=offset, value=value)
        for offset, value in enumerate((*strange, good))
    ]
    marks, unreadable = marks_of(records)
    assert marks == {"3f2a": State.DROPPED}
    assert [one.offset for one in unreadable] == list(range(len(strange)))


def test_a_header_whose_name_is_no_text_is_shown_and_redriven_escaped() -> None:
    odd = record()
    odd.headers = [("x\udcff", b"1"), *odd.headers]
    [found] = letters_of([odd], {})
    assert found.details()["headers"] == {"x\\udcff": "1", "ce_type": "nexus.build.started.v1"}
    assert ("x\\udcff", b"1") in found.redriven_headers()


def test_what_a_stranger_claims_of_the_origin_is_not_believed() -> None:
    claimed = record()
    claimed.headers = [("dlq_topic", b"agents.commands.v1"), *claimed.headers]
    [found] = letters_of([claimed], {})
    assert found.source == "builds.events.v1"


def test_a_redriven_record_is_for_the_group_that_failed_alone() -> None:
    again = letter().redriven_headers()
    assert again == [("ce_type", b"nexus.build.started.v1"), ("nexus_redriven_for", b"stats-builds")]
    twice = letter(nexus_redriven_for="stats-builds").redriven_headers()
    assert twice == again


@pytest.mark.parametrize(
    ("unfit", "why"),
    [
        (letter(State.REDRIVEN), "was redriven already"),
        (letter(State.DROPPED), "was dropped already"),
        (letter(dlq_topic="elsewhere"), "does not say"),
        (letter(dlq_value_bytes="2000000"), "in part only"),
    ],
)
def test_what_cannot_be_redriven_says_why(unfit: Letter, why: str) -> None:
    assert why in (unfit.obstacle_to(State.REDRIVEN) or "")


def test_what_cannot_be_redriven_can_be_dropped_once() -> None:
    assert letter(dlq_topic="elsewhere").obstacle_to(State.DROPPED) is None
    assert letter(State.DROPPED).obstacle_to(State.DROPPED) == "was dropped already"


@pytest.mark.parametrize(
    ("chosen", "fits"),
    [
        (LetterFilter(), True),
        (LetterFilter(group="stats-builds", code="VALIDATION_ERROR", key="proj_1"), True),
        (LetterFilter(group="agents-projects"), False),
        (LetterFilter(type="nexus.build.failed.v1"), False),
        (LetterFilter(ids=("zz",)), False),
        (LetterFilter(since=datetime(2026, 1, 2, 10, tzinfo=UTC)), True),
        (LetterFilter(until=datetime(2026, 1, 2, 10, tzinfo=UTC)), False),
        (LetterFilter(state=State.DROPPED), False),
    ],
)
def test_a_letter_is_meant_when_it_fits_all_of_the_filter(chosen: LetterFilter, fits: bool) -> None:
    assert chosen.fits(letter()) is fits


def test_a_state_alone_is_no_filter() -> None:
    assert LetterFilter(state=State.OPEN).empty
    assert not LetterFilter(code="INTERNAL_ERROR").empty
