"""State, inbox and events in one transaction: all of it happens, or nothing."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pydantic import BaseModel

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import PlatformError, ServiceUnavailable
from nexus_contracts.history import HistoryEntry
from nexus_contracts.replies import Outcome, Reply
from nexus_runtime.dynamo import Action, ConditionFailed, Database, Put, Update
from nexus_runtime.ledger.history import History
from nexus_runtime.ledger.inbox import Handled, Inbox, reply
from nexus_runtime.ledger.outbox import Outbox
from nexus_runtime.ledger.relay import Relay
from nexus_runtime.process import metrics, tracing
from nexus_runtime.process.clock import new_id


class AlreadyHandled(Exception):
    """The command was handled before; the inbox has the answer."""


class ChangedMeanwhile(Exception):
    """The state is no longer the one that the decision was made on: load and decide again."""


class Contention(ServiceUnavailable):
    """The state changed under every try."""


@dataclass(frozen=True)
class Recorded:
    """What happened to one aggregate, and the sequence of its last event before."""

    aggregate: str
    after: int
    events: Sequence[BaseModel]


@dataclass(frozen=True)
class Decision:
    """What a command comes to. An outcome of status 202 is no answer yet: who does the work answers later.

    `then` is called when all of it is committed, by the process that committed it. `exists`: what is created was not
    looked for; the error to answer with where it is there already.
    """

    outcome: Outcome
    actions: Sequence[Action] = ()
    recorded: Sequence[Recorded] = ()
    then: Callable[[], None] | None = None
    exists: PlatformError | None = None


@dataclass(frozen=True)
class Ledger:
    """The only way to change what a service owns."""

    inbox: Inbox
    history: History
    outbox: Outbox
    relay: Relay
    database: Database
    now: Callable[[], datetime]

    async def commit(
        self,
        actions: Sequence[Action],
        recorded: Sequence[Recorded] = (),
        *,
        handled: Handled | None = None,
        outcome: Outcome | None = None,
        cause: CloudEvent | None = None,
    ) -> None:
        """Write it all, then have the events published. Raises AlreadyHandled or ChangedMeanwhile."""
        entries = {one.aggregate: _entries(one, self.now(), cause) for one in recorded if one.events}
        writes: list[Action] = []
        if handled and outcome:
            writes.append(self.inbox.record(handled, outcome))
        for aggregate, kept in entries.items():
            writes += self._history_writes(aggregate, kept)
        try:
            await self.database.write(*writes, *actions)
        except ConditionFailed as error:
            if handled and 0 in error.failed:
                raise AlreadyHandled(handled.command.command_id) from error
            raise ChangedMeanwhile(str(error)) from error
        for aggregate, kept in entries.items():
            self.relay.announce(aggregate, kept)

    def _history_writes(self, aggregate: str, kept: list[HistoryEntry]) -> list[Put | Update]:
        return [
            *self.history.record(aggregate, kept),
            self.outbox.record(aggregate, kept[0].sequence, kept[-1].sequence),
        ]

    async def carry_out(
        self, handled: Handled, decide: Callable[[], Awaitable[Decision]], cause: CloudEvent | None = None
    ) -> Reply:
        """Decide on the present state and commit, again while others are faster; a repeat gets the first answer."""
        for attempt in range(30):
            decision = await _decided(decide)
            try:
                await self.commit(
                    decision.actions, decision.recorded, handled=handled, outcome=decision.outcome, cause=cause
                )
            except AlreadyHandled:
                return await self._replay(handled)
            except ChangedMeanwhile:
                if decision.exists:
                    decide = partial(_refuse, decision.exists)
                    continue
                await asyncio.sleep(random.uniform(0, 0.005 * (attempt + 1)))
                continue
            metrics.COMMANDS.labels(_kind(handled), decision.outcome.status, False).inc()
            if decision.then:
                decision.then()
            return reply(handled, decision.outcome)
        raise Contention("the resource changes too fast; try again")

    async def _replay(self, handled: Handled) -> Reply:
        found = await self.inbox.reply_to(handled)
        if found is None:
            raise Contention("the first answer to this command is not readable yet")
        metrics.COMMANDS.labels(_kind(handled), found.status, True).inc()
        return found


async def _refuse(error: PlatformError) -> Decision:
    raise error


async def _decided(decide: Callable[[], Awaitable[Decision]]) -> Decision:
    try:
        return await decide()
    except PlatformError as error:
        if not error.decided:
            raise
        return Decision(Outcome(status=error.http_status, error=error.body()))


def _kind(handled: Handled) -> str:
    return str(getattr(handled.command, "type", "command"))


def _entries(recorded: Recorded, now: datetime, cause: CloudEvent | None) -> list[HistoryEntry]:
    return [
        HistoryEntry(
            sequence=recorded.after + 1 + place,
            id=new_id("evt_"),
            type=getattr(event, "type"),  # noqa: B009  # every event model has it
            time=now,
            data=event.model_dump(mode="json", exclude={"type"}),
            correlation_id=cause.correlationid or cause.id if cause else None,
            causation_id=cause.id if cause else None,
            traceparent=cause.traceparent if cause else tracing.traceparent.get(),
        )
        for place, event in enumerate(recorded.events)
    ]
