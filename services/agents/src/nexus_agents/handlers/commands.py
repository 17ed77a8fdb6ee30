"""The commands of `agents`, each given to who decides it."""

from dataclasses import dataclass

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
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.ledger import Decision


@dataclass(frozen=True)
class AgentsCommandHandlers:
    agents: AgentHandlers
    sessions: SessionHandlers
    turns: TurnHandlers

    async def decide(self, command: AgentsCommand, address: ReplyAddress | None) -> Decision:
        """Raises PlatformError for what is refused."""
        match command:
            case DeployAgent():
                return await self.agents.deploy_agent(command, address)
            case DeleteAgent():
                return await self.agents.delete_agent(command)
            case CreateSession():
                return await self.sessions.create_session(command)
            case DeleteSession():
                return await self.sessions.delete_session(command)
            case InvokeAgent():
                return await self.turns.invoke_agent(command, address)
            case PostMessage():
                return await self.turns.post_message(command, address)
