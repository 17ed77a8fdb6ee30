"""The lists in which agents, invocations and sessions are found: who is kept in them writes their entries."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from nexus_agents.tables import LISTS
from nexus_runtime.dynamo import Database, Delete, Filter, Item, Put

HISTORIES, UNDEPLOYED = "histories", "undeployed"
"""Lists that the platform works through, of all tenants: histories to erase, agents that may still run somewhere."""


@dataclass(frozen=True)
class AgentQuery:
    """Which agents of a list; `capabilities` matches those that have any of them, `user_id` whose they are."""

    project_id: str | None = None
    status: str | None = None
    category: str | None = None
    capabilities: frozenset[str] = frozenset()
    user_id: str | None = None

    def filter(self) -> Filter:
        equal = {"status": self.status, "category": self.category, "user_id": self.user_id}
        only = {"capabilities": next(iter(self.capabilities))} if len(self.capabilities) == 1 else {}
        return Filter(equal={name: value for name, value in equal.items() if value is not None}, contains=only)

    def matches(self, entry: Item) -> bool:
        return not self.capabilities or not self.capabilities.isdisjoint(entry["capabilities"])

    @property
    def selective(self) -> bool:
        return bool(self.status or self.category or self.capabilities or self.user_id)


def entry(name: str, position: str, **attributes: Any) -> Put:
    return Put(LISTS, {"list": name, "position": position, **attributes})


def no_entry(name: str, position: str) -> Delete:
    return Delete(LISTS, {"list": name, "position": position})


class Lists:
    """Where they are read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, name: str, before: str | None = None) -> AsyncIterator[Item]:
        """All entries, or those before a position, in order."""
        return self._database.query(LISTS, name, before=before)

    async def ids(self, name: str, attribute: str) -> AsyncIterator[str]:
        """What the entries refer to."""
        async for item in self.read(name):
            yield item[attribute]

    async def page(
        self, name: str, limit: int, before: str | None, query: AgentQuery | None = None
    ) -> tuple[list[Item], str | None]:
        """Newest first: up to `limit` entries before a position, and the position to continue from (None: no more)."""
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
