"""Agents deployed and deleted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nexus_agents.domain import agent as agents
from nexus_agents.domain.agent import Agent
from nexus_agents.domain.backend import Backends
from nexus_agents.domain.errors import agent_not_found, refusal
from nexus_agents.handlers.present import Present
from nexus_agents.tables import AGENT_DELETION, DEPLOYMENT
from nexus_contracts.agents.commands import DeleteAgent, DeployAgent
from nexus_contracts.agents.views import DeletedAgent
from nexus_contracts.commands import require_match
from nexus_contracts.errors import Conflict, NotFound, PlatformError
from nexus_contracts.replies import Outcome
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Begin, Change, End
from nexus_runtime.ledger.ledger import Decision


@dataclass(frozen=True)
class AgentHandlers:
    present: Present
    backends: Backends
    now: Callable[[], datetime]

    async def deploy_agent(self, command: DeployAgent, address: ReplyAddress | None) -> Decision:
        """Answered when the deployment has ended, well or not: with the agent, whose `deployment` tells."""
        agents.require_own_id(command)
        before = await self._deployable(command)
        former = await self._former_sequence(command) if before is None else 0
        backend = self.backends.for_new_agents
        after, events = agents.deploy(before, command, backend=backend, former_sequence=former, now=self.now())
        change = self.present.agents.save(before, after, events).change
        replaced = Conflict("another deployment has taken the place of this one", agent_id=command.agent_id)
        change += _end_of_deployment(before, replaced)
        change += Change(begins=(Begin(DEPLOYMENT, command.agent_id, address),))
        return Decision(Outcome.accepted(DEPLOYMENT, command.agent_id), change)

    async def delete_agent(self, command: DeleteAgent) -> Decision:
        before = await self.present.agent(command.agent_id, command)
        require_match(command.if_match, before)
        after, events = agents.tombstone(before, self.now())
        change = self.present.agents.save(before, after, events).change + begin_deletion(before)
        return Decision.answer(200, DeletedAgent.model_validate(dict(after)), change)

    async def _deployable(self, command: DeployAgent) -> Agent | None:
        """The agent as it is now, if there is one. Raises NotFound where it is another tenant's or its project went."""
        agent = await self.present.agents.load_any(command.agent_id)
        if agent is not None and agent.tenant != command.principal.tenant:
            raise agent_not_found(command.agent_id)
        if await self.present.agents.project_deleted(command.project_id):
            raise NotFound("the project was deleted", type="project", id=command.project_id)
        return agent

    async def _former_sequence(self, command: DeployAgent) -> int:
        tenant = command.principal.tenant
        return await self.present.agents.former_sequence(tenant, command.project_id, command.agent_name)


def begin_deletion(before: Agent) -> Change:
    """The long work that begins with an agent's tombstone; a deployment under way ends with it."""
    ended = _end_of_deployment(before, agent_not_found(before.agent_id))
    return ended + Change(begins=(Begin(AGENT_DELETION, before.agent_id),))


def _end_of_deployment(before: Agent | None, error: PlatformError) -> Change:
    if before is None or not before.deploying:
        return Change()
    return Change(ends=(End(DEPLOYMENT, before.agent_id, refusal(error)),))
