"""Tokens for SASL OAUTHBEARER: from an OAuth 2.0 server, or signed with the identity that AWS gave to the process."""

import asyncio
import base64
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaError
from pydantic import BaseModel, ConfigDict, SecretStr

ANSWER_SECONDS = 5.0
USED_SHARE = 0.8
"""Of its life a token is used, so that none ends on its way."""
Fetch = Callable[[], tuple[str, float]]
"""Blocks; a token, and the seconds that it has to live."""


class TokenUnavailable(KafkaError):
    """No token, so no connection; another try may help."""


class Tokens(AbstractTokenProvider):
    """The same token for all connections until it is about to end."""

    def __init__(self, fetch: Fetch) -> None:
        super().__init__()
        self._fetch = fetch
        self._fetching = asyncio.Lock()
        self._token = ""
        self._renewal = 0.0

    async def token(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]  # the base is not annotated
        """Raises TokenUnavailable."""
        async with self._fetching:
            if time.monotonic() >= self._renewal:
                try:
                    self._token, seconds = await asyncio.to_thread(self._fetch)
                except Exception as error:
                    raise TokenUnavailable(f"there is no token for the broker: {error}") from error
                self._renewal = time.monotonic() + USED_SHARE * seconds
            return self._token


class _Grant(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    access_token: str
    expires_in: float = 0.0


def client_credentials(url: str, client_id: str, secret: SecretStr, scope: str | None) -> Fetch:
    """The grant of RFC 6749, 4.4: the client proves who it is by HTTP Basic."""

    def fetch() -> tuple[str, float]:
        form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        named = ":".join(urllib.parse.quote_plus(part) for part in (client_id, secret.get_secret_value()))
        headers = {
            "Authorization": f"Basic {base64.b64encode(named.encode()).decode()}",
            "Accept": "application/json",
        }
        request = urllib.request.Request(url, urllib.parse.urlencode(form).encode(), headers)
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:
            grant = _Grant.model_validate_json(response.read())
        return grant.access_token, grant.expires_in

    return fetch


def msk_iam(region: str) -> Fetch:
    """AWS's own signer, with the usual chain of credentials."""

    def fetch() -> tuple[str, float]:
        # Here, as it is an extra of its own: only those on MSK install what it needs.
        try:
            from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
        except ImportError as error:
            raise RuntimeError("KAFKA_SASL_MECHANISM=AWS_MSK_IAM needs nexus-kafka[msk]") from error
        signer: Any = MSKAuthTokenProvider
        token, expires_ms = signer.generate_auth_token(region)
        return token, expires_ms / 1000 - time.time()

    return fetch
