"""Runs deployments in this process's pool; deploying is idempotent, so what a dead process left is begun again."""

import asyncio
import random
from collections.abc import Sequence

from pydantic import BaseModel

from nexus_agents.domain import agent as agents
from nexus_agents.domain.agent import Agent
from nexus_agents.domain.backend import Backend, Deployment, PackageRef
from nexus_agents.domain.backend_errors import BackendError
from nexus_agents.domain.invocation import Waiter
from nexus_agents.domain.views import agent_not_found, refusal
from nexus_agents.store import AgentStore
from nexus_agents.work.answers import Answerer
from nexus_agents.work.pool import Pool
from nexus_agents.work.runner import Runner
from nexus_agents.writes import UNOWNED, agent_lists, deployment_item, drop_work, put_agent, set_gate, take_work
from nexus_contracts.agents.events import FailureReason
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.replies import Outcome
from nexus_runtime.dynamo import Action
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Change, Recorded
from nexus_runtime.ledger.ledger import ChangedMeanwhile, Ledger
from nexus_runtime.process import log

logger = log.get(__name__)
Result = Deployment | FailureReason


class Deployer:
    def __init__(
        self,
        store: AgentStore,
        ledger: Ledger,
        backend: Backend,
        pool: Pool,
        runner: Runner,
        answerer: Answerer,
        timeout_seconds: float,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._backend = backend
        self._pool = pool
        self._runner = runner
        self._answerer = answerer
        self._timeout = timeout_seconds

    def begin(self, agent: Agent) -> None:
        """Works on the pending deployment, which is committed as in this process's hands."""
        self._pool.add(deployment_item(agent.agent_id), lambda: self._run(agent.agent_id))

    async def adopt(self, agent_id: str, owner: str) -> None:
        """Takes over a deployment from a dead process, from nobody ("") or from this process's own past."""
        item = deployment_item(agent_id)
        agent = await self._store.agent(agent_id)
        if agent is None or agent.pending is None or agent.pending.runner != owner:
            await self._ledger.commit(Change.of(drop_work(owner or UNOWNED, item)))
            return
        if owner != self._runner.name:
            agent = agents.taken_over(agent, self._runner.name)
            moved = [drop_work(owner or UNOWNED, item), take_work(self._runner.name, item)]
            try:
                await self._ledger.commit(Change.of(put_agent(agent), *moved))
            except ChangedMeanwhile:
                return
        self.begin(agent)

    async def follow(self, agent_id: str, address: ReplyAddress) -> None:
        """One more waits for the deployment, unless it is known that they do; answered at once where it has ended."""
        waiter = Waiter.model_validate(dict(address))
        while True:
            agent = await self._store.agent(agent_id)
            if agent is None:
                self._answerer.tell([waiter], refusal(agent_not_found(agent_id)))
                return
            if agent.pending is None:
                self._answerer.tell([waiter.model_copy(update={"replayed": True})], await self._outcome(agent_id))
                return
            if any(one.request_id == waiter.request_id for one in agent.pending.waiters):
                return
            try:
                replayed = waiter.model_copy(update={"replayed": True})
                await self._ledger.commit(Change.of(put_agent(agents.awaited(agent, replayed))))
            except ChangedMeanwhile:
                continue
            return

    async def _run(self, agent_id: str) -> None:
        while True:
            agent = await self._store.agent(agent_id)
            if agent is None or agent.pending is None:
                return
            number, owner = agent.pending.number, agent.pending.runner
            package = PackageRef(agent.pending.package_uri, agent.pending.package_sha256)
            try:
                result = await self._deploy(agent_id, package)
            except asyncio.CancelledError:
                if self._runner.stopping:
                    await self._hand_over(agent)
                raise
            if await self._conclude(agent_id, number, owner, result):
                return

    async def _deploy(self, agent_id: str, package: PackageRef) -> Result:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._backend.deploy(agent_id, package)
        except BackendError as error:
            return FailureReason(code=error.code, message=error.message[:4000])
        except TimeoutError:
            return FailureReason(code="DEPLOYMENT_TIMED_OUT", message=f"not deployed within {self._timeout:g} s")
        except Exception:
            logger.exception("deployment failed in the platform", agent_id=agent_id)
            return FailureReason(code="PLATFORM_ERROR", message="the platform could not deploy the agent")

    async def _conclude(self, agent_id: str, number: int, owner: str, result: Result) -> bool:
        """False where another deployment has taken the place of this one and is this process's to work on too."""
        while True:
            try:
                agent = await self._store.agent(agent_id)
                if agent is None:
                    await self._backend.undeploy(agent_id)
                    return True
                if agent.pending is None or agent.pending.runner != owner:
                    return True
                if agent.pending.number != number:
                    return False
                await self._commit(agent, result)
            except ChangedMeanwhile:
                await asyncio.sleep(random.uniform(0, 0.02))
            except ServiceUnavailable as error:
                logger.warning("end of a deployment not written yet", reason=error.message)
                await asyncio.sleep(random.uniform(0.2, 1.0))
            else:
                return True

    async def _commit(self, before: Agent, result: Result) -> None:
        assert before.pending is not None
        now = self._ledger.now()
        change = agents.deployed if isinstance(result, Deployment) else agents.deployment_failed
        agent, events = change(before, result, now)  # pyright: ignore[reportArgumentType]  # by the same test
        done = drop_work(before.pending.runner, deployment_item(agent.agent_id))
        await self._ledger.commit(Change((*deployment_writes(agent), done), (recorded(agent, events),)))
        if before.pending.waiters:
            self._answerer.tell(before.pending.waiters, await self._outcome(agent.agent_id))

    async def _outcome(self, agent_id: str) -> Outcome:
        views = await self._store.agent_views([agent_id])
        if not views:
            return refusal(agent_not_found(agent_id))
        return Outcome(status=201, result=views[0].model_dump(mode="json"))

    async def _hand_over(self, agent: Agent) -> None:
        assert agent.pending is not None
        item = deployment_item(agent.agent_id)
        moved = [drop_work(agent.pending.runner, item), take_work("", item)]
        try:
            await self._ledger.commit(Change.of(put_agent(agents.taken_over(agent, "")), *moved))
        except (ChangedMeanwhile, ServiceUnavailable):
            logger.info("deployment not handed over; it is taken up when this process is gone")


def deployment_writes(agent: Agent) -> list[Action]:
    """The state, the lists and the gate."""
    return [put_agent(agent), *agent_lists(agent), *set_gate(agent)]


def recorded(agent: Agent, events: Sequence[BaseModel]) -> Recorded:
    return Recorded(agent.agent_id, agent.sequence - len(events), events)
