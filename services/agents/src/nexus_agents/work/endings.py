"""How invocations end: exactly once, in one transaction with all consequences."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nexus_agents.domain import invocation as invocations
from nexus_agents.domain import turn as turns
from nexus_agents.domain.invocation import AGENT_DELETED, SESSION_DELETED, Ending, Handover, Invocation, cancelled
from nexus_agents.domain.session import Session
from nexus_agents.domain.views import invocation_outcome
from nexus_agents.store.agents import AgentStore
from nexus_agents.store.turns import TurnStore
from nexus_agents.tables import INVOCATION
from nexus_runtime.ledger.change import Change, End, Start
from nexus_runtime.ledger.ledger import Ledger
from nexus_runtime.process.clock import new_id
from nexus_runtime.work.kind import Held


@dataclass(frozen=True)
class Endings:
    agents: AgentStore
    turns: TurnStore
    ledger: Ledger
    now: Callable[[], datetime]

    async def conclude(self, held: Held, invocation: Invocation, ending: Ending) -> None:
        """Ends it, however long that takes, unless it has already ended. Raises WorkLost.

        The first attempt trusts `invocation` and assumes that its agent exists; if either is no longer true, the
        commit fails.
        """
        doubtful = False

        async def attempt() -> None:
            nonlocal doubtful
            known = await self.turns.invocations.load(invocation.invocation_id) if doubtful else invocation
            if known is None or known.ended:
                return
            # Saves a read for each invocation: a deletion in the middle of one is rare, and fails the commit.
            present = not doubtful or await self.agents.load(known.agent_id) is not None
            doubtful = True
            await self._end(known, ending, present)

        await held.conclude(attempt)

    async def cancel(self, held: Held, invocation_id: str, because: str) -> None:
        """Ends it unless it has ended; `held` is the deletion that requires it. Raises WorkLost."""
        invocation = await held.conclude(lambda: self.turns.invocations.load(invocation_id))
        if invocation is not None and not invocation.ended:
            await self.conclude(held, invocation, cancelled(because))

    async def ended(self, invocation: Invocation, ending: Ending, *, present: bool = True) -> tuple[Invocation, Change]:
        """The invocation with this ending, and all consequences, to be committed. `present`: its agent exists."""
        session = await self._session_of(invocation)
        if present and session and session.deleted_at is None and invocation.invocation_id in session.turns:
            return await self._ended_turn(session, invocation, ending)
        if not present:
            ending = cancelled(AGENT_DELETED)
        elif invocation.session_id is not None:
            ending = cancelled((session.deleted_because if session else "") or SESSION_DELETED)
        ended, events = invocations.end(invocation, ending, self.now())
        # The figures go with the agent: counting into those of a deleted one would fail the whole transaction.
        saved = self.turns.invocations.save(invocation, ended, events, counted=present)
        return ended, saved.change + _end_of_work(ended)

    async def _end(self, invocation: Invocation, ending: Ending, present: bool) -> None:
        _, change = await self.ended(invocation, ending, present=present)
        await self.ledger.commit(change)

    async def _ended_turn(self, session: Session, turn: Invocation, ending: Ending) -> tuple[Invocation, Change]:
        """Ends a turn; in the same transaction the session's next turn begins."""
        # A crash between two transactions would leave a session whose queue nobody starts again.
        now = self.now()
        if session.turn != turn.invocation_id:
            step = turns.withdraw(session, turn, ending, now)
            return step.latest, self.turns.save(session, step).change + _end_of_work(step.latest)
        step = turns.finish(session, turn, ending, now=now, message_id=new_id("msg_"))
        ended = step.latest
        following = await self.turns.invocations.load(session.queue[0]) if session.queue else None
        if following is not None:
            step = step.then(turns.begin(step.session, following, now=now, message_id=new_id("msg_")))
        saved, starts = self.turns.save(session, step), ()
        if saved.running is not None:
            starts = (Start(INVOCATION, saved.running.invocation_id, Handover(saved.running)),)
        return ended, saved.change + _end_of_work(ended) + Change(starts=starts)

    async def _session_of(self, invocation: Invocation) -> Session | None:
        if invocation.session_id is None:
            return None
        return await self.turns.sessions.load_any(invocation.session_id)


def _end_of_work(invocation: Invocation) -> Change:
    return Change(ends=(End(INVOCATION, invocation.invocation_id, invocation_outcome(invocation)),))
