"""Deployments: deploying is idempotent, so a deployment that a dead process left behind is started again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nexus_agents.domain import agent as agents
from nexus_agents.domain import version as versions
from nexus_agents.domain.agent import Agent
from nexus_agents.domain.backend import Backends, Deployment, PackageRef
from nexus_agents.domain.backend_errors import BackendError
from nexus_agents.domain.errors import agent_not_found, refusal
from nexus_agents.domain.views import agent_view
from nexus_agents.store.agents import AgentStore
from nexus_agents.store.versions import VersionStore
from nexus_agents.tables import DEPLOYMENT
from nexus_contracts.agents.events import FailureReason
from nexus_contracts.replies import Outcome
from nexus_runtime.ledger.change import Change, End
from nexus_runtime.ledger.ledger import Ledger
from nexus_runtime.process import log
from nexus_runtime.work.kind import Held, Repeatable

logger = log.get(__name__)
Result = Deployment | FailureReason
DEPLOY_AGAIN = (
    "Deploy the package again, or set the agent's status to running; if the error persists, report it to the operators."
)
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Between the attempts of a deployment, in seconds."""


@dataclass(frozen=True)
class DeploymentWork(Repeatable):
    """Works on the latest deployment of an agent; a newer one replaces the work itself."""

    store: AgentStore
    versions: VersionStore
    backends: Backends
    ledger: Ledger
    now: Callable[[], datetime]
    timeout_seconds: float
    name = DEPLOYMENT

    async def run(self, name: str, held: Held) -> None:
        agent = await self.store.load(name)
        if agent is None or not agent.deploying:
            return
        result = await self._deploy(agent)
        await held.conclude(lambda: self._end(agent, result))

    async def outcome(self, name: str) -> Outcome | None:
        agent = await self.store.load(name)
        if agent is None:
            return refusal(agent_not_found(name))
        return None if agent.deploying else await self._outcome(agent)

    async def _deploy(self, agent: Agent) -> Result:
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return await self._deployed(agent)
        except BackendError as error:
            return FailureReason(code=error.code, message=error.message[:4000], suggestion=error.suggestion)
        except TimeoutError:
            message = f"not deployed within {self.timeout_seconds:g} s"
            return FailureReason(code="DEPLOYMENT_TIMED_OUT", message=message, suggestion=DEPLOY_AGAIN)
        except Exception:
            logger.exception("deployment failed in the platform", agent_id=agent.agent_id)
            message = "the platform could not deploy the agent"
            return FailureReason(code="PLATFORM_ERROR", message=message, suggestion=DEPLOY_AGAIN)

    async def _deployed(self, agent: Agent) -> Deployment:
        """Retries for a while if the fault is temporary."""
        package = PackageRef(agent.deployment.package.uri, agent.deployment.package.sha256)
        for pause in PAUSES:
            try:
                return await self.backends.of(agent.backend).deploy(agent.agent_id, package)
            except BackendError as error:
                if not error.passes:
                    raise
                logger.info("deployment will be retried", agent_id=agent.agent_id, reason=error.message, after=pause)
            await asyncio.sleep(pause)
        return await self.backends.of(agent.backend).deploy(agent.agent_id, package)

    async def _end(self, deployed: Agent, result: Result) -> None:
        before = await self.store.load(deployed.agent_id)
        if before is None:
            # Its deletion has undeployed it, perhaps before this process had begun to deploy it.
            await self.backends.of(deployed.backend).undeploy(deployed.agent_id)
            return
        # A newer deployment has replaced this one, and will end by itself: the result is of no use any more.
        if not before.deploying or before.deployment.number != deployed.deployment.number:
            return
        now = self.now()
        after, events = (
            agents.deployed(before, result, now)
            if isinstance(result, Deployment)
            else agents.deployment_failed(before, result, now)
        )
        saved = self.store.save(before, after, events)
        end = End(DEPLOYMENT, after.agent_id, await self._outcome(saved.state))
        await self.ledger.commit(saved.change + await self._of_version(after, result, now) + Change(ends=(end,)))

    async def _of_version(self, agent: Agent, result: Result, now: datetime) -> Change:
        """Nothing for an agent from a release that had no versions."""
        version = await self.versions.load(agent.agent_id, agent.deployment.version)
        if version is None:
            return Change()
        if isinstance(result, Deployment):
            return self.versions.save(versions.deployed(version, result.manifest.version, now))
        return self.versions.save(versions.failed(version, result))

    async def _outcome(self, agent: Agent) -> Outcome:
        view = agent_view(agent, await self.store.figures(agent.agent_id))
        return Outcome(status=201, result=view.model_dump(mode="json"))
