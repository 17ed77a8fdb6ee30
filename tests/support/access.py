"""Tokens and keys for a gateway that asks for them."""

import time
from typing import Any

import jwt

from nexus_contracts.keys import CreateKeyBody
from nexus_contracts.principal import Principal
from nexus_gateway.access.keys import Keys, Wish
from nexus_runtime.process.clock import new_id

SECRET = "a secret of thirty-two characters"
SETTINGS: dict[str, Any] = {
    "authentication": "on",
    "identity_secret": SECRET,
    "jwt_secret": SECRET,
    "jwt_issuer": "https://id.example",
    "jwt_audience": "nexus",
    "rate_limit_unauthenticated": "1000/second",
}
ALL = "projects:read projects:write reports:write agents:read agents:write agents:invoke sessions:read sessions:write"
Headers = list[tuple[str, str]]


def claims(user: str = "ann", tenant: str = "acme", scope: str = ALL, **other: Any) -> dict[str, Any]:
    usual = {"iss": "https://id.example", "aud": "nexus", "exp": int(time.time()) + 7200}
    return usual | {"sub": user, "tenant": tenant, "scope": scope} | other


def bearer(token: str) -> Headers:
    return [("Authorization", f"Bearer {token}")]


def signed_in(user: str = "ann", tenant: str = "acme", scope: str = ALL) -> Headers:
    """The header of a user with a token."""
    return bearer(jwt.encode(claims(user, tenant, scope), SECRET, algorithm="HS256"))


async def key_of(keys: Keys, tenant: str = "acme", **body: Any) -> str:
    """A new API key, as its holder sends it."""
    usual: dict[str, Any] = {"name": "test", "user_id": "ann", "scopes": ("admin",)}
    wish = Wish(new_id("cmd_"), "", Principal(id="root", tenant=tenant), CreateKeyBody(**usual | body))
    return (await keys.create(wish)).view.key
