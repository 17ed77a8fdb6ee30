"""Commands go to the handlers of what they are about."""

from dataclasses import dataclass

from nexus_agents.handlers.agents import AgentHandlers
from nexus_agents.handlers.conversations import ConversationHandlers
from nexus_contracts.agents.commands import AboutAgents, AgentsCommand
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.ledger import Decision


@dataclass(frozen=True)
class AgentsCommandHandlers:
    agents: AgentHandlers
    conversations: ConversationHandlers

    async def decide(self, command: AgentsCommand, address: ReplyAddress | None) -> Decision:
        """Raises PlatformError for what is refused."""
        if isinstance(command, AboutAgents):
            return await self.agents.decide(command, address)
        return await self.conversations.decide(command, address)
