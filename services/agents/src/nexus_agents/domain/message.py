"""A message of a session, as it is kept."""

from typing import Literal

from pydantic import Field, JsonValue

from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message


class StoredMessage(Message):
    """`sequence` counts the messages of a session from 1 without a gap; `invocation_id` is the turn that it is of."""

    message_id: str
    session_id: str
    sequence: int
    role: Literal["user", "assistant", "system", "tool"]
    content: str
    metadata: dict[str, JsonValue] = Field(default={})
    invocation_id: str | None = None
    created_at: Timestamp
