"""What stays of an event when what it is about is erased: what figures are counted from, without names and texts."""

from collections.abc import Mapping

from pydantic import JsonValue

from nexus_contracts.history import HistoryEntry

_BUILD = ("project_id", "attempt")
_STAGE = (*_BUILD, "stage_name")
_AGENT = ("agent_id", "project_id", "status")
_INVOCATION = ("invocation_id", "agent_id", "started_at")
_ENDED = (*_INVOCATION, "duration_ms", "completed_at", "usage")
KEPT: Mapping[str, tuple[str, ...]] = {
    "nexus.build.started.v1": (*_BUILD, "builder", "trigger", "from_stage"),
    "nexus.build.completed.v1": (*_BUILD, "duration_seconds", "usage"),
    "nexus.build.failed.v1": (*_BUILD, "duration_seconds"),
    "nexus.build.stopped.v1": (*_BUILD, "duration_seconds"),
    "nexus.stage.started.v1": _STAGE,
    "nexus.stage.usage_recorded.v1": (*_STAGE, "usage", "model"),
    "nexus.agent.deploying.v1": (*_AGENT, "package_sha256"),
    "nexus.agent.deployed.v1": (*_AGENT, "backend", "deployment_version", "category"),
    "nexus.agent.deployment_failed.v1": _AGENT,
    "nexus.agent.described.v1": (*_AGENT, "category"),
    "nexus.agent.status_changed.v1": _AGENT,
    "nexus.agent.deleted.v1": (*_AGENT, "deleted_at"),
    "nexus.invocation.started.v1": _INVOCATION,
    "nexus.invocation.succeeded.v1": _ENDED,
    "nexus.invocation.failed.v1": _ENDED,
    "nexus.invocation.cancelled.v1": _ENDED,
}
"""The fields that are counted from, by type; nothing stays of other events."""
_BLANKS: Mapping[str, Mapping[str, JsonValue]] = {
    "nexus.build.failed.v1": {"error": {"code": "ERASED", "message": ""}},
    "nexus.agent.deployment_failed.v1": {"error": {"code": "ERASED", "message": ""}},
    "nexus.invocation.started.v1": {"user_id": ""},
    "nexus.invocation.succeeded.v1": {"user_id": ""},
    "nexus.invocation.failed.v1": {"user_id": "", "error": {"code": "ERASED", "message": ""}},
    "nexus.invocation.cancelled.v1": {"user_id": "", "reason": ""},
}
"""Stand for what the types require."""


def remains(entry: HistoryEntry) -> HistoryEntry | None:
    """Of what remains the same remains."""
    if entry.type not in KEPT:
        return None
    fields = {name: entry.data[name] for name in KEPT[entry.type] if name in entry.data}
    data = {**fields, **_BLANKS.get(entry.type, {})}
    return HistoryEntry(
        sequence=entry.sequence, id=entry.id, type=entry.type, time=entry.time, data=data, tenant=entry.tenant
    )
