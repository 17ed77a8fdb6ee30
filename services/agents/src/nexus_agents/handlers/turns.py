"""Agents invoked and messages posted: what can start is committed as running, the rest waits in its session."""

from datetime import datetime

from nexus_agents.domain import agent as agents
from nexus_agents.domain import session as sessions
from nexus_agents.domain.agent import Agent
from nexus_agents.domain.invocation import Invocation, Kind
from nexus_agents.domain.session import Session
from nexus_agents.domain.views import agent_not_found, session_not_found
from nexus_agents.store import AgentStore
from nexus_agents.work.answers import waiter_of
from nexus_agents.work.invoker import Invoker
from nexus_agents.work.pool import Pool
from nexus_agents.work.runner import Runner
from nexus_agents.work.turns import Draft, keep_note, queue_turn, start_alone, start_turn
from nexus_agents.writes import written
from nexus_contracts.agents.commands import InvokeAgent, PostMessage
from nexus_contracts.agents.views import TurnView
from nexus_contracts.errors import Conflict
from nexus_contracts.replies import Outcome
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.ledger import Decision, Ledger
from nexus_runtime.process import tracing


class TurnHandlers:
    def __init__(self, store: AgentStore, ledger: Ledger, runner: Runner, pool: Pool, invoker: Invoker) -> None:
        self._store = store
        self._ledger = ledger
        self._runner = runner
        self._pool = pool
        self._invoker = invoker
        self._awaited: set[str] = set()

    async def invoke_agent(self, command: InvokeAgent, address: ReplyAddress | None) -> Decision:
        self._pool.require_room()
        agent = await self._agent(command.agent_id)
        await self._require_new(command.invocation_id)
        now = self._ledger.now()
        invocation = _invoked(command, address, now)
        if command.session_id is None:
            agents.require_running(agent)
            started, change = start_alone(invocation, self._runner.name, now)
            return self._accepted(started, change, address, begins=True)
        session = await self._store.session(command.session_id)
        if session is None or session.agent_id != agent.agent_id:
            raise session_not_found(command.session_id)
        agents.require_running(agent)
        return self._turn(session, invocation, address, now)

    async def post_message(self, command: PostMessage, address: ReplyAddress | None) -> Decision:
        self._pool.require_room()
        session = await self._store.session(command.session_id)
        if session is None:
            raise session_not_found(command.session_id)
        agent = await self._agent(session.agent_id)
        now = self._ledger.now()
        turn = _posted(command, session, address, now)
        await self._require_new(command.invocation_id)
        if turn.kind is Kind.NOTE and sessions.idle(session):
            return _kept(session, turn, now)
        if turn.kind is Kind.MESSAGE:
            agents.require_running(agent)
        return self._turn(session, turn, address, now)

    async def follow(self, outcome: Outcome, address: ReplyAddress) -> None:
        """Who has just been kept with the invocation is known to wait; others are added, or answered."""
        if address.request_id in self._awaited:
            self._awaited.discard(address.request_id)
            return
        await self._invoker.follow(outcome, address)

    def _turn(self, session: Session, turn: Invocation, address: ReplyAddress | None, now: datetime) -> Decision:
        sessions.require_open(session)
        if not sessions.idle(session):
            return self._accepted(turn, queue_turn(session, turn), address, begins=False)
        started, change = start_turn(session, turn, self._runner.name, now)
        return self._accepted(started, change, address, begins=True)

    def _accepted(
        self, invocation: Invocation, change: Draft, address: ReplyAddress | None, *, begins: bool
    ) -> Decision:
        def committed() -> None:
            if address is not None:
                self._awaited.add(address.request_id)
            if begins:
                self._invoker.begin(written(invocation))

        outcome = Outcome(status=202, result={"invocation_id": invocation.invocation_id})
        return Decision(outcome, change.all(), committed)

    async def _agent(self, agent_id: str) -> Agent:
        agent = await self._store.agent(agent_id)
        if agent is None:
            raise agent_not_found(agent_id)
        return agent

    async def _require_new(self, invocation_id: str) -> None:
        if await self._store.invocation(invocation_id) is not None:
            raise Conflict("the invocation exists already", invocation_id=invocation_id)


def _kept(session: Session, note: Invocation, now: datetime) -> Decision:
    sessions.require_open(session)
    change = keep_note(session, note, now)
    view = TurnView(user_message=change.messages[0], assistant_message=None)
    return Decision(Outcome(status=201, result=view.model_dump(mode="json")), change.all())


def _invoked(command: InvokeAgent, address: ReplyAddress | None, now: datetime) -> Invocation:
    return Invocation(
        invocation_id=command.invocation_id,
        agent_id=command.agent_id,
        session_id=command.session_id,
        user_id=command.user_id,
        kind=Kind.INVOKE,
        input=command.input_text,
        session_state=command.session_state,
        enable_trace=command.enable_trace,
        end_session=command.end_session and command.session_id is not None,
        timeout_seconds=command.timeout_seconds,
        traceparent=tracing.traceparent.get(),
        waiters=waiter_of(address),
        created_at=now,
    )


def _posted(command: PostMessage, session: Session, address: ReplyAddress | None, now: datetime) -> Invocation:
    return Invocation(
        invocation_id=command.invocation_id,
        agent_id=session.agent_id,
        session_id=session.session_id,
        user_id=session.user_id,
        kind=Kind.NOTE if command.role == "system" else Kind.MESSAGE,
        input=command.content,
        message_metadata=command.metadata,
        traceparent=tracing.traceparent.get(),
        waiters=waiter_of(address),
        created_at=now,
    )
