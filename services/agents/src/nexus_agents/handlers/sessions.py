"""Sessions created and deleted."""

from collections.abc import Callable

from nexus_agents.domain import session as sessions
from nexus_agents.domain.views import agent_not_found, session_not_found, session_view
from nexus_agents.store import AgentStore
from nexus_agents.work.cascade import delete_session_writes
from nexus_agents.writes import move_session, put_session, require_present
from nexus_contracts.agents.commands import CreateSession, DeleteSession
from nexus_contracts.agents.views import DeletedSession
from nexus_contracts.errors import Conflict
from nexus_contracts.replies import Outcome
from nexus_runtime.ledger.change import Change, Recorded
from nexus_runtime.ledger.ledger import Decision, Ledger


class SessionHandlers:
    def __init__(self, store: AgentStore, ledger: Ledger, erase_soon: Callable[[str], None]) -> None:
        self._store = store
        self._ledger = ledger
        self._erase_soon = erase_soon

    async def create_session(self, command: CreateSession) -> Decision:
        """An agent that is offline may have sessions; a deleted one may not."""
        if await self._store.agent(command.agent_id) is None:
            raise agent_not_found(command.agent_id)
        if await self._store.any_session(command.session_id) is not None:
            raise Conflict("the session exists already", session_id=command.session_id)
        session, events = sessions.create(command, self._ledger.now())
        actions = [
            put_session(session),
            *move_session(None, session),
            require_present(session.agent_id, session.session_id),
        ]
        outcome = Outcome(status=201, result=session_view(session).model_dump(mode="json"))
        return Decision(outcome, Change(tuple(actions), (Recorded(session.session_id, 0, events),)))

    async def delete_session(self, command: DeleteSession) -> Decision:
        """Gone at once; the turn that runs and those that wait are cancelled after that."""
        session = await self._store.session(command.session_id)
        if session is None:
            raise session_not_found(command.session_id)
        now = self._ledger.now()
        after, events = sessions.tombstone(session, now, "SESSION_DELETED")
        view = DeletedSession(session_id=session.session_id, deleted_at=now, deleted_messages=session.message_count)
        return Decision(
            Outcome(status=200, result=view.model_dump(mode="json")),
            Change(
                tuple(delete_session_writes(session, after)),
                (Recorded(session.session_id, session.sequence, events),),
            ),
            lambda: self._erase_soon(session.session_id),
        )
