"""What single events say, to the last figure: what a sum over a whole history could hide."""

from datetime import UTC, datetime

import pytest

from nexus_contracts.agents.events import AgentDeleted, InvocationSucceeded
from nexus_contracts.builds.events import BuildStopped
from nexus_contracts.builds.reports import StageStarted, Usage
from nexus_stats.domain.counting import AGENT_TOTALS, FactChange, Row, changes, fold, joined, packed
from nexus_stats.domain.facts import (
    AgentFact,
    BuildFact,
    EndFact,
    InvocationFact,
    agent_fact,
    build_fact,
    invocation_fact,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROJECT = "proj_" + "a" * 32
USAGE = Usage(input_tokens=3, output_tokens=5, tool_calls=7, cost_usd=1.5)


def delta(*changed: FactChange) -> list[object]:
    return [dict(change.delta) for change in changed]


def test_an_invocations_usage_is_kept_figure_by_figure() -> None:
    event = InvocationSucceeded.model_construct(invocation_id="inv_1", started_at=NOW, duration_ms=11, usage=USAGE)
    assert invocation_fact(event) == InvocationFact(
        "inv_1", "2026-03-01", EndFact("successful", 11, 3, 5, 7, 1_500_000)
    )


def test_tokens_of_both_directions_are_counted_and_none_before_the_end() -> None:
    day = Row("invocations", "2026-03-01")
    running = InvocationFact("inv_1", day.name)
    ended = InvocationFact("inv_1", day.name, EndFact("successful", 11, 3, 5))
    assert delta(*changes(fold([running]), {})) == [{day: {"total": 1}}]
    assert delta(*changes(fold([ended]), {})) == [{day: {"total": 1, "tokens": 8, "successful": 1, "duration_ms": 11}}]


def test_a_deleted_agent_is_counted_nowhere() -> None:
    event = AgentDeleted.model_construct(agent_id="a")
    assert agent_fact(event, 4) == AgentFact("a", 4, "deleted")
    assert delta(*changes(fold([AgentFact("a", 4, "deleted")]), {})) == [{}]
    assert delta(*changes(fold([AgentFact("a", 4, "running")]), {})) == [{AGENT_TOTALS: {"running": 1}}]


def test_a_build_that_was_stopped_before_it_began_took_no_time() -> None:
    event = BuildStopped.model_construct(project_id=PROJECT, attempt=1, duration_seconds=None)
    assert build_fact(event, NOW) == BuildFact(PROJECT, 1, ending=EndFact("cancelled", 0))


def test_a_stage_that_does_not_exist_moves_no_build() -> None:
    event = StageStarted.model_construct(project_id=PROJECT, attempt=1, stage_name="unheard_of")
    assert build_fact(event, NOW) == BuildFact(PROJECT, 1, stage=0)


def test_facts_of_different_kinds_are_not_joined() -> None:
    with pytest.raises(TypeError, match="agent#a and build#p#1"):
        joined(AgentFact("a", 1, "running"), BuildFact("p", 1))


def test_a_transaction_is_filled_to_its_limit() -> None:
    day, other = Row("builds", "2026-03-01"), Row("builds", "2026-03-02")
    wanted = [
        FactChange(BuildFact(f"p{number}", 1), 0, {row: {"total": 1}}) for number, row in enumerate((day, day, other))
    ]
    assert [len(group) for group in packed(wanted, 3)] == [2, 1]
