"""A file that was uploaded into a session: kept with it, never changed."""

from typing import Literal

from pydantic import Field

from nexus_contracts.commands import Command
from nexus_contracts.errors import Conflict
from nexus_contracts.identifiers import Timestamp, derived_id
from nexus_contracts.model import Message

MAX_UPLOADS = 100


class TakeUpload(Command):
    """It comes over HTTP, as files are larger than messages may be. `agent_id`: the agent whose session it must be."""

    type: Literal["nexus.command.take_upload.v1"] = "nexus.command.take_upload.v1"
    session_id: str
    agent_id: str
    name: str = Field(max_length=255)
    media_type: str = Field(max_length=255)


class SessionUpload(Message):
    """`uri` is that of its content."""

    upload_id: str
    session_id: str
    name: str
    media_type: str
    uri: str
    sha256: str
    size_bytes: int
    created_at: Timestamp


def upload_id_of(command: TakeUpload) -> str:
    """The same command makes one upload."""
    return derived_id("upl_", command.session_id, command.command_id)


def require_fewer_uploads(present: int) -> None:
    """Raises Conflict."""
    if present >= MAX_UPLOADS:
        raise Conflict(f"the session has {MAX_UPLOADS} uploads already", uploads=present)
