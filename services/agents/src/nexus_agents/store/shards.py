"""An agent's figures, and the gate that its invocations pass, spread over some items so that none of them is hot."""

import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from nexus_agents.domain.agent import Agent
from nexus_agents.domain.invocation import Invocation, InvocationStatus
from nexus_agents.tables import INSTANCES
from nexus_contracts.agents.events import AgentStatus
from nexus_contracts.agents.views import RuntimeStats
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import Action, Check, Delete, Update, Where

SHARDS = 4


def shard_keys(agent_id: str) -> list[dict[str, str]]:
    return [_shard_key(agent_id, number) for number in range(SHARDS)]


def gate_moves(before: Agent | None, after: Agent) -> list[Action]:
    """Opens or closes the agent to invocations; removes the shards of one that is deleted."""
    keys = shard_keys(after.agent_id)
    if after.deleted_at is not None:
        return [Delete(INSTANCES, key) for key in keys]
    if before is not None and _gate(before) == _gate(after):
        return []
    return [Update(INSTANCES, key, assign={"gate": _gate(after), "of": after.agent_id}) for key in keys]


def require_open_gate(agent_id: str, seed: str) -> Check:
    """Holds while the agent runs. A check of the agent's own item would make all its invocations conflict."""
    return Check(INSTANCES, _shard_of(agent_id, seed), where=Where(equal={"gate": "open"}))


def require_present(agent_id: str, seed: str) -> Check:
    """Holds while the agent is not deleted."""
    return Check(INSTANCES, _shard_of(agent_id, seed), where=Where(equal={"of": agent_id}))


def count_ended(invocation: Invocation) -> Update:
    """Adds it to the agent's figures; fails where the agent is deleted."""
    outcome = {InvocationStatus.SUCCEEDED: "succeeded", InvocationStatus.FAILED: "failed"}.get(invocation.status)
    add = {"total": 1, "milliseconds": invocation.duration_ms or 0} | ({outcome: 1} if outcome else {})
    moment = format_timestamp(invocation.started_at or invocation.created_at)
    return Update(
        INSTANCES,
        _shard_of(invocation.agent_id, invocation.invocation_id),
        assign={"invoked_at": moment},
        add=add,
        where=Where(equal={"of": invocation.agent_id}),
    )


def runtime_stats(shards: Iterable[Mapping[str, Any]]) -> RuntimeStats:
    """The sum of an agent's shards; the average is over all invocations that ended."""
    found = list(shards)
    total, milliseconds = _sum(found, "total"), _sum(found, "milliseconds")
    moments = [datetime.fromisoformat(shard["invoked_at"]) for shard in found if "invoked_at" in shard]
    return RuntimeStats(
        total_invocations=total,
        successful_invocations=_sum(found, "succeeded"),
        failed_invocations=_sum(found, "failed"),
        avg_duration_ms=round(milliseconds / total, 2) if total else 0.0,
        last_invoked_at=max(moments, default=None),
    )


def _gate(agent: Agent) -> str:
    return "open" if agent.status is AgentStatus.RUNNING else "closed"


def _shard_of(agent_id: str, seed: str) -> dict[str, str]:
    return _shard_key(agent_id, zlib.crc32(seed.encode()) % SHARDS)


def _shard_key(agent_id: str, number: int) -> dict[str, str]:
    return {"agent_id": f"{agent_id}#{number}"}


def _sum(shards: Iterable[Mapping[str, Any]], name: str) -> int:
    return sum(int(shard.get(name, 0)) for shard in shards)
