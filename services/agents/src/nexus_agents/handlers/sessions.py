"""Sessions created and deleted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nexus_agents.domain import session as sessions
from nexus_agents.domain.invocation import SESSION_DELETED
from nexus_agents.domain.views import session_view
from nexus_agents.handlers.present import Present
from nexus_agents.tables import SESSION_DELETION
from nexus_contracts.agents.commands import CreateSession, DeleteSession
from nexus_contracts.agents.views import DeletedSession
from nexus_contracts.commands import require_match
from nexus_runtime.ledger.change import Begin, Change
from nexus_runtime.ledger.ledger import Decision


@dataclass(frozen=True)
class SessionHandlers:
    present: Present
    now: Callable[[], datetime]

    async def create_session(self, command: CreateSession) -> Decision:
        """An agent that is offline may have sessions; a deleted one may not."""
        await self.present.agent(command.agent_id, command)
        await self.present.require_new_session(command.session_id)
        after, events = sessions.create(command, self.now())
        saved = self.present.turns.sessions.save(None, after, events)
        return Decision.answer(201, session_view(saved.state), saved.change)

    async def delete_session(self, command: DeleteSession) -> Decision:
        """Gone at once; the turn that runs and those that wait are cancelled after that."""
        before = await self.present.session(command.session_id, command)
        require_match(command.if_match, before)
        after, events = sessions.tombstone(before, self.now(), SESSION_DELETED)
        change = self.present.turns.sessions.save(before, after, events).change
        change += Change(begins=(Begin(SESSION_DELETION, command.session_id),))
        view = DeletedSession.model_validate(dict(after) | {"deleted_messages": after.message_count})
        return Decision.answer(200, view, change)
