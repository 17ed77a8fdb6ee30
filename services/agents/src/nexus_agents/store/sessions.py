"""The store of sessions: the only place that composes the writes of a session's change."""

import zlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from pydantic import BaseModel

from nexus_agents.domain.session import Session
from nexus_agents.store.agents import MAX_ID, STATE, require_present
from nexus_agents.store.lists import Lists, entry, no_entry
from nexus_agents.tables import LISTS, SESSIONS
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import Action, Database, Delete, Item, Put
from nexus_runtime.dynamo.form import Form
from nexus_runtime.ledger.change import Change, Saved, States

SESSION = Form(Session)
SHARDS = 8
"""The list of all sessions is spread over this many partitions."""


class SessionStore:
    def __init__(self, database: Database) -> None:
        self._database = database
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
        item = await self._database.get(SESSIONS, {"session_id": session_id}, only=STATE)
        return self._states.read(item) if item else None

    def save(self, before: Session | None, after: Session, events: Sequence[BaseModel]) -> Saved[Session]:
        """The state, on the condition that it is still `before` (None: that the agent is not deleted), and its list."""
        follows: list[Action] = _list_moves(before, after)
        if before is None:
            follows += [require_present(after.agent_id, after.session_id), watched(after, after.created_at)]
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
        unwatched = no_entry(*_watch_key(session.session_id, session.created_at))
        return Change.of(Delete(SESSIONS, {"session_id": session.session_id}), unwatched)

    async def seen_last_before(self, moment: datetime) -> AsyncIterator[Item]:
        """Entries of sessions that were created, or looked at for their age, before `moment`, in no order."""
        for shard in range(SHARDS):
            async for item in self._lists.read(_watch_list(shard), before=format_timestamp(moment)):
                yield item


def watched(session: Session, since: datetime) -> Put:
    """Its entry in the list of all sessions, by which its age is found; it moves only when it is looked at."""
    return entry(*_watch_key(session.session_id, since), session_id=session.session_id)


def _watch_key(session_id: str, since: datetime) -> tuple[str, str]:
    shard = zlib.crc32(session_id.encode()) % SHARDS
    return _watch_list(shard), f"{format_timestamp(since)}#{session_id}"


def _watch_list(shard: int) -> str:
    return f"session-ages#{shard}"


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
