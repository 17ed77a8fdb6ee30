"""Deletions: what was marked as deleted is erased, with everything that belongs to it.

Every step may be repeated, by any process: the work remains until the last step is done.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from nexus_agents.domain import agent as agents
from nexus_agents.domain import session as sessions
from nexus_agents.domain.agent import Agent, target
from nexus_agents.domain.backend import Backends
from nexus_agents.domain.backend_errors import BackendError
from nexus_agents.domain.invocation import AGENT_DELETED
from nexus_agents.domain.session import Session
from nexus_agents.store.agents import AgentStore
from nexus_agents.store.invocations import listed_invocations, listed_notes
from nexus_agents.store.lists import Lists
from nexus_agents.store.logs import LogStore
from nexus_agents.store.sessions import listed_sessions
from nexus_agents.store.turns import TurnStore
from nexus_agents.store.versions import VersionStore
from nexus_agents.tables import AGENT_DELETION, SESSION_DELETION
from nexus_agents.work.endings import Endings
from nexus_agents.work.histories import Histories
from nexus_contracts.replies import Outcome
from nexus_runtime.ledger.change import Begin, Change, End
from nexus_runtime.ledger.ledger import Ledger
from nexus_runtime.process import log
from nexus_runtime.work.kind import Held, Repeatable

logger = log.get(__name__)
AT_ONCE = 16
DONE = Outcome(status=200)
"""Nobody receives it: the caller was answered when the deletion began."""


@dataclass(frozen=True)
class SessionDeletion(Repeatable):
    """Cancels the turns of a session, then erases its messages, its history and itself."""

    agents: AgentStore
    turns: TurnStore
    backends: Backends
    endings: Endings
    histories: Histories
    ledger: Ledger
    name = SESSION_DELETION

    async def run(self, name: str, held: Held) -> None:
        end = Change(ends=(End(SESSION_DELETION, name, DONE),))
        session = await self.turns.sessions.load_any(name)
        if session is not None:
            for invocation_id in session.turns:
                await self.endings.cancel(held, invocation_id, session.deleted_because)
            await self._let_go(session)
            await self.turns.messages.erase(name)
            await self.turns.uploads.erase(name)
            await self.histories.leave(name, session.sequence)
            end += self.turns.sessions.erase(session)
        await self.ledger.commit(end)

    async def _let_go(self, session: Session) -> None:
        agent = await self.agents.load(session.agent_id)
        if agent is None:
            return
        try:
            await self.backends.of(agent.backend).end_session(target(agent), session.session_id)
        except BackendError as error:
            logger.info("the session will expire by itself", session_id=session.session_id, reason=error.message)


@dataclass(frozen=True)
class AgentDeletion(Repeatable):
    """Undeploys an agent and erases what belongs to it; its sessions are deletions of their own."""

    agents: AgentStore
    versions: VersionStore
    logs: LogStore
    turns: TurnStore
    lists: Lists
    endings: Endings
    histories: Histories
    backends: Backends
    ledger: Ledger
    now: Callable[[], datetime]
    name = AGENT_DELETION

    async def run(self, name: str, held: Held) -> None:
        agent = await self.agents.load_any(name)
        if agent is None or agent.deleted_at is None:
            await self.ledger.commit(_ended(name))
            return
        await self.backends.of(agent.backend).undeploy(name)
        found = self.lists.ids(listed_sessions(agent.tenant, name), "session_id")
        await _each(found, lambda one: held.conclude(lambda: self._delete_session(one)))
        for listed in (listed_invocations, listed_notes):
            found = self.lists.ids(listed(agent.tenant, name), "invocation_id")
            await _each(found, lambda one: self._erase_invocation(held, one))
        await self.versions.erase(name)
        await self.logs.erase(name)
        await held.conclude(lambda: self._end(agent))

    async def _delete_session(self, session_id: str) -> None:
        before = await self.turns.sessions.load(session_id)
        if before is None:
            return
        after, events = sessions.tombstone(before, self.now(), AGENT_DELETED)
        begin = Change(begins=(Begin(SESSION_DELETION, session_id),))
        await self.ledger.commit(self.turns.sessions.save(before, after, events).change + begin)

    async def _erase_invocation(self, held: Held, invocation_id: str) -> None:
        await self.endings.cancel(held, invocation_id, AGENT_DELETED)
        invocation = await self.turns.invocations.load(invocation_id)
        if invocation is not None:
            await self.histories.leave(invocation_id, invocation.sequence)
            if invocation.has_parts:
                await self.turns.streams.erase(invocation_id)
            await self.ledger.commit(self.turns.invocations.erase(invocation))

    async def _end(self, agent: Agent) -> None:
        """Erases the agent itself last, together with the event that announces it."""
        deleted, events = agents.deleted(agent)
        gone = await self.agents.project_deleted(agent.project_id)
        erased = self.agents.erase(deleted, events, self.now(), project_deleted=gone)
        await self.ledger.commit(erased + _ended(agent.agent_id))


def _ended(agent_id: str) -> Change:
    return Change(ends=(End(AGENT_DELETION, agent_id, DONE),))


async def _each(found: AsyncIterator[str], step: Callable[[str], Awaitable[None]]) -> None:
    """Runs `step` for everything, several at a time."""
    chunk: list[str] = []
    async for one in found:
        chunk.append(one)
        if len(chunk) == AT_ONCE:
            await asyncio.gather(*map(step, chunk))
            chunk = []
    await asyncio.gather(*map(step, chunk))
