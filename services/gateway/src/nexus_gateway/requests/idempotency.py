"""The identity of a write: the same key with the same request is the same write, on whichever gateway it arrives."""

import hashlib

from fastapi import Request

from nexus_contracts.errors import ValidationFailed
from nexus_contracts.principal import Principal
from nexus_gateway.requests.header_fields import joined, members
from nexus_runtime.process.clock import derived_id, new_id

MAX_KEY_LENGTH = 255


def command_id_of(request: Request, asker: Principal, key: str | None) -> str:
    """A key is scoped to caller, method and path; without a key every request is a new command."""
    if key is None:
        return new_id("cmd_")
    return derived_id("cmd_", asker.tenant, asker.id, request.method, str(request.scope["path"]), key)


def fingerprint(canonical_body: bytes, query: bytes) -> str:
    """Different for different requests."""
    # The length separates body and query: bytes that move from one to the other must not leave the digest the same.
    return hashlib.sha256(b"%d:%b%b" % (len(canonical_body), canonical_body, query)).hexdigest()


def idempotency_key(request: Request) -> str | None:
    """None if there is none. Raises ValidationFailed unless it is 1 to 255 printable characters."""
    given = [value for name, value in request.scope["headers"] if name == b"idempotency-key"]
    if not given:
        return None
    try:
        key = given[0].decode()
    except UnicodeDecodeError:
        key = ""
    if len(given) > 1 or not 1 <= len(key) <= MAX_KEY_LENGTH or not key.isprintable():
        message = f"must be a single value of 1 to {MAX_KEY_LENGTH} printable characters"
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
