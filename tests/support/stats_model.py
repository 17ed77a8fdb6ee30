"""The figures, computed again from a whole history, in the plainest way: what the service is compared with."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from nexus_contracts.envelope import CloudEvent

STAGE_ORDER = (
    "orchestrator",
    "requirements_analysis",
    "system_architecture",
    "agent_design",
    "agent_developer_manager",
    "agent_deployer",
)
BUILD_ENDS = {
    "nexus.build.completed.v1": "successful",
    "nexus.build.failed.v1": "failed",
    "nexus.build.stopped.v1": "cancelled",
}
INVOCATION_ENDS = {
    "nexus.invocation.succeeded.v1": "successful",
    "nexus.invocation.failed.v1": "failed",
    "nexus.invocation.cancelled.v1": "cancelled",
}
Things = list[dict[str, Any]]


def builds_in(events: Iterable[CloudEvent]) -> Things:
    """One entry for each attempt whose start is in the history."""
    attempts: dict[tuple[Any, Any], list[CloudEvent]] = {}
    for event in events:
        attempts.setdefault((event.data.get("project_id"), event.data.get("attempt")), []).append(event)
    builds: Things = []
    for own in attempts.values():
        starts = [event for event in own if event.type == "nexus.build.started.v1"]
        if not starts:
            continue
        stages = [STAGE_ORDER.index(str(starts[0].data.get("from_stage") or "orchestrator"))]
        stages += [
            STAGE_ORDER.index(str(event.data["stage_name"])) for event in own if event.type == "nexus.stage.started.v1"
        ]
        ends = [event for event in own if event.type in BUILD_ENDS]
        builds.append(
            {
                "day": starts[0].time.date(),
                "stage": STAGE_ORDER[max(stages)],
                "outcome": BUILD_ENDS[ends[0].type] if ends else None,
                "milliseconds": Fraction(str(ends[0].data["duration_seconds"])) * 1000 if ends else None,
            }
        )
    return builds


def invocations_in(events: Iterable[CloudEvent]) -> Things:
    own: dict[Any, dict[str, Any]] = {}
    for event in events:
        if not event.type.startswith("nexus.invocation."):
            continue
        day = date.fromisoformat(str(event.data["started_at"])[:10])
        fresh = {"day": day, "agent": event.data.get("agent_id"), "outcome": None, "usage": {}}
        entry = own.setdefault(event.data["invocation_id"], fresh)
        if event.type in INVOCATION_ENDS:
            entry |= {"outcome": INVOCATION_ENDS[event.type], "milliseconds": event.data["duration_ms"]}
            entry["usage"] = event.data.get("usage") or {}
    return list(own.values())


def agents_in(events: Iterable[CloudEvent]) -> Things:
    """Status and category of every agent that is not deleted."""
    latest: dict[Any, dict[str, Any]] = {}
    for event in sorted(events, key=lambda event: event.sequence or 0):
        if event.type.startswith("nexus.agent."):
            agent = latest.setdefault(event.data["agent_id"], {"category": None})
            agent |= {"status": event.data["status"], "deleted": event.type == "nexus.agent.deleted.v1"}
            if event.type in ("nexus.agent.described.v1", "nexus.agent.deployed.v1"):
                agent["category"] = event.data.get("category")
    return [agent for agent in latest.values() if not agent["deleted"]]


def expected_overview(events: Iterable[CloudEvent], today: date) -> dict[str, Any]:
    history = list(events)
    builds, agents = builds_in(history), [agent["status"] for agent in agents_in(history)]
    return {
        "total_agents": len(agents),
        "running_agents": agents.count("running"),
        "building_agents": agents.count("building"),
        "offline_agents": agents.count("offline"),
        "total_builds": len(builds),
        "success_rate": rate(builds),
        "avg_build_time_minutes": minutes(builds),
        "today_calls": len([one for one in invocations_in(history) if one["day"] == today]),
        "build_time_minutes": quantiles(builds, 60_000),
    }


def expected_builds(events: Iterable[CloudEvent], first: date, last: date) -> Things:
    builds = builds_in(events)
    items: Things = []
    for day in _days(first, last):
        own = [build for build in builds if build["day"] == day]
        items.append(
            {
                "date": str(day),
                "total_builds": len(own),
                **{f"{outcome}_builds": number(own, outcome) for outcome in ("successful", "failed", "cancelled")},
                "avg_duration_minutes": minutes(own),
                "builds_by_stage": {name: len([b for b in own if b["stage"] == name]) for name in STAGE_ORDER},
                "duration_minutes": quantiles(own, 60_000),
            }
        )
    return items


def expected_invocations(events: Iterable[CloudEvent], first: date, last: date) -> Things:
    invocations = invocations_in(events)
    items: Things = []
    for day in _days(first, last):
        own = [one for one in invocations if one["day"] == day]
        items.append(
            {
                "date": str(day),
                "total": len(own),
                **{outcome: number(own, outcome) for outcome in ("successful", "failed", "cancelled")},
                "success_rate": rate(own),
                "avg_duration_ms": pytest.approx(float(mean_milliseconds(own)), abs=0.006),
                "duration_ms": quantiles(own, 1),
            }
        )
    return items


def expected_trends(events: Iterable[CloudEvent], first: date, last: date) -> dict[str, Things]:
    """The points of each metric."""
    history = list(events)
    builds, invocations, uses = builds_in(history), invocations_in(history), uses_in(history)
    values: dict[str, Callable[[date], Any]] = {
        "builds": lambda day: len(_on(day, builds)),
        "invocations": lambda day: len(_on(day, invocations)),
        "success_rate": lambda day: rate(_on(day, builds)),
        "invocation_success_rate": lambda day: rate(_on(day, invocations)),
        "avg_build_time_minutes": lambda day: minutes(_on(day, builds)),
        "avg_duration_ms": lambda day: pytest.approx(float(mean_milliseconds(_on(day, invocations))), abs=0.006),
        "tokens": lambda day: sum(one["input_tokens"] + one["output_tokens"] for one in _on(day, uses)),
    }
    days = _days(first, last)
    return {name: [{"date": str(day), "value": value(day)} for day in days] for name, value in values.items()}


def expected_categories(events: Iterable[CloudEvent]) -> Things:
    agents = agents_in(events)
    items: Things = []
    for category in {agent["category"] for agent in agents}:
        own = [agent["status"] for agent in agents if agent["category"] == category]
        by_status = {f"{status}_agents": own.count(status) for status in ("running", "building", "offline")}
        items.append({"category": category, "total_agents": len(own), **by_status})
    return sorted(items, key=lambda one: (-one["total_agents"], one["category"] or ""))


def expected_agents(events: Iterable[CloudEvent], first: date, last: date) -> dict[Any, dict[str, Any]]:
    """What each agent was asked in these days, by its id."""
    asked = [one for one in invocations_in(events) if first <= one["day"] <= last]
    found: dict[Any, dict[str, Any]] = {}
    for agent in {one["agent"] for one in asked}:
        own = [one for one in asked if one["agent"] == agent]
        used = [one["usage"] for one in own]
        found[agent] = {
            "agent_id": agent,
            "project_id": agent.split(":")[0],
            "agent_name": agent.split(":")[1],
            "invocations": len(own),
            **{outcome: number(own, outcome) for outcome in ("successful", "failed", "cancelled")},
            "success_rate": rate(own),
            "avg_duration_ms": pytest.approx(float(mean_milliseconds(own)), abs=0.006),
            "tokens": sum(one.get("input_tokens", 0) + one.get("output_tokens", 0) for one in used),
            "cost_usd": pytest.approx(sum(one.get("cost_usd", 0) for one in used)),
        }
    return found


USED = ("input_tokens", "output_tokens", "tool_calls", "cost_usd")


def uses_in(events: Iterable[CloudEvent]) -> Things:
    """What invocations and builds have used, with day, model and agent; a build has no agent."""
    history = list(events)
    uses: Things = [
        {"day": event.time.date(), "model": event.data.get("model"), "agent": None, "usage": event.data["usage"]}
        for event in history
        if event.type == "nexus.stage.usage_recorded.v1"
    ]
    uses += [{**one, "model": one["usage"].get("model")} for one in invocations_in(history) if one["usage"]]
    return [{**one, **{name: one["usage"].get(name, 0) for name in USED}} for one in uses]


def expected_usage(events: Iterable[CloudEvent], first: date, last: date) -> dict[str, Any]:
    """By what: figures by name. Names that have used nothing may be missing."""
    uses = [one for one in uses_in(events) if first <= one["day"] <= last]
    return {
        "total": _sum(uses),
        "by_day": {str(day): _sum(_on(day, uses)) for day in _days(first, last)},
        "by_agent": {
            name: _sum([one for one in uses if one["agent"] == name])
            for name in {u["agent"] for u in uses if u["agent"]}
        },
        "by_model": {name: _sum([one for one in uses if one["model"] == name]) for name in {u["model"] for u in uses}},
    }


SHOWN = (
    *("nexus.build.started.v1", "nexus.build.completed.v1", "nexus.build.failed.v1", "nexus.build.stopped.v1"),
    *("nexus.agent.deployed.v1", "nexus.agent.deployment_failed.v1", "nexus.agent.status_changed.v1"),
    "nexus.agent.deleted.v1",
)


def expected_activities(events: Iterable[CloudEvent]) -> list[str]:
    """The ids of what is shown, newest first."""
    shown = {event.id: event for event in events if event.type in SHOWN}.values()
    return [event.id for event in sorted(shown, key=lambda event: (event.time, event.id), reverse=True)]


def _sum(uses: Things) -> dict[str, Any]:
    return {name: pytest.approx(sum(one[name] for one in uses)) for name in USED}


def _on(day: date, things: Things) -> Things:
    return [thing for thing in things if thing["day"] == day]


def quantiles(things: Things, unit: int) -> Any:
    """Each within 1 % of the duration of that rank, and of the last digit shown."""
    lengths = sorted(float(thing["milliseconds"]) for thing in things if thing["outcome"])
    exact = {name: lengths[int(q * (len(lengths) - 1))] / unit if lengths else 0.0 for name, q in QUANTILES.items()}
    digit = 0.006 if unit == 1 else 0.00006
    return {name: pytest.approx(value, rel=0, abs=0.01001 * value + digit) for name, value in exact.items()}


QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def number(things: Things, outcome: str) -> int:
    return len([thing for thing in things if thing["outcome"] == outcome])


def rate(things: Things) -> Any:
    decided = number(things, "successful") + number(things, "failed")
    exact = Fraction(100 * number(things, "successful"), decided) if decided else Fraction(0)
    return pytest.approx(float(exact), abs=0.006)


def mean_milliseconds(things: Things) -> Fraction:
    lengths = [thing["milliseconds"] for thing in things if thing["outcome"]]
    return Fraction(sum(lengths, Fraction(0)), len(lengths)) if lengths else Fraction(0)


def minutes(things: Things) -> Any:
    return pytest.approx(float(mean_milliseconds(things) / 60_000), abs=0.00006)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
