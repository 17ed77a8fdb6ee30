"""The lists in which agents, invocations and sessions are found, by tenant, and the writes that keep them right."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from nexus_agents.domain.agent import Agent
from nexus_agents.domain.invocation import Invocation, Kind
from nexus_agents.domain.session import Session
from nexus_agents.tables import LISTS
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import Action, Database, Delete, Filter, Item, Put

HISTORIES, UNDEPLOYED = "histories", "undeployed"
"""Lists that the platform works through, of all tenants: histories to erase, agents that may still run somewhere."""


@dataclass(frozen=True)
class AgentQuery:
    """Which agents of a list; `capabilities` matches those that have any of them."""

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


def listed_agents(tenant: str, project_id: str | None = None) -> str:
    """The list of a tenant's agents, or of one project's."""
    return f"{tenant}#project#{project_id}" if project_id else f"{tenant}#all"


def listed_invocations(tenant: str, agent_id: str) -> str:
    return f"{tenant}#agent-invocations#{agent_id}"


def listed_notes(tenant: str, agent_id: str) -> str:
    """Notes are found again, too, but nobody is shown them as invocations."""
    return f"{tenant}#agent-notes#{agent_id}"


def listed_sessions(tenant: str, agent_id: str) -> str:
    return f"{tenant}#agent-sessions#{agent_id}"


def listed_sequences(tenant: str, project_id: str) -> str:
    """How far the events of deleted agents had come: an agent of the same id goes on from there."""
    return f"{tenant}#sequences#{project_id}"


def agent_moves(before: Agent | None, after: Agent) -> list[Action]:
    """Its entries in the lists of all agents and of its project's: there while it is not deleted."""
    position = f"{format_timestamp(after.created_at)}#{after.agent_id}"
    names = (listed_agents(after.tenant), listed_agents(after.tenant, after.project_id))
    if after.deleted_at is not None:
        return [Delete(LISTS, {"list": name, "position": position}) for name in names]
    shown = _agent_entry(after)
    if before is not None and shown == _agent_entry(before):
        return []
    return [Put(LISTS, {"list": name, "position": position, **shown}) for name in names]


def invocation_moves(before: Invocation | None, after: Invocation) -> list[Action]:
    """Its entry stands from its first write until it is erased."""
    return [] if before else [Put(LISTS, {**invocation_key(after), "invocation_id": after.invocation_id})]


def invocation_key(invocation: Invocation) -> dict[str, str]:
    name = listed_notes if invocation.kind is Kind.NOTE else listed_invocations
    position = f"{format_timestamp(invocation.created_at)}#{invocation.invocation_id}"
    return {"list": name(invocation.tenant, invocation.agent_id), "position": position}


def session_moves(before: Session | None, after: Session) -> list[Action]:
    """Its entry in the list by last activity."""
    actions: list[Action] = []
    if before is not None and (before.last_active_at != after.last_active_at or after.deleted_at):
        actions.append(Delete(LISTS, _session_key(before)))
    if after.deleted_at is None and (before is None or actions):
        actions.append(Put(LISTS, {**_session_key(after), "session_id": after.session_id}))
    return actions


def entry(name: str, position: str, **attributes: Any) -> Put:
    return Put(LISTS, {"list": name, "position": position, **attributes})


def no_entry(name: str, position: str) -> Delete:
    return Delete(LISTS, {"list": name, "position": position})


class Lists:
    """Where they are read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, name: str) -> AsyncIterator[Item]:
        """All entries, in order."""
        return self._database.query(LISTS, name)

    async def ids(self, name: str, attribute: str) -> AsyncIterator[str]:
        """What the entries refer to."""
        async for item in self.read(name):
            yield item[attribute]

    async def page(
        self, name: str, limit: int, before: str | None, query: AgentQuery | None = None
    ) -> tuple[list[Item], str | None]:
        """Newest first: up to `limit` entries before a position, and the position to go on from (None: no more)."""
        matching = query.filter() if query else None
        at_once = limit + 1 if query is None or not query.selective else None
        bounds: dict[str, Any] = {"newest_first": True, "matching": matching, "page": at_once, "before": before}
        found: list[Item] = []
        async for item in self._database.query(LISTS, name, **bounds):
            if query is not None and not query.matches(item):
                continue
            if len(found) == limit:
                return found, found[-1]["position"]
            found.append(item)
        return found, None


def _agent_entry(agent: Agent) -> dict[str, Any]:
    described = {"category": agent.category, "capabilities": agent.capabilities}
    return {"agent_id": agent.agent_id, "status": str(agent.status), **described}


def _session_key(session: Session) -> dict[str, str]:
    position = f"{format_timestamp(session.last_active_at)}#{session.session_id}"
    return {"list": listed_sessions(session.tenant, session.agent_id), "position": position}
