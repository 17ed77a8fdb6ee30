"""JSON Web Tokens of an identity provider: PyJWT checks them, this module decides which keys and claims count."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from typing import Any, Protocol, cast

import aiohttp
import jwt
from pydantic import ValidationError

from nexus_contracts.errors import ServiceUnavailable, Unauthenticated
from nexus_contracts.principal import Principal
from nexus_gateway.access.identity import Identity
from nexus_gateway.access.scopes import SCOPES
from nexus_gateway.settings import GatewaySettings
from nexus_runtime.process import log

logger = log.get(__name__)
MAX_TOKEN_LENGTH = 8_192
MAX_SET_BYTES = 256 * 1024
FETCH_SECONDS = 5.0
FRESH_SECONDS = 300.0
AGAIN_SECONDS = 10.0
"""Unknown keys, or a provider that does not answer, make the gateway ask at most this often."""
ASYMMETRIC = frozenset({"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"})
SYMMETRIC = "HS256"
REQUIRED = ("exp", "iss", "aud", "sub", "tenant")


class Verifying(Protocol):
    async def key_for(self, header: dict[str, Any]) -> jwt.PyJWK:
        """The key to check a token with this header. Raises Unauthenticated, ServiceUnavailable."""
        ...


class SharedKey:
    """A secret, for tokens with HS256."""

    def __init__(self, secret: str) -> None:
        encoded = base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
        self._key = jwt.PyJWK({"kty": "oct", "k": encoded}, algorithm=SYMMETRIC)

    async def key_for(self, header: dict[str, Any]) -> jwt.PyJWK:
        if header.get("alg") != SYMMETRIC:
            raise Unauthenticated("the token is signed in a way that is not accepted")
        return self._key


class PublishedKeys:
    """The public keys at a JWKS URL: kept while they are fresh, asked for again when a token names another one.

    While the provider does not answer, the last known keys stay valid, and tokens that name them do not wait for it.
    """

    def __init__(self, url: str, now: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._now = now
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked = float("-inf")
        self._fresh_until = float("-inf")
        self._failing = False
        self._asking: asyncio.Task[None] | None = None

    async def key_for(self, header: dict[str, Any]) -> jwt.PyJWK:
        name = header.get("kid")
        if not isinstance(name, str):
            raise Unauthenticated("the token does not name its key")
        known = name in self._keys
        asking = None if known and self._now() < self._fresh_until else self._ask()
        if asking and not (known and self._failing):
            # Shared: a caller who leaves must not end it for the others who wait.
            await asyncio.shield(asking)
        if not self._keys:
            raise ServiceUnavailable("the identity provider is unavailable", service="identity provider")
        key = self._keys.get(name)
        if key is None or header.get("alg") != key.algorithm_name:
            raise Unauthenticated("the token is not signed with a key of the identity provider")
        return key

    def _ask(self) -> "asyncio.Task[None] | None":
        """The request to the provider that is under way, or a new one; None if it is too soon for that."""
        if self._asking is None and self._now() >= self._asked + AGAIN_SECONDS:
            self._asked = self._now()
            self._asking = asyncio.create_task(self._refresh())
        return self._asking

    async def _refresh(self) -> None:
        try:
            self._keys = _usable(await _fetched(self._url))
            self._fresh_until, self._failing = self._now() + FRESH_SECONDS, False
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, RecursionError) as error:
            # The old keys stay in use: an outage of the provider must not lock everybody out.
            self._failing = True
            logger.warning("the keys of the identity provider cannot be read", reason=repr(error)[:500])
        finally:
            self._asking = None


async def _fetched(url: str) -> Any:
    """The document there. Raises ClientError, OSError, TimeoutError, ValueError, RecursionError."""
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.get(url, allow_redirects=False) as answer,
    ):
        answer.raise_for_status()
        content = bytearray()
        # Piece by piece: a read of so many bytes returns what has arrived, which may be the first half.
        async for piece in answer.content.iter_any():
            content += piece
            if len(content) > MAX_SET_BYTES:
                raise ValueError("the key set is too large")
        return json.loads(content)


def _usable(document: Any) -> dict[str, jwt.PyJWK]:
    """The public signature keys, by name: a symmetric key in a published set would be known to everybody.

    What is no key, or one of a kind that is not known here, is left out. Raises ValueError if it is no key set.
    """
    listed: Any = cast("dict[str, Any]", document).get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("it is no key set")
    keys = [key for key in map(_key, cast("list[Any]", listed)) if key is not None]
    return {
        key.key_id: key
        for key in keys
        if key.key_id and key.algorithm_name in ASYMMETRIC and key.public_key_use in (None, "sig")
    }


def _key(published: Any) -> jwt.PyJWK | None:
    try:
        return jwt.PyJWK(cast("dict[str, Any]", published)) if isinstance(published, dict) else None
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        return None


class BearerTokens:
    """Checks tokens: signature, issuer, audience, times. `sub` is the user, `tenant` the tenant, `scope` the scopes."""

    def __init__(self, keys: Verifying, issuer: str, audience: str, leeway_seconds: float) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._leeway = leeway_seconds

    @classmethod
    def of(cls, settings: GatewaySettings) -> "BearerTokens | None":
        """None if no tokens are accepted."""
        keys: Verifying
        if settings.jwt_jwks_url:
            keys = PublishedKeys(settings.jwt_jwks_url)
        elif settings.jwt_secret:
            keys = SharedKey(settings.jwt_secret.get_secret_value())
        else:
            return None
        return cls(keys, settings.jwt_issuer, settings.jwt_audience, settings.jwt_leeway_seconds)

    async def identify(self, token: str) -> Identity:
        """Raises Unauthenticated, ServiceUnavailable."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise Unauthenticated("the token is too long")
        try:
            # The header is not verified yet. It only selects one of our keys, with which `decode` verifies all of it.
            key = await self._keys.key_for(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key,
                # That of the key, never the header's: the sender of a token must not choose how it is checked.
                algorithms=[key.algorithm_name],
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._leeway,
                options={"require": list(REQUIRED)},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(f"the token is not accepted: {_reason(error)}") from None
        return _identity(claims)


def _reason(error: jwt.PyJWTError) -> str:
    known: dict[type[jwt.PyJWTError], str] = {
        jwt.ExpiredSignatureError: "it has expired",
        jwt.InvalidAudienceError: "it is meant for another audience",
        jwt.InvalidIssuerError: "it is from another issuer",
        jwt.ImmatureSignatureError: "it is not valid yet",
        jwt.InvalidSignatureError: "its signature is wrong",
    }
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"it has no claim {error.claim}"
    return known.get(type(error), "it is not a valid token")


def _identity(claims: dict[str, Any]) -> Identity:
    scope = claims.get("scope", "")
    granted = tuple(name for name in scope.split() if name in SCOPES) if isinstance(scope, str) else ()
    try:
        return Identity(Principal(id=claims["sub"], tenant=claims["tenant"], scopes=granted))
    except ValidationError:
        raise Unauthenticated("the token is not accepted: its sub or tenant is not a name") from None
