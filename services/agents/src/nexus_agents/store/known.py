"""Agents as this process read them last. Whether they are still so, the transaction that goes by it finds out."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from nexus_agents.domain.agent import Agent, serving
from nexus_contracts.agents.events import AgentStatus
from nexus_contracts.principal import Principal

T = TypeVar("T")
MOST = 1_000
KNOWN_SECONDS = 60.0
"""A process of a former version changes an agent without a word in its gate; in a rolling upgrade it may be at work."""


class KnownAgents:
    """Those that were running. The least recently used ones are forgotten."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._agents: OrderedDict[str, tuple[Agent, float]] = OrderedDict()
        self._doubtful: OrderedDict[str, str] = OrderedDict()

    def seen(self, agent_id: str, asker: Principal) -> Agent | None:
        """The agent, if it is known and the caller sees it."""
        agent, until = self._agents.get(agent_id, (None, 0.0))
        if agent is None or self._monotonic() > until or not asker.sees(agent.tenant, agent.user_id):
            return None
        self._agents.move_to_end(agent_id)
        return agent

    def learn(self, agent: Agent) -> None:
        """It has just been read."""
        running = agent.status is AgentStatus.RUNNING
        if running and self._doubtful.get(agent.agent_id) == serving(agent):
            return
        self._doubtful.pop(agent.agent_id, None)
        if running:
            _put(self._agents, agent.agent_id, (agent, self._monotonic() + KNOWN_SECONDS))

    def doubt(self, agent_id: str) -> None:
        """The transaction that went by it failed.

        If it still is what it was, its gate does not say yet for what it is open: a former version of the platform
        wrote it. Then it is read each time.
        """
        agent, _ = self._agents.pop(agent_id, (None, 0.0))
        if agent is not None:
            _put(self._doubtful, agent_id, serving(agent))


def _put(kept: OrderedDict[str, T], agent_id: str, value: T) -> None:
    kept[agent_id] = value
    kept.move_to_end(agent_id)
    if len(kept) > MOST:
        kept.popitem(last=False)
