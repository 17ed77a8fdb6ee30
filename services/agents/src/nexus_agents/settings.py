"""What `agents` can be told."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from nexus_runtime.blobs import BlobsUrl, directory_url
from nexus_runtime.process.settings import OwnerSettings


class AgentsSettings(OwnerSettings):
    port: int = Field(default=8002, ge=1, le=65535)
    packages_url: BlobsUrl = Field(
        default_factory=lambda: directory_url(".data/packages"), description="agent packages, shared with the builders"
    )
    agent_work_dir: Path | None = Field(default=None, description="where agents run; None: a temporary directory")
    agent_isolation: Literal["auto", "bubblewrap", "none"] = "auto"
    agent_timeout_seconds: float = Field(default=60.0, ge=1, le=900, description="for an invocation that sets none")
    agent_start_seconds: float = Field(default=10.0, gt=0, le=300)
    deployment_timeout_seconds: float = Field(default=120.0, gt=0, le=3600)
    invocation_concurrency: int = Field(default=32, ge=1, le=1000)
    deployment_concurrency: int = Field(default=2, ge=1, le=100)
    max_waiting_invocations: int = Field(default=1000, ge=1, description="accepted by this process and not started")
    max_agent_processes: int = Field(default=32, ge=1, le=1000, description="each takes one invocation at a time")
    max_processes_per_agent: int = Field(default=16, ge=1, le=1000, description="invocations of one agent at a time")
    runner_beat_seconds: float = Field(default=2.0, gt=0, le=60)
    runner_silent_seconds: float = Field(
        default=7.0, gt=0, le=300, description="how long a process may be silent before its work counts as interrupted"
    )
