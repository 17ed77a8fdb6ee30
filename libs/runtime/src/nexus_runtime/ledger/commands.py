"""Serves commands: each is decided once, its sender gets the answer, and a repeat gets the same answer."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic import TypeAdapter

from nexus_contracts.envelope import CloudEvent, MalformedEvent
from nexus_contracts.errors import IdempotencyKeyReused, InternalError, PlatformError, RateLimitExceeded, error_of
from nexus_contracts.replies import Outcome, Reply
from nexus_contracts.topics import Topic
from nexus_runtime.kafka.delivery import Admission, Delivery, Subscription
from nexus_runtime.kafka.replies import Replier, ReplyAddress, reply_partition, waits_alone, waits_for_acceptance
from nexus_runtime.ledger.inbox import Handled, reply
from nexus_runtime.ledger.ledger import Decision, Ledger

Decide = Callable[[Any, ReplyAddress | None], Awaitable[Decision]]
ACCEPTED = 202


def command_subscription(
    topic: Topic,
    group: str,
    commands: TypeAdapter[Any],
    decide: Decide,
    ledger: Ledger,
    replier: Replier,
    admit: Admission | None = None,
) -> Subscription:
    """A subscription that answers commands; `admit` lets in only trusted ones.

    `decide` turns a command into a Decision on the present state, or raises a PlatformError. An outcome of 202 means
    that the answer comes later, from the work that it names (`Accepted`); who waits for acceptance alone is told so.
    """

    async def handle(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            await answer(delivery)

    async def answer(delivery: Delivery) -> None:
        partition = reply_partition(delivery.record.headers)
        accepted = waits_for_acceptance(delivery.record.headers)
        handled = Handled(delivery.message, delivery.event.id, None if accepted else partition)
        try:
            answered = await ledger.carry_out(handled, lambda: _decision(decide, handled), delivery.event)
        except (IdempotencyKeyReused, RateLimitExceeded) as error:
            outcome = Outcome(status=error.http_status, error=error.body())
            if isinstance(error, RateLimitExceeded):
                await ledger.give_up(handled.command.command_id, handled.command.fingerprint, outcome)
            answered = reply(handled, outcome)
        if answered.status != ACCEPTED or accepted:
            await replier.send(partition, answered, alone=waits_alone(delivery.record.headers))

    async def refused(event: CloudEvent, record: Any, fault: PlatformError) -> None:
        outcome = Outcome(status=fault.http_status, error=fault.body())
        command_id = str(event.data.get("command_id") or event.id)[:300]
        if await _admitted(event, admit):
            fingerprint = str(event.data.get("fingerprint", ""))[:100]
            # Whatever its status: for callers who read the outcome later, a command that was not decided has failed.
            failed = outcome.model_copy(update={"status": InternalError.http_status})
            await ledger.give_up(command_id, fingerprint, failed)
        refusal = Reply(**dict(outcome), request_id=event.id, command_id=command_id)
        await replier.send(reply_partition(record.headers), refusal)

    return Subscription(topic, group, commands, handle, refused=refused, admit=admit)


async def _decision(decide: Decide, handled: Handled) -> Decision:
    if handled.command.refusal is not None:
        raise error_of(handled.command.refusal)
    return await decide(handled.command, handled.address)


async def _admitted(event: CloudEvent, admit: Admission | None) -> bool:
    """Whether the record is trusted: otherwise it proves nothing about the command that it names."""
    try:
        return admit is None or await admit(event) is not None
    except MalformedEvent:
        return False
