"""Agents invoked and messages posted: what can start is committed as running, the rest waits in its session."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nexus_agents.domain import agent as agents
from nexus_agents.domain import invocation as invocations
from nexus_agents.domain import session as sessions
from nexus_agents.domain import turn as turns
from nexus_agents.domain.errors import session_not_found
from nexus_agents.domain.invocation import Invocation, Kind
from nexus_agents.domain.session import Session
from nexus_agents.domain.views import turn_view
from nexus_agents.handlers.present import Present
from nexus_agents.tables import INVOCATION
from nexus_contracts.agents.commands import InvokeAgent, PostMessage
from nexus_contracts.replies import Outcome
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Begin, Change
from nexus_runtime.ledger.ledger import Decision
from nexus_runtime.process import tracing
from nexus_runtime.process.clock import new_id


@dataclass(frozen=True)
class TurnHandlers:
    present: Present
    now: Callable[[], datetime]

    async def invoke_agent(self, command: InvokeAgent, address: ReplyAddress | None) -> Decision:
        """Answered when the invocation has ended, as everything that an agent has to answer."""
        agent = await self.present.agent(command.agent_id, command)
        await self.present.require_new_invocation(command.invocation_id)
        invocation = invocations.invoked(command, tracing.traceparent.get(), self.now())
        if command.session_id is None:
            agents.require_running(agent)
            return self._start_alone(invocation, address)
        session = await self.present.session(command.session_id, command)
        if session.agent_id != agent.agent_id:
            raise session_not_found(command.session_id)
        agents.require_running(agent)
        return self._take_turn(session, invocation, address)

    async def post_message(self, command: PostMessage, address: ReplyAddress | None) -> Decision:
        session = await self.present.session(command.session_id, command)
        agent = await self.present.agent(session.agent_id, command)
        turn = turns.posted(command, session, tracing.traceparent.get(), self.now())
        await self.present.require_new_invocation(command.invocation_id)
        if turn.kind is Kind.NOTE and session.idle:
            return self._keep_note(session, turn)
        if turn.kind is Kind.MESSAGE:
            agents.require_running(agent)
        return self._take_turn(session, turn, address)

    def _start_alone(self, invocation: Invocation, address: ReplyAddress | None) -> Decision:
        after, events = invocations.start(invocation, self.now())
        change = self.present.turns.invocations.save(None, after, events).change
        return _accepted(after, change, address)

    def _take_turn(self, session: Session, turn: Invocation, address: ReplyAddress | None) -> Decision:
        sessions.require_open(session)
        if session.idle:
            step = turns.begin(session, turn, now=self.now(), message_id=new_id("msg_"))
        else:
            step = turns.wait(session, turn)
        return _accepted(turn, self.present.turns.save(session, step), address, later=not session.idle)

    def _keep_note(self, session: Session, note: Invocation) -> Decision:
        sessions.require_open(session)
        step = turns.keep_note(session, note, now=self.now(), message_id=new_id("msg_"))
        return Decision.answer(201, turn_view(step.latest), self.present.turns.save(session, step))


def _accepted(invocation: Invocation, change: Change, address: ReplyAddress | None, *, later: bool = False) -> Decision:
    begin = Begin(INVOCATION, invocation.invocation_id, address, later=later)
    return Decision(Outcome.accepted(INVOCATION, invocation.invocation_id), change + Change(begins=(begin,)))
