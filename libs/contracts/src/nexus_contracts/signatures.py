"""The signature of what the platform itself reports: whoever can write to a topic could use its name otherwise."""

import hmac
import json

from nexus_contracts.envelope import CloudEvent

PLATFORM = "/nexus/"
"""Sources that begin so are the platform's own."""


def signed(event: CloudEvent, key: bytes) -> CloudEvent:
    """The event with its signature: over who says what of whom, and under which id."""
    return event.model_copy(update={"signature": _signature(event, key)})


def is_signed(event: CloudEvent, key: bytes) -> bool:
    return hmac.compare_digest((event.signature or "").encode(), _signature(event, key).encode())


def _signature(event: CloudEvent, key: bytes) -> str:
    """HMAC-SHA256 in hexadecimal. As a JSON list, so that no part can pass for another."""
    said = [event.source, event.id, event.type, event.subject, event.data]
    return hmac.digest(key, json.dumps(said, separators=(",", ":")).encode(), "sha256").hex()
