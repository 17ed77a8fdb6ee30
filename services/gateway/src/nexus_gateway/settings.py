"""What the gateway can be told."""

import secrets

from pydantic import Field, SecretStr

from nexus_runtime.process.settings import ServiceSettings

_URL = r"^https?://[^\s/?#]+$"


class GatewaySettings(ServiceSettings):
    """Times are in seconds, sizes in bytes."""

    builds_url: str = Field(default="http://127.0.0.1:8001", pattern=_URL)
    agents_url: str = Field(default="http://127.0.0.1:8002", pattern=_URL)
    stats_url: str = Field(default="http://127.0.0.1:8003", pattern=_URL)
    read_timeout_seconds: float = Field(
        default=5.0, gt=0, le=300, description="how long the owning service may take to answer"
    )
    reply_wait_seconds: float = Field(
        default=10.0, gt=0, le=900, description="how long a write waits for its outcome before it is answered with 202"
    )
    invoke_wait_seconds: float = Field(
        default=120.0, gt=0, le=900, description="the same for invocations and messages that set no timeout themselves"
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

    @property
    def owner_urls(self) -> dict[str, str]:
        return {"builds": self.builds_url, "agents": self.agents_url, "stats": self.stats_url}
