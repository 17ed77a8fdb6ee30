"""One method for each command: load what it is about, decide on it as it is now, save.

What can start is committed as running; in a session the rest waits for its turn. Others' resources do not exist.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nexus_agents.domain import agent as agents
from nexus_agents.domain import invocation as invocations
from nexus_agents.domain import session as sessions
from nexus_agents.domain import turn as turns
from nexus_agents.domain.agent import Agent
from nexus_agents.domain.backend import Backends
from nexus_agents.domain.errors import agent_not_found, refusal, session_not_found
from nexus_agents.domain.invocation import SESSION_DELETED, Invocation, Kind
from nexus_agents.domain.session import Session
from nexus_agents.domain.views import session_view, turn_view
from nexus_agents.store.agents import AgentStore
from nexus_agents.store.turns import TurnStore
from nexus_agents.tables import AGENT_DELETION, DEPLOYMENT, INVOCATION, SESSION_DELETION
from nexus_contracts.agents.commands import (
    AgentsCommand,
    CreateSession,
    DeleteAgent,
    DeleteSession,
    DeployAgent,
    InvokeAgent,
    PostMessage,
)
from nexus_contracts.agents.views import DeletedAgent, DeletedSession
from nexus_contracts.commands import Command, require_match
from nexus_contracts.errors import Conflict, NotFound, PlatformError
from nexus_contracts.replies import Outcome
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Begin, Change, End
from nexus_runtime.ledger.ledger import Decision
from nexus_runtime.process import tracing
from nexus_runtime.process.clock import new_id


@dataclass(frozen=True)
class AgentsCommandHandlers:
    agents: AgentStore
    turns: TurnStore
    backends: Backends
    now: Callable[[], datetime]

    async def decide(self, command: AgentsCommand, address: ReplyAddress | None) -> Decision:
        """Raises PlatformError for what is refused."""
        match command:
            case DeployAgent():
                return await self.deploy_agent(command, address)
            case DeleteAgent():
                return await self.delete_agent(command)
            case CreateSession():
                return await self.create_session(command)
            case DeleteSession():
                return await self.delete_session(command)
            case InvokeAgent():
                return await self.invoke_agent(command, address)
            case PostMessage():
                return await self.post_message(command, address)

    async def deploy_agent(self, command: DeployAgent, address: ReplyAddress | None) -> Decision:
        """Answered when the deployment has ended, well or not: with the agent, whose `deployment` tells."""
        agents.require_own_id(command)
        before = await self._deployable(command)
        former = await self._former_sequence(command) if before is None else 0
        backend = self.backends.for_new_agents
        after, events = agents.deploy(before, command, backend=backend, former_sequence=former, now=self.now())
        change = self.agents.save(before, after, events).change
        replaced = Conflict("another deployment has replaced this one", agent_id=command.agent_id)
        change += _end_of_deployment(before, replaced)
        change += Change(begins=(Begin(DEPLOYMENT, command.agent_id, address),))
        return Decision(Outcome.accepted(DEPLOYMENT, command.agent_id), change)

    async def delete_agent(self, command: DeleteAgent) -> Decision:
        before = await self._agent(command.agent_id, command)
        require_match(command.if_match, before)
        after, events = agents.tombstone(before, self.now())
        change = self.agents.save(before, after, events).change + begin_deletion(before)
        return Decision.answer(200, DeletedAgent.model_validate(dict(after)), change)

    async def create_session(self, command: CreateSession) -> Decision:
        """An agent that is offline may have sessions; a deleted one may not."""
        await self._agent(command.agent_id, command)
        await self._require_new_session(command.session_id)
        after, events = sessions.create(command, self.now())
        saved = self.turns.sessions.save(None, after, events)
        return Decision.answer(201, session_view(saved.state), saved.change)

    async def delete_session(self, command: DeleteSession) -> Decision:
        """Gone at once; the turn that runs and those that wait are cancelled after that."""
        before = await self._session(command.session_id, command)
        require_match(command.if_match, before)
        after, events = sessions.tombstone(before, self.now(), SESSION_DELETED)
        change = self.turns.sessions.save(before, after, events).change
        change += Change(begins=(Begin(SESSION_DELETION, command.session_id),))
        view = DeletedSession.model_validate(dict(after) | {"deleted_messages": after.message_count})
        return Decision.answer(200, view, change)

    async def invoke_agent(self, command: InvokeAgent, address: ReplyAddress | None) -> Decision:
        """Answered when the invocation has ended, as everything that an agent has to answer."""
        agent = await self._agent(command.agent_id, command)
        await self._require_new_invocation(command.invocation_id)
        invocation = invocations.invoked(command, tracing.traceparent.get(), self.now())
        if command.session_id is None:
            invocations.require_running(agent)
            return self._start_alone(invocation, address)
        session = await self._session(command.session_id, command)
        if session.agent_id != agent.agent_id:
            raise session_not_found(command.session_id)
        invocations.require_running(agent)
        return self._take_turn(session, invocation, address)

    async def post_message(self, command: PostMessage, address: ReplyAddress | None) -> Decision:
        session = await self._session(command.session_id, command)
        agent = await self._agent(session.agent_id, command)
        turn = turns.posted(command, session, tracing.traceparent.get(), self.now())
        await self._require_new_invocation(command.invocation_id)
        if turn.kind is Kind.NOTE and session.idle:
            return self._keep_note(session, turn)
        if turn.kind is Kind.MESSAGE:
            invocations.require_running(agent)
        return self._take_turn(session, turn, address)

    def _start_alone(self, invocation: Invocation, address: ReplyAddress | None) -> Decision:
        after, events = invocations.start(invocation, self.now())
        change = self.turns.invocations.save(None, after, events).change
        return _accepted(after, change, address)

    def _take_turn(self, session: Session, turn: Invocation, address: ReplyAddress | None) -> Decision:
        sessions.require_open(session)
        if session.idle:
            step = turns.begin(session, turn, now=self.now(), message_id=new_id("msg_"))
        else:
            step = turns.wait(session, turn)
        return _accepted(turn, self.turns.save(session, step), address, later=not session.idle)

    def _keep_note(self, session: Session, note: Invocation) -> Decision:
        sessions.require_open(session)
        step = turns.keep_note(session, note, now=self.now(), message_id=new_id("msg_"))
        return Decision.answer(201, turn_view(step.latest), self.turns.save(session, step))

    async def _deployable(self, command: DeployAgent) -> Agent | None:
        """The agent as it is now, if there is one. Raises NotFound where it is another tenant's or its project went."""
        agent = await self.agents.load_any(command.agent_id)
        if agent is not None and agent.tenant != command.principal.tenant:
            raise agent_not_found(command.agent_id)
        if await self.agents.project_deleted(command.project_id):
            raise NotFound("the project was deleted", type="project", id=command.project_id)
        return agent

    async def _former_sequence(self, command: DeployAgent) -> int:
        tenant = command.principal.tenant
        return await self.agents.former_sequence(tenant, command.project_id, command.agent_name)

    async def _agent(self, agent_id: str, command: Command) -> Agent:
        """Raises NotFound."""
        agent = await self.agents.load(agent_id)
        if agent is None or agent.tenant != command.principal.tenant:
            raise agent_not_found(agent_id)
        return agent

    async def _session(self, session_id: str, command: Command) -> Session:
        """Raises NotFound."""
        session = await self.turns.sessions.load(session_id)
        if session is None or session.tenant != command.principal.tenant:
            raise session_not_found(session_id)
        return session

    async def _require_new_invocation(self, invocation_id: str) -> None:
        """Raises Conflict."""
        if await self.turns.invocations.load(invocation_id) is not None:
            raise Conflict("the invocation exists already", invocation_id=invocation_id)

    async def _require_new_session(self, session_id: str) -> None:
        """Raises Conflict."""
        if await self.turns.sessions.load_any(session_id) is not None:
            raise Conflict("the session exists already", session_id=session_id)


def begin_deletion(before: Agent) -> Change:
    """The long work that begins with an agent's tombstone; a deployment under way ends with it."""
    ended = _end_of_deployment(before, agent_not_found(before.agent_id))
    return ended + Change(begins=(Begin(AGENT_DELETION, before.agent_id),))


def _end_of_deployment(before: Agent | None, error: PlatformError) -> Change:
    if before is None or not before.deploying:
        return Change()
    return Change(ends=(End(DEPLOYMENT, before.agent_id, refusal(error)),))


def _accepted(invocation: Invocation, change: Change, address: ReplyAddress | None, *, later: bool = False) -> Decision:
    begin = Begin(INVOCATION, invocation.invocation_id, address, later=later)
    return Decision(Outcome.accepted(INVOCATION, invocation.invocation_id), change + Change(begins=(begin,)))
