"""The store of agents: the only place that composes the writes of an agent's change."""

import time
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, JsonValue

from nexus_agents.domain.agent import Agent, serving
from nexus_agents.domain.errors import agent_not_found
from nexus_agents.domain.invocation import Invocation, InvocationStatus
from nexus_agents.domain.views import agent_view
from nexus_agents.store.lists import HISTORIES, UNDEPLOYED, AgentQuery, Lists, entry
from nexus_agents.tables import INSTANCES, LISTS
from nexus_contracts.agents.events import AgentStatus
from nexus_contracts.agents.views import AgentView, RuntimeStats
from nexus_contracts.identifiers import format_timestamp
from nexus_contracts.principal import Principal
from nexus_runtime.dynamo import Action, Check, Database, Delete, Put, Update, Value, Where
from nexus_runtime.dynamo.form import Form
from nexus_runtime.ledger.change import Change, Reader, Recorded, Saved, States
from nexus_runtime.ledger.inbox import KEEP_SECONDS


def _with_versions(state: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Schema 1 counted deployments alone: each of them was a version."""
    latest: Any = state["deployment"]
    number: int = latest["version"]
    ran = number if latest["status"] == "deployed" else max(1, number - 1)
    active = {"active_version": ran} if state.get("active") else {}
    return {**state, "deployment": {**latest, "number": number}, "versions": number, **active}


T = TypeVar("T")
AGENT = Form(Agent, (_with_versions,))
STATE = ("state", "schema")
MAX_ID = 300
AT_ONCE = 100
MOST_KNOWN = 1_000
KNOWN_SECONDS = 60.0
"""A process of a former version changes an agent without a word in its gate; in a rolling upgrade it may be at work."""
SHARDS = 4
"""An agent's figures, and the gate that its invocations pass, are spread over this many items: none becomes hot."""


def is_agent_id(text: str) -> bool:
    """Whether an agent may have this id; the table has other items too, and keys are bounded."""
    return ":" in text and "#" not in text and len(text) <= MAX_ID


class AgentStore:
    """`loader` reads single agents, by default the database."""

    def __init__(self, database: Database, loader: Reader | None = None) -> None:
        self._database = database
        self._loader: Reader = loader or database
        self._lists = Lists(database)
        self._states = States(INSTANCES, AGENT)

    async def load(self, agent_id: str) -> Agent | None:
        """None if it does not exist or is being deleted."""
        agent = await self.load_any(agent_id)
        return agent if agent and agent.deleted_at is None else None

    async def seen(self, agent_id: str, asker: Principal) -> Agent | None:
        """The caller's agent or, for an admin, any of the tenant. Whoever sees an agent sees what belongs to it."""
        agent = await self.load(agent_id)
        return agent if agent and asker.sees(agent.tenant, agent.user_id) else None

    async def own(self, agent_id: str, asker: Principal) -> Agent:
        """The agent that the caller sees. Raises NotFound."""
        if (agent := await self.seen(agent_id, asker)) is None:
            raise agent_not_found(agent_id)
        return agent

    async def load_any(self, agent_id: str) -> Agent | None:
        """The agent, even while it is being deleted."""
        if not is_agent_id(agent_id):
            return None
        item = await self._loader.get(INSTANCES, {"agent_id": agent_id}, only=STATE)
        return self._states.read(item) if item else None

    async def all(self) -> AsyncIterator[Agent]:
        """Every agent of every tenant, in no order. For upkeep: it reads the whole table."""
        more: Mapping[str, Value] | None = None
        while True:
            items, more = await self._database.scan(INSTANCES, AT_ONCE, more)
            for item in items:
                if is_agent_id(item["agent_id"]):
                    yield self._states.read(item)
            if more is None:
                return

    async def project_deleted(self, project_id: str) -> bool:
        return await self._database.get(INSTANCES, {"agent_id": project_id}, only=("agent_id",)) is not None

    async def former_sequence(self, tenant: str, project_id: str, agent_name: str) -> int:
        """The sequence of the last event of a deleted agent of that name."""
        key = {"list": listed_sequences(tenant, project_id), "position": agent_name}
        item = await self._database.get(LISTS, key)
        return item["sequence"] if item else 0

    def save(self, before: Agent | None, after: Agent, events: Sequence[BaseModel]) -> Saved[Agent]:
        """The state, on the condition that it is still `before`, its lists and its gate.

        A deployment is begun on the condition, too, that its project is not deleted.
        """
        follows = [*_list_moves(before, after), *_gate_moves(before, after)]
        if after.deploying and (before is None or before.deployment.number != after.deployment.number):
            follows.append(_project_present(after))
        return self._states.save(after.agent_id, before, after, events, follows)

    def erase(self, agent: Agent, events: Sequence[BaseModel], now: datetime, *, project_deleted: bool) -> Change:
        """The agent goes, last of all that was its own. Its sequence outlives it, unless its project has gone."""
        position = f"{format_timestamp(now)}#{agent.agent_id}"
        actions: list[Action] = [
            Delete(INSTANCES, {"agent_id": agent.agent_id}, where=Where(equal={"version": agent.version})),
            entry(HISTORIES, agent.agent_id, through=agent.sequence + len(events)),
            entry(UNDEPLOYED, position, agent_id=agent.agent_id, backend=agent.backend),
        ]
        if not project_deleted:
            sequences = listed_sequences(agent.tenant, agent.project_id)
            actions.append(entry(sequences, agent.agent_name, sequence=agent.sequence + len(events)))
            actions.append(_project_present(agent))
        return Change(tuple(actions), (Recorded(agent.agent_id, agent.sequence, events, agent.tenant),))

    def mark_project_deleted(self, project_id: str, now: datetime) -> Change:
        """From now on no agent of the project can be deployed. The mark outlives all commands."""
        return Change.of(Put(INSTANCES, {"agent_id": project_id, "ttl": int(now.timestamp()) + KEEP_SECONDS}))

    async def figures(self, agent_id: str) -> RuntimeStats:
        return _runtime_stats(await self._database.get_many(INSTANCES, _shard_keys(agent_id)))

    async def views(self, agent_ids: Sequence[str], tenant: str, user_id: str | None = None) -> list[AgentView]:
        """Those of the tenant, or of one user of it, that exist, with their figures, in the order asked for."""
        keys = [{"agent_id": agent_id} for agent_id in agent_ids]
        keys += [key for agent_id in agent_ids for key in _shard_keys(agent_id)]
        items = {item["agent_id"]: item for item in await self._database.get_many(INSTANCES, keys)}
        views: list[AgentView] = []
        for agent_id in agent_ids:
            item = items.get(agent_id)
            agent = self._states.read(item) if item else None
            if agent is None or agent.deleted_at is not None or agent.tenant != tenant:
                continue
            if user_id not in (None, agent.user_id):
                continue
            shards = [items.get(key["agent_id"], {}) for key in _shard_keys(agent_id)]
            views.append(agent_view(agent, _runtime_stats(shards)))
        return views

    async def page(
        self, tenant: str, query: AgentQuery, limit: int, before: str | None
    ) -> tuple[list[AgentView], str | None]:
        """Newest first, up to `limit` that match, and the position to continue from."""
        name = listed_agents(tenant, query.project_id)
        entries, more = await self._lists.page(name, limit, before, query)
        return await self.views([one["agent_id"] for one in entries], tenant, query.user_id), more


class KnownAgents:
    """Running agents as this process read them last; the transaction that goes by one finds out whether it still is so.

    The least recently used ones are forgotten.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._agents: OrderedDict[str, tuple[Agent, float]] = OrderedDict()
        self._doubtful: OrderedDict[str, str] = OrderedDict()

    def seen(self, agent_id: str, asker: Principal) -> Agent | None:
        """The agent, if it is known and the caller sees it."""
        agent, until = self._agents.get(agent_id, (None, 0.0))
        if agent is None or self._monotonic() > until or not asker.sees(agent.tenant, agent.user_id):
            return None
        self._agents.move_to_end(agent_id)
        return agent

    def learn(self, agent: Agent) -> None:
        """It has just been read."""
        running = agent.status is AgentStatus.RUNNING
        doubted = self._doubtful.get(agent.agent_id)
        if running and doubted is not None and doubted == serving(agent):
            return
        self._doubtful.pop(agent.agent_id, None)
        if running:
            _put(self._agents, agent.agent_id, (agent, self._monotonic() + KNOWN_SECONDS))

    def doubt(self, agent_id: str) -> None:
        """The transaction that went by it failed.

        If it still is what it was, its gate does not say yet for what it is open: a former version of the platform
        wrote it. Then it is read each time.
        """
        agent, _ = self._agents.pop(agent_id, (None, 0.0))
        if agent is not None:
            _put(self._doubtful, agent_id, serving(agent))


def _put(kept: OrderedDict[str, T], agent_id: str, value: T) -> None:
    kept[agent_id] = value
    kept.move_to_end(agent_id)
    if len(kept) > MOST_KNOWN:
        kept.popitem(last=False)


def _project_present(agent: Agent) -> Check:
    return Check(INSTANCES, {"agent_id": agent.project_id}, where=Where(absent="agent_id"))


def listed_agents(tenant: str, project_id: str | None = None) -> str:
    """The list of a tenant's agents, or of one project's."""
    return f"{tenant}#project#{project_id}" if project_id else f"{tenant}#all"


def listed_sequences(tenant: str, project_id: str) -> str:
    """The last sequences of deleted agents: a new agent with the same id continues from there."""
    return f"{tenant}#sequences#{project_id}"


def _shard_keys(agent_id: str) -> list[dict[str, str]]:
    return [_shard_key(agent_id, number) for number in range(SHARDS)]


def _gate_moves(before: Agent | None, after: Agent) -> list[Action]:
    """Opens or closes the agent to invocations; removes the shards of a deleted one."""
    keys = _shard_keys(after.agent_id)
    if after.deleted_at is not None:
        return [Delete(INSTANCES, key) for key in keys]
    if before is not None and _gate(before) == _gate(after):
        return []
    return [Update(INSTANCES, key, assign={**_gate(after), "of": after.agent_id}) for key in keys]


def require_open_gate(agent_id: str, seed: str, known: Agent | None = None) -> Check:
    """Holds while the agent is running, and is for invocations what it was when `known`.

    A check of the agent's own item would make all its invocations conflict.
    """
    wanted = _gate(known) if known is not None else {"gate": "open"}
    return Check(INSTANCES, _shard_of(agent_id, seed), where=Where(equal=wanted))


def require_present(agent_id: str, seed: str) -> Check:
    """Holds while the agent is not deleted."""
    return Check(INSTANCES, _shard_of(agent_id, seed), where=Where(equal={"of": agent_id}))


def count_ended(invocation: Invocation) -> Update:
    """Adds it to the agent's figures; fails if the agent is deleted."""
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


def _runtime_stats(shards: Iterable[Mapping[str, Any]]) -> RuntimeStats:
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


def _list_moves(before: Agent | None, after: Agent) -> list[Action]:
    """Its entries in the lists of all agents and of its project's: there while it is not deleted."""
    position = f"{format_timestamp(after.created_at)}#{after.agent_id}"
    names = (listed_agents(after.tenant), listed_agents(after.tenant, after.project_id))
    if after.deleted_at is not None:
        return [Delete(LISTS, {"list": name, "position": position}) for name in names]
    shown = _agent_entry(after)
    if before is not None and shown == _agent_entry(before):
        return []
    return [Put(LISTS, {"list": name, "position": position, **shown}) for name in names]


def _agent_entry(agent: Agent) -> dict[str, Any]:
    described = {"category": agent.category, "capabilities": agent.capabilities}
    return {"agent_id": agent.agent_id, "status": str(agent.status), "user_id": agent.user_id, **described}


def _gate(agent: Agent) -> dict[str, str]:
    """`serves`: so that a process need not read again an agent that it knows."""
    return {"gate": "open" if agent.status is AgentStatus.RUNNING else "closed", "serves": serving(agent)}


def _shard_of(agent_id: str, seed: str) -> dict[str, str]:
    return _shard_key(agent_id, zlib.crc32(seed.encode()) % SHARDS)


def _shard_key(agent_id: str, number: int) -> dict[str, str]:
    return {"agent_id": f"{agent_id}#{number}"}


def _sum(shards: Iterable[Mapping[str, Any]], name: str) -> int:
    return sum(int(shard.get(name, 0)) for shard in shards)
