"""What a command is about, where it is there for whoever gives the command: others' resources do not exist."""

from dataclasses import dataclass

from nexus_agents.domain.agent import Agent
from nexus_agents.domain.errors import agent_not_found, session_not_found
from nexus_agents.domain.session import Session
from nexus_agents.store.agents import AgentStore
from nexus_agents.store.turns import TurnStore
from nexus_contracts.commands import Command
from nexus_contracts.errors import Conflict


@dataclass(frozen=True)
class Present:
    agents: AgentStore
    turns: TurnStore

    async def agent(self, agent_id: str, command: Command) -> Agent:
        """Raises NotFound."""
        agent = await self.agents.load(agent_id)
        if agent is None or agent.tenant != command.principal.tenant:
            raise agent_not_found(agent_id)
        return agent

    async def session(self, session_id: str, command: Command) -> Session:
        """Raises NotFound."""
        session = await self.turns.sessions.load(session_id)
        if session is None or session.tenant != command.principal.tenant:
            raise session_not_found(session_id)
        return session

    async def require_new_invocation(self, invocation_id: str) -> None:
        """Raises Conflict."""
        if await self.turns.invocations.load(invocation_id) is not None:
            raise Conflict("the invocation exists already", invocation_id=invocation_id)

    async def require_new_session(self, session_id: str) -> None:
        """Raises Conflict."""
        if await self.turns.sessions.load_any(session_id) is not None:
            raise Conflict("the session exists already", session_id=session_id)
