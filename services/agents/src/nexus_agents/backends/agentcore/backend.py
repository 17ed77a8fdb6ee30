"""Runs agents on Amazon Bedrock AgentCore: a runtime for each agent, a machine for each session."""

import asyncio
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from nexus_agents import packages
from nexus_agents.backends.agentcore.artifacts import Artifacts, Location, code_archive
from nexus_agents.backends.agentcore.billing import Billing
from nexus_agents.backends.agentcore.clients import Clients, open_clients
from nexus_agents.backends.agentcore.names import (
    described_agent,
    description,
    runtime_id,
    runtime_name,
    runtime_session,
    without_arns,
)
from nexus_agents.backends.agentcore.outside import outside_files
from nexus_agents.backends.agentcore.runtimes import ENDPOINT, Runtimes
from nexus_agents.backends.agentcore.sessions import Sessions
from nexus_agents.backends.agentcore.settings import AgentCoreSettings
from nexus_agents.backends.door.grants import Grants
from nexus_agents.backends.stored_packages import fetched
from nexus_agents.domain.backend import AgentAnswer, AgentHealth, DeployedAgent, Deployment, InvokeRequest, PackageRef
from nexus_agents.domain.backend_errors import (
    AgentFailed,
    AgentTimedOut,
    AgentUnreachable,
    AnswerRefused,
    BackendError,
    BackendThrottled,
    PackageRejected,
)
from nexus_agents.domain.spending import Spending, Unlimited
from nexus_contracts.agents.manifest import Manifest
from nexus_contracts.agents.spec import AgentSpec
from nexus_runtime.blobs import BlobStore

MAX_VARIABLES, MAX_VARIABLE_LENGTH, MAX_ENTRYPOINT_LENGTH = 50, 5000, 128
ISOLATION = "AgentCore: a machine of its own for each session"
_MAX_LIFETIME_SECONDS = 28_800


class AgentCoreBackend:
    """See the port. Keeps nothing that AWS does not know, hence survives its own restart."""

    side_by_side = False
    """An agent is one runtime, whose endpoint moves to each new version."""

    def __init__(
        self, blobs: BlobStore, clients: Clients, settings: AgentCoreSettings, grants: Grants, spending: Spending
    ) -> None:
        self._blobs = blobs
        self._grants = grants
        self._billing = Billing(grants, spending)
        self._settings = settings
        self._clients = clients
        self._artifacts = Artifacts(clients.s3, settings.bucket, settings.prefix)
        self._runtimes = Runtimes(clients.control, settings.poll_seconds, settings.ready_seconds)
        self._sessions = Sessions(clients.data)

    async def try_out(self, content: bytes) -> None:
        """It runs with what AgentCore has installed, so nothing is started here."""
        _require_fitting(await asyncio.to_thread(packages.check, content))
        await asyncio.to_thread(self._outside, "", content)

    async def deploy(self, agent_id: str, package: PackageRef) -> Deployment:
        content = await fetched(self._blobs, package)
        manifest = await asyncio.to_thread(packages.check, content)
        _require_fitting(manifest)
        spec, added = await asyncio.to_thread(self._outside, agent_id, content)
        archive = await asyncio.to_thread(code_archive, content, added)
        location = await self._artifacts.keep(package.sha256, archive)
        name = runtime_name(self._settings.installation, agent_id)
        runtime = await self._runtimes.bring_about(name, self._wanted(agent_id, manifest, location))
        arn = runtime["agentRuntimeArn"]
        return Deployment(
            status="deployed",
            isolated=True,
            isolation=ISOLATION,
            agent_arn=arn,
            agent_alias_id=ENDPOINT,
            agent_alias_arn=f"{arn}/runtime-endpoint/{ENDPOINT}",
            region=self._settings.region,
            manifest=manifest,
            model=spec.model if spec else None,
        )

    async def invoke(self, agent: DeployedAgent, request: InvokeRequest) -> AgentAnswer:
        if runtime_id(agent.agent_arn) is None:
            raise AgentUnreachable("The agent has no runtime on AgentCore.")
        return await self._billing.billed(agent, request, partial(self._asked, agent))

    async def _asked(self, agent: DeployedAgent, request: InvokeRequest) -> AgentAnswer:
        # One of its own ends with the invocation; in the caller's the agent may be at work still unless it answered.
        left_over = True
        session = runtime_session(agent, request.session_id or f"one-{uuid.uuid4().hex}")
        try:
            async with asyncio.timeout(request.timeout_seconds):
                answer = await self._sessions.invoke(agent.agent_arn, session, request)
            left_over = request.session_id is None
            return answer
        except TimeoutError:
            text = f"No answer within {request.timeout_seconds:g} s; the invocation was ended."
            raise AgentTimedOut(text) from None
        except BackendError as error:
            answered = isinstance(error, AgentFailed) and not isinstance(error, AnswerRefused)
            left_over = not error.may_retry and not (answered and request.session_id)
            raise
        finally:
            if left_over:
                self._sessions.stop_soon(agent.agent_arn, session)

    async def check(self, agent: DeployedAgent) -> AgentHealth:
        found = runtime_id(agent.agent_arn)
        try:
            endpoint = await self._runtimes.endpoint(found) if found else None
        except BackendThrottled as error:
            return AgentHealth("busy", error.message)
        except BackendError as error:
            return AgentHealth("unhealthy", error.message)
        if endpoint is None:
            return AgentHealth("unhealthy", "The agent has no runtime on AgentCore.")
        if endpoint["status"] in ("READY", "UPDATING"):
            return AgentHealth("healthy")
        reason = without_arns(endpoint.get("failureReason", ""))
        return AgentHealth("unhealthy", f"Its endpoint is {endpoint['status']}. {reason}".strip())

    async def end_session(self, agent: DeployedAgent, session_id: str) -> None:
        if runtime_id(agent.agent_arn) is not None:
            await self._sessions.stop(agent.agent_arn, runtime_session(agent, session_id))

    async def undeploy(self, agent_id: str) -> None:
        await self._runtimes.delete(runtime_name(self._settings.installation, agent_id))

    async def deployed(self) -> list[str]:
        installation = self._settings.installation
        return [
            agent_id
            async for one in self._runtimes.all()
            if one["status"] != "DELETING"
            and (agent_id := described_agent(installation, one["agentRuntimeName"], one["description"]))
        ]

    async def awake(self) -> list[str]:
        """None: AWS keeps them, whichever process asks."""
        return []

    async def stop(self) -> None:
        await self._sessions.close()
        await self._billing.close()
        await self._clients.close()

    def _outside(self, agent_id: str, content: bytes) -> tuple[AgentSpec | None, Mapping[str, bytes]]:
        """What the package asks for, and the files that give it. Raises PackageRejected."""
        spec = packages.spec_in(content)
        return spec, outside_files(self._grants, agent_id, spec, self._settings.region)

    def _wanted(self, agent_id: str, manifest: Manifest, location: Location) -> dict[str, Any]:
        """All of it with every update, which replaces all of it."""
        return {
            "description": description(agent_id),
            "agentRuntimeArtifact": self._artifact(manifest, location),
            "roleArn": self._settings.role_arn,
            "networkConfiguration": {"networkMode": "PUBLIC"},
            "protocolConfiguration": {"serverProtocol": "HTTP"},
            "lifecycleConfiguration": {
                "idleRuntimeSessionTimeout": self._settings.idle_seconds,
                "maxLifetime": _MAX_LIFETIME_SECONDS,
            },
            "environmentVariables": dict(manifest.env),
        }

    def _artifact(self, manifest: Manifest, location: Location) -> dict[str, Any]:
        if manifest.image is not None:
            return {"containerConfiguration": {"containerUri": manifest.image}}
        version = {"versionId": location.version_id} if location.version_id else {}
        code = {"s3": {"bucket": location.bucket, "prefix": location.key, **version}}
        entry = [manifest.entrypoint]
        return {"codeConfiguration": {"code": code, "runtime": self._settings.python, "entryPoint": entry}}


async def open_agentcore_backend(
    blobs: BlobStore, settings: AgentCoreSettings, grants: Grants | None = None, spending: Spending | None = None
) -> AgentCoreBackend:
    """Connects with the first call; credentials come by AWS's usual chain. Without `grants` agents get no model."""
    clients = await open_clients(settings)
    return AgentCoreBackend(blobs, clients, settings, grants or Grants(), spending or Unlimited())


def _require_fitting(manifest: Manifest) -> None:
    """What AgentCore would refuse, said with the words of the manifest. Raises PackageRejected."""
    if len(manifest.env) > MAX_VARIABLES:
        raise PackageRejected("ENVIRONMENT_TOO_LARGE", f"AgentCore takes at most {MAX_VARIABLES} variables of env.")
    for name, value in manifest.env.items():
        if len(value) > MAX_VARIABLE_LENGTH:
            limit = f"AgentCore takes values of at most {MAX_VARIABLE_LENGTH} characters"
            raise PackageRejected("ENVIRONMENT_TOO_LARGE", f"{limit}: {name} of env is longer.")
    if len(manifest.entrypoint) > MAX_ENTRYPOINT_LENGTH:
        limit = f"AgentCore takes entry points of at most {MAX_ENTRYPOINT_LENGTH} characters."
        raise PackageRejected("ENTRYPOINT_TOO_LONG", limit)
