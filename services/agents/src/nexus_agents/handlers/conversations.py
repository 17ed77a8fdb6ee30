"""Commands about sessions and invocations.

What can start is committed as running; in a session the rest waits for its turn. Resources of others are not found.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from nexus_agents.domain import invocation as invocations
from nexus_agents.domain import session as sessions
from nexus_agents.domain import turn as turns
from nexus_agents.domain.agent import Agent
from nexus_agents.domain.errors import invocation_not_found, session_not_found
from nexus_agents.domain.invocation import CANCELLED, SESSION_DELETED, Ending, Handover, Invocation, Kind, cancelled
from nexus_agents.domain.session import Session
from nexus_agents.domain.views import invocation_view, session_view, turn_view
from nexus_agents.store.agents import AgentStore, KnownAgents
from nexus_agents.store.turns import TurnStore
from nexus_agents.tables import INVOCATION, SESSION_DELETION
from nexus_contracts.agents.commands import (
    AboutConversations,
    CancelInvocation,
    CreateSession,
    DeleteSession,
    InvokeAgent,
    PostMessage,
)
from nexus_contracts.agents.views import DeletedSession
from nexus_contracts.commands import Command, require_match
from nexus_contracts.errors import Conflict, RateLimitExceeded
from nexus_contracts.replies import Outcome
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Begin, Change
from nexus_runtime.ledger.ledger import Decision
from nexus_runtime.process import tracing
from nexus_runtime.process.clock import new_id


@dataclass(frozen=True)
class ConversationHandlers:
    """Invocations, like everything that an agent answers, are answered when they have ended.

    `ended`: an invocation with this ending, and all consequences. `require_room` raises RateLimitExceeded if no
    further invocation of this agent is accepted.
    """

    agents: AgentStore
    turns: TurnStore
    ended: Callable[[Invocation, Ending], Awaitable[tuple[Invocation, Change]]]
    require_room: Callable[[str], None]
    now: Callable[[], datetime]
    known: KnownAgents = field(default_factory=KnownAgents)

    async def decide(self, command: AboutConversations, address: ReplyAddress | None) -> Decision:
        """Raises PlatformError for refusals."""
        match command:
            case CreateSession():
                new = partial(self._require_new_session, command.session_id)
                return await _sparing(partial(self.create_session, command), new)
            case DeleteSession():
                return await self.delete_session(command)
            case InvokeAgent():
                new = partial(self._require_new_invocation, command.invocation_id)
                doubt = partial(self.known.doubt, command.agent_id)
                return await _sparing(partial(self.invoke_agent, command, address), new, doubt)
            case PostMessage():
                new = partial(self._require_new_invocation, command.invocation_id)
                return await _sparing(partial(self.post_message, command, address), new)
            case CancelInvocation():
                return await self.cancel_invocation(command)

    async def create_session(self, command: CreateSession) -> Decision:
        """An offline agent may have sessions; a deleted one may not."""
        await self.agents.own(command.agent_id, command.principal)
        after, events = sessions.create(command, self.now())
        saved = self.turns.sessions.save(None, after, events)
        return Decision.answer(201, session_view(saved.state), saved.change)

    async def delete_session(self, command: DeleteSession) -> Decision:
        """The session is gone at once; its running and waiting turns are cancelled afterwards."""
        before = await self._session(command.session_id, command)
        if await self.agents.seen(before.agent_id, command.principal) is None:
            raise session_not_found(command.session_id)
        require_match(command.if_match, before)
        after, events = sessions.tombstone(before, self.now(), SESSION_DELETED)
        change = self.turns.sessions.save(before, after, events).change
        change += Change(begins=(Begin(SESSION_DELETION, command.session_id),))
        view = DeletedSession.model_validate(dict(after) | {"deleted_messages": after.message_count})
        return Decision.answer(200, view, change)

    async def invoke_agent(self, command: InvokeAgent, address: ReplyAddress | None) -> Decision:
        known = self.known.seen(command.agent_id, command.principal) if command.session_id is None else None
        agent = known or await self.agents.own(command.agent_id, command.principal)
        invocation = invocations.invoked(command, tracing.traceparent.get(), self.now())
        if command.session_id is None:
            if known is None:
                self.known.learn(agent)
            invocations.require_running(agent)
            return await self._within_quotas(invocation, self._start_alone(agent, known, invocation, address))
        session = await self._session(command.session_id, command)
        if session.agent_id != agent.agent_id:
            raise session_not_found(command.session_id)
        invocations.require_running(agent)
        return await self._within_quotas(invocation, await self._take_turn(agent, session, invocation, address))

    async def post_message(self, command: PostMessage, address: ReplyAddress | None) -> Decision:
        session = await self._session(command.session_id, command)
        if command.agent_id not in (None, session.agent_id):
            raise session_not_found(command.session_id)
        agent = await self.agents.seen(session.agent_id, command.principal)
        if agent is None:
            # Not that there is no agent: that would name the one to which another user's session belongs.
            raise session_not_found(command.session_id)
        turn = turns.posted(command, session, tracing.traceparent.get(), self.now())
        if turn.kind is Kind.NOTE and session.idle:
            return self._keep_note(session, turn)
        if turn.kind is Kind.NOTE:
            return await self._take_turn(agent, session, turn, address)
        invocations.require_running(agent)
        return await self._within_quotas(turn, await self._take_turn(agent, session, turn, address))

    async def cancel_invocation(self, command: CancelInvocation) -> Decision:
        """Ended by the commit, whatever the agent answers later; the engine then stops the process that runs it."""
        before = await self._invocation(command)
        invocations.require_unended(before)
        after, change = await self.ended(before, cancelled(CANCELLED))
        return Decision.answer(200, invocation_view(after), change)

    async def _within_quotas(self, invocation: Invocation, accepted: Decision) -> Decision:
        """Raises TenantQuotaExceeded where the tenant may ask no agent today."""
        usage = self.turns.invocations.usage
        if usage is None:
            return accepted
        await usage.require_room(invocation.tenant, self.now())
        return replace(accepted, change=accepted.change + Change.of(*usage.accepted(invocation)))

    def _start_alone(
        self, agent: Agent, known: Agent | None, invocation: Invocation, address: ReplyAddress | None
    ) -> Decision:
        self.require_room(agent.agent_id)
        after, events = invocations.start(invocation, self.now())
        saved = self.turns.invocations.save(None, after, events, agent=known)
        return _accepted(after, saved.change, address, Handover(saved.state, agent))

    async def _take_turn(
        self, agent: Agent, session: Session, turn: Invocation, address: ReplyAddress | None
    ) -> Decision:
        sessions.require_open(session)
        if session.idle:
            self.require_room(session.agent_id)
            step = turns.begin(session, turn, now=self.now(), message_id=new_id("msg_"))
        else:
            await self._require_new_invocation(turn.invocation_id)
            step = turns.wait(session, turn)
        saved = self.turns.save(session, step)
        return _accepted(turn, saved.change, address, Handover(saved.running, agent) if saved.running else None)

    def _keep_note(self, session: Session, note: Invocation) -> Decision:
        sessions.require_open(session)
        step = turns.keep_note(session, note, now=self.now(), message_id=new_id("msg_"))
        return Decision.answer(201, turn_view(step.latest), self.turns.save(session, step).change)

    async def _session(self, session_id: str, command: Command) -> Session:
        """Raises NotFound."""
        session = await self.turns.sessions.load(session_id)
        if session is None or session.tenant != command.principal.tenant:
            raise session_not_found(session_id)
        return session

    async def _invocation(self, command: CancelInvocation) -> Invocation:
        """Raises NotFound, also if its agent is being deleted, and for a note, which is not visible."""
        invocation = await self.turns.invocations.load(command.invocation_id)
        if invocation is None or invocation.tenant != command.principal.tenant or invocation.kind is Kind.NOTE:
            raise invocation_not_found(command.invocation_id)
        if await self.agents.seen(invocation.agent_id, command.principal) is None:
            raise invocation_not_found(command.invocation_id)
        return invocation

    async def _require_new_invocation(self, invocation_id: str) -> None:
        """Raises Conflict."""
        if await self.turns.invocations.load(invocation_id) is not None:
            raise Conflict("the invocation already exists", invocation_id=invocation_id)

    async def _require_new_session(self, session_id: str) -> None:
        """Raises Conflict."""
        if await self.turns.sessions.load_any(session_id) is not None:
            raise Conflict("the session already exists", session_id=session_id)


async def _sparing(
    begin: Callable[[], Awaitable[Decision]],
    require_new: Callable[[], Awaitable[None]],
    doubt: Callable[[], None] = lambda: None,
) -> Decision:
    """As `begin` decides. The write tells whether what it creates is new; that is looked up only where that has failed.

    Or where there is no room: a repeat of a command that was accepted needs none. `doubt` is called before it decides
    again: what it went by was perhaps no longer so.
    """

    async def again() -> Decision:
        doubt()
        decision = await begin()
        await require_new()
        return decision

    try:
        return replace(await begin(), again=again)
    except RateLimitExceeded:
        await require_new()
        raise


def _accepted(invocation: Invocation, change: Change, address: ReplyAddress | None, begun: Handover | None) -> Decision:
    """`begun` None: it waits for its turn."""
    begin = Begin(INVOCATION, invocation.invocation_id, address, later=begun is None, known=begun)
    return Decision(Outcome.accepted(INVOCATION, invocation.invocation_id), change + Change(begins=(begin,)))
