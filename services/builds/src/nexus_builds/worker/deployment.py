"""The last stage: has `agents` deploy the package that the earlier ones made."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from nexus_builds.worker.agents_client import AgentsClient
from nexus_contracts.agents.commands import ActivateVersion, AgentsCommand, DeployAgent, SetAgentStatus
from nexus_contracts.agents.views import AgentView, DeploymentView
from nexus_contracts.builds.builder import StepFailed
from nexus_contracts.identifiers import agent_id_of
from nexus_contracts.principal import Principal
from nexus_runtime.blobs import Blob
from nexus_runtime.process.clock import derived_id

T = TypeVar("T")


@dataclass(frozen=True)
class Deployer:
    """Sends commands until `agents` shows what came of them; the same command again deploys nothing twice."""

    agents: AgentsClient
    timeout_seconds: float

    async def deploy(
        self, project_id: str, attempt: int, asker: Principal, agent_name: str, package: Blob, *, activate: bool
    ) -> int:
        """Once it runs: 0 where it serves, else the number by which it can be invoked, and is to be activated.

        Without `activate` a version that serves goes on serving where the backend can have two. Raises StepFailed with
        the reason why it does not run.
        """
        agent_id = agent_id_of(project_id, agent_name)
        command = DeployAgent(
            command_id=derived_id("cmd_", project_id, str(attempt), "deploy", package.sha256),
            agent_id=agent_id,
            project_id=project_id,
            agent_name=agent_name,
            package_uri=package.uri,
            package_sha256=package.sha256,
            user_id=asker.id,
            attempt=attempt,
            activate=activate,
            principal=asker,
        )
        late = f"the deployment did not end within {self.timeout_seconds:g} seconds"
        ended = await self._sent(command, agent_id, lambda: self._ended(command), late)
        _require_deployed(ended.deployment)
        serves = ended.active_version in (None, ended.deployment.version)
        return 0 if serves else ended.deployment.version

    async def activate(self, agent_id: str, attempt: int, asker: Principal, version: int) -> None:
        """The version serves. Raises StepFailed: the one before it goes on."""
        command = ActivateVersion(
            command_id=derived_id("cmd_", agent_id, str(attempt), "activate"),
            agent_id=agent_id,
            version=version,
            principal=asker,
        )

        async def ended() -> AgentView | None:
            agent = await self.agents.read(f"/agents/{agent_id}", asker, AgentView)
            if agent is None or _serves(agent, version):
                return agent
            latest = agent.deployment
            return agent if (latest.version, latest.status) == (version, "failed") else None

        agent = await self._sent(command, agent_id, ended, "the new version could not be activated in time")
        _require_deployed(agent.deployment)

    async def serving(self, agent_id: str, asker: Principal) -> int | None:
        """The number of the version that serves now; None where there is none."""
        agent = await self.agents.read(f"/agents/{agent_id}", asker, AgentView)
        return agent.active_version if agent else None

    async def withdraw(self, agent_id: str, attempt: int, asker: Principal, earlier: int | None) -> None:
        """The earlier version serves again; where there is none the agent refuses invocations.

        Raises StepFailed where that cannot be had in time.
        """
        command_id = derived_id("cmd_", agent_id, str(attempt), "withdraw")
        command = (
            SetAgentStatus(command_id=command_id, agent_id=agent_id, status="offline", principal=asker)
            if earlier is None
            else ActivateVersion(command_id=command_id, agent_id=agent_id, version=earlier, principal=asker)
        )

        async def withdrawn() -> bool | None:
            agent = await self.agents.read(f"/agents/{agent_id}", asker, AgentView)
            gone = agent is not None and (agent.status == "offline" if earlier is None else _serves(agent, earlier))
            return gone or None

        await self._sent(command, agent_id, withdrawn, "the version that failed could not be withdrawn in time")

    async def _sent(
        self, command: AgentsCommand, agent_id: str, shown: Callable[[], Awaitable[T | None]], late: str
    ) -> T:
        """What is shown once the command has taken effect. Raises StepFailed, saying what is `late`."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return await self.agents.until(command, agent_id, shown)
        except TimeoutError:
            raise StepFailed("DEPLOYMENT_TIMED_OUT", late) from None

    async def _ended(self, command: DeployAgent) -> AgentView | None:
        agent = await self.agents.read(f"/agents/{command.agent_id}", command.principal, AgentView)
        if agent is None or agent.deployment.package_sha256 != command.package_sha256:
            return None
        return agent if agent.deployment.status in ("deployed", "failed") else None


def _require_deployed(deployment: DeploymentView) -> None:
    """Raises StepFailed."""
    if deployment.status == "failed":
        error = deployment.last_error
        code, message = (error.code, error.message) if error else ("DEPLOYMENT_FAILED", "no reason given")
        raise StepFailed(code, message)


def _serves(agent: AgentView, version: int) -> bool:
    return agent.active_version == version and agent.deployment.status == "deployed"
