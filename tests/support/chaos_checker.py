"""What must hold when the faults are over and everything is at rest: pure functions that name each violation."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.support.chaos_history import ACKNOWLEDGED, DECIDED, History, Operation
from tests.support.stats_model import expected_builds, expected_invocations, expected_overview

from nexus_contracts.envelope import CloudEvent

Views = Mapping[str, Mapping[str, Any]]
Check = Callable[[History, "Found"], Iterator[str]]
UNFINISHED = ("building", "paused")
WORK_OF = {
    "start": "nexus.build.started.v1",
    "restart": "nexus.build.started.v1",
    "pause": "nexus.build.paused.v1",
    "resume": "nexus.build.resumed.v1",
    "stop": "nexus.build.stopped.v1",
}


@dataclass(frozen=True)
class Found:
    """What the platform shows at rest.

    `projects`, `invocations`: as GET answers, by id. `events`: each project's history over HTTP. `records`: the
    events' topics as a reader of them gets them, repetitions included. `figures`: what the statistics answer for
    `today`. `outbox`: items by service.
    """

    projects: Views
    invocations: Views
    events: Mapping[str, Sequence[Mapping[str, Any]]]
    records: Sequence[CloudEvent]
    figures: Mapping[str, Any]
    today: date
    outbox: Mapping[str, int] = field(default_factory=dict[str, int])
    dead_letters: int = 0


def violations(history: History, found: Found) -> list[str]:
    """Each promise that does not hold, with whom it concerns; none when all is well."""
    return [f"{check.__name__}: {fault}" for check in CHECKS for fault in check(history, found)]


def unanswered(history: History, _found: Found) -> Iterator[str]:
    """Whoever asks often enough is told the outcome."""
    for wish, operations in history.wishes("create", "control", "report", "invoke", "build").items():
        if not any(operation.outcome in DECIDED for operation in operations):
            yield f"{wish} got {[operation.outcome for operation in operations]}"


def contradictions(history: History, _found: Found) -> Iterator[str]:
    """One wish has one answer, however often it is asked for."""
    for wish, operations in history.wishes("create", "control", "invoke").items():
        answers = [(one.status, one.reply) for one in operations if one.outcome in DECIDED]
        if different := [answer for answer in answers if answer != answers[0]]:
            yield f"{wish} was answered {answers[0]} and {different[0]}"


def effects(history: History, found: Found) -> Iterator[str]:
    """Acknowledged: exactly one effect. Refused or failed: none. Unknown: at most one."""
    for kind, count in EFFECTS.items():
        counts = count(found)
        wished = {_mark(operations[0]): operations for operations in history.wishes(kind).values()}
        for wish, operations in wished.items():
            outcomes = {operation.outcome for operation in operations}
            number = counts[wish]
            if number > 1 or ("refused" in outcomes and number) or (outcomes <= {"failed"} and number):
                yield f"{kind} {wish} has {number} effects after {_named(outcomes)}"
            if outcomes & set(ACKNOWLEDGED) and "refused" not in outcomes and number == 0:
                yield f"{kind} {wish} has no effect after {_named(outcomes)}"
        for wish in counts.keys() - wished.keys():
            yield f"{kind} {wish} has an effect, and nobody wished it"


def replies(history: History, found: Found) -> Iterator[str]:
    """What a caller was told is what is stored."""
    for operation in history.operations:
        if operation.outcome not in ("ok", "broken") or operation.kind not in REPLIES:
            continue
        stored, told = REPLIES[operation.kind](operation, found)
        if stored != told:
            yield f"{operation.kind} {operation.wish} was told {told}, and {stored} is stored"


def gaps(_history: History, found: Found) -> Iterator[str]:
    """Histories count from 1 without a gap; the topics have every event, its first appearances in order."""
    seen: dict[str, dict[int, str]] = {}
    for record in found.records:
        seen.setdefault(record.subject, {}).setdefault(record.sequence or 0, record.id)
    for subject, published in seen.items():
        if list(published) != list(range(1, len(published) + 1)):
            yield f"{subject} is published as {list(published)}"
    for subject, events in found.events.items():
        if [event["sequence"] for event in events] != list(range(1, len(events) + 1)):
            yield f"{subject} has the history {[event['sequence'] for event in events]}"
        if {event["sequence"]: event["id"] for event in events} != seen.get(subject, {}):
            yield f"{subject} has {len(events)} events, published are {sorted(seen.get(subject, {}))}"


def sums(history: History, found: Found) -> Iterator[str]:
    """What reports add up is added once; a system that reports in order is never refused."""
    marks: Counter[str] = Counter()
    for operations in history.wishes("report").values():
        marks[operations[0].subject] += operations[0].request["data"].get("usage", {}).get("input_tokens", 0)
    for project_id, expected in marks.items():
        stages = found.projects[project_id]["stages_snapshot"]["stages"]
        total = sum(stage["usage"]["input_tokens"] for stage in stages)
        if total != expected:
            yield f"{project_id} shows {total} input tokens, {expected} were reported"
        refused = [event for event in found.events[project_id] if event["type"] == "nexus.report.refused.v1"]
        if refused:
            yield f"{project_id} refused {len(refused)} reports: {refused[0]['data']}"


def figures(_history: History, found: Found) -> Iterator[str]:
    """The statistics are what anyone counts who reads the events."""
    events = list({(record.subject, record.sequence): record for record in found.records}.values())
    expected = {
        "overview": expected_overview(events, found.today),
        "builds": expected_builds(events, found.today, found.today),
        "invocations": expected_invocations(events, found.today, found.today),
    }
    for name, value in expected.items():
        shown = _as_in(value, found.figures[name])
        if shown != value:
            yield f"{name} is {shown}, the events say {value}"


def left_behind(_history: History, found: Found) -> Iterator[str]:
    """Nothing runs forever, waits forever, or was given up."""
    for project_id, project in found.projects.items():
        if project["status"] in UNFINISHED and project["builder"] == "platform":
            yield f"{project_id} is {project['status']}"
    for invocation_id, invocation in found.invocations.items():
        if invocation["status"] == "running":
            yield f"{invocation_id} is running"
    for service, items in found.outbox.items():
        if items:
            yield f"{items} items are in the outbox of {service}"
    if found.dead_letters:
        yield f"there are {found.dead_letters} dead letters"


CHECKS: tuple[Check, ...] = (
    unanswered,
    contradictions,
    effects,
    replies,
    gaps,
    sums,
    figures,
    left_behind,
)


def _as_in(expected: Any, shown: Any) -> Any:
    """What is shown of what is expected; there may be more of it."""
    if isinstance(expected, list):
        return [_as_in(one, other) for one, other in zip(expected, shown, strict=True)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return {name: shown[name] for name in expected}


def _named(outcomes: set[Any]) -> str:
    return "/".join(sorted(str(outcome) for outcome in outcomes))


def _projects_created(found: Found) -> Counter[str]:
    return Counter(project["project_name"] for project in found.projects.values())


def _controls_done(found: Found) -> Counter[str]:
    kinds = set(WORK_OF.values())
    return Counter(
        event["data"]["reason"]
        for events in found.events.values()
        for event in events
        if event["type"] in kinds and event["data"].get("reason")
    )


def _reports_applied(found: Found) -> Counter[str]:
    """By the mark that each report carries: a stage's name, a log entry's text, a number of tokens."""
    return Counter(
        mark_of(project_id, event["type"], event["data"])
        for project_id, events in found.events.items()
        if found.projects[project_id]["builder"] == "external"
        for event in events
        if event["type"].startswith("nexus.stage.")
    )


def mark_of(project_id: str, kind: str, data: Mapping[str, Any]) -> str:
    """What tells a report from every other one of its project."""
    entries, usage = data.get("entries"), data.get("usage")
    mark = entries[0]["message"] if entries else usage["input_tokens"] if usage else ""
    return f"{project_id} {kind} {data['stage_name']} {data.get('sub_stage_name') or ''} {mark}"


def _mark(operation: Operation) -> str:
    """How its effect is recognised."""
    if operation.kind != "report":
        return operation.wish
    return mark_of(operation.subject, operation.request["type"], operation.request["data"])


def _invocations_made(found: Found) -> Counter[str]:
    return Counter(invocation["user_id"] for invocation in found.invocations.values())


EFFECTS: Mapping[str, Callable[[Found], Counter[str]]] = {
    "create": _projects_created,
    "control": _controls_done,
    "report": _reports_applied,
    "invoke": _invocations_made,
}


def _created(operation: Operation, found: Found) -> tuple[Any, Any]:
    told = operation.reply
    events = found.events.get(told["project_id"])
    stored: Mapping[str, Any] = events[0]["data"] if events else {}
    names = ("project_id", "project_name", "requirement", "user_id", "priority", "tags", "auto_start")
    return [stored.get(name) for name in names], [told.get(name) for name in names]


def _controlled(operation: Operation, found: Found) -> tuple[Any, Any]:
    action = operation.request["body"]["action"]
    kinds = [e["type"] for e in found.events[operation.subject] if e["data"].get("reason") == operation.wish]
    return kinds, [WORK_OF[action]]


def _invoked(operation: Operation, found: Found) -> tuple[Any, Any]:
    told = operation.reply
    if operation.outcome == "broken":
        stored = found.invocations.get(told["details"]["invocation_id"], {"status": None, "error": {}})
        return (stored["status"], stored["error"].get("code")), ("failed", told["details"]["reason"])
    stored = found.invocations.get(told["invocation_id"], {})
    names = ("invocation_id", "output", "status", "duration_ms", "usage", "created_at")
    return [stored.get(name) for name in names], [told[name] for name in names]


def _built(operation: Operation, found: Found) -> tuple[Any, Any]:
    return found.projects[operation.subject]["status"], operation.reply["status"]


REPLIES: Mapping[str, Callable[[Operation, Found], tuple[Any, Any]]] = {
    "create": _created,
    "control": _controlled,
    "invoke": _invoked,
    "build": _built,
}
