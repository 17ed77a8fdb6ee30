"""The caller of internal requests: signed if the services share a secret, so that nobody else can ask an owner."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache

from pydantic import SecretStr

from nexus_contracts.envelope import CloudEvent, MalformedEvent
from nexus_contracts.errors import Unauthenticated
from nexus_contracts.principal import EVERYBODY, Principal
from nexus_contracts.signatures import attested, is_attested, is_signed, signed

HEADER = "nexus-identity"
VALID_SECONDS = 60.0
"""How far the services' clocks may differ, and how long a request may take to arrive."""
KNOWN = 256
"""Callers often send several requests a second: their encoded identity is reused, and only the signature is new."""
principal: ContextVar[Principal] = ContextVar("principal", default=EVERYBODY)
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the caller's request, where an internal request names it."""


class Trust:
    """Signs and verifies callers. Without a secret everything is trusted: authentication is off then."""

    def __init__(self, secret: SecretStr | None, now: Callable[[], float] = time.time) -> None:
        self._key = secret.get_secret_value().encode() if secret else None
        self._now = now

    def header(self, asker: Principal, method: str, target: str) -> dict[str, str]:
        """The header of an internal request on behalf of `asker`; `target` is the path and query as sent."""
        payload = _payload(asker.id, asker.tenant, asker.scopes, int(self._now()))
        return {HEADER: f"{payload}.{self._signature(payload, method, target)}"}

    def identify(self, received: str | None, method: str, target: str) -> Principal:
        """The caller. Raises Unauthenticated unless it was just signed for this very request."""
        if received is None and self._key is None:
            return EVERYBODY
        payload, _, signature = (received or "").partition(".")
        expected = self._signature(payload, method, target)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            raise Unauthenticated("only the gateway may ask this service")
        try:
            asker, at = _said(payload)
        except (ValueError, LookupError, TypeError):
            raise Unauthenticated("the identity in the request cannot be read") from None
        if self._key and abs(self._now() - at) > VALID_SECONDS:
            raise Unauthenticated("the identity in the request is too old, or the clocks differ")
        return asker

    def sign(self, command: CloudEvent) -> CloudEvent:
        return signed(command, self._key) if self._key else command

    async def admit(self, command: CloudEvent) -> CloudEvent:
        """The command. Raises MalformedEvent if it is not signed."""
        if self._key and not is_signed(command, self._key):
            raise MalformedEvent("commands are signed by the gateway", "ce_signature")
        return command

    def attest(self, report: CloudEvent) -> CloudEvent:
        """The report, with proof of its sender (`nexusprincipal`)."""
        return attested(report, self._key) if self._key else report

    def without_claims(self, report: CloudEvent) -> CloudEvent:
        """The report, naming a sender only if the gateway has attested it."""
        if report.nexusprincipal is None or self._key is None or is_attested(report, self._key):
            return report
        return report.model_copy(update={"nexusprincipal": None, "nexustenant": None})

    def _signature(self, payload: str, method: str, target: str) -> str:
        if self._key is None:
            return ""
        return hmac.digest(self._key, json.dumps([payload, method, target]).encode(), "sha256").hex()


@lru_cache(KNOWN)
def _payload(asker: str, tenant: str, scopes: tuple[str, ...], at: int) -> str:
    said = {"id": asker, "tenant": tenant, "scopes": scopes, "at": at}
    return base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()


@lru_cache(KNOWN)
def _said(payload: str) -> tuple[Principal, float]:
    said = json.loads(base64.urlsafe_b64decode(payload))
    return Principal.model_validate(said), float(said["at"])
