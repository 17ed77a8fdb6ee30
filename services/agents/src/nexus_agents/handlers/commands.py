"""The commands of `agents`, each given to who decides it."""

from nexus_agents.handlers.agents import AgentHandlers
from nexus_agents.handlers.sessions import SessionHandlers
from nexus_agents.handlers.turns import TurnHandlers
from nexus_contracts.agents.commands import (
    AgentsCommand,
    CreateSession,
    DeleteAgent,
    DeleteSession,
    DeployAgent,
    InvokeAgent,
    PostMessage,
)
from nexus_contracts.replies import Outcome
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.ledger import Decision


class CommandHandlers:
    def __init__(self, agents: AgentHandlers, sessions: SessionHandlers, turns: TurnHandlers) -> None:
        self._agents = agents
        self._sessions = sessions
        self._turns = turns

    async def decide(self, command: AgentsCommand, address: ReplyAddress | None) -> Decision:
        """Raises PlatformError for what is refused."""
        match command:
            case DeployAgent():
                return await self._agents.deploy_agent(command, address)
            case DeleteAgent():
                return await self._agents.delete_agent(command)
            case CreateSession():
                return await self._sessions.create_session(command)
            case DeleteSession():
                return await self._sessions.delete_session(command)
            case InvokeAgent():
                return await self._turns.invoke_agent(command, address)
            case PostMessage():
                return await self._turns.post_message(command, address)

    async def follow(self, outcome: Outcome, address: ReplyAddress) -> None:
        """Somebody waits for what was accepted, perhaps not the first."""
        if "invocation_id" in (outcome.result or {}):
            await self._turns.follow(outcome, address)
        else:
            await self._agents.follow(outcome, address)
