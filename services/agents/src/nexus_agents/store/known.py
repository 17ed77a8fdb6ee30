"""Agents as this process read them last. Whether they are still so, the transaction that goes by it finds out."""

from collections import OrderedDict
from typing import TypeVar

from nexus_agents.domain.agent import Agent, serving
from nexus_contracts.agents.events import AgentStatus
from nexus_contracts.principal import Principal

T = TypeVar("T")
MOST = 1_000


class KnownAgents:
    """Those that were running. The least recently used ones are forgotten."""

    def __init__(self) -> None:
        self._agents: OrderedDict[str, Agent] = OrderedDict()
        self._doubtful: OrderedDict[str, str] = OrderedDict()

    def seen(self, agent_id: str, asker: Principal) -> Agent | None:
        """The agent, if it is known and the caller sees it."""
        agent = self._agents.get(agent_id)
        if agent is None or not asker.sees(agent.tenant, agent.user_id):
            return None
        self._agents.move_to_end(agent_id)
        return agent

    def learn(self, agent: Agent) -> None:
        """As it was read, or is known already."""
        running = agent.status is AgentStatus.RUNNING
        if running and self._doubtful.get(agent.agent_id) == serving(agent):
            return
        self._doubtful.pop(agent.agent_id, None)
        if running:
            _put(self._agents, agent.agent_id, agent)

    def doubt(self, agent_id: str) -> None:
        """The transaction that went by it failed.

        If it still is what it was, its gate does not say yet for what it is open: a former version of the platform
        wrote it. Then it is read each time.
        """
        if (agent := self._agents.pop(agent_id, None)) is not None:
            _put(self._doubtful, agent_id, serving(agent))


def _put(kept: OrderedDict[str, T], agent_id: str, value: T) -> None:
    kept[agent_id] = value
    kept.move_to_end(agent_id)
    if len(kept) > MOST:
        kept.popitem(last=False)
