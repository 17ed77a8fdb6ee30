"""The consequences of a project's deletion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from nexus_agents.domain.agent import tombstone
from nexus_agents.handlers.agents import begin_deletion
from nexus_agents.store.agents import AgentStore, listed_agents, listed_sequences
from nexus_agents.store.lists import Lists, no_entry
from nexus_contracts.principal import DEFAULT_TENANT
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.ledger.change import Change
from nexus_runtime.ledger.ledger import Ledger, retried


@dataclass(frozen=True)
class ProjectHandlers:
    store: AgentStore
    lists: Lists
    ledger: Ledger
    now: Callable[[], datetime]

    async def delete_agents_of_projects(self, deliveries: Sequence[Delivery]) -> None:
        """Marks the project first: later deployments are refused, and earlier ones are in the list."""
        for delivery in deliveries:
            tenant, project_id = delivery.event.nexustenant or DEFAULT_TENANT, delivery.message.project_id
            await self.ledger.commit(self.store.mark_project_deleted(project_id, self.now()))
            async for agent_id in self.lists.ids(listed_agents(tenant, project_id), "agent_id"):
                await retried(lambda agent_id=agent_id: self._delete(agent_id))
            forgotten = listed_sequences(tenant, project_id)
            async for item in self.lists.read(forgotten):
                await self.ledger.commit(Change.of(no_entry(forgotten, item["position"])))

    async def _delete(self, agent_id: str) -> None:
        before = await self.store.load(agent_id)
        if before is None:
            return
        after, events = tombstone(before, self.now())
        await self.ledger.commit(self.store.save(before, after, events).change + begin_deletion(before))
