"""The last stage: has `agents` deploy the package that the earlier ones made."""

import asyncio

import aiohttp
from yarl import URL

from nexus_contracts.agents.commands import DeployAgent
from nexus_contracts.agents.views import AgentView, DeploymentView
from nexus_contracts.builds.builder import StepFailed
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.identifiers import agent_id_of
from nexus_contracts.principal import Principal
from nexus_contracts.topics import AGENTS_COMMANDS
from nexus_runtime.blobs import Blob
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.process import log, tracing
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.clock import derived_id, new_id, utc_now

logger = log.get(__name__)
LOOK_SECONDS = 0.1
AGAIN_SECONDS = 5.0


class Deployer:
    """Sends the command until `agents` shows what came of it; the same command again deploys nothing twice."""

    def __init__(self, bus: Bus, agents_url: str, timeout_seconds: float, trust: Trust) -> None:
        self._bus = bus
        self._agents_url = agents_url
        self._timeout_seconds = timeout_seconds
        self._trust = trust
        self._http: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Opens the client, which has to be made inside the event loop."""
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))

    async def stop(self) -> None:
        if self._http:
            await self._http.close()

    async def deploy(self, project_id: str, attempt: int, asker: Principal, agent_name: str, package: Blob) -> str:
        """The agent's id, once it runs. Raises StepFailed with the reason why it does not."""
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
            principal=asker,
        )
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._deployed(command)
        except TimeoutError:
            message = f"the deployment did not end within {self._timeout_seconds:g} seconds"
            raise StepFailed("DEPLOYMENT_TIMED_OUT", message) from None
        return agent_id

    async def _deployed(self, command: DeployAgent) -> None:
        loop = asyncio.get_running_loop()
        again = loop.time()
        while True:
            if loop.time() >= again:
                await self._send(command)
                again = loop.time() + AGAIN_SECONDS
            deployment = await self._look(command)
            if deployment and deployment.package_sha256 == command.package_sha256:
                if deployment.status == "deployed":
                    return
                if deployment.status == "failed":
                    error = deployment.last_error
                    code, message = (error.code, error.message) if error else ("DEPLOYMENT_FAILED", "no reason given")
                    raise StepFailed(code, message)
            await asyncio.sleep(LOOK_SECONDS)

    async def _send(self, command: DeployAgent) -> None:
        event = CloudEvent(
            id=new_id("evt_"),
            source="/nexus/builds-worker",
            type=command.type,
            subject=command.agent_id,
            time=utc_now(),
            data=command.model_dump(mode="json", exclude={"type"}),
            traceparent=tracing.traceparent.get(),
            nexusprincipal=command.principal.id,
            nexustenant=command.principal.tenant,
        )
        try:
            await self._bus.publish(AGENTS_COMMANDS, self._trust.sign(event))
        except ServiceUnavailable as error:
            logger.warning("deployment not requested yet, trying again", reason=error.message)

    async def _look(self, command: DeployAgent) -> DeploymentView | None:
        if self._http is None:
            return None
        try:
            url = URL(f"{self._agents_url}/agents/{command.agent_id}")
            headers = self._trust.header(command.principal, "GET", url.raw_path_qs)
            async with self._http.get(url, headers=headers) as response:
                if response.status != 200:
                    return None
                return AgentView.model_validate_json(await response.read()).deployment
        except (aiohttp.ClientError, TimeoutError):
            return None
