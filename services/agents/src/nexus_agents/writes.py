"""Which writes a change of state comes to; the ledger carries them out. Every state is written over the one it was."""

import zlib
from typing import Any, TypeVar

from nexus_agents.domain.agent import Agent
from nexus_agents.domain.invocation import Invocation, InvocationStatus
from nexus_agents.domain.session import Session
from nexus_agents.tables import INSTANCES, INVOCATIONS, LISTS, MESSAGES, SESSIONS, WORK
from nexus_contracts.agents.events import AgentStatus
from nexus_contracts.agents.views import MessageView
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import Action, Check, Delete, Put, Update, Where

SHARDS = 4
"""An agent's counters, and the gate that its invocations pass, are spread over so many items."""
UNOWNED = "unowned"
"""The runner that stands for nobody: whoever sees its work takes it."""
DELETIONS, HISTORIES, UNDEPLOYED = "deletions", "histories", "undeployed"
S = TypeVar("S", Agent, Invocation, Session)


def written(state: S) -> S:
    """The state as it is after its write."""
    return state.model_copy(update={"version": state.version + 1})


def _where(state: Agent | Invocation | Session, key: str) -> Where:
    return Where(equal={"version": state.version}) if state.version else Where(absent=key)


def put_agent(agent: Agent) -> Put:
    item = {
        "agent_id": agent.agent_id,
        "version": agent.version + 1,
        "state": written(agent).model_dump_json(exclude_defaults=True),
    }
    return Put(INSTANCES, item, where=_where(agent, "agent_id"))


def put_invocation(invocation: Invocation) -> Put:
    state = written(invocation).model_dump_json(exclude={"input", "output"}, exclude_defaults=True)
    item = {
        "invocation_id": invocation.invocation_id,
        "version": invocation.version + 1,
        "state": state,
        "input": invocation.input,
        "output": invocation.output,
    }
    return Put(INVOCATIONS, item, where=_where(invocation, "invocation_id"))


def put_session(session: Session) -> Put:
    item = {
        "session_id": session.session_id,
        "version": session.version + 1,
        "state": written(session).model_dump_json(exclude_defaults=True),
    }
    return Put(SESSIONS, item, where=_where(session, "session_id"))


def put_message(message: MessageView) -> Put:
    item = {
        "session_id": message.session_id,
        "sequence": message.sequence,
        "content": message.content,
        "state": message.model_dump_json(exclude={"content"}),
        "role": message.role,
    }
    return Put(MESSAGES, item, where=Where(absent="session_id"))


def agent_lists(agent: Agent) -> list[Action]:
    """Its entries in the lists of all agents and of its project's: there while it is not deleted."""
    position = f"{format_timestamp(agent.created_at)}#{agent.agent_id}"
    names = ("all", project_list(agent.project_id))
    if agent.deleted_at is not None:
        return [Delete(LISTS, {"list": name, "position": position}) for name in names]
    entry = {
        "agent_id": agent.agent_id,
        "status": str(agent.status),
        "category": agent.category,
        "capabilities": agent.capabilities,
    }
    return [Put(LISTS, {"list": name, "position": position, **entry}) for name in names]


def project_list(project_id: str) -> str:
    return f"project#{project_id}"


def invocation_list(agent_id: str) -> str:
    return f"agent-invocations#{agent_id}"


def note_list(agent_id: str) -> str:
    return f"agent-notes#{agent_id}"


def session_list(agent_id: str) -> str:
    return f"agent-sessions#{agent_id}"


def sequence_list(project_id: str) -> str:
    """How far the events of deleted agents had come: an agent of the same id goes on from there."""
    return f"sequences#{project_id}"


def listed_invocation(invocation: Invocation, name: str) -> Put:
    position = f"{format_timestamp(invocation.created_at)}#{invocation.invocation_id}"
    return Put(LISTS, {"list": name, "position": position, "invocation_id": invocation.invocation_id})


def session_key(session: Session) -> dict[str, str]:
    position = f"{format_timestamp(session.last_active_at)}#{session.session_id}"
    return {"list": session_list(session.agent_id), "position": position}


def move_session(before: Session | None, after: Session) -> list[Action]:
    """Its entry in the list by last activity."""
    actions: list[Action] = []
    if before is not None and (before.last_active_at != after.last_active_at or after.deleted_at):
        actions.append(Delete(LISTS, session_key(before)))
    if after.deleted_at is None and (before is None or actions):
        actions.append(Put(LISTS, {**session_key(after), "session_id": after.session_id}))
    return actions


def shard_key(agent_id: str, number: int) -> dict[str, str]:
    return {"agent_id": f"{agent_id}#{number}"}


def _shard_of(agent_id: str, seed: str) -> dict[str, str]:
    return shard_key(agent_id, zlib.crc32(seed.encode()) % SHARDS)


def set_gate(agent: Agent) -> list[Action]:
    """Opens or closes the agent to invocations; removes the shards of one that is deleted."""
    keys = [shard_key(agent.agent_id, number) for number in range(SHARDS)]
    if agent.deleted_at is not None:
        return [Delete(INSTANCES, key) for key in keys]
    gate = "open" if agent.status is AgentStatus.RUNNING else "closed"
    return [Update(INSTANCES, key, assign={"gate": gate, "of": agent.agent_id}) for key in keys]


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


def invocation_item(invocation_id: str) -> str:
    return f"invocation#{invocation_id}"


def deployment_item(agent_id: str) -> str:
    return f"deployment#{agent_id}"


def take_work(runner: str, item: str) -> Put:
    return Put(WORK, {"runner": runner or UNOWNED, "item": item})


def drop_work(runner: str, item: str) -> Delete:
    return Delete(WORK, {"runner": runner or UNOWNED, "item": item})


def entry(name: str, position: str, **attributes: Any) -> Put:
    return Put(LISTS, {"list": name, "position": position, **attributes})


def no_entry(name: str, position: str) -> Delete:
    return Delete(LISTS, {"list": name, "position": position})
