"""The checker finds each kind of violation, and none in what is right."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.support.chaos_checker import Found, violations
from tests.support.chaos_history import History, Operation, Outcome
from tests.support.stats_model import expected_builds, expected_invocations, expected_overview

from nexus_contracts.envelope import CloudEvent

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY: date = NOW.date()
BUILT, TOLD = "proj_built", "proj_told"
USED: dict[str, Any] = {"stage_name": "orchestrator", "usage": {"input_tokens": 7}}
ANSWERED: dict[str, Any] = {
    "invocation_id": "inv_1",
    "output": "3",
    "status": "succeeded",
    "duration_ms": 5,
    "usage": {},
}
INVOCATION: dict[str, Any] = {**ANSWERED, "created_at": "now", "user_id": "i", "error": None}


def event(subject: str, sequence: int, kind: str, **data: Any) -> CloudEvent:
    fields: dict[str, Any] = {"project_id": subject, "attempt": 1, **data}
    identity = {"id": f"{subject}-{sequence}", "source": "/nexus", "type": f"nexus.{kind}.v1", "subject": subject}
    return CloudEvent.model_validate({**identity, "time": NOW, "sequence": sequence, "data": fields})


def invocation_event(sequence: int, kind: str) -> CloudEvent:
    told = {"invocation_id": "inv_1", "started_at": NOW.isoformat(), "duration_ms": 5}
    return event("inv_1", sequence, f"invocation.{kind}", **told)


RECORDS = (
    event(BUILT, 1, "project.created", project_name="b"),
    event(BUILT, 2, "build.started", reason="s"),
    event(BUILT, 3, "build.stopped", reason="x", duration_seconds=2.0),
    event(TOLD, 1, "project.created", project_name="t"),
    event(TOLD, 2, "build.started"),
    event(TOLD, 3, "stage.usage_recorded", **USED),
    event(BUILT, 2, "build.started", reason="s"),  # again, and after a newer one: that is allowed
    invocation_event(1, "started"),
    invocation_event(2, "succeeded"),
)


def project(name: str, status: str, builder: str, tokens: int = 0) -> dict[str, Any]:
    stages = [{"usage": {"input_tokens": tokens}}]
    return {"project_name": name, "status": status, "builder": builder, "stages_snapshot": {"stages": stages}}


def listed(records: tuple[CloudEvent, ...], project_id: str) -> list[dict[str, Any]]:
    own = {one.sequence: one for one in records if one.subject == project_id}
    return [{"sequence": at, "id": one.id, "type": one.type, "data": one.data} for at, one in own.items()]


def figures(records: tuple[CloudEvent, ...]) -> dict[str, Any]:
    return {
        "overview": expected_overview(records, TODAY),
        "builds": expected_builds(records, TODAY, TODAY),
        "invocations": expected_invocations(records, TODAY, TODAY),
    }


def found(records: tuple[CloudEvent, ...] = RECORDS) -> Found:
    return Found(
        projects={BUILT: project("b", "cancelled", "platform"), TOLD: project("t", "building", "external", 7)},
        invocations={"inv_1": INVOCATION},
        events={BUILT: listed(RECORDS, BUILT), TOLD: listed(RECORDS, TOLD)},
        records=records,
        figures=figures(RECORDS),
        today=TODAY,
        outbox={"builds": 0},
    )


def did(history: History, kind: str, wish: str, outcome: Outcome, reply: Any = None, **more: Any) -> Operation:
    operation = history.invoke(kind, wish, more.get("subject", ""), more.get("request"))
    history.end(operation, outcome, more.get("status"), reply)
    return operation


def story() -> History:
    history = History(clock=lambda: 0.0)
    for wish, project_id in (("b", BUILT), ("t", TOLD)):
        did(history, "create", wish, "unknown")
        did(history, "create", wish, "ok", {"project_id": project_id, "project_name": wish})
    for wish, action in (("s", "start"), ("x", "stop")):
        did(history, "control", wish, "ok", subject=BUILT, request={"body": {"action": action}})
    did(history, "control", "no", "refused", subject=BUILT, request={"body": {"action": "stop"}})
    kind = "nexus.stage.usage_recorded.v1"
    did(history, "report", "r", "ok", subject=TOLD, request={"type": kind, "data": USED})
    did(history, "invoke", "i", "ok", {**ANSWERED, "usage": {}, "created_at": "now"})
    return history


def test_what_is_right_is_found_right() -> None:
    assert violations(story(), found()) == []


def refuse(history: History) -> None:
    history.operations[-1].outcome, history.operations[-1].reply = "refused", {"code": "X"}


HISTORIES: dict[str, tuple[str, Callable[[History], object]]] = {
    "a wish without an answer": ("unanswered", lambda h: did(h, "create", "z", "unknown")),
    "an operation that never came back": ("unanswered", lambda h: h.invoke("control", "z", BUILT, {})),
    "two answers to one wish": ("contradictions", lambda h: did(h, "control", "no", "refused", {"other": 1})),
    "an acknowledged create that is not there": (
        "effects: create z has no",
        lambda h: did(h, "create", "z", "accepted"),
    ),
    "a control without its event": ("effects: control z has no", lambda h: did(h, "control", "z", "accepted")),
    "an effect after a refusal": ("effects: invoke i has 1", refuse),
    "an effect after nothing was accepted": (
        "effects: create b has 1",
        lambda h: [setattr(one, "outcome", "failed") for one in h.operations[:2]],
    ),
    "an effect that nobody wished": (
        "effects: create b has an effect",
        lambda h: h.operations.__delitem__(slice(0, 2)),
    ),
    "a reply that is not what is stored": ("replies", lambda h: h.operations[-1].reply.update(output="4")),
}


@pytest.mark.parametrize("what", HISTORIES)
def test_a_wrong_history_is_found(what: str) -> None:
    expected, spoil = HISTORIES[what]
    history = story()
    spoil(history)
    assert any(one.startswith(expected) for one in violations(history, found())), violations(history, found())


TWICE = event(BUILT, 4, "build.stopped", reason="x", duration_seconds=2.0)
REFUSED = event(TOLD, 4, "report.refused", reason="OUT_OF_ORDER")
STATES: dict[str, tuple[str, Found]] = {
    "two projects of one wish": (
        "effects: create b has 2",
        replace(found(), projects={**found().projects, "proj_2": project("b", "pending", "platform")}),
    ),
    "a control carried out twice": (
        "effects: control x has 2",
        replace(found(), events={**found().events, BUILT: listed((*RECORDS, TWICE), BUILT)}),
    ),
    "a report applied twice": (
        "effects: report",
        replace(found(), events={**found().events, TOLD: [*listed(RECORDS, TOLD), listed(RECORDS, TOLD)[-1]]}),
    ),
    "two invocations of one wish": (
        "effects: invoke i has 2",
        replace(found(), invocations={"inv_1": INVOCATION, "inv_2": INVOCATION}),
    ),
    "a gap in a history": ("gaps", replace(found(), events={**found().events, BUILT: listed(RECORDS, BUILT)[1:]})),
    "an event that was never published": ("gaps", found(RECORDS[:2] + RECORDS[3:])),
    "a newer event that was published first": ("gaps", found((RECORDS[1], RECORDS[0], *RECORDS[2:]))),
    "another event under the same number": (
        "gaps",
        found((RECORDS[0].model_copy(update={"id": "other"}), *RECORDS[1:])),
    ),
    "a sum that counts a report twice": (
        "sums",
        replace(found(), projects={**found().projects, TOLD: project("t", "building", "external", 14)}),
    ),
    "a report of an orderly system that was refused": (
        "sums",
        replace(found(), events={**found().events, TOLD: listed((*RECORDS, REFUSED), TOLD)}),
    ),
    "a figure that differs from the events": ("figures", replace(found(), figures=figures(RECORDS[:2]))),
    "a build that is left behind": (
        "left_behind",
        replace(found(), projects={**found().projects, BUILT: project("b", "building", "platform")}),
    ),
    "an invocation that is left behind": (
        "left_behind",
        replace(found(), invocations={"inv_1": {**INVOCATION, "status": "running"}}),
    ),
    "an item in the outbox": ("left_behind", replace(found(), outbox={"agents": 1})),
    "a dead letter": ("left_behind", replace(found(), dead_letters=1)),
}


@pytest.mark.parametrize("what", STATES)
def test_a_wrong_state_is_found(what: str) -> None:
    expected, state = STATES[what]
    assert any(one.startswith(expected) for one in violations(story(), state)), violations(story(), state)


def test_recovery_is_counted_from_operations_that_began_after_the_fault() -> None:
    history = History()
    for began, ended, outcome in ((0.0, 2.0, "ok"), (1.5, 3.0, "unknown"), (2.5, 4.0, "ok"), (2.0, 6.0, "ok")):
        history.operations.append(Operation("create", "w", "", None, began, ended, outcome))  # pyright: ignore[reportArgumentType]
    assert history.first_success("create", since=1.0) == 3.0
    assert history.first_success("invoke", since=1.0) is None
