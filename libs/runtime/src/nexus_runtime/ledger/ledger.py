"""State, inbox and events in one transaction: all of it happens, or nothing."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import IdempotencyKeyReused, PlatformError, RateLimitExceeded, ServiceUnavailable
from nexus_contracts.history import HistoryEntry
from nexus_contracts.model import Message
from nexus_contracts.principal import PLATFORM
from nexus_contracts.replies import Accepted, KeyTaken, Outcome, Reply
from nexus_runtime.dynamo import Action, ConditionFailed
from nexus_runtime.ledger.audit import entry_of
from nexus_runtime.ledger.change import Change, NoWork, Recorded, WorkLog
from nexus_runtime.ledger.history import History
from nexus_runtime.ledger.inbox import Handled, Inbox, reply
from nexus_runtime.ledger.outbox import Outbox
from nexus_runtime.ledger.unbroken import unbroken
from nexus_runtime.process import caller, metrics, tracing
from nexus_runtime.process.clock import new_id

T = TypeVar("T")
TRIES = 30


class AlreadyHandled(Exception):
    """The command was already handled; the inbox has the answer."""


class ChangedMeanwhile(Exception):
    """The state has changed since the decision was made: load and decide again."""


class Contention(ServiceUnavailable):
    """The state changed during every attempt."""


class Writer(Protocol):
    def write(self, *actions: Action) -> Awaitable[None]:
        """All of them or none. Raises ConditionFailed."""
        ...


class Announcer(Protocol):
    def announce(self, aggregate: str, entries: Sequence[HistoryEntry] = ()) -> None:
        """Publish these: they are committed."""
        ...


@dataclass(frozen=True)
class Decision:
    """The result of a command. `Accepted` is not the final answer: that comes when the work it names ends.

    `again` decides after a failed commit: the created resource may already exist, which was not checked beforehand.
    """

    outcome: Outcome
    change: Change = field(default_factory=Change)
    again: "Callable[[], Awaitable[Decision]] | None" = None

    @classmethod
    def answer(
        cls,
        status: int,
        view: Message,
        change: Change | None = None,
        again: "Callable[[], Awaitable[Decision]] | None" = None,
    ) -> "Decision":
        """A result, final as soon as `change` has committed."""
        return cls(Outcome.of(status, view), change or Change(), again)


@dataclass(frozen=True)
class Ledger:
    """The only way to change what a service owns."""

    inbox: Inbox
    history: History
    outbox: Outbox
    relay: Announcer
    database: Writer
    now: Callable[[], datetime]
    work: WorkLog = field(default_factory=NoWork)

    async def commit(
        self,
        change: Change,
        *,
        handled: Handled | None = None,
        outcome: Outcome | None = None,
        cause: CloudEvent | None = None,
    ) -> None:
        """Writes everything, then has the events published. Raises AlreadyHandled or ChangedMeanwhile."""
        now, principal = self.now(), _principal(handled, cause)
        entries = {one.aggregate: _entries(one, now, principal, cause) for one in change.recorded if one.events}
        writes: list[Action] = self._answered(handled, outcome, now, cause) if handled and outcome else []
        for aggregate, kept in entries.items():
            writes += self.history.record(aggregate, kept)
            writes.append(self.outbox.record(aggregate, kept[0].sequence, kept[-1].sequence))
        # Begun is done, though the task be cancelled, as by another that ends its work: it would not know who answers.
        async with unbroken() as carried:
            try:
                async with self.work.transaction(change) as works:
                    await carried(self.database.write(*writes, *change.actions, *works))
            except ConditionFailed as error:
                # The inbox entry is the first of the writes, and its only condition is that there is none yet.
                if handled and 0 in error.failed:
                    raise AlreadyHandled(handled.command.command_id) from error
                raise ChangedMeanwhile(str(error)) from error
            # After a crash here the sweep finds what the outbox says; announcing only saves its delay.
            for aggregate, kept in entries.items():
                self.relay.announce(aggregate, kept)

    def _answered(self, handled: Handled, outcome: Outcome, now: datetime, cause: CloudEvent | None) -> list[Action]:
        """The answer to store for a decided command, and the audit entry if it was not refused."""
        answer = self.inbox.record(handled, outcome)
        if outcome.error is not None:
            return [answer]
        command = handled.command
        asked = cause.correlationid if cause else caller.request_id.get()
        entry = entry_of(command, outcome, now, asked)
        return [answer, self.inbox.audit.record(command.principal.tenant, command.command_id, entry)]

    async def carry_out(
        self, handled: Handled, decide: Callable[[], Awaitable[Decision]], cause: CloudEvent | None = None
    ) -> Reply:
        """Decides on the present state and commits, again while others are faster; a repeat gets the first answer."""

        async def attempt() -> Reply:
            nonlocal decide
            try:
                decision = await self._decision(handled, decide)
            except AlreadyHandled:
                return await self._replay(handled)
            try:
                await self.commit(decision.change, handled=handled, outcome=decision.outcome, cause=cause)
            except AlreadyHandled:
                return await self._replay(handled)
            except ChangedMeanwhile:
                decide = decision.again or decide
                raise
            metrics.COMMANDS.labels(_kind(handled), decision.outcome.status, False).inc()
            # Work that began here got its first waiter in the same transaction; other work has to be told of this one.
            if not _keeps_waiter(decision):
                await self._follow(handled, decision.outcome, replayed=False)
            return reply(handled, decision.outcome)

        return await retried(attempt)

    async def give_up(self, command_id: str, fingerprint: str, reason: Outcome) -> None:
        """Records that the command is not decided, and will not be unless it is sent again."""
        await self.database.write(self.inbox.give_up(command_id, fingerprint, reason))

    async def take_key(self, handled: Handled) -> KeyTaken:
        """For a write whose effect is elsewhere, and harmless when repeated. Raises IdempotencyKeyReused."""
        try:
            await self.database.write(self.inbox.record(handled, Outcome(status=202)))
        except ConditionFailed:
            if await self.inbox.find(handled) is None:
                raise Contention("the first request with this key is not readable yet") from None
            return KeyTaken(replayed=True)
        return KeyTaken(replayed=False)

    async def outcome(self, command_id: str, fingerprint: str) -> Outcome | None:
        """The outcome of a command; None while it is undecided or its long work continues."""
        try:
            found = await self.inbox.outcome_of(command_id, fingerprint)
        except IdempotencyKeyReused as error:
            return Outcome(status=error.http_status, error=error.body())
        return await self.work.outcome(found.work) if isinstance(found, Accepted) else found

    async def _decision(self, handled: Handled, decide: Callable[[], Awaitable[Decision]]) -> Decision:
        """Raises AlreadyHandled for what was let in before, where there is no room for anything new."""
        try:
            return await _decided(decide)
        except RateLimitExceeded:
            if await self.inbox.find(handled) is None:
                raise
            raise AlreadyHandled(handled.command.command_id) from None

    async def _replay(self, handled: Handled) -> Reply:
        found = await self.inbox.find(handled)
        if found is None:
            raise Contention("the first answer to this command is not readable yet")
        metrics.COMMANDS.labels(_kind(handled), found.outcome.status, True).inc()
        await self._follow(handled, found.outcome, replayed=found.replayed)
        return reply(handled, found.outcome, replayed=found.replayed)

    async def _follow(self, handled: Handled, outcome: Outcome, *, replayed: bool) -> None:
        """A caller that repeats a command answered by long work waits for that work, too."""
        if isinstance(outcome, Accepted) and handled.address is not None:
            await self.work.follow(outcome.work, handled.address.model_copy(update={"replayed": replayed}))


async def retried(attempt: Callable[[], Awaitable[T]]) -> T:
    """Load, decide, save; repeated while others are faster. Raises Contention if they always are."""
    for number in range(TRIES):
        try:
            return await attempt()
        except ChangedMeanwhile:
            await asyncio.sleep(random.uniform(0, 0.005 * (number + 1)))
    raise Contention("the resource keeps changing; try again")


def _keeps_waiter(decision: Decision) -> bool:
    """Whether the waiting caller is stored with work that begins in this transaction."""
    begun = {f"{begin.kind}#{begin.name}" for begin in decision.change.begins}
    return isinstance(decision.outcome, Accepted) and decision.outcome.work in begun


async def _decided(decide: Callable[[], Awaitable[Decision]]) -> Decision:
    try:
        return await decide()
    except PlatformError as error:
        if not error.decided:
            raise
        return Decision(Outcome(status=error.http_status, error=error.body()))


def _principal(handled: Handled | None, cause: CloudEvent | None) -> str:
    """Who caused it: the sender of the command, that of a report or else its source, or the platform itself."""
    if handled:
        return handled.command.principal.id
    return (cause.nexusprincipal or cause.source) if cause else PLATFORM.id


def _kind(handled: Handled) -> str:
    return str(getattr(handled.command, "type", "command"))


def _entries(recorded: Recorded, now: datetime, principal: str, cause: CloudEvent | None) -> list[HistoryEntry]:
    return [
        HistoryEntry.known(
            {
                "sequence": recorded.after + 1 + place,
                "id": new_id("evt_"),
                "type": getattr(event, "type"),  # noqa: B009  # every event model has it
                "time": now,
                "data": event.model_dump(mode="json", exclude={"type"}),
                "correlation_id": cause.correlationid or cause.id if cause else None,
                "causation_id": cause.id if cause else None,
                "traceparent": cause.traceparent if cause else tracing.traceparent.get(),
                "principal": principal,
                "tenant": recorded.tenant,
            }
        )
        for place, event in enumerate(recorded.events)
    ]
