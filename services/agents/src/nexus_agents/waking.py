"""Who takes over has the agents started that are awake at its predecessor, before their callers come to it."""

import asyncio
import contextlib
from dataclasses import dataclass

from fastapi import APIRouter

from nexus_agents.domain.agent import target
from nexus_agents.domain.backend import Backends
from nexus_agents.domain.backend_errors import BackendUnknown
from nexus_agents.store.agents import AgentStore
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.model import Message
from nexus_runtime.process import log
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.succession import asked

logger = log.get(__name__)
PATH = "/internal/awake"
MOST, AT_ONCE, SECONDS = 32, 2, 20.0
"""More would take longer than their callers would wait for the few that are asked just then."""


class Awake(Message):
    """The agents that have a process, the last used first."""

    agent_ids: list[str]


@dataclass(frozen=True)
class Waking:
    agents: AgentStore
    backends: Backends
    trust: Trust

    async def awake(self) -> list[str]:
        return [agent_id for name in self.backends.names for agent_id in await self.backends.of(name).awake()]

    async def wake_those_of(self, predecessor: str) -> None:
        """For a bounded time; what has not started by then starts when it is asked."""
        answer = await asked("GET", predecessor, PATH, self.trust)
        places = asyncio.Semaphore(AT_ONCE)
        if answer is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                known = Awake.model_validate_json(answer).agent_ids[:MOST]
                await asyncio.gather(*(self._wake(agent_id, places) for agent_id in known))

    async def _wake(self, agent_id: str, places: asyncio.Semaphore) -> None:
        async with places:
            try:
                if agent := await self.agents.load(agent_id):
                    await self.backends.of(agent.backend).check(target(agent))
            except (ServiceUnavailable, BackendUnknown) as error:
                logger.info("agent not started in advance", agent_id=agent_id, reason=str(error))


def waking_routes(waking: Waking) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get(PATH, operation_id="listAwake", summary="The agents that have a process: for a successor")
    async def list_awake() -> Awake:  # pyright: ignore[reportUnusedFunction]  # a route
        return Awake(agent_ids=await waking.awake())

    return router
