"""How invocations end: once, in one transaction with all that follows from it; then whoever waits is told."""

import asyncio
import random

from nexus_agents.domain.invocation import Ending, Invocation, cancelled
from nexus_agents.domain.session import Session
from nexus_agents.store import AgentStore
from nexus_agents.work.answers import Answerer
from nexus_agents.work.pool import Pool
from nexus_agents.work.runner import Runner
from nexus_agents.work.turns import Ended, end_alone, end_turn
from nexus_agents.writes import invocation_item
from nexus_contracts.errors import ServiceUnavailable
from nexus_runtime.ledger.ledger import ChangedMeanwhile, Ledger
from nexus_runtime.process import log

logger = log.get(__name__)


class Endings:
    def __init__(self, store: AgentStore, ledger: Ledger, runner: Runner, pool: Pool, answerer: Answerer) -> None:
        self._store = store
        self._ledger = ledger
        self._runner = runner
        self._pool = pool
        self._answerer = answerer

    async def end(self, invocation: Invocation, ending: Ending) -> Invocation | None:
        """Ends it, however long that takes, unless it is no longer in the hands that `invocation` names.

        Returns the turn that started with it.
        """
        owner, pause, changed = invocation.owner, 0.0, 0
        while True:
            try:
                ended = await self._prepare(invocation, ending, doubtful=changed > 0)
                await self._ledger.commit(ended.change.all())
            except ChangedMeanwhile:
                changed += 1
                pause = 0.0 if changed < 3 else 0.02
            except ServiceUnavailable as error:
                logger.warning("end of an invocation not written yet", reason=error.message)
                pause = min(2.0, pause * 2 + 0.1)
            else:
                await self._committed(ended)
                return ended.following
            await asyncio.sleep(random.uniform(0, pause))
            found = await self._present(invocation)
            if found is None or found.ended or found.owner != owner:
                await self._not_mine(found, owner, ending)
                return None
            invocation = found

    async def tell(self, invocation: Invocation) -> None:
        """Answers all who wait for an invocation that has ended."""
        self._answerer.tell(invocation.waiters, await self._answerer.outcome(invocation))

    async def _present(self, invocation: Invocation) -> Invocation | None:
        while True:
            try:
                return await self._store.invocation(invocation.invocation_id)
            except ServiceUnavailable:
                await asyncio.sleep(0.5)

    async def _prepare(self, invocation: Invocation, ending: Ending, *, doubtful: bool) -> Ended:
        """`doubtful`: a try has failed, so it is asked whether the agent is still there."""
        now = self._ledger.now()
        present = not doubtful or await self._store.agent(invocation.agent_id) is not None
        session = await self._session_of(invocation)
        if present and session and session.deleted_at is None and session.turn == invocation.invocation_id:
            following = await self._following(session)
            runner = self._runner.successor if following else ""
            return end_turn(session, invocation, ending, following, runner=runner, now=now)
        if not present:
            ending = cancelled("AGENT_DELETED")
        elif invocation.session_id is not None:
            ending = cancelled((session.deleted_because if session else "") or "SESSION_DELETED")
        return end_alone(invocation, ending, now, counted=present)

    async def _session_of(self, invocation: Invocation) -> Session | None:
        if invocation.session_id is None:
            return None
        return await self._store.any_session(invocation.session_id)

    async def _following(self, session: Session) -> Invocation | None:
        return await self._store.invocation(session.queue[0]) if session.queue else None

    async def _committed(self, ended: Ended) -> None:
        self._pool.abandon(invocation_item(ended.invocation.invocation_id))
        if ended.invocation.waiters:
            outcome = await self._answerer.outcome(ended.invocation, ended.change.messages)
            self._answerer.tell(ended.invocation.waiters, outcome)

    async def _not_mine(self, found: Invocation | None, owner: str, ending: Ending) -> None:
        """Somebody else ended it, or this process did and was not told so by the database."""
        if found is None or not (found.ended and found.owner == owner and found.status is ending.status):
            logger.info("invocation was ended elsewhere", owner=owner)
            return
        await self.tell(found)
