"""The store of sessions: the only place that composes the writes of a session's change."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from pydantic import BaseModel

from nexus_agents.domain.agent import Agent
from nexus_agents.domain.session import Session
from nexus_agents.store.agents import MAX_ID, STATE, require_present
from nexus_agents.store.lists import Lists
from nexus_agents.tables import LISTS, SESSIONS
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import Action, Database, Delete, Put
from nexus_runtime.dynamo.form import Form
from nexus_runtime.ledger.change import Change, Reader, Saved, States

SESSION = Form(Session)


class SessionStore:
    """`loader` reads single sessions."""

    def __init__(self, database: Database, loader: Reader) -> None:
        self._database = database
        self._loader = loader
        self._lists = Lists(database)
        self._states = States(SESSIONS, SESSION)

    async def load(self, session_id: str) -> Session | None:
        """None if it does not exist or is being deleted."""
        session = await self.load_any(session_id)
        return session if session and session.deleted_at is None else None

    async def load_any(self, session_id: str) -> Session | None:
        """The session, even while it is being deleted."""
        if len(session_id) > MAX_ID:
            return None
        item = await self._loader.get(SESSIONS, {"session_id": session_id}, only=STATE)
        return self._states.read(item) if item else None

    def save(self, before: Session | None, after: Session, events: Sequence[BaseModel]) -> Saved[Session]:
        """The state, on the condition that it is still `before` (None: that the agent is not deleted), and its list."""
        follows: list[Action] = _list_moves(before, after)
        if before is None:
            follows.append(require_present(after.agent_id, after.session_id))
        return self._states.save(after.session_id, before, after, events, follows)

    async def page(
        self, tenant: str, agent_id: str, limit: int, before: str | None
    ) -> tuple[list[Session], str | None]:
        """By latest activity, up to `limit`, and the position to continue from."""
        entries, more = await self._lists.page(listed_sessions(tenant, agent_id), limit, before)
        keys = [{"session_id": one["session_id"]} for one in entries]
        items = await self._database.get_many(SESSIONS, keys, only=("session_id", *STATE))
        found = {item["session_id"]: self._states.read(item) for item in items}
        return [found[key["session_id"]] for key in keys if key["session_id"] in found], more

    def erase(self, session: Session) -> Change:
        """Last of all that was its own."""
        return Change.of(Delete(SESSIONS, {"session_id": session.session_id}))

    async def unused_since(self, agent: Agent, moment: datetime) -> AsyncIterator[str]:
        """The ids of the agent's sessions whose latest turn began before `moment`, the longest unused first."""
        name = listed_sessions(agent.tenant, agent.agent_id)
        async for item in self._lists.read(name, before=format_timestamp(moment)):
            yield item["session_id"]


def listed_sessions(tenant: str, agent_id: str) -> str:
    return f"{tenant}#agent-sessions#{agent_id}"


def _list_moves(before: Session | None, after: Session) -> list[Action]:
    """Its entry in the list by last activity."""
    actions: list[Action] = []
    if before is not None and (before.last_active_at != after.last_active_at or after.deleted_at):
        actions.append(Delete(LISTS, _list_key(before)))
    if after.deleted_at is None and (before is None or actions):
        actions.append(Put(LISTS, {**_list_key(after), "session_id": after.session_id}))
    return actions


def _list_key(session: Session) -> dict[str, str]:
    position = f"{format_timestamp(session.last_active_at)}#{session.session_id}"
    return {"list": listed_sessions(session.tenant, session.agent_id), "position": position}
