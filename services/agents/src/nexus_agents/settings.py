"""Settings of `agents`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from nexus_agents.backends.agentcore.names import BUCKET, INSTALLATION, REGION, ROLE_ARN
from nexus_agents.backends.agentcore.settings import AgentCoreSettings, ManagedPython
from nexus_agents.backends.door.grants import Grants, HostGrant, McpGrant
from nexus_contracts.builds.language_models import LanguageModel
from nexus_runtime.blobs import BlobsUrl, directory_url
from nexus_runtime.process.settings import OwnerSettings, TenantQuotas
from nexus_sandbox.sandbox import Isolation


class AgentsSettings(OwnerSettings):
    port: int = Field(default=8002, ge=1, le=65535)
    packages_url: BlobsUrl = Field(
        default_factory=lambda: directory_url(".data/packages"), description="agent packages, shared with the builders"
    )
    agent_work_dir: Path | None = Field(default=None, description="where agents run; None: a temporary directory")
    agent_isolation: Isolation = Field(
        default="auto",
        description="where it does not work: required refuses to deploy, bubblewrap to start the service",
    )
    agent_backend: Literal["local", "agentcore"] = Field(
        default="local", description="of agents that are deployed for the first time"
    )
    agentcore_role_arn: Annotated[str, Field(pattern=f"^{ROLE_ARN}$")] | None = Field(
        default=None, description="the role that agents have on AgentCore; with it that backend is there"
    )
    agentcore_bucket: Annotated[str, Field(pattern=f"^{BUCKET}$")] | None = None
    agentcore_installation: Annotated[str, Field(pattern=f"^{INSTALLATION}$")] | None = Field(
        default=None, description="begins the names of all runtimes; unique in account and region"
    )
    agentcore_region: Annotated[str, Field(pattern=f"^{REGION}$")] | None = Field(
        default=None, description="None: aws_region"
    )
    agentcore_python: ManagedPython = "PYTHON_3_11"
    agentcore_idle_seconds: int = Field(default=900, ge=60, le=28_800, description="that a session may be idle")
    agent_timeout_seconds: float = Field(default=60.0, ge=1, le=900, description="for an invocation that sets none")
    agent_start_seconds: float = Field(default=10.0, gt=0, le=300)
    deployment_timeout_seconds: float = Field(default=120.0, gt=0, le=3600)
    invocation_concurrency: int = Field(default=32, ge=1, le=1000, description="that this process works on at once")
    invocations_per_agent: int = Field(
        default=16, ge=1, le=1000, description="of these, those of one agent; on this machine each has its own process"
    )
    waiting_per_agent: int = Field(
        default=100, ge=0, le=100_000, description="invocations of one agent that wait here; more are refused with 429"
    )
    max_waiting_invocations: int = Field(
        default=1000, ge=1, description="accepted by this process and not started, of all agents; more are refused"
    )
    deployment_concurrency: int = Field(default=2, ge=1, le=100)
    max_agent_processes: int = Field(default=256, ge=1, le=1000, description="each takes one invocation at a time")
    agent_memory_mb: int = Field(
        default=2048, ge=64, description="that these may hold together before idle ones are ended"
    )
    agent_idle_seconds: float = Field(default=3600.0, ge=60, description="without an invocation a process ends")
    history_messages: int = Field(
        default=200, ge=0, le=1000, description="of its session, that an agent is sent with each turn: the newest"
    )
    history_bytes: int = Field(default=1_000_000, ge=0, le=1_000_000, description="the same, in bytes of text")
    quota_invocations_per_day: int | None = Field(
        default=None, ge=1, le=1_000_000_000, description="of each tenant, by day (UTC); None: any number"
    )
    quota_tokens_per_day: int | None = Field(
        default=None, ge=1, le=1_000_000_000_000, description="of each tenant's invocations, by day (UTC)"
    )
    tenant_quotas: TenantQuotas = Field(
        default={}, description="of single tenants, where they differ from the usual ones"
    )
    session_ttl_seconds: int | None = Field(
        default=None, ge=60, description="without a turn for so long a session is deleted; None: it stays"
    )
    models: list[LanguageModel] = Field(default=[], description="as for builds: their addresses, keys and prices")
    model_timeout_seconds: float = Field(
        default=180.0, gt=0, le=3_600, description="of one call or request of an agent"
    )
    agent_models: list[str] = Field(
        default=[], description="that agents may use at run time: openai: here, bedrock: on AgentCore"
    )
    agent_hosts: list[HostGrant] = Field(default=[], description="hosts that agents may reach, and their secrets")
    agent_mcp: list[McpGrant] = Field(default=[], description="MCP servers whose tools agents may call")
    agent_budget_day_usd: float = Field(
        default=1.0, gt=0, le=1_000_000, description="that an agent may spend on models on a day (UTC)"
    )
    runner_beat_seconds: float = Field(default=2.0, gt=0, le=60)
    runner_silent_seconds: float = Field(
        default=7.0, gt=0, le=300, description="how long a process may be silent before its work counts as interrupted"
    )

    @field_validator("agentcore_role_arn", "agentcore_bucket", "agentcore_installation")
    @classmethod
    def _all_or_none(cls, value: str | None, info: ValidationInfo) -> str | None:
        role = info.data.get("agentcore_role_arn")
        wanted = role is not None or info.data.get("agent_backend") == "agentcore"
        if value is None and wanted:
            raise PydanticCustomError("agentcore_missing", "must be set for agents on AgentCore")
        if value is not None and not wanted and "agentcore_role_arn" in info.data:
            raise PydanticCustomError("agentcore_alone", "has no effect without AGENTCORE_ROLE_ARN")
        return value

    @field_validator("agent_models")
    @classmethod
    def _known_models(cls, value: list[str], info: ValidationInfo) -> list[str]:
        providers = ("openai", "bedrock") if info.data.get("agentcore_role_arn") else ("openai",)
        known = {model.name for model in info.data.get("models", []) if model.provider in providers}
        if unknown := set(value) - known:
            named = {"name": min(unknown), "of": ": or ".join(providers)}
            raise PydanticCustomError("agent_models", "MODELS has no {of}: model named {name}", named)
        return value

    @field_validator("agentcore_region")
    @classmethod
    def _real_region(cls, value: str | None, info: ValidationInfo) -> str | None:
        region = value or info.data.get("aws_region")
        if info.data.get("agentcore_role_arn") and region and not re.fullmatch(REGION, region):
            raise PydanticCustomError("agentcore_region", "must be set, because AWS_REGION is not an AWS region")
        return value

    def grants(self, environment: Mapping[str, str]) -> Grants:
        """What agents may reach; keys and secrets are in `environment`."""
        models = tuple(model for model in self.models if model.name in self.agent_models)
        hosts, mcp = tuple(self.agent_hosts), tuple(self.agent_mcp)
        return Grants(models, hosts, mcp, environment, self.model_timeout_seconds)

    @property
    def agentcore(self) -> AgentCoreSettings | None:
        """None if this installation has no agents on AgentCore."""
        role, bucket, installation = self.agentcore_role_arn, self.agentcore_bucket, self.agentcore_installation
        if role is None or bucket is None or installation is None:
            return None
        return AgentCoreSettings(
            installation=installation,
            role_arn=role,
            bucket=bucket,
            region=self.agentcore_region or self.aws_region,
            python=self.agentcore_python,
            s3_endpoint_url=self.s3_endpoint_url,
            idle_seconds=self.agentcore_idle_seconds,
            # A little less than the platform's own limit, so that the failure names the state of the runtime.
            ready_seconds=0.9 * self.deployment_timeout_seconds,
        )
