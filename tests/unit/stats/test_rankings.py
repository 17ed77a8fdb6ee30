"""Figures by category, agent and model: what comes first, and to how many decimals."""

from datetime import date

import pytest

from nexus_contracts.stats import AgentRank
from nexus_stats.domain.figures import Period, builds_report, invocations_report, overview, period
from nexus_stats.domain.rankings import agent_categories, top_agents, usage_report
from nexus_stats.domain.rows import Counts
from nexus_stats.domain.sketch import Timed, bin_of

DAY = date(2026, 3, 1)
ONE_DAY = Period(DAY, DAY)
AGENTS: dict[str, Counts] = {
    "p:seldom:used": {"total": 3, "successful": 3, "duration_ms": 1000, "cost_nano_usd": 1},
    "p:often": {"total": 9, "successful": 1, "failed": 2, "duration_ms": 100, "cost_nano_usd": 3},
    "p:slow": {"total": 4, "successful": 1, "failed": 1, "duration_ms": 9000, "cost_nano_usd": 2},
    "p:never": {"input_tokens": 1},
}


@pytest.mark.parametrize(
    ("by", "wanted"),
    [
        (AgentRank.INVOCATIONS, ["p:often", "p:slow", "p:seldom:used", "p:never"]),
        (AgentRank.SUCCESS_RATE, ["p:seldom:used", "p:slow", "p:often", "p:never"]),
        (AgentRank.DURATION, ["p:slow", "p:seldom:used", "p:often", "p:never"]),
        (AgentRank.COST, ["p:often", "p:slow", "p:seldom:used", "p:never"]),
    ],
)
def test_agents_are_ranked_by_what_is_asked_for(by: AgentRank, wanted: list[str]) -> None:
    assert [one.agent_id for one in top_agents(by, 9, ONE_DAY, AGENTS).items] == wanted
    assert [one.agent_id for one in top_agents(by, 2, ONE_DAY, AGENTS).items] == wanted[:2]


def test_of_equals_those_invoked_more_often_come_first_and_then_the_order_is_that_of_names() -> None:
    equals: dict[str, Counts] = {"p:c": {"total": 1}, "p:b": {"total": 2}, "p:a": {"total": 1}}
    ranked = top_agents(AgentRank.COST, 3, ONE_DAY, equals).items
    assert [one.agent_id for one in ranked] == ["p:b", "p:a", "p:c"]


def test_an_agent_has_its_figures_and_the_project_is_what_stands_before_the_first_colon() -> None:
    (one,) = top_agents(AgentRank.COST, 1, ONE_DAY, {"p:a:b": {**AGENTS["p:slow"], "cancelled": 1}}).items
    assert (one.project_id, one.agent_name, one.invocations) == ("p", "a:b", 4)
    assert (one.successful, one.failed, one.cancelled, one.success_rate) == (1, 1, 1, 50.0)
    assert (one.avg_duration_ms, one.cost_usd) == (3000.0, 2e-9)
    (unused,) = top_agents(AgentRank.COST, 1, ONE_DAY, {"p:a": {"input_tokens": 2, "output_tokens": 3}}).items
    assert (unused.invocations, unused.avg_duration_ms, unused.tokens) == (0, 0.0, 5)


def test_categories_with_the_most_agents_come_first_and_of_equals_the_one_without_a_name() -> None:
    counts = {"b|running": 1, "|offline": 1, "a|building": 1, "c|running": 1, "c|offline": 2, "Z|running": 1}
    items = agent_categories(counts).items
    assert [one.category for one in items] == ["c", None, "Z", "a", "b"]
    assert [one.total_agents for one in items] == [3, 1, 1, 1, 1]
    assert (items[0].running_agents, items[0].building_agents, items[0].offline_agents) == (1, 0, 2)


def test_the_most_expensive_come_first_and_of_equals_what_used_more_tokens_and_then_what_has_no_name() -> None:
    costs: dict[str, Counts] = {
        "cheap": {"cost_nano_usd": 1, "input_tokens": 90},
        "dear": {"cost_nano_usd": 2, "input_tokens": 1},
        "talkative": {"cost_nano_usd": 1, "output_tokens": 91},
        "unused": {},
    }
    models = {f"{name}|{counter}": number for name, counts in costs.items() for counter, number in counts.items()}
    models |= {"Z|cost_nano_usd": 1, "Z|input_tokens": 90, "|cost_nano_usd": 1, "|output_tokens": 90}
    report = usage_report(ONE_DAY, {}, models, costs)
    assert [one.agent_id for one in report.by_agent] == ["dear", "talkative", "cheap"]
    assert [one.model for one in report.by_model] == ["dear", "talkative", None, "Z", "cheap"]


def test_minutes_are_told_to_four_decimals_and_milliseconds_to_two() -> None:
    counts = {"total": 7, "successful": 7, "duration_ms": 1_000_000, bin_of(777_777): 7}
    whole = overview(Timed.of(counts), {}, {})
    (builds,) = builds_report(ONE_DAY, {"2026-03-01": Timed.of(counts)}).items
    (invocations,) = invocations_report(ONE_DAY, {"2026-03-01": Timed.of(counts)}).items
    assert whole.avg_build_time_minutes == builds.avg_duration_minutes == 2.381
    assert invocations.avg_duration_ms == 142_857.14
    for told in (whole.build_time_minutes, builds.duration_minutes):
        assert told.p50 == round(told.p50, 4) != round(told.p50, 3)
    assert invocations.duration_ms.p50 == round(invocations.duration_ms.p50, 2) != round(invocations.duration_ms.p50, 1)


def test_one_that_ended_without_a_duration_took_none() -> None:
    assert overview(Timed({"total": 1, "successful": 1}), {}, {}).avg_build_time_minutes == 0.0


def test_a_range_that_is_refused_says_why() -> None:
    with pytest.raises(Exception, match=r"^start_date must not be after end_date$"):
        period(DAY, date(2026, 2, 1), DAY)
    with pytest.raises(Exception, match=r"^the range must be at most 366 days$"):
        period(date(2020, 1, 1), DAY, DAY)
