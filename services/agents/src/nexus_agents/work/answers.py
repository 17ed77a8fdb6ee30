"""Answers to those who wait for long work."""

import asyncio
from collections.abc import Iterable

from nexus_agents.domain.invocation import Invocation, Kind, Waiter
from nexus_agents.domain.views import invocation_outcome, turn_outcome
from nexus_agents.store import AgentStore
from nexus_contracts.agents.views import MessageView
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.replies import Outcome
from nexus_runtime.kafka.replies import Replier, ReplyAddress
from nexus_runtime.process import log

logger = log.get(__name__)
TRIES = 20
PAUSE_SECONDS = 0.5


def waiter_of(address: ReplyAddress | None) -> tuple[Waiter, ...]:
    """The one who waits, in the form that is kept with the work."""
    return (Waiter.model_validate(dict(address)),) if address else ()


class Answerer:
    """Sends in the background, while the broker is away again and again for some time: waiting there is in vain."""

    def __init__(self, replier: Replier, store: AgentStore) -> None:
        self._replier = replier
        self._store = store
        self._sending: set[asyncio.Task[None]] = set()

    def tell(self, waiters: Iterable[Waiter], outcome: Outcome) -> None:
        for waiter in waiters:
            task = asyncio.create_task(self._send(ReplyAddress.model_validate(dict(waiter)), outcome))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def outcome(self, invocation: Invocation, messages: Iterable[MessageView] = ()) -> Outcome:
        """The answer of an invocation that has ended; `messages` of its turn are read where they are not given."""
        if invocation.kind is Kind.INVOKE:
            return invocation_outcome(invocation)
        known = {message.sequence: message for message in messages}
        wanted = [number for number in (invocation.question, invocation.answer) if number and number not in known]
        for number in wanted:
            found = await self._store.messages(invocation.session_id or "", number, 1)
            known |= {message.sequence: message for message in found if message.sequence == number}
        return turn_outcome(invocation, known)

    async def stop(self, seconds: float) -> None:
        """Lets what is being sent reach the broker."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=seconds)

    async def _send(self, address: ReplyAddress, outcome: Outcome) -> None:
        for _ in range(TRIES):
            try:
                return await self._replier.send(address.partition, address.reply(outcome))
            except ServiceUnavailable:
                await asyncio.sleep(PAUSE_SECONDS)
        logger.warning("answer not sent", command_id=address.command_id)
