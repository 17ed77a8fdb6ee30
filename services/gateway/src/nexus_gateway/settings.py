"""The settings of the gateway."""

import secrets
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from nexus_runtime.process.settings import OwnerSettings, is_loopback

_RATE = r"^[1-9][0-9]{0,6}/(second|minute|hour|day)$"
_URL = r"^https?://[^\s/?#]+$"


class GatewaySettings(OwnerSettings):
    """Times are in seconds, sizes in bytes."""

    builds_url: str = Field(default="http://127.0.0.1:8001", pattern=_URL)
    agents_url: str = Field(default="http://127.0.0.1:8002", pattern=_URL)
    stats_url: str = Field(default="http://127.0.0.1:8003", pattern=_URL)
    worker_url: str = Field(default="http://127.0.0.1:8004", pattern=_URL, description="asked for its health alone")
    read_timeout_seconds: float = Field(
        default=5.0, gt=0, le=300, description="how long the owning service may take to answer"
    )
    reply_wait_seconds: float = Field(
        default=10.0, gt=0, le=900, description="how long a write waits for its outcome before it is answered with 202"
    )
    invoke_wait_seconds: float = Field(
        default=120.0, gt=0, le=900, description="the same for invocations and messages that set no timeout themselves"
    )
    max_requests: int = Field(
        default=2_000, ge=1, le=100_000, description="requests and streams under way at once; what is more is 503"
    )
    max_requests_per_caller: int = Field(
        default=500, ge=1, le=100_000, description="of these, with authentication, of one caller; what is more is 429"
    )
    max_body_bytes: int = Field(default=1_000_000, ge=1_000, le=1_000_000, description="largest JSON body")
    max_package_bytes: int = Field(default=50_000_000, ge=1_000, le=50_000_000, description="largest agent package")
    max_upload_bytes: int = Field(
        default=25_000_000, ge=1_000, le=50_000_000, description="largest file that is uploaded into a session"
    )
    upload_timeout_seconds: float = Field(
        default=60.0, gt=0, le=900, description="how long the owning service may take to check and store an upload"
    )
    cursor_secret: SecretStr = Field(
        default_factory=lambda: SecretStr(secrets.token_hex(32)),
        min_length=16,
        description="signs the cursors of lists; random for each process unless set: several gateways behind one "
        "address must share it, and with a random one cursors end when the process does",
    )

    allowed_origins: str = Field(
        default="", description="of pages that browsers let call: scheme://host[:port] with commas between, or *"
    )
    rate_limit_read: str | None = Field(default=None, pattern=_RATE, description="of each caller, such as 100/second")
    rate_limit_write: str | None = Field(default=None, pattern=_RATE)
    rate_limit_invoke: str | None = Field(default=None, pattern=_RATE)
    rate_limit_unauthenticated: str | None = Field(
        default=None, pattern=_RATE, description="of each address: requests that are answered with 401"
    )
    rate_limit_store: str = Field(
        default="async+memory://",
        pattern=r"^async\+(memory|rediss?)://",
        description="shared by several gateways: async+redis://host:6379",
    )
    trusted_proxies: str = Field(
        default="",
        description="addresses and networks, with commas between, of the proxies before it: who asks is the address in "
        "their X-Forwarded-For",
    )
    authentication: Literal["off", "on"] = Field(
        default="off", description="off: everybody is an admin of the tenant `default`; for development"
    )
    listen_without_authentication: bool = Field(
        default=False, description="intended: anyone who can reach the address may do everything"
    )
    jwt_jwks_url: str | None = Field(
        default=None, pattern="^https?://", description="where the identity provider publishes its public keys"
    )
    jwt_secret: SecretStr | None = Field(
        default=None, min_length=32, description="instead: the secret of tokens with HS256"
    )
    jwt_issuer: str = Field(default="", description="`iss` of the tokens that are accepted")
    jwt_audience: str = Field(default="", description="`aud` of the tokens that are accepted")
    jwt_leeway_seconds: float = Field(default=30.0, ge=0, le=300, description="how far clocks may be apart")

    @model_validator(mode="after")
    def _protected(self) -> Self:
        if self.authentication == "off":
            public, _, _ = (self.public_address or "127.0.0.1:").rpartition(":")
            reached = [host for host in (self.host, public) if not is_loopback(host)]
            if reached and not self.listen_without_authentication:
                raise ValueError(
                    f"HOST={reached[0]} would let anyone who can reach it do everything: set AUTHENTICATION=on, "
                    "or LISTEN_WITHOUT_AUTHENTICATION=true if that is intended"
                )
        elif self.identity_secret is None:
            raise ValueError("AUTHENTICATION=on needs IDENTITY_SECRET, the same for all services")
        if self.jwt_jwks_url and self.jwt_secret:
            raise ValueError("JWT_JWKS_URL and JWT_SECRET cannot both be set")
        if (self.jwt_jwks_url or self.jwt_secret) and not (self.jwt_issuer and self.jwt_audience):
            raise ValueError("tokens need both JWT_ISSUER and JWT_AUDIENCE")
        return self

    @property
    def origins(self) -> list[str]:
        return [origin for one in self.allowed_origins.split(",") if (origin := one.strip())]

    @property
    def rate_limits(self) -> dict[str, str]:
        """By class of requests; those that are set, and with authentication usual ones for the others."""
        chosen = {
            "read": self.rate_limit_read,
            "write": self.rate_limit_write,
            "invoke": self.rate_limit_invoke,
            "unauthenticated": self.rate_limit_unauthenticated,
        }
        usual = {
            "read": "100/second",
            "write": "20/second",
            "invoke": "10/second",
            "unauthenticated": "60/minute",
        }
        known = usual if self.authentication == "on" else {}
        return known | {name: text for name, text in chosen.items() if text is not None}

    @property
    def service_urls(self) -> dict[str, str]:
        """Of the owners, and of the build worker, which owns nothing."""
        owners = {"builds": self.builds_url, "agents": self.agents_url, "stats": self.stats_url}
        return {**owners, "worker": self.worker_url}
