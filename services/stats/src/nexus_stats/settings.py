"""Settings of `stats`."""

from pydantic import Field

from nexus_runtime.process.settings import OwnerSettings


class StatsSettings(OwnerSettings):
    port: int = Field(default=8003, ge=1, le=65535)
    builds_url: str = Field(default="http://127.0.0.1:8001", description="its history is read by a rebuild")
    agents_url: str = Field(default="http://127.0.0.1:8002", description="the same")
