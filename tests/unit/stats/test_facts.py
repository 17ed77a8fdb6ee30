"""What single events say, to the last figure: what a sum over a whole history could hide."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from nexus_contracts.agents.events import (
    AgentDeleted,
    AgentDescribed,
    AgentStatus,
    AgentUsage,
    InvocationStarted,
    InvocationSucceeded,
)
from nexus_contracts.builds.events import BuildStopped
from nexus_contracts.builds.reports import StageStarted, StageUsageRecorded
from nexus_stats.domain.activities import activity
from nexus_stats.domain.counting import (
    HORIZON,
    KEPT,
    FactChange,
    Observation,
    Seen,
    Stored,
    changes,
    fold,
    joined,
    packed,
    too_old,
)
from nexus_stats.domain.facts import AgentFact, BuildFact, EndFact, agent_fact, build_fact
from nexus_stats.domain.marks import invocation_tally, usage_tally
from nexus_stats.domain.rows import (
    MODEL_COUNTERS,
    MODELS,
    OTHERS,
    Counts,
    Delta,
    Row,
    added,
    agent_group,
    agent_totals,
    agents_metric,
    bounded,
    by_name,
    category_totals,
    under,
)
from nexus_stats.metrics import tell_use

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = "2026-03-01"
PROJECT = "proj_" + "a" * 32
USAGE = AgentUsage(input_tokens=3, output_tokens=5, tool_calls=7, cost_usd=1.5, model="small")
USED = {"input_tokens": 3, "output_tokens": 5, "tool_calls": 7, "cost_nano_usd": 1_500_000_000}
STARTED = InvocationStarted.model_construct(invocation_id="inv_1", agent_id="p:a", started_at=NOW)
ENDED = InvocationSucceeded.model_construct(
    invocation_id="inv_1", agent_id="p:a", started_at=NOW, duration_ms=11, usage=USAGE
)


def changed(*seen: Observation, known: dict[str, Stored] | None = None, now: datetime = NOW) -> list[FactChange]:
    return changes(fold(Seen(one, now) for one in seen), known or {}, now)


def deltas(*seen: Observation) -> list[Delta]:
    return [dict(change.delta) for change in changed(*seen)]


def test_a_fact_that_says_nothing_new_is_not_stored_again() -> None:
    build = BuildFact("acme", PROJECT, 1, day=DAY, stage=2)
    earlier = replace(build, stage=1)
    assert changed(build, earlier, known={build.key: Stored(build, 3)}) == []


def test_an_activity_names_the_attempt_or_the_agent_that_it_is_about() -> None:
    event: Any = SimpleNamespace(id="evt_1", type="t", time=NOW)
    build = activity(event, BuildStopped.model_construct(project_id=PROJECT, attempt=2))
    agent = activity(event, AgentDeleted.model_construct(project_id=PROJECT, agent_id="p:a"))
    assert build is not None
    assert agent is not None
    assert (build.attempt, build.agent_id) == (2, None)
    assert (agent.attempt, agent.agent_id) == (None, "p:a")


def test_prometheus_is_told_tokens_and_cost_once() -> None:
    def told() -> list[float | None]:
        value = REGISTRY.get_sample_value
        return [
            value("nexus_tokens_total", {"by": "invocations", "direction": "input"}),
            value("nexus_tokens_total", {"by": "builds", "direction": "output"}),
            value("nexus_cost_usd_total", {"by": "invocations"}),
        ]

    tell_use([])
    before = [number or 0 for number in told()]
    page = invocation_tally(ENDED, "t", 3)
    used = usage_tally(
        StageUsageRecorded.model_construct(project_id=PROJECT, usage=USAGE, model="m"), "t", "event", NOW, 3
    )
    tell_use(changed(page, used))
    known = {one.key: Stored(frozenset(one.deltas), 1) for one in (page, used)}
    tell_use(changed(page, used, known=known))
    assert told() == [before[0] + 3, before[1] + 5, before[2] + 1.5]


def test_an_invocation_counts_with_its_end_figure_by_figure() -> None:
    agents = Row("t", agents_metric(agent_group("p:a")), DAY)
    ended = {"total": 1, "successful": 1, "duration_ms": 11, **USED}
    assert deltas(invocation_tally(ENDED, "t", 3)) == [
        {
            Row("t", "invocations", DAY): {**ended, "d120": 1},
            agents: {f"p:a|{name}": number for name, number in ended.items()},
            Row("t", "models", DAY): {f"small|{name}": number for name, number in USED.items()},
        }
    ]


def test_an_invocation_counts_once_whichever_event_comes_first() -> None:
    started, ended = invocation_tally(STARTED, "t", 3), invocation_tally(ENDED, "t", 3)
    for first, second in ((started, ended), (ended, started)):
        (before,) = changed(first)
        after = changed(second, known={before.key: Stored(before.content, 1)})
        totals = [one.delta[Row("t", "invocations", DAY)].get("total", 0) for one in (before, *after)]
        assert sum(totals) == 1
    assert changed(started, known={started.key: Stored(frozenset(started.deltas), 1)}) == []


def test_what_a_build_uses_counts_on_the_day_of_the_use_and_under_its_model() -> None:
    event = StageUsageRecorded.model_construct(project_id=PROJECT, attempt=1, usage=USAGE, model="large")
    assert deltas(usage_tally(event, "t", "evt_1", NOW, 0)) == [
        {
            Row("t", "usage", DAY): USED,
            Row("t", "models", DAY): {f"large|{name}": number for name, number in USED.items()},
        }
    ]


def test_two_uses_of_the_same_second_are_two() -> None:
    event = StageUsageRecorded.model_construct(project_id=PROJECT, attempt=1, usage=USAGE, model=None)
    tallies = [usage_tally(event, "t", name, NOW, 0) for name in ("evt_1", "evt_2", "evt_1")]
    (delta,) = deltas(*tallies)
    assert delta[Row("t", "usage", DAY)]["input_tokens"] == 6


def test_a_deleted_agent_is_counted_nowhere() -> None:
    event = AgentDeleted.model_construct(agent_id="a")
    assert agent_fact(event, "t", 4) == AgentFact("t", "a", 4, "deleted")
    assert deltas(AgentFact("t", "a", 4, "deleted")) == [{}]
    assert deltas(AgentFact("t", "a", 4, "running", "x", 2)) == [
        {agent_totals("t"): {"running": 1}, category_totals("t"): {"x|running": 1}}
    ]


def test_the_latest_description_tells_the_category_and_none_takes_it_away() -> None:
    told = AgentDescribed.model_construct(agent_id="a", status=AgentStatus.RUNNING, category=None)
    assert agent_fact(told, "t", 5).joined(AgentFact("t", "a", 4, "running", "x", 4)).category == ""
    assert AgentFact("t", "a", 7, "offline").joined(AgentFact("t", "a", 4, "running", "x", 4)).category == "x"


def test_a_build_that_was_stopped_before_it_began_took_no_time() -> None:
    event = BuildStopped.model_construct(project_id=PROJECT, attempt=1, duration_seconds=None)
    assert build_fact(event, "t", NOW) == BuildFact("t", PROJECT, 1, ending=EndFact("cancelled", 0))


def test_a_stage_that_does_not_exist_moves_no_build() -> None:
    event = StageStarted.model_construct(project_id=PROJECT, attempt=1, stage_name="unheard_of")
    assert build_fact(event, "t", NOW) == BuildFact("t", PROJECT, 1, stage=0)


def test_facts_of_different_kinds_are_not_joined() -> None:
    with pytest.raises(TypeError, match="agent#a and build#p#1"):
        joined(AgentFact("t", "a", 1, "running"), BuildFact("t", "p", 1))


def test_what_may_go_on_is_kept_for_good_and_what_has_ended_for_longer_than_the_horizon() -> None:
    running, ended = BuildFact("t", "p", 1, DAY), BuildFact("t", "p", 2, DAY, 6, EndFact("failed", 1))
    fresh, deleted = invocation_tally(STARTED, "t", 0), AgentFact("t", "a", 1, "deleted")
    expiries = [one.expires for one in changed(running, ended, fresh, deleted)]
    kept = int((NOW + KEPT).timestamp())
    assert expiries == [None, kept, kept, kept]
    (late,) = changed(fresh, now=NOW + KEPT)
    assert late.expires == int((NOW + KEPT + HORIZON).timestamp())


def test_beyond_the_horizon_only_what_is_known_is_still_heard() -> None:
    old = NOW - HORIZON - timedelta(seconds=1)
    build, page = BuildFact("t", "p", 1, DAY), invocation_tally(STARTED, "t", 0)
    seen = fold([Seen(build, old), Seen(page, old)])
    assert too_old(seen, {}, NOW) == {build.key, page.key}
    known = {build.key: Stored(build, 1), page.key: Stored(frozenset[bytes](), 1)}
    assert too_old(seen, known, NOW) == {page.key}
    assert too_old(fold([Seen(build, NOW - HORIZON)]), {}, NOW) == set()


def test_a_transaction_is_filled_to_its_limit() -> None:
    day, other = Row("t", "builds", DAY), Row("t", "builds", "2026-03-02")
    wanted = [
        FactChange(f"build#p{number}#1", BuildFact("t", f"p{number}", 1), 0, {row: {"total": 1}})
        for number, row in enumerate((day, day, other))
    ]
    assert [len(group) for group in packed(wanted, 3)] == [2, 1]


def test_models_beyond_the_bound_of_a_row_are_counted_as_one_and_none_is_lost() -> None:
    row = Row("t", MODELS, DAY)
    counts: Counts = {f"model-{number}|input_tokens": 1 for number in range(MODEL_COUNTERS - 1)}
    for name in ("the last", "one more", "another", "model-7"):
        counts = added((counts, bounded(row, counts, under(name, {"input_tokens": 1, "output_tokens": 2}))))
    assert len(by_name(counts)) == MODEL_COUNTERS + 1
    assert by_name(counts)["the last"] == {"input_tokens": 1, "output_tokens": 2}
    assert by_name(counts)[OTHERS] == {"input_tokens": 2, "output_tokens": 4}
    assert by_name(counts)["model-7"] == {"input_tokens": 2, "output_tokens": 2}


def test_rows_of_other_kinds_are_not_bounded() -> None:
    row = Row("t", agents_metric(0), DAY)
    counts = {f"agent-{number}|total": 1 for number in range(MODEL_COUNTERS)}
    assert bounded(row, counts, under("agent", {"total": 1})) == under("agent", {"total": 1})
