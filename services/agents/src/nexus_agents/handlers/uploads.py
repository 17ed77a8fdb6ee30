"""Files uploaded into sessions: stored, with the same answer however often the upload is repeated."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from nexus_agents.domain import session as sessions
from nexus_agents.domain.errors import session_not_found
from nexus_agents.domain.upload import SessionUpload, TakeUpload, require_fewer_uploads, upload_id_of
from nexus_agents.handlers.packages import AT_ONCE
from nexus_agents.store.agents import AgentStore
from nexus_agents.store.turns import TurnStore
from nexus_contracts.agents.views import SessionUploadView
from nexus_contracts.replies import Reply
from nexus_runtime.blobs import BlobStore
from nexus_runtime.ledger.inbox import Handled
from nexus_runtime.ledger.ledger import Decision, Ledger
from nexus_runtime.process.clock import new_id


@dataclass(frozen=True)
class UploadHandlers:
    agents: AgentStore
    turns: TurnStore
    blobs: BlobStore
    ledger: Ledger
    now: Callable[[], datetime]
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def take(self, command: TakeUpload, content: bytes) -> Reply:
        """Raises IdempotencyKeyReused, ServiceUnavailable. A crash may leave an orphaned blob."""
        handled = Handled(command, new_id("evt_"))
        return await self.ledger.carry_out(handled, lambda: self._decide(command, content))

    async def _decide(self, command: TakeUpload, content: bytes) -> Decision:
        session = await self.turns.sessions.load(command.session_id)
        if session is None or session.agent_id != command.agent_id:
            raise session_not_found(command.session_id)
        if await self.agents.seen(session.agent_id, command.principal) is None:
            raise session_not_found(command.session_id)
        sessions.require_open(session)
        require_fewer_uploads(await self.turns.uploads.count(command.session_id))
        # Not before: who may not upload must not fill the store.
        blob = await self.blobs.put(content)
        upload = SessionUpload(
            upload_id=upload_id_of(command),
            session_id=command.session_id,
            name=command.name,
            media_type=command.media_type,
            uri=blob.uri,
            sha256=blob.sha256,
            size_bytes=blob.size_bytes,
            created_at=self.now(),
        )
        view = SessionUploadView.model_validate(dict(upload))
        return Decision.answer(201, view, self.turns.uploads.save(session, upload))
