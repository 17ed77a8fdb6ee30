"""Signatures of the platform's own reports: otherwise anyone who can write to a topic could use its name."""

import hmac
import json

from pydantic import JsonValue

from nexus_contracts.envelope import CloudEvent

PLATFORM = "/nexus/"
"""Sources with this prefix are the platform's own."""


def signed(event: CloudEvent, key: bytes) -> CloudEvent:
    """The event with its signature, over source, id, type, subject and data."""
    return event.model_copy(update={"signature": _signature(event, key)})


def is_signed(event: CloudEvent, key: bytes) -> bool:
    return hmac.compare_digest((event.signature or "").encode(), _signature(event, key).encode())


def attested(event: CloudEvent, key: bytes) -> CloudEvent:
    """A report with the signature of the gateway, over who sent it, too."""
    return event.model_copy(update={"signature": _attestation(event, key)})


def is_attested(event: CloudEvent, key: bytes) -> bool:
    return hmac.compare_digest((event.signature or "").encode(), _attestation(event, key).encode())


def _attestation(event: CloudEvent, key: bytes) -> str:
    return _hmac(
        key, event.source, event.id, event.type, event.subject, event.data, event.nexusprincipal, event.nexustenant
    )


def _signature(event: CloudEvent, key: bytes) -> str:
    return _hmac(key, event.source, event.id, event.type, event.subject, event.data)


def _hmac(key: bytes, *said: JsonValue) -> str:
    """HMAC-SHA256 in hexadecimal. As a JSON list, so that no part can pass for another."""
    return hmac.digest(key, json.dumps(said, separators=(",", ":")).encode(), "sha256").hex()
