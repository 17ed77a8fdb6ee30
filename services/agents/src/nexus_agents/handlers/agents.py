"""Agents deployed and deleted, projects deleted."""

from collections.abc import Callable, Sequence

from nexus_agents.domain import agent as agents
from nexus_agents.domain.agent import Agent, BackendName, PendingDeployment
from nexus_agents.domain.views import agent_not_found, refusal
from nexus_agents.store import AgentStore
from nexus_agents.tables import INSTANCES
from nexus_agents.work.answers import Answerer, waiter_of
from nexus_agents.work.cascade import delete_agent_writes
from nexus_agents.work.deployer import Deployer, deployment_writes, recorded
from nexus_agents.work.runner import Runner
from nexus_agents.writes import deployment_item, drop_work, no_entry, project_list, sequence_list, take_work
from nexus_contracts.agents.commands import DeleteAgent, DeployAgent
from nexus_contracts.agents.views import DeletedAgent
from nexus_contracts.errors import Conflict, NotFound
from nexus_contracts.identifiers import agent_id_of
from nexus_contracts.replies import Outcome
from nexus_runtime.dynamo import Action, Check, Put, Where
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Change
from nexus_runtime.ledger.inbox import KEEP_SECONDS
from nexus_runtime.ledger.ledger import ChangedMeanwhile, Decision, Ledger


class AgentHandlers:
    def __init__(
        self,
        store: AgentStore,
        ledger: Ledger,
        runner: Runner,
        deployer: Deployer,
        answerer: Answerer,
        erase_soon: Callable[[str], None],
        backend: BackendName,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._runner = runner
        self._deployer = deployer
        self._answerer = answerer
        self._erase_soon = erase_soon
        self._backend: BackendName = backend

    async def deploy_agent(self, command: DeployAgent, address: ReplyAddress | None) -> Decision:
        """Answered when the deployment has ended, well or not: with the agent, whose `deployment` tells."""
        _require_own_id(command)
        before = await self._store.any_agent(command.agent_id)
        if await self._store.project_deleted(command.project_id):
            raise NotFound("the project was deleted", type="project", id=command.project_id)
        pending = PendingDeployment(
            number=agents.next_number(before),
            package_uri=command.package_uri,
            package_sha256=command.package_sha256,
            runner=self._runner.name,
            waiters=waiter_of(address),
        )
        agent, events = agents.deploy(before, command, backend=self._backend, pending=pending, now=self._ledger.now())
        if before is None:
            former = await self._store.former_sequence(command.project_id, command.agent_name)
            agent = agent.model_copy(update={"sequence": former + agent.sequence})
        outcome = Outcome(status=202, result={"agent_id": agent.agent_id})
        actions = [*deployment_writes(agent), *_taken(before, pending, agent.agent_id), _project_present(agent)]
        return Decision(outcome, Change(tuple(actions), (recorded(agent, events),)), lambda: self._begin(before, agent))

    async def delete_agent(self, command: DeleteAgent) -> Decision:
        agent = await self._store.agent(command.agent_id)
        if agent is None:
            raise agent_not_found(command.agent_id)
        after = agents.tombstone(agent, self._ledger.now(), command.if_match)
        assert after.deleted_at is not None
        view = DeletedAgent(agent_id=agent.agent_id, deleted_at=after.deleted_at)
        outcome = Outcome(status=200, result=view.model_dump(mode="json"))
        return Decision(outcome, Change.of(*delete_agent_writes(agent, after)), then=lambda: self._deleted(agent))

    async def follow(self, outcome: Outcome, address: ReplyAddress) -> None:
        await self._deployer.follow(str((outcome.result or {}).get("agent_id")), address)

    async def delete_agents_of_projects(self, deliveries: Sequence[Delivery]) -> None:
        """The project's mark comes first: from then on no agent of it can be deployed. It outlives every command."""
        forgotten = int(self._ledger.now().timestamp()) + KEEP_SECONDS
        for delivery in deliveries:
            project_id = delivery.message.project_id
            await self._ledger.commit(Change.of(Put(INSTANCES, {"agent_id": project_id, "ttl": forgotten})))
            async for entry in self._store.entries(project_list(project_id)):
                await self._delete(entry["agent_id"])
            async for entry in self._store.entries(sequence_list(project_id)):
                await self._ledger.commit(Change.of(no_entry(sequence_list(project_id), entry["position"])))

    async def _delete(self, agent_id: str) -> None:
        while True:
            agent = await self._store.agent(agent_id)
            if agent is None:
                return
            after = agents.tombstone(agent, self._ledger.now())
            try:
                await self._ledger.commit(Change.of(*delete_agent_writes(agent, after)))
            except ChangedMeanwhile:
                continue
            self._deleted(agent)
            return

    def _begin(self, before: Agent | None, agent: Agent) -> None:
        if before is not None and before.pending is not None:
            replaced = Conflict("another deployment has taken the place of this one", agent_id=agent.agent_id)
            self._answerer.tell(before.pending.waiters, refusal(replaced))
        self._deployer.begin(agent)

    def _deleted(self, agent: Agent) -> None:
        if agent.pending is not None:
            self._answerer.tell(agent.pending.waiters, refusal(agent_not_found(agent.agent_id)))
        self._erase_soon(agent.agent_id)


def _require_own_id(command: DeployAgent) -> None:
    if command.agent_id != agent_id_of(command.project_id, command.agent_name):
        raise Conflict("the agent's id does not follow from its project and name", agent_id=command.agent_id)


def _taken(before: Agent | None, pending: PendingDeployment, agent_id: str) -> list[Action]:
    item = deployment_item(agent_id)
    former = before.pending.runner if before and before.pending else pending.runner
    dropped: list[Action] = [] if former == pending.runner else [drop_work(former, item)]
    return [*dropped, take_work(pending.runner, item)]


def _project_present(agent: Agent) -> Check:
    return Check(INSTANCES, {"agent_id": agent.project_id}, where=Where(absent="agent_id"))
