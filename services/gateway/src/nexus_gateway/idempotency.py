"""What identifies a write: the same key and the same request are the same wish, whenever and wherever they arrive."""

import hashlib
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import Request

from nexus_contracts.errors import ValidationFailed
from nexus_gateway.fields import joined, members
from nexus_runtime.process.clock import derived_id, new_id

ANONYMOUS = "anonymous"
MAX_KEY_LENGTH = 255
B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)


@dataclass(frozen=True)
class Intent(Generic[B_co]):
    """A write as the caller means it. `keyed`: an Idempotency-Key was given; `waits`: the caller wants the outcome."""

    body: B_co
    command_id: str
    fingerprint: str
    keyed: bool
    waits: bool

    def created(self, prefix: str) -> str:
        """The id of what this write creates; with a key the same each time."""
        return derived_id(prefix, self.command_id) if self.keyed else new_id(prefix)


def intent_of(request: Request, body: B, canonical_body: bytes) -> Intent[B]:
    """Raises ValidationFailed for a key that is not one."""
    key = idempotency_key(request)
    command_id = (
        new_id("cmd_")
        if key is None
        else derived_id("cmd_", ANONYMOUS, request.method, str(request.scope["path"]), key)
    )
    return Intent(
        body,
        command_id,
        fingerprint(canonical_body, request.scope["query_string"]),
        keyed=key is not None,
        waits=not prefers_async(request),
    )


def fingerprint(canonical_body: bytes, query: bytes) -> str:
    """Differs where requests differ."""
    return hashlib.sha256(b"%d:%b%b" % (len(canonical_body), canonical_body, query)).hexdigest()


def idempotency_key(request: Request) -> str | None:
    """None where there is none. Raises ValidationFailed unless it is 1 to 255 printable characters."""
    given = [value for name, value in request.scope["headers"] if name == b"idempotency-key"]
    if not given:
        return None
    try:
        key = given[0].decode()
    except UnicodeDecodeError:
        key = ""
    if len(given) > 1 or not 1 <= len(key) <= MAX_KEY_LENGTH or not key.isprintable():
        message = f"must be one text of 1 to {MAX_KEY_LENGTH} printable characters"
        raise ValidationFailed(
            "the Idempotency-Key is not valid",
            suggestion="Send a fresh random text, such as a UUID, as Idempotency-Key.",
            errors=[{"location": "header.Idempotency-Key", "message": message, "type": "idempotency_key"}],
        )
    return key


def prefers_async(request: Request) -> bool:
    """`Prefer: respond-async` (RFC 7240)."""
    preferences = members(joined(request, "prefer") or "")
    return any(one.value.partition("=")[0].strip().lower() == "respond-async" for one in preferences)
