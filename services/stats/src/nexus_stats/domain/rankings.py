"""Figures by category, agent and model."""

from collections.abc import Iterable, Mapping
from typing import Any

from nexus_contracts.stats import (
    AgentCategories,
    AgentCategory,
    AgentFigures,
    AgentRank,
    TopAgents,
    UsageFigures,
    UsageOfAgent,
    UsageOfDay,
    UsageOfModel,
    UsageReport,
)
from nexus_stats.domain.figures import ByDay, Period, average, success_rate, tokens
from nexus_stats.domain.rows import Counts, added, by_name

NANO = 10**9


def agent_categories(counts: Counts) -> AgentCategories:
    """Categories that have agents, those with the most agents first."""
    items = [_category(name, by_status) for name, by_status in by_name(counts).items()]
    return AgentCategories(items=sorted(items, key=lambda one: (-one.total_agents, one.category or "")))


def _category(name: str, by_status: Counts) -> AgentCategory:
    running, building, offline = (by_status.get(status, 0) for status in ("running", "building", "offline"))
    return AgentCategory(
        category=name or None,
        total_agents=running + building + offline,
        running_agents=running,
        building_agents=building,
        offline_agents=offline,
    )


def top_agents(by: AgentRank, limit: int, chosen: Period, agents: Mapping[str, Counts]) -> TopAgents:
    """The `limit` highest; of equals, those invoked more often come first."""
    items = [_agent(agent_id, counts) for agent_id, counts in agents.items()]
    items.sort(key=lambda one: (-_rank(by, one), -one.invocations, one.agent_id))
    return TopAgents(by=by, items=items[:limit], **chosen.ends())


def _rank(by: AgentRank, one: AgentFigures) -> float:
    match by:
        case AgentRank.INVOCATIONS:
            return one.invocations
        case AgentRank.SUCCESS_RATE:
            return one.success_rate
        case AgentRank.DURATION:
            return one.avg_duration_ms
        case AgentRank.COST:
            return one.cost_usd


def _agent(agent_id: str, counts: Counts) -> AgentFigures:
    project_id, _, name = agent_id.partition(":")
    return AgentFigures(
        agent_id=agent_id,
        project_id=project_id,
        agent_name=name,
        invocations=counts.get("total", 0),
        successful=counts.get("successful", 0),
        failed=counts.get("failed", 0),
        cancelled=counts.get("cancelled", 0),
        success_rate=success_rate(counts),
        avg_duration_ms=average(counts, 1, 2),
        tokens=tokens(counts),
        cost_usd=counts.get("cost_nano_usd", 0) / NANO,
    )


def usage_report(chosen: Period, days: ByDay, models: Counts, agents: Mapping[str, Counts]) -> UsageReport:
    """`days` are of invocations and builds together; `models` and `agents` are of the whole period."""
    by_agent = [UsageOfAgent(agent_id=name, **_usage(counts)) for name, counts in agents.items()]
    by_model = [UsageOfModel(model=name or None, **_usage(counts)) for name, counts in by_name(models).items()]
    return UsageReport(
        total=UsageFigures(**_usage(added(days.values()))),
        by_day=[UsageOfDay(date=day, **_usage(days.get(day, {}))) for day in chosen.days()],
        by_agent=sorted((one for one in by_agent if _used(one)), key=lambda one: (*_expense(one), one.agent_id)),
        by_model=sorted(by_model, key=lambda one: (*_expense(one), one.model or "")),
        **chosen.ends(),
    )


def _used(one: UsageFigures) -> bool:
    return any((one.input_tokens, one.output_tokens, one.tool_calls, one.cost_usd))


def _expense(one: UsageFigures) -> tuple[float, int]:
    """Sort key: the most expensive first."""
    return -one.cost_usd, -one.input_tokens - one.output_tokens


def together(rows: Iterable[Counts]) -> dict[str, dict[str, int]]:
    """The figures by name, from rows that hold those of many names."""
    return by_name(added(rows))


def _usage(counts: Counts) -> dict[str, Any]:
    whole = {name: counts.get(name, 0) for name in ("input_tokens", "output_tokens", "tool_calls")}
    return {**whole, "cost_usd": counts.get("cost_nano_usd", 0) / NANO}
