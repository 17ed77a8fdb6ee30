"""What is too large to be kept beside a text in one item of the database."""

from collections.abc import Mapping

from pydantic import JsonValue

from nexus_agents.writes import json_bytes
from nexus_contracts.errors import Conflict

MAX_JSON_BYTES = 30_000


def require_size(name: str, value: Mapping[str, JsonValue] | None) -> None:
    """Raises Conflict, which is an owner's answer: the sender's own check lets no such thing through."""
    size = json_bytes(value) if value else 0
    if size > MAX_JSON_BYTES:
        raise Conflict(f"{name} has {size} bytes as JSON, at most {MAX_JSON_BYTES} are kept", field=name)
