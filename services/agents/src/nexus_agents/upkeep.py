"""Periodic maintenance by every process, for itself and for the others."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nexus_agents.domain import session as sessions
from nexus_agents.domain.backend import Backends
from nexus_agents.domain.backend_errors import BackendError, BackendUnknown
from nexus_agents.domain.invocation import SESSION_EXPIRED
from nexus_agents.store.agents import AgentStore
from nexus_agents.store.lists import UNDEPLOYED, Lists, no_entry
from nexus_agents.store.sessions import SessionStore
from nexus_agents.tables import SESSION_DELETION
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.ledger.change import Begin, Change
from nexus_runtime.ledger.ledger import ChangedMeanwhile, Ledger
from nexus_runtime.process import log

logger = log.get(__name__)
REMEMBER_SECONDS = 600
"""So long after its deletion a process that was only paused may still run an agent."""
SHORTEST_BETWEEN, LONGEST_BETWEEN = 30.0, 3600.0
"""Seconds from one look for idle sessions to the next."""


@dataclass(frozen=True)
class Undeployer:
    """Stops agents that still run here after they were deleted elsewhere."""

    store: AgentStore
    lists: Lists
    backends: Backends
    ledger: Ledger
    now: Callable[[], datetime]
    done: set[str] = field(default_factory=set[str])

    async def undeploy_deleted(self) -> None:
        """Once over the list."""
        known: set[str] = set()
        expired = format_timestamp(self.now() - timedelta(seconds=REMEMBER_SECONDS))
        async for item in self.lists.read(UNDEPLOYED):
            position = item["position"]
            known.add(position)
            if position not in self.done:
                await self._undeploy(item["agent_id"], item["backend"])
            if position < expired:
                await self.ledger.commit(Change.of(no_entry(UNDEPLOYED, position)))
        self.done.clear()
        self.done.update(known)

    async def _undeploy(self, agent_id: str, backend: str) -> None:
        if await self.store.load_any(agent_id) is not None:
            return
        try:
            await self.backends.of(backend).undeploy(agent_id)
        except BackendUnknown:
            logger.debug("an agent of a backend that this process does not have", agent_id=agent_id, backend=backend)
        except BackendError as error:
            logger.warning("left to the search for orphans", agent_id=agent_id, reason=error.message)


@dataclass(frozen=True)
class Orphans:
    """Ends what a backend holds for agents that are not recorded: a process died between the two, or AWS refused."""

    store: AgentStore
    backends: Backends

    async def undeploy(self) -> None:
        for name in self.backends.names:
            try:
                await self._undeploy(name)
            except BackendError as error:
                logger.warning("orphans were not looked for", backend=name, reason=error.message)

    async def _undeploy(self, name: str) -> None:
        backend = self.backends.of(name)
        for agent_id in await backend.deployed():
            agent = await self.store.load_any(agent_id)
            if agent is None or agent.backend != name:
                logger.warning("an agent without a record is undeployed", agent_id=agent_id, backend=name)
                await backend.undeploy(agent_id)


@dataclass(frozen=True)
class IdleSessions:
    """Deletes sessions that had no turn for `ttl`, as their users would: with messages, and with an event.

    They are found in the lists of their agents, which are sorted by activity: no session has an entry for this alone.
    """

    agents: AgentStore
    sessions: SessionStore
    ledger: Ledger
    now: Callable[[], datetime]
    ttl: timedelta

    @property
    def every_seconds(self) -> float:
        """How often to look: a session goes within a twentieth of `ttl` more, or an hour."""
        return min(LONGEST_BETWEEN, max(SHORTEST_BETWEEN, self.ttl.total_seconds() / 20))

    async def delete(self) -> None:
        """Once over those that are old enough."""
        expired = self.now() - self.ttl
        async for agent in self.agents.all():
            async for session_id in self.sessions.unused_since(agent, expired):
                await self._delete(session_id, expired)

    async def _delete(self, session_id: str, expired: datetime) -> None:
        session = await self.sessions.load(session_id)
        if session is None or not session.idle or session.last_active_at >= expired:
            return
        after, events = sessions.tombstone(session, self.now(), SESSION_EXPIRED)
        begin = Change(begins=(Begin(SESSION_DELETION, session_id),))
        # Another process was there first, or its user came back.
        with contextlib.suppress(ChangedMeanwhile):
            await self.ledger.commit(self.sessions.save(session, after, events).change + begin)
            logger.info("a session was deleted as it was idle for too long", session_id=session_id)


async def again(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Runs for ever; failures are retried."""
    while True:
        try:
            await work()
        except (ServiceUnavailable, ChangedMeanwhile) as error:
            logger.info("tried again", work=work.__name__, reason=str(error))
        except Exception:
            logger.exception("failed, will be tried again", work=work.__name__)
        await asyncio.sleep(seconds)
