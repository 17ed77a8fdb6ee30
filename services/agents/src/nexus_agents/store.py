"""Where agents, invocations, sessions and messages are read. Every read is a Get or a Query."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pydantic_core

from nexus_agents.domain.agent import Agent
from nexus_agents.domain.backend import Turn
from nexus_agents.domain.invocation import Invocation
from nexus_agents.domain.session import Session
from nexus_agents.domain.views import agent_view, runtime_stats
from nexus_agents.tables import INSTANCES, INVOCATIONS, LISTS, MESSAGES, SESSIONS, WORK
from nexus_agents.writes import SHARDS, project_list, sequence_list, shard_key
from nexus_contracts.agents.views import AgentView, MessageView
from nexus_runtime.dynamo import Database, Filter, Item

HISTORY_MESSAGES = 200
HISTORY_BYTES = 1_000_000
MAX_ID = 300


@dataclass(frozen=True)
class AgentQuery:
    """Which agents; `capabilities` matches those that have any of them."""

    project_id: str | None = None
    status: str | None = None
    category: str | None = None
    capabilities: frozenset[str] = frozenset()

    def filter(self) -> Filter:
        equal = {"status": self.status, "category": self.category}
        only = {"capabilities": next(iter(self.capabilities))} if len(self.capabilities) == 1 else {}
        return Filter(equal={name: value for name, value in equal.items() if value is not None}, contains=only)

    def matches(self, entry: Item) -> bool:
        return not self.capabilities or not self.capabilities.isdisjoint(entry["capabilities"])

    @property
    def selective(self) -> bool:
        return bool(self.status or self.category or self.capabilities)


def is_agent_id(text: str) -> bool:
    """Whether an agent may have this id; the table has other items too, and keys are bounded."""
    return ":" in text and "#" not in text and len(text) <= MAX_ID


class AgentStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def agent(self, agent_id: str) -> Agent | None:
        """None where there is none, or it is being deleted."""
        agent = await self.any_agent(agent_id)
        return agent if agent and agent.deleted_at is None else None

    async def any_agent(self, agent_id: str) -> Agent | None:
        """The agent, also while it is being deleted."""
        if not is_agent_id(agent_id):
            return None
        item = await self._database.get(INSTANCES, {"agent_id": agent_id}, only=("state",))
        return Agent.model_validate_json(item["state"]) if item else None

    async def project_deleted(self, project_id: str) -> bool:
        return await self._database.get(INSTANCES, {"agent_id": project_id}, only=("agent_id",)) is not None

    async def former_sequence(self, project_id: str, agent_name: str) -> int:
        """The sequence of the last event of a deleted agent of that name."""
        item = await self._database.get(LISTS, {"list": sequence_list(project_id), "position": agent_name})
        return item["sequence"] if item else 0

    async def agent_views(self, agent_ids: Sequence[str]) -> list[AgentView]:
        """Those that exist, with their figures, in the order asked for."""
        keys = [{"agent_id": agent_id} for agent_id in agent_ids]
        keys += [shard_key(agent_id, number) for agent_id in agent_ids for number in range(SHARDS)]
        items = {item["agent_id"]: item for item in await self._database.get_many(INSTANCES, keys)}
        views: list[AgentView] = []
        for agent_id in agent_ids:
            item = items.get(agent_id)
            agent = Agent.model_validate_json(item["state"]) if item else None
            if agent is None or agent.deleted_at is not None:
                continue
            shards = [items.get(shard_key(agent_id, number)["agent_id"], {}) for number in range(SHARDS)]
            views.append(agent_view(agent, runtime_stats(shards)))
        return views

    async def agents_page(
        self, query: AgentQuery, limit: int, before: str | None
    ) -> tuple[list[AgentView], str | None]:
        """Newest first, up to `limit` that match, and the position to go on from."""
        name = project_list(query.project_id) if query.project_id else "all"
        page = None if query.selective else limit + 1
        entries, more = await self._page(name, limit, before, query=query, page=page)
        return await self.agent_views([entry["agent_id"] for entry in entries]), more

    async def invocation(self, invocation_id: str) -> Invocation | None:
        if len(invocation_id) > MAX_ID:
            return None
        item = await self._database.get(INVOCATIONS, {"invocation_id": invocation_id})
        return _invocation(item) if item else None

    async def invocations_page(self, name: str, limit: int, before: str | None) -> tuple[list[Invocation], str | None]:
        entries, more = await self._page(name, limit, before, page=limit + 1)
        ids = [entry["invocation_id"] for entry in entries]
        items = await self._database.get_many(INVOCATIONS, [{"invocation_id": one} for one in ids])
        found = {item["invocation_id"]: _invocation(item) for item in items}
        return [found[one] for one in ids if one in found], more

    async def session(self, session_id: str) -> Session | None:
        """None where there is none, or it is being deleted."""
        session = await self.any_session(session_id)
        return session if session and session.deleted_at is None else None

    async def any_session(self, session_id: str) -> Session | None:
        if len(session_id) > MAX_ID:
            return None
        item = await self._database.get(SESSIONS, {"session_id": session_id}, only=("state",))
        return Session.model_validate_json(item["state"]) if item else None

    async def sessions_page(self, name: str, limit: int, before: str | None) -> tuple[list[Session], str | None]:
        entries, more = await self._page(name, limit, before, page=limit + 1)
        ids = [entry["session_id"] for entry in entries]
        items = await self._database.get_many(SESSIONS, [{"session_id": one} for one in ids], only=("state",))
        found = {session.session_id: session for session in map(_session, items)}
        return [found[one] for one in ids if one in found], more

    async def messages(self, session_id: str, first: int, limit: int) -> list[MessageView]:
        """Up to `limit` messages from sequence `first`, oldest first."""
        found: list[MessageView] = []
        async for item in self._database.query(MESSAGES, session_id, low=first, page=limit):
            found.append(_message(item))
            if len(found) == limit:
                break
        return found

    async def conversation(self, session_id: str, before: int) -> tuple[Turn, ...]:
        """What was said before message `before`, oldest first: the latest of it, within bounds of number and bytes."""
        turns: list[Turn] = []
        size = 0
        wanted: dict[str, Any] = {
            "before": before,
            "newest_first": True,
            "only": ("role", "content"),
            "page": HISTORY_MESSAGES,
        }
        async for item in self._database.query(MESSAGES, session_id, **wanted):
            size += len(item["content"].encode())
            if size > HISTORY_BYTES or len(turns) == HISTORY_MESSAGES:
                break
            turns.append(Turn(item["role"], item["content"]))
        return tuple(reversed(turns))

    async def work(self, runner: str) -> list[str]:
        """The items in the hands of that runner."""
        return [item["item"] async for item in self._database.query(WORK, runner)]

    def entries(self, name: str) -> AsyncIterator[Item]:
        """All entries of a list, in order."""
        return self._database.query(LISTS, name)

    async def _page(
        self, name: str, limit: int, before: str | None, *, page: int | None, query: AgentQuery | None = None
    ) -> tuple[list[Item], str | None]:
        entries: list[Item] = []
        bounds: Mapping[str, Any] = {"before": before} if before else {}
        matching = query.filter() if query else None
        async for entry in self._database.query(LISTS, name, newest_first=True, matching=matching, page=page, **bounds):
            if query is not None and not query.matches(entry):
                continue
            if len(entries) == limit:
                return entries, entries[-1]["position"]
            entries.append(entry)
        return entries, None


def _invocation(item: Item) -> Invocation:
    state = pydantic_core.from_json(item["state"])
    return Invocation.model_validate({**state, "input": item["input"], "output": item.get("output")})


def _session(item: Item) -> Session:
    return Session.model_validate_json(item["state"])


def _message(item: Item) -> MessageView:
    return MessageView.model_validate({**pydantic_core.from_json(item["state"]), "content": item["content"]})
