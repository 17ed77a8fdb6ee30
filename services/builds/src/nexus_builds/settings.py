"""Settings of `builds` and its worker."""

import pkgutil
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from nexus_builds.tables import LEASES, WORK
from nexus_contracts.builds.events import BuildMethod
from nexus_contracts.builds.language_models import LanguageModel
from nexus_runtime.blobs import BlobsUrl, directory_url
from nexus_runtime.process.settings import OwnerSettings, TenantQuotas
from nexus_runtime.work.engine import LongWork

MODEL_BUILDER = "nexus_model_builder:ModelBuilder"


def _executable(method: BuildMethod) -> BuildMethod:
    if method is BuildMethod.AUTO:
        raise ValueError("auto chooses among the other methods and cannot have an executor")
    return method


Executable = Annotated[BuildMethod, AfterValidator(_executable)]


class SharedSettings(OwnerSettings):
    """Settings common to the service and its worker."""

    worker_lease_seconds: float = Field(
        default=6.0, gt=0, le=300, description="how long a worker may be silent before another takes over its builds"
    )
    models: list[LanguageModel] = Field(
        default=[],
        description="the language models that builds may use, in their order, with prices",
    )
    build_executors: dict[Executable, str] = Field(
        default={BuildMethod.RULES: "nexus_offline_builder:RuleBasedBuilder"},
        min_length=1,
        description="the registry of executors: by method, what makes one (module:name)",
    )

    def executors(self) -> dict[BuildMethod, str]:
        """Executors by method, including one for models if any are configured."""
        by_models = {BuildMethod.MODEL: MODEL_BUILDER} if self.models else {}
        return {**by_models, **self.build_executors}

    def long_work(self) -> LongWork:
        """The tables of long work, and how long a process that works on it may be silent."""
        silent = self.worker_lease_seconds
        return LongWork(WORK, LEASES, beat_seconds=silent / 4, silent_seconds=silent)


class BuildsSettings(SharedSettings):
    port: int = Field(default=8001, ge=1, le=65535)
    external_silence_seconds: float = Field(
        default=86_400.0, gt=0, description="an external build that sends no report for this long fails as ABANDONED"
    )
    worker_lost_seconds: float = Field(
        default=30.0,
        gt=0,
        description="a build whose worker is silent for this long, with no other taking over, fails as WORKER_LOST",
    )
    build_timeout_seconds: float = Field(
        default=14_400.0,
        gt=0,
        description="a build that has run for this long, not counting pauses, fails as BUILD_TIMED_OUT",
    )
    quota_projects: int | None = Field(
        default=None, ge=1, le=1_000_000, description="that each tenant may have; None: any number"
    )
    quota_builds: int | None = Field(
        default=None, ge=1, le=1_000_000, description="of the platform for each tenant at once, paused ones included"
    )
    tenant_quotas: TenantQuotas = Field(
        default={}, description="of single tenants, where they differ from the usual ones"
    )
    watch_seconds: float = Field(default=10.0, gt=0, description="how often builds are checked for that")
    build_method: BuildMethod = Field(
        default=BuildMethod.AUTO, description="of projects that choose none; auto: by a model where the worker can"
    )


class WorkerSettings(SharedSettings):
    port: int = Field(default=8004, ge=1, le=65535)
    agents_url: str = Field(default="http://127.0.0.1:8002", pattern="^https?://")
    packages_url: BlobsUrl = Field(
        default_factory=lambda: directory_url(".data/packages"), description="agent packages, shared with agents"
    )
    artifacts_url: BlobsUrl = Field(
        default_factory=lambda: directory_url(".data/artifacts"), description="what the stages produce"
    )
    worker_concurrency: int = Field(default=4, ge=1, le=100, description="builds at once in one worker")
    worker_step_seconds: float = Field(
        default=0.0, ge=0, le=60, description="minimum time of a step, so that people can watch; 0: as fast as possible"
    )
    step_timeout_seconds: float = Field(default=900.0, gt=0, le=86_400)
    build_wait_seconds: float = Field(
        default=604_800.0, gt=0, description="how long a build waits for a person before it fails as WAIT_EXPIRED"
    )
    deployment_timeout_seconds: float = Field(default=120.0, gt=0, le=3_600)

    @field_validator("build_executors")
    @classmethod
    def _found(cls, value: Mapping[BuildMethod, str]) -> Mapping[BuildMethod, str]:
        for named in value.values():
            try:
                pkgutil.resolve_name(named)
            except (ImportError, AttributeError, ValueError) as error:
                raise PydanticCustomError("executor", "{named}: {why}", {"named": named, "why": str(error)}) from None
        return value
