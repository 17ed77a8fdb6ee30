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
from nexus_agents.domain.session import Session
from nexus_agents.store.agents import AgentStore
from nexus_agents.store.lists import UNDEPLOYED, Lists, no_entry
from nexus_agents.store.sessions import SessionStore, watched
from nexus_agents.tables import SESSION_DELETION
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.ledger.change import Begin, Change
from nexus_runtime.ledger.ledger import ChangedMeanwhile, Ledger
from nexus_runtime.process import log

logger = log.get(__name__)
REMEMBER_SECONDS = 600
"""So long after its deletion a process that was only paused may still run an agent."""


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
    """Deletes sessions that had no turn for `ttl`, as their users would: with messages, and with an event."""

    sessions: SessionStore
    ledger: Ledger
    now: Callable[[], datetime]
    ttl: timedelta

    async def delete(self) -> None:
        """Once over those that may be old enough."""
        expired = self.now() - self.ttl
        async for item in self.sessions.seen_last_before(expired):
            session = await self.sessions.load(item["session_id"])
            if session is not None and not session.idle:
                continue
            change = Change.of(no_entry(item["list"], item["position"]))
            if session is not None and session.last_active_at < expired:
                change += self._deletion(session)
            elif session is not None:
                change += Change.of(watched(session, session.last_active_at))
            # Another process was there first, or its user came back: it is looked at again.
            with contextlib.suppress(ChangedMeanwhile):
                await self.ledger.commit(change)

    def _deletion(self, session: Session) -> Change:
        logger.info("a session is deleted as it was idle for too long", session_id=session.session_id)
        after, events = sessions.tombstone(session, self.now(), SESSION_EXPIRED)
        begin = Change(begins=(Begin(SESSION_DELETION, session.session_id),))
        return self.sessions.save(session, after, events).change + begin


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
