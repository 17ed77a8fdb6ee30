"""API keys over REST."""

from typing import Annotated, Literal

from pydantic import Field

from nexus_contracts.identifiers import Moment, Timestamp
from nexus_contracts.model import AtMost, Message, RequestBody
from nexus_contracts.text import UserId

Scope = Literal[
    "projects:read",
    "projects:write",
    "reports:write",
    "agents:read",
    "agents:write",
    "agents:invoke",
    "sessions:read",
    "sessions:write",
    "statistics:read",
    "admin",
    "platform:read",
]


class CreateKeyBody(RequestBody):
    """`user_id`: the user on whose behalf the key acts. `project_id`: the only project for which it is valid."""

    name: str = Field(min_length=1, max_length=110)
    user_id: UserId
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=11), AtMost(11)]
    project_id: str | None = Field(default=None, pattern="^proj_[0-9a-f]{32}$")
    expires_at: Moment | None = None


class RotateKeyBody(RequestBody):
    """`grace_seconds`: how long the old key stays valid. `expires_at` is that of the new one."""

    grace_seconds: int = Field(default=86_400, ge=0, le=2_592_000)
    expires_at: Moment | None = None


class KeyView(Message):
    """`last_used_at` is accurate to a minute."""

    key_id: str
    name: str
    user_id: str
    scopes: tuple[str, ...]
    project_id: str | None
    created_by: str
    created_at: Timestamp
    expires_at: Timestamp | None
    last_used_at: Timestamp | None


class NewKeyView(KeyView):
    """`key` is what its holder sends; it is shown only this once."""

    key: str


class DeletedKey(Message):
    key_id: str
    deleted_at: Timestamp
