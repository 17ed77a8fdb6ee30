"""The inbox: the answers to commands, kept for longer than a command can be redelivered."""

import time
from dataclasses import dataclass

from pydantic import TypeAdapter

from nexus_contracts.commands import Command
from nexus_contracts.errors import IdempotencyKeyReused
from nexus_contracts.replies import Accepted, Outcome, Reply
from nexus_runtime.dynamo import Database, Item, Put, Table, Where
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.audit import Audit

_KEPT: TypeAdapter[Accepted | Outcome] = TypeAdapter(Accepted | Outcome)
KEEP_SECONDS = 8 * 24 * 3600
"""A day longer than commands stay in their topic, as those that come late must be known. So long a key counts, too."""


def inbox_table(name: str) -> Table:
    return Table(name, "owner", "entry", ttl=True)


@dataclass(frozen=True)
class Handled:
    """A command being handled: `request_id` is the id of its message, new with every request.

    `partition` is where its sender reads the answer, None if nobody does.
    """

    command: Command
    request_id: str
    partition: int | None = None

    @property
    def address(self) -> ReplyAddress | None:
        """Who waits for the answer."""
        if self.partition is None:
            return None
        return ReplyAddress(partition=self.partition, request_id=self.request_id, command_id=self.command.command_id)


@dataclass(frozen=True)
class Found:
    """`replayed`: an earlier request, not just an earlier delivery of this one, had the effect."""

    outcome: Outcome
    replayed: bool


class Inbox:
    """One item per command, written in the transaction of its effect; the audit trail is in the same table."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table
        self.audit = Audit(database, table)

    def record(self, handled: Handled, outcome: Outcome) -> Put:
        """Fails, and with it the transaction, if the command was handled before."""
        return Put(
            self._table,
            {
                "owner": handled.command.command_id,
                "entry": "outcome",
                "request_id": handled.request_id,
                "fingerprint": handled.command.fingerprint,
                "outcome": outcome.model_dump_json(),
                "ttl": int(time.time()) + KEEP_SECONDS,
            },
            where=Where(absent="owner"),
        )

    async def find(self, handled: Handled) -> Found | None:
        """The earlier decision, or None. Raises IdempotencyKeyReused if it was for a different request."""
        item = await self._item(handled.command.command_id, handled.command.fingerprint)
        return Found(_KEPT.validate_json(item["outcome"]), item["request_id"] != handled.request_id) if item else None

    async def outcome_of(self, command_id: str, fingerprint: str) -> Outcome | None:
        """The same for readers; a command that was given up counts as decided until it really is."""
        item = await self._item(command_id, fingerprint)
        item = item or await self._database.get(self._table, _given_up(command_id, fingerprint))
        return _KEPT.validate_json(item["outcome"]) if item else None

    def give_up(self, command_id: str, fingerprint: str, reason: Outcome) -> Put:
        """Records that the command was not decided. That does not answer a repeat, which is decided as if new."""
        kept = {"outcome": reason.model_dump_json(), "ttl": int(time.time()) + KEEP_SECONDS}
        return Put(self._table, {**_given_up(command_id, fingerprint), **kept})

    async def _item(self, command_id: str, fingerprint: str) -> Item | None:
        item = await self._database.get(self._table, {"owner": command_id, "entry": "outcome"})
        if item is not None and item["fingerprint"] != fingerprint:
            raise IdempotencyKeyReused("this Idempotency-Key was used for another request")
        return item


def _given_up(command_id: str, fingerprint: str) -> dict[str, str]:
    return {"owner": command_id, "entry": f"given up {fingerprint}"}


def reply(handled: Handled, outcome: Outcome, *, replayed: bool = False) -> Reply:
    """The answer to this delivery."""
    return outcome.reply(handled.request_id, handled.command.command_id, replayed=replayed)
