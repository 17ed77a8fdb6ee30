"""What is stored of counted events: its names and marks stay what they are, or events would count twice."""

from datetime import UTC, datetime

from nexus_contracts.agents.events import AgentUsage, InvocationStarted, InvocationSucceeded
from nexus_contracts.builds.reports import StageUsageRecorded
from nexus_stats.domain.marks import MARK_BYTES, invocation_tally, marks_on, usage_tally
from nexus_stats.domain.rows import (
    MODEL_COUNTERS,
    MODELS,
    OTHERS,
    Row,
    agent_totals,
    bounded,
    build_totals,
    category_totals,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = int(NOW.timestamp())
USAGE = AgentUsage(input_tokens=3, output_tokens=5)
STARTED = InvocationStarted.model_construct(invocation_id="inv_1", agent_id="p:a", started_at=NOW)
ENDED = InvocationSucceeded.model_construct(
    invocation_id="inv_1", agent_id="p:a", started_at=NOW, duration_ms=11, usage=USAGE
)
USED = StageUsageRecorded.model_construct(project_id="p", attempt=1, usage=USAGE, model="large")


def test_the_page_of_an_event_is_named_by_kind_tenant_second_and_shard() -> None:
    assert (invocation_tally(STARTED, "t", 3).key, invocation_tally(STARTED, "t", 3).begun) == (
        f"invocations#t#{SECOND}#3",
        SECOND,
    )
    assert usage_tally(USED, "t", "evt_1", NOW, 7).key == f"usage#t#{SECOND}#7"


def test_the_marks_of_events_are_those_that_were_stored_before() -> None:
    assert [mark.hex() for mark in invocation_tally(ENDED, "t", 3).deltas] == [
        "fdcd576ab94112f2af0f1df7",
        "a3ca1fd279f4baaa05c682df",
    ]
    assert [mark.hex() for mark in usage_tally(USED, "t", "evt_1", NOW, 0).deltas] == ["965d75a6cff5ed7cbbea02c5"]


def test_a_page_is_read_as_the_marks_that_were_written() -> None:
    marks = [bytes([number]) * MARK_BYTES for number in range(3)]
    assert marks_on(b"".join(marks)) == frozenset(marks)
    assert marks_on(b"") == frozenset()


def test_totals_are_stored_under_their_names() -> None:
    assert build_totals("t") == Row("t", "totals", "builds")
    assert agent_totals("t") == Row("t", "totals", "agents")
    assert category_totals("t") == Row("t", "totals", "categories")


def test_a_full_row_of_models_counts_what_it_knows_and_takes_the_others_together() -> None:
    row = Row("t", MODELS, "2026-03-01")
    full = {f"a|b{number}|total": 1 for number in range(MODEL_COUNTERS)}
    delta = {"a|b1|total": 2, "a|total": 3, "new|total": 4}
    assert bounded(row, full, delta) == {"a|b1|total": 2, f"{OTHERS}|total": 7}
    almost = dict(list(full.items())[:-1])
    assert bounded(row, almost, delta) == delta
