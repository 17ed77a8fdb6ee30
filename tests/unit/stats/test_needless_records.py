"""The start of an invocation that has ended in the same batch is not even read: its end counts it."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from nexus_contracts.agents.events import InvocationStarted, InvocationSucceeded
from nexus_contracts.dead_letters import REDRIVEN_FOR_HEADER
from nexus_stats.consumers import ended_here
from nexus_stats.domain.marks import invocation_tally

FACT = {"invocation_id": "inv_1", "agent_id": "p:a", "user_id": "u", "started_at": "2026-01-01T00:00:00Z"}
STARTED = InvocationStarted.model_validate(FACT)
SUCCEEDED = InvocationSucceeded.model_validate(FACT | {"duration_ms": 3, "completed_at": "2026-01-01T00:00:01Z"})


def record(event: InvocationStarted | InvocationSucceeded, key: bytes | None, *more: tuple[str, bytes]) -> Any:
    return SimpleNamespace(key=key, headers=[("ce_type", event.type.encode()), *more])


def needless(records: Sequence[Any]) -> list[int]:
    found = ended_here(records)
    return [place for place, one in enumerate(records) if id(one) in found]


def test_a_start_whose_end_is_there_is_needless_in_whatever_order_they_come() -> None:
    batch = [record(STARTED, b"1"), record(STARTED, b"2"), record(SUCCEEDED, b"1"), record(STARTED, b"1")]
    assert needless(batch) == [0, 3]


def test_a_start_alone_is_read() -> None:
    assert needless([record(STARTED, b"1"), record(SUCCEEDED, b"2"), record(STARTED, None)]) == []
    assert needless([record(STARTED, None), record(SUCCEEDED, None)]) == []


def test_an_end_that_another_group_is_given_again_counts_nothing_here() -> None:
    assert needless([record(STARTED, b"1"), record(SUCCEEDED, b"1", (REDRIVEN_FOR_HEADER, b"another-group"))]) == []


def test_the_end_counts_what_the_start_counts() -> None:
    started, ended = (invocation_tally(event, "t", 3) for event in (STARTED, SUCCEEDED))
    assert (started.key, started.begun) == (ended.key, ended.begun)
    assert started.deltas.items() <= ended.deltas.items()
