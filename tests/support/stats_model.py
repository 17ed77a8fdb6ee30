"""The figures, computed again from a whole history, in the plainest way: what the service is compared with."""

from collections.abc import Iterable
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
        entry = own.setdefault(event.data["invocation_id"], {"day": day, "outcome": None})
        if event.type in INVOCATION_ENDS:
            entry |= {"outcome": INVOCATION_ENDS[event.type], "milliseconds": event.data["duration_ms"]}
    return list(own.values())


def agent_statuses(events: Iterable[CloudEvent]) -> list[str]:
    """The status of every agent that is not deleted."""
    latest: dict[Any, CloudEvent] = {}
    for event in sorted(events, key=lambda event: event.sequence or 0):
        if event.type.startswith("nexus.agent."):
            latest[event.data["agent_id"]] = event
    return [str(event.data["status"]) for event in latest.values() if event.type != "nexus.agent.deleted.v1"]


def expected_overview(events: Iterable[CloudEvent], today: date) -> dict[str, Any]:
    history = list(events)
    builds, agents = builds_in(history), agent_statuses(history)
    return {
        "total_agents": len(agents),
        "running_agents": agents.count("running"),
        "building_agents": agents.count("building"),
        "offline_agents": agents.count("offline"),
        "total_builds": len(builds),
        "success_rate": rate(builds),
        "avg_build_time_minutes": minutes(builds),
        "today_calls": len([one for one in invocations_in(history) if one["day"] == today]),
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
            }
        )
    return items


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
