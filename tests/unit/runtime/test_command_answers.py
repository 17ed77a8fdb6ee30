"""Who is answered what, and when, by a subscription to commands."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import TypeAdapter

from nexus_contracts.commands import Command
from nexus_contracts.errors import RateLimitExceeded
from nexus_contracts.replies import (
    REPLY_ALONE_HEADER,
    REPLY_PARTITION_HEADER,
    REPLY_WHEN_HEADER,
    WHEN_ACCEPTED,
    Outcome,
    Reply,
)
from nexus_contracts.topics import AGENTS_COMMANDS
from nexus_runtime.ledger.commands import command_subscription

WAITS = (REPLY_PARTITION_HEADER, b"1")
ACCEPTANCE = (REPLY_WHEN_HEADER, WHEN_ACCEPTED)


class Owner:
    """A ledger that gives one outcome, and the replies that are sent."""

    def __init__(self, outcome: Outcome | Exception) -> None:
        self._outcome = outcome
        self.address: Any = None
        self.sent: list[tuple[int | None, int]] = []
        self.given_up: list[tuple[str, int]] = []
        self.alone: list[bool] = []

    async def carry_out(self, handled: Any, _decide: object, _cause: object) -> Reply:
        self.address = handled.address
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome.reply(handled.request_id, "c")

    async def give_up(self, command_id: str, _fingerprint: str, reason: Outcome) -> None:
        self.given_up.append((command_id, reason.status))

    async def send(self, partition: int | None, reply: Reply, *, alone: bool = False) -> None:
        self.sent.append((partition, reply.status))
        self.alone.append(alone)

    async def handle(self, *headers: tuple[str, bytes]) -> None:
        ledger = replier = cast(Any, self)
        adapter, decide = TypeAdapter(Command), cast(Any, None)
        subscription = command_subscription(AGENTS_COMMANDS, "agents", adapter, decide, ledger, replier)
        record, event = SimpleNamespace(headers=headers), SimpleNamespace(id="evt_1")
        delivery = SimpleNamespace(record=record, event=event, message=Command(command_id="c"))
        await subscription.handle([cast(Any, delivery)])


@pytest.mark.parametrize(("headers", "sent", "waits"), [((WAITS,), [], True), ((WAITS, ACCEPTANCE), [(1, 202)], False)])
async def test_acceptance_is_told_to_who_waits_for_it_alone(
    headers: tuple[tuple[str, bytes], ...], sent: list[tuple[int, int]], waits: bool
) -> None:
    owner = Owner(Outcome.accepted("invocation", "inv_1"))
    await owner.handle(*headers)
    assert (owner.sent, owner.address is not None) == (sent, waits)


async def test_who_waits_for_nothing_else_is_answered_at_once() -> None:
    owner = Owner(Outcome(status=200, result={}))
    await owner.handle(WAITS, (REPLY_ALONE_HEADER, b"true"))
    await owner.handle(WAITS)
    assert owner.alone == [True, False]


async def test_what_is_too_much_is_answered_and_a_repeat_may_succeed() -> None:
    owner = Owner(RateLimitExceeded("too much"))
    await owner.handle(WAITS)
    assert (owner.sent, owner.given_up) == ([(1, 429)], [("c", 429)])
