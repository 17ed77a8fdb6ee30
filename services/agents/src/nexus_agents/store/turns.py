"""The turns of sessions: a step changes session, invocations and messages in one transaction."""

from nexus_agents.domain.session import Session
from nexus_agents.domain.turn import TurnStep
from nexus_agents.store.invocations import InvocationStore
from nexus_agents.store.messages import MessageStore
from nexus_agents.store.sessions import SessionStore
from nexus_runtime.dynamo import Database
from nexus_runtime.ledger.change import Change


class TurnStore:
    """Each aggregate is saved by its own store; what they write is added up."""

    def __init__(self, database: Database) -> None:
        self.invocations = InvocationStore(database)
        self.sessions = SessionStore(database)
        self.messages = MessageStore(database)

    def save(self, before: Session, step: TurnStep) -> Change:
        change = self.sessions.save(before, step.session, step.events).change
        for turn in step.turns:
            change += self.invocations.save(turn.before, turn.after, turn.events).change
        for message in step.messages:
            change += self.messages.save(message)
        return change
