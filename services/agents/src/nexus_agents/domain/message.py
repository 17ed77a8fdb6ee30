"""A message of a session, as it is kept."""

from typing import Literal

from pydantic import Field, JsonValue

from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message


class StoredMessage(Message):
    """`sequence` counts the messages of a session from 1 without a gap; `invocation_id` is the turn that it is of.

    `content_bytes`: `content` is only the beginning of so many bytes, which are the output of that turn.
    """

    message_id: str
    session_id: str
    sequence: int
    role: Literal["user", "assistant", "system", "tool"]
    content: str
    content_bytes: int | None = None
    metadata: dict[str, JsonValue] = Field(default={})
    invocation_id: str | None = None
    created_at: Timestamp
