"""The parts by which work starts and stops with the service."""

import asyncio
from collections.abc import Awaitable, Callable

from nexus_agents.domain.backend import (
    AgentAnswer,
    AgentHealth,
    Backend,
    DeployedAgent,
    Deployment,
    InvokeRequest,
    PackageRef,
)
from nexus_agents.work.answers import Answerer
from nexus_agents.work.pool import Pool
from nexus_agents.work.runner import Runner


class LateBackend:
    """A backend that is opened when the service starts."""

    def __init__(self, opening: Callable[[], Awaitable[Backend]]) -> None:
        self._opening = opening
        self._opened: Backend | None = None

    async def start(self) -> None:
        self._opened = await self._opening()

    async def stop(self) -> None:
        if self._opened is not None:
            await self._opened.stop()

    async def deploy(self, agent_id: str, package: PackageRef) -> Deployment:
        return await self._backend.deploy(agent_id, package)

    async def invoke(self, agent: DeployedAgent, request: InvokeRequest) -> AgentAnswer:
        return await self._backend.invoke(agent, request)

    async def check(self, agent: DeployedAgent) -> AgentHealth:
        return await self._backend.check(agent)

    async def undeploy(self, agent_id: str) -> None:
        await self._backend.undeploy(agent_id)

    @property
    def _backend(self) -> Backend:
        if self._opened is None:
            raise RuntimeError("the backend is used before the start of the service")
        return self._opened


class InHand:
    """Stops in good order: what is in hand may finish, then it is ended as interrupted, and its waiters are told."""

    def __init__(self, runner: Runner, pools: tuple[Pool, Pool], answerer: Answerer, seconds: float) -> None:
        self._runner = runner
        self._pools = pools
        self._answerer = answerer
        self._seconds = seconds

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        self._runner.stopping = True
        await asyncio.gather(*(pool.finish(self._seconds / 3) for pool in self._pools))
        await self._answerer.stop(self._seconds / 6)
