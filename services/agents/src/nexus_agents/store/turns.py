"""The turns of sessions: a step changes session, invocations and messages in one transaction."""

from dataclasses import dataclass

from nexus_agents.domain.invocation import Invocation, InvocationStatus
from nexus_agents.domain.session import Session
from nexus_agents.domain.streamed import output_in
from nexus_agents.domain.turn import TurnStep
from nexus_agents.store.invocations import InvocationStore
from nexus_agents.store.messages import HistoryBounds, MessageStore
from nexus_agents.store.sessions import SessionStore
from nexus_agents.store.streams import StreamStore
from nexus_agents.store.uploads import UploadStore
from nexus_agents.store.usage import QuotasOf
from nexus_runtime.dynamo import Database
from nexus_runtime.ledger.change import Change, Reader


@dataclass(frozen=True)
class SavedStep:
    """`running`: the turn that runs from then on, as it will stand when `change` has committed."""

    change: Change
    running: Invocation | None


class TurnStore:
    """Each aggregate is saved by its own store; what they write is added up. `loader`: as of `AgentStore`."""

    def __init__(
        self,
        database: Database,
        history: HistoryBounds | None = None,
        quotas_of: QuotasOf | None = None,
        loader: Reader | None = None,
    ) -> None:
        loader = loader or database
        self.invocations = InvocationStore(database, loader, quotas_of)
        self.sessions = SessionStore(database, loader)
        self.messages = MessageStore(database, history or HistoryBounds())
        self.streams = StreamStore(database)
        self.uploads = UploadStore(database)

    async def whole(self, invocation: Invocation) -> Invocation:
        """With all of its output, where only the beginning is kept with it."""
        if invocation.output_bytes is None:
            return invocation
        output = output_in(await self.streams.all(invocation.invocation_id))
        return invocation.model_copy(update={"output": output, "output_bytes": None})

    def save(self, before: Session, step: TurnStep) -> SavedStep:
        change = self.sessions.save(before, step.session, step.events).change
        running: Invocation | None = None
        for turn in step.turns:
            saved = self.invocations.save(turn.before, turn.after, turn.events)
            change += saved.change
            if saved.state.status is InvocationStatus.RUNNING:
                running = saved.state
        for message in step.messages:
            change += self.messages.save(message)
        return SavedStep(change, running)
