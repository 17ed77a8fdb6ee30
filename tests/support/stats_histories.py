"""Histories of events as the owners would write them, at random or by hand."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from pydantic import JsonValue
from tests.support.stats_model import BUILD_ENDS, INVOCATION_ENDS, STAGE_ORDER

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.identifiers import format_timestamp

LAST_DAY = datetime.now(UTC).date()
FIRST_DAY = LAST_DAY - timedelta(days=3)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
USAGE: JsonValue = {"input_tokens": 3, "output_tokens": 5, "tool_calls": 1, "cost_usd": 0.001}
FAULT: JsonValue = {"code": "BROKEN", "message": "it broke"}
END_FIELDS: dict[str, dict[str, JsonValue]] = {
    "nexus.build.completed.v1": {"usage": USAGE},
    "nexus.build.failed.v1": {"error": FAULT},
    "nexus.build.stopped.v1": {"reason": "no longer wanted"},
    "nexus.invocation.succeeded.v1": {"usage": USAGE},
    "nexus.invocation.failed.v1": {"error": FAULT},
    "nexus.invocation.cancelled.v1": {"reason": "by the caller"},
}
DESCRIBING: list[tuple[str, dict[str, JsonValue]]] = [
    ("nexus.agent.described.v1", {}),
    ("nexus.agent.deployed.v1", {"backend": "local", "deployment_version": 1}),
]
History = list[CloudEvent]
moments = st.integers(0, DAYS * 86_400 - 1).map(
    lambda seconds: datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(seconds=seconds)
)
durations_ms = st.integers(0, 5_000_000)
usages: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {
        "input_tokens": st.integers(0, 9_000),
        "output_tokens": st.integers(0, 9_000),
        "tool_calls": st.integers(0, 9),
        "cost_usd": st.integers(0, 10**7).map(lambda micro: micro / 10**6),
    }
)
NAMED: tuple[dict[str, JsonValue], ...] = ({}, {"model": None}, {"model": "small"})
"""What the usage of an invocation says of its model."""


def event(kind: str, subject: str, sequence: int, time: datetime, **data: JsonValue) -> CloudEvent:
    """One event; its id says which it is, and its subject's last digit whose: of one tenant or the other."""
    return CloudEvent(
        id=f"{subject}-{sequence}",
        nexustenant=tenant_of(subject),
        source="/nexus/tests",
        type=kind,
        subject=subject,
        time=time,
        sequence=sequence,
        data=data,
    )


def tenant_of(subject: str) -> str:
    return "other" if subject.partition(":")[0][-1] in "13579" else "default"


def project_id(number: int) -> str:
    return f"proj_{number:032x}"


def start_of_build(project: str, attempt: int, time: datetime, sequence: int = 1, **data: JsonValue) -> CloudEvent:
    trigger = "restart" if attempt > 1 else "created"
    fields: dict[str, JsonValue] = {"builder": "platform", "trigger": trigger, **data}
    return event("nexus.build.started.v1", project, sequence, time, project_id=project, attempt=attempt, **fields)


def end_of_build(kind: str, project: str, attempt: int, time: datetime, milliseconds: int, sequence: int) -> CloudEvent:
    fields: dict[str, JsonValue] = {"duration_seconds": milliseconds / 1000, **END_FIELDS[kind]}
    return event(kind, project, sequence, time, project_id=project, attempt=attempt, **fields)


@st.composite
def projects(draw: st.DrawFn, number: int) -> History:
    """A project with up to three attempts, all but the last of them ended; some stages of each; or stopped early."""
    project, own = project_id(number), History()
    if draw(st.booleans()):
        stopped = {"duration_seconds": None, "reason": None}
        own.append(event("nexus.build.stopped.v1", project, 1, draw(moments), project_id=project, attempt=0, **stopped))
    attempts = draw(st.integers(0, 3))
    for attempt in range(1, attempts + 1):
        first = draw(st.integers(0, 5)) if attempt > 1 else 0
        from_stage = STAGE_ORDER[first] if attempt > 1 else None
        own.append(start_of_build(project, attempt, draw(moments), len(own) + 1, from_stage=from_stage))
        for stage in STAGE_ORDER[first : draw(st.integers(first, 6))]:
            fields: dict[str, JsonValue] = {"project_id": project, "attempt": attempt, "stage_name": stage}
            own.append(event("nexus.stage.started.v1", project, len(own) + 1, draw(moments), **fields))
            for used in draw(st.lists(usages, max_size=1)):
                model = draw(st.sampled_from(["small", "large|v2", None]))
                spent: dict[str, JsonValue] = {**fields, "usage": used, "model": model}
                own.append(event("nexus.stage.usage_recorded.v1", project, len(own) + 1, draw(moments), **spent))
            own.append(event("nexus.stage.completed.v1", project, len(own) + 1, draw(moments), **fields))
        if attempt < attempts or draw(st.booleans()):
            kind, length = draw(st.sampled_from(sorted(BUILD_ENDS))), draw(durations_ms)
            own.append(end_of_build(kind, project, attempt, draw(moments), length, len(own) + 1))
    return own


@st.composite
def invocations(draw: st.DrawFn, number: int) -> History:
    """An invocation, started and perhaps ended, perhaps on another day."""
    invocation, started = f"inv_{number:032x}", draw(moments)
    fact: dict[str, JsonValue] = {
        "invocation_id": invocation,
        "agent_id": f"{project_id(draw(st.integers(1, 3)))}:helper",
        "user_id": "default",
        "started_at": format_timestamp(started),
    }
    own = [event("nexus.invocation.started.v1", invocation, 1, started, **fact)]
    if draw(st.booleans()):
        kind, length = draw(st.sampled_from(sorted(INVOCATION_ENDS))), draw(durations_ms)
        ended = started + timedelta(milliseconds=length)
        fact |= {"duration_ms": length, "completed_at": format_timestamp(ended), **END_FIELDS[kind]}
        fact["usage"] = {**draw(usages), **draw(st.sampled_from(NAMED))}
        own.append(event(kind, invocation, 2, ended, **fact))
    return own


@st.composite
def agents(draw: st.DrawFn, number: int) -> History:
    """An agent through some statuses, perhaps deleted."""
    agent, own = f"{project_id(number)}:helper", History()
    fact: dict[str, JsonValue] = {"agent_id": agent, "project_id": project_id(number)}
    for status in draw(st.lists(st.sampled_from(["building", "running", "offline"]), min_size=1, max_size=5)):
        kind = "nexus.agent.status_changed.v1"
        own.append(event(kind, agent, len(own) + 1, draw(moments), **fact, status=status))
        if draw(st.booleans()):
            told: dict[str, JsonValue] = {
                **fact,
                "status": status,
                "category": draw(st.sampled_from(["a", "b|c", None])),
            }
            kind, more = draw(st.sampled_from(DESCRIBING))
            own.append(event(kind, agent, len(own) + 1, draw(moments), **told, **more))
    if draw(st.booleans()):
        time = draw(moments)
        gone: dict[str, JsonValue] = {"status": "offline", "deleted_at": format_timestamp(time)}
        own.append(event("nexus.agent.deleted.v1", agent, len(own) + 1, time, **fact, **gone))
    return own


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Everything that happened, in no order."""
    counts = draw(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 3)))
    kinds = (projects, invocations, agents)
    return [
        one for kind, count in zip(kinds, counts, strict=True) for number in range(count) for one in draw(kind(number))
    ]


def one_busy_history(chance: random.Random, projects: int) -> History:
    """What so many builds, agents and invocations leave behind within the days before today."""
    own = History()

    def moment() -> datetime:
        midnight = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
        return midnight + timedelta(seconds=chance.randrange((DAYS - 1) * 86_400))

    for number in range(projects):
        project, last = project_id(number), chance.randrange(6)
        own.append(start_of_build(project, 1, moment()))
        for place, stage in enumerate(STAGE_ORDER[: last + 1]):
            kind = "nexus.stage.started.v1"
            own.append(event(kind, project, place + 2, moment(), project_id=project, attempt=1, stage_name=stage))
        if end := chance.choice([None, *BUILD_ENDS]):
            own.append(end_of_build(end, project, 1, moment(), chance.randrange(900_000), 99))
        own += one_invocation(number, moment(), chance)
        for sequence in range(1, chance.randint(2, 4)):
            fact: Any = {
                "agent_id": f"{project}:a",
                "project_id": project,
                "status": chance.choice(["running", "offline"]),
            }
            own.append(event("nexus.agent.status_changed.v1", f"{project}:a", sequence, moment(), **fact))
    return own


def one_invocation(number: int, started: datetime, chance: random.Random) -> History:
    invocation = f"inv_{number:032x}"
    fact: Any = {
        "invocation_id": invocation,
        "agent_id": "p:x",
        "user_id": "u",
        "started_at": format_timestamp(started),
    }
    own = [event("nexus.invocation.started.v1", invocation, 1, started, **fact)]
    if end := chance.choice([None, *INVOCATION_ENDS]):
        fact |= {"duration_ms": chance.randrange(9_000), "completed_at": format_timestamp(started)}
        own.append(event(end, invocation, 2, started, **fact, error=FAULT, reason="asked to"))
    return own
