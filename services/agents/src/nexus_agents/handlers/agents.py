"""Commands about agents: load the agent as it is now, decide, save."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nexus_agents.domain import agent as agents
from nexus_agents.domain import version as versions
from nexus_agents.domain.agent import Agent
from nexus_agents.domain.backend import Backends
from nexus_agents.domain.errors import agent_not_found, refusal, version_not_found
from nexus_agents.domain.views import agent_view
from nexus_agents.store.agents import AgentStore
from nexus_agents.store.packages import PackageStore
from nexus_agents.store.versions import VersionStore
from nexus_agents.tables import AGENT_DELETION, DEPLOYMENT
from nexus_contracts.agents.commands import (
    AboutAgents,
    ActivateVersion,
    DeleteAgent,
    DeployAgent,
    RegisterAgent,
    SetAgentStatus,
    UpdateAgent,
)
from nexus_contracts.agents.events import FailureReason
from nexus_contracts.agents.views import DeletedAgent
from nexus_contracts.commands import require_match
from nexus_contracts.errors import Conflict, NotFound, PlatformError
from nexus_contracts.replies import Outcome
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Begin, Change, End
from nexus_runtime.ledger.ledger import Decision

REPLACED = "another deployment has replaced this one"


@dataclass(frozen=True)
class AgentHandlers:
    """Deployments are answered when they have ended, successfully or not: with the agent and its `deployment`."""

    agents: AgentStore
    versions: VersionStore
    packages: PackageStore
    backends: Backends
    now: Callable[[], datetime]

    async def decide(self, command: AboutAgents, address: ReplyAddress | None) -> Decision:
        """Raises PlatformError for refusals."""
        match command:
            case DeployAgent():
                return await self.deploy_agent(command, address)
            case RegisterAgent():
                return await self.register_agent(command, address)
            case ActivateVersion():
                return await self.activate_version(command, address)
            case SetAgentStatus():
                return await self.set_agent_status(command, address)
            case UpdateAgent():
                return await self.update_agent(command)
            case DeleteAgent():
                return await self.delete_agent(command)

    async def register_agent(self, command: RegisterAgent, address: ReplyAddress | None) -> Decision:
        uri, tenant = command.package_uri or "", command.principal.tenant
        sha256 = uri.rpartition(":")[2]
        if command.package_id is not None:
            package = await self.packages.own(command.package_id, tenant)
            uri, sha256 = package.uri, package.sha256
        else:
            await self.packages.require_own(uri, sha256, tenant)
        named = command.model_dump(include={"command_id", "agent_id", "project_id", "agent_name", "package_id"})
        deploy = DeployAgent(
            **named, principal=command.principal, package_uri=uri, package_sha256=sha256, user_id=command.principal.id
        )
        return await self.deploy_agent(deploy, address, command.backend)

    async def deploy_agent(
        self, command: DeployAgent, address: ReplyAddress | None, wanted: str | None = None
    ) -> Decision:
        """`wanted` is the backend for a new agent."""
        agents.require_own_id(command)
        before = await self._deployable(command)
        agents.require_backend(before, wanted, self.backends)
        former = await self._former_sequence(command) if before is None else 0
        now, backend = self.now(), wanted or self.backends.for_new_agents
        beside = agents.goes_beside(before, command, self.backends)
        after, events = agents.deploy(before, command, backend=backend, former_sequence=former, now=now, beside=beside)
        change = self.agents.save(before, after, events).change
        change += self.versions.save(versions.made(command, after.versions, now))
        return await self._begin(before, after, change, address)

    async def activate_version(self, command: ActivateVersion, address: ReplyAddress | None) -> Decision:
        before = await self._seen(command)
        version = await self.versions.load(before.agent_id, command.version)
        if version is None:
            raise version_not_found(before.agent_id, command.version)
        after, events = agents.activate(before, version, self.now())
        if after is before:
            return await self._answer(before)
        change = self.agents.save(before, after, events).change + self.versions.save(versions.deploying(version))
        return await self._begin(before, after, change, address)

    async def set_agent_status(self, command: SetAgentStatus, address: ReplyAddress | None) -> Decision:
        """Offline is answered at once; running invocations continue."""
        before = await self._seen(command)
        after, events = agents.set_status(before, command, self.now())
        if after is before:
            return await self._answer(before)
        saved = self.agents.save(before, after, events)
        if command.status == "offline":
            return await self._answer(saved.state, saved.change)
        version = await self.versions.load(after.agent_id, after.deployment.version)
        change = saved.change + (self.versions.save(versions.deploying(version)) if version else Change())
        return await self._begin(before, after, change, address)

    async def update_agent(self, command: UpdateAgent) -> Decision:
        before = await self._seen(command)
        after, events = agents.describe(before, command, self.now())
        if after is before:
            return await self._answer(before)
        saved = self.agents.save(before, after, events)
        return await self._answer(saved.state, saved.change)

    async def delete_agent(self, command: DeleteAgent) -> Decision:
        before = await self._seen(command)
        after, events = agents.tombstone(before, self.now())
        change = self.agents.save(before, after, events).change + begin_deletion(before)
        return Decision.answer(200, DeletedAgent.model_validate(dict(after)), change)

    async def _seen(self, command: ActivateVersion | SetAgentStatus | UpdateAgent | DeleteAgent) -> Agent:
        """Raises NotFound, PreconditionFailed."""
        agent = await self.agents.own(command.agent_id, command.principal)
        require_match(command.if_match, agent)
        return agent

    async def _begin(
        self, before: Agent | None, after: Agent, change: Change, address: ReplyAddress | None
    ) -> Decision:
        """Begins the deployment in `after`; one that was running ends."""
        if before is not None and before.deploying:
            change += _end_of_deployment(before, Conflict(REPLACED, agent_id=before.agent_id))
            change += await self._replaced(before)
        change += self.packages.deployed(after.deployment.package.sha256, after.tenant)
        begin = Change(begins=(Begin(DEPLOYMENT, after.agent_id, address),))
        return Decision(Outcome.accepted(DEPLOYMENT, after.agent_id), change + begin)

    async def _replaced(self, before: Agent) -> Change:
        version = await self.versions.load(before.agent_id, before.deployment.version)
        return self.versions.save(versions.failed(version, _REPLACED)) if version else Change()

    async def _answer(self, agent: Agent, change: Change | None = None) -> Decision:
        return Decision.answer(200, agent_view(agent, await self.agents.figures(agent.agent_id)), change)

    async def _deployable(self, command: DeployAgent) -> Agent | None:
        """The present agent, if there is one. Raises NotFound if it is another user's or its project was deleted."""
        agent = await self.agents.load_any(command.agent_id)
        if agent is not None and not command.principal.sees(agent.tenant, agent.user_id):
            raise agent_not_found(command.agent_id)
        if await self.agents.project_deleted(command.project_id):
            raise NotFound("the project was deleted", type="project", id=command.project_id)
        return agent

    async def _former_sequence(self, command: DeployAgent) -> int:
        tenant = command.principal.tenant
        return await self.agents.former_sequence(tenant, command.project_id, command.agent_name)


_REPLACED = FailureReason(
    code="REPLACED", message=REPLACED, suggestion="Read the agent: its latest deployment shows what runs."
)


def begin_deletion(before: Agent) -> Change:
    """The long work that begins with an agent's tombstone; a running deployment ends with it."""
    ended = _end_of_deployment(before, agent_not_found(before.agent_id)) if before.deploying else Change()
    return ended + Change(begins=(Begin(AGENT_DELETION, before.agent_id),))


def _end_of_deployment(before: Agent, error: PlatformError) -> Change:
    return Change(ends=(End(DEPLOYMENT, before.agent_id, refusal(error)),))
