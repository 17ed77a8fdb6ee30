"""List cursors: opaque, signed, and valid only for the tenant, the list and the filters that they come from."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from nexus_contracts.errors import ValidationFailed
from nexus_gateway.answers import to_json

_SIGNATURE_BYTES = 16
_MAX_LENGTH = 4096


class Cursors:
    """Gateways with the same secret accept each other's cursors."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def seal(self, tenant: str, path: str, filters: Mapping[str, str], last_key: str) -> str:
        """Text that is safe in a URL."""
        payload = last_key.encode()
        sealed = self._signature(tenant, path, filters, payload) + payload
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def unseal(self, tenant: str, path: str, filters: Mapping[str, str], cursor: str) -> str:
        """What was sealed. Raises ValidationFailed for a cursor that is forged, damaged, or not of this list."""
        try:
            if len(cursor) > _MAX_LENGTH:
                raise ValueError("too long")
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            sealed = base64.b64decode(padded, altchars=b"-_", validate=True)
            signature, payload = sealed[:_SIGNATURE_BYTES], sealed[_SIGNATURE_BYTES:]
            if not hmac.compare_digest(signature, self._signature(tenant, path, filters, payload)):
                raise ValueError("the signature does not match")
            # base64 has several spellings of the same bytes: only the one that was issued is accepted.
            if self.seal(tenant, path, filters, payload.decode()) != cursor:
                raise ValueError("not as it was issued")
            return payload.decode()
        except (ValueError, binascii.Error):
            raise ValidationFailed(
                "last_key is not a cursor for this list with these filters",
                suggestion="Send last_key as the previous page returned it, with the same filters, or leave it out.",
                errors=[{"location": "query.last_key", "message": "not a cursor for this list", "type": "cursor"}],
            ) from None

    def _signature(self, tenant: str, path: str, filters: Mapping[str, str], payload: bytes) -> bytes:
        bound = to_json([tenant, path, sorted(filters.items()), payload.hex()])
        return hmac.new(self._secret, bound, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
