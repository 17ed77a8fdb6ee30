"""The store of messages, which never change."""

from dataclasses import dataclass
from typing import Any

from nexus_agents.domain.backend import PastMessage
from nexus_agents.domain.message import StoredMessage
from nexus_agents.tables import MESSAGES
from nexus_runtime.dynamo import Database, Put, Where
from nexus_runtime.dynamo.form import Form
from nexus_runtime.ledger.change import Change

MESSAGE = Form(StoredMessage, beside=frozenset({"content", "role"}))
ERASED_AT_ONCE = 500


@dataclass(frozen=True)
class HistoryBounds:
    """How much of a conversation is sent to an agent with each turn: the newest messages."""

    messages: int = 200
    size_bytes: int = 1_000_000


class MessageStore:
    def __init__(self, database: Database, bounds: HistoryBounds) -> None:
        self._database = database
        self._bounds = bounds

    def save(self, message: StoredMessage) -> Change:
        """On the condition that its session has no message of this sequence yet."""
        key = {"session_id": message.session_id, "sequence": message.sequence}
        return Change.of(Put(MESSAGES, {**key, **MESSAGE.written(message)}, where=Where(absent="session_id")))

    async def read(self, session_id: str, first: int, limit: int) -> list[StoredMessage]:
        """Up to `limit` messages from sequence `first`, oldest first."""
        found: list[StoredMessage] = []
        async for item in self._database.query(MESSAGES, session_id, low=first, page=limit):
            found.append(MESSAGE.read(item))
            if len(found) == limit:
                break
        return found

    async def conversation(self, session_id: str, before: int) -> tuple[PastMessage, ...]:
        """What was said before message `before`, oldest first: the latest of it, within bounds of number and bytes."""
        turns: list[PastMessage] = []
        size = 0
        wanted: dict[str, Any] = {
            "before": before,
            "newest_first": True,
            "only": ("role", "content"),
            "page": self._bounds.messages,
        }
        async for item in self._database.query(MESSAGES, session_id, **wanted):
            size += len(item["content"].encode())
            if size > self._bounds.size_bytes or len(turns) == self._bounds.messages:
                break
            turns.append(PastMessage(item["role"], item["content"]))
        return tuple(reversed(turns))

    async def erase(self, session_id: str) -> None:
        """All messages of a session."""
        keys: list[dict[str, str | int]] = []
        async for item in self._database.query(MESSAGES, session_id, only=("sequence",)):
            keys.append({"session_id": session_id, "sequence": item["sequence"]})
            if len(keys) == ERASED_AT_ONCE:
                await self._database.delete_many(MESSAGES, keys)
                keys = []
        await self._database.delete_many(MESSAGES, keys)
