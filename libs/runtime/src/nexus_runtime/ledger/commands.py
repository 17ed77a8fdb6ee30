"""Serving commands: each is decided once, whoever sent it gets the answer, a repeat gets the same answer."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic import TypeAdapter

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import IdempotencyKeyReused, PlatformError
from nexus_contracts.replies import Outcome, Reply
from nexus_contracts.topics import Topic
from nexus_runtime.kafka.delivery import Delivery, Subscription
from nexus_runtime.kafka.replies import Replier, ReplyAddress, reply_partition
from nexus_runtime.ledger.inbox import Handled, reply
from nexus_runtime.ledger.ledger import Decision, Ledger

Decide = Callable[[Any, ReplyAddress | None], Awaitable[Decision]]
Follow = Callable[[Outcome, ReplyAddress], Awaitable[None]]
ACCEPTED = 202


def command_subscription(
    topic: Topic,
    group: str,
    commands: TypeAdapter[Any],
    decide: Decide,
    ledger: Ledger,
    replier: Replier,
    follow: Follow | None = None,
) -> Subscription:
    """A subscription that answers commands.

    `decide` turns a command into a Decision on the present state, or raises a PlatformError. An outcome of 202 means
    that the answer comes later; `follow` is told who else waits for it when such a command is repeated.
    """

    async def handle(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            await answer(delivery)

    async def answer(delivery: Delivery) -> None:
        handled = Handled(delivery.message, delivery.event.id)
        partition = reply_partition(delivery.record.headers)
        address = _address(handled, partition)
        try:
            answered = await ledger.carry_out(handled, lambda: decide(delivery.message, address), delivery.event)
        except IdempotencyKeyReused as error:
            answered = reply(handled, Outcome(status=error.http_status, error=error.body()))
        if answered.status == ACCEPTED:
            await _follow_later(follow, answered, address)
            return
        await replier.send(partition, answered)

    async def refused(event: CloudEvent, record: Any, fault: PlatformError) -> None:
        outcome = Outcome(status=fault.http_status, error=fault.body())
        command_id = str(event.data.get("command_id", event.id))[:300]
        refusal = Reply(**dict(outcome), request_id=event.id, command_id=command_id)
        await replier.send(reply_partition(record.headers), refusal)

    return Subscription(topic, group, commands, handle, refused=refused)


def _address(handled: Handled, partition: int | None) -> ReplyAddress | None:
    if partition is None:
        return None
    return ReplyAddress(partition=partition, request_id=handled.request_id, command_id=handled.command.command_id)


async def _follow_later(follow: Follow | None, answered: Reply, address: ReplyAddress | None) -> None:
    if follow and address:
        await follow(Outcome(**answered.model_dump(include={"status", "result", "error"})), address)
