"""What `stats` can be told."""

from pydantic import Field

from nexus_runtime.process.settings import OwnerSettings


class StatsSettings(OwnerSettings):
    port: int = Field(default=8003, ge=1, le=65535)
