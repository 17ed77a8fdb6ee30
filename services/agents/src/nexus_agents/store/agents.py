"""Where agents are kept: the one place that composes what a change of an agent writes."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from nexus_agents.domain.agent import Agent
from nexus_agents.domain.views import agent_view
from nexus_agents.store.lists import (
    HISTORIES,
    UNDEPLOYED,
    AgentQuery,
    Lists,
    agent_moves,
    entry,
    listed_agents,
    listed_sequences,
)
from nexus_agents.store.shards import gate_moves, runtime_stats, shard_keys
from nexus_agents.tables import INSTANCES, LISTS
from nexus_contracts.agents.views import AgentView, RuntimeStats
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import Action, Check, Database, Delete, Put, Where
from nexus_runtime.dynamo.form import Form
from nexus_runtime.ledger.change import Change, Recorded, Saved, States
from nexus_runtime.ledger.inbox import KEEP_SECONDS

AGENT = Form(Agent)
STATE = ("state", "schema")
MAX_ID = 300


def is_agent_id(text: str) -> bool:
    """Whether an agent may have this id; the table has other items too, and keys are bounded."""
    return ":" in text and "#" not in text and len(text) <= MAX_ID


class AgentStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._lists = Lists(database)
        self._states = States(INSTANCES, AGENT)

    async def load(self, agent_id: str) -> Agent | None:
        """None where there is none, or it is being deleted."""
        agent = await self.load_any(agent_id)
        return agent if agent and agent.deleted_at is None else None

    async def load_any(self, agent_id: str) -> Agent | None:
        """The agent, also while it is being deleted."""
        if not is_agent_id(agent_id):
            return None
        item = await self._database.get(INSTANCES, {"agent_id": agent_id}, only=STATE)
        return self._states.read(item) if item else None

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
        follows = [*agent_moves(before, after), *gate_moves(before, after)]
        if after.deploying and (before is None or before.deployment.version != after.deployment.version):
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
        """From now on no agent of it can be deployed. The mark outlives every command."""
        return Change.of(Put(INSTANCES, {"agent_id": project_id, "ttl": int(now.timestamp()) + KEEP_SECONDS}))

    async def figures(self, agent_id: str) -> RuntimeStats:
        return runtime_stats(await self._database.get_many(INSTANCES, shard_keys(agent_id)))

    async def views(self, agent_ids: Sequence[str], tenant: str) -> list[AgentView]:
        """Those of the tenant that exist, with their figures, in the order asked for."""
        keys = [{"agent_id": agent_id} for agent_id in agent_ids]
        keys += [key for agent_id in agent_ids for key in shard_keys(agent_id)]
        items = {item["agent_id"]: item for item in await self._database.get_many(INSTANCES, keys)}
        views: list[AgentView] = []
        for agent_id in agent_ids:
            item = items.get(agent_id)
            agent = self._states.read(item) if item else None
            if agent is None or agent.deleted_at is not None or agent.tenant != tenant:
                continue
            shards = [items.get(key["agent_id"], {}) for key in shard_keys(agent_id)]
            views.append(agent_view(agent, runtime_stats(shards)))
        return views

    async def page(
        self, tenant: str, query: AgentQuery, limit: int, before: str | None
    ) -> tuple[list[AgentView], str | None]:
        """Newest first, up to `limit` that match, and the position to go on from."""
        name = listed_agents(tenant, query.project_id)
        entries, more = await self._lists.page(name, limit, before, query)
        return await self.views([one["agent_id"] for one in entries], tenant), more


def _project_present(agent: Agent) -> Check:
    return Check(INSTANCES, {"agent_id": agent.project_id}, where=Where(absent="agent_id"))
