"""Configuration: read once, at startup, from the environment; an error names the variable and ends the program."""

import ipaddress
import re
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from nexus_contracts.principal import Tenant
from nexus_kafka.options import KafkaOptions

VERSION = version("nexus-runtime")
"""The platform's version, the same for all workspace members; `make release` sets it."""
S = TypeVar("S", bound=BaseSettings)
Q = TypeVar("Q")


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]
"""In any case."""


class ServiceSettings(KafkaOptions, BaseSettings):
    """What every process of the platform can be told. Names are those of the environment variables."""

    model_config = SettingsConfigDict(env_prefix="", extra="ignore", frozen=True, env_ignore_empty=True)

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=1, le=65535)
    public_address: str | None = Field(
        default=None,
        pattern=r"^[^\s:]+:[0-9]{1,5}$",
        description="host:port to listen on as well, together with other processes of the same service",
    )
    public_fd: int | None = Field(default=None, ge=3, description="an inherited socket that is bound to it already")
    predecessor_url: str | None = Field(
        default=None, pattern="^http://", description="of the process that this one takes over from"
    )
    log_format: Literal["console", "json"] = "console"
    log_level: LogLevel = "info"
    kafka_volatile: bool = Field(
        default=False, description="the broker keeps nothing across a restart (the embedded one)"
    )
    kafka_group_instance_id: str | None = Field(
        default=None,
        pattern="^[a-zA-Z0-9._-]{1,200}$",
        description="of this process, the same after its restart: it has its partitions back at once",
    )
    dead_letter_run: int = Field(default=100, ge=1, le=100_000)
    dead_letter_share: float = Field(default=0.5, gt=0, le=1, allow_inf_nan=False)
    identity_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="the same for all services: signs who asks; where it is set nothing unsigned is believed",
    )
    otel_exporter_otlp_endpoint: str | None = Field(
        default=None,
        pattern="^https?://",
        description="of an OpenTelemetry collector (OTLP over HTTP), which gets the spans of every request",
    )
    shutdown_seconds: float = Field(default=10.0, gt=0, le=300, allow_inf_nan=False)

    def shutdown_share(self, step: Literal["requests", "consumers", "work", "producer"]) -> float:
        """Seconds that one step of a stop may take; the steps run one after another."""
        return self.shutdown_seconds * {"requests": 0.2, "consumers": 0.3, "work": 0.3, "producer": 0.2}[step]


class OwnerSettings(ServiceSettings):
    """Settings of a service that owns tables."""

    aws_region: str = "us-east-1"
    dynamodb_endpoint_url: str | None = None
    slow_database_seconds: float = Field(
        default=1.0, gt=0, le=60, allow_inf_nan=False, description="calls that take longer are logged"
    )
    s3_endpoint_url: str | None = Field(default=None, pattern="^https?://", description="of a store compatible with S3")
    table_prefix: str = Field(default="", pattern=r"^[a-zA-Z0-9_.-]{0,100}$")


class OwnQuotas(BaseModel):
    """Quotas of one tenant, each in place of the usual one; null: no limit. `builds` takes the first two."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    projects: int | None = Field(default=None, ge=0, le=1_000_000)
    builds: int | None = Field(default=None, ge=0, le=1_000_000)
    invocations_per_day: int | None = Field(default=None, ge=0, le=1_000_000_000)
    tokens_per_day: int | None = Field(default=None, ge=0, le=1_000_000_000_000)


TenantQuotas = dict[Tenant, OwnQuotas]


def by_tenant(
    kind: Callable[..., Q], own: Mapping[str, OwnQuotas], usual: Mapping[str, int | None]
) -> Callable[[str], Q] | None:
    """The quotas of a tenant, a `kind` of the values in the order of `usual`. None where no tenant has any."""
    if not own and all(one is None for one in usual.values()):
        return None
    names = set(usual)
    known = {
        tenant: kind(*{**usual, **given.model_dump(include=names, exclude_unset=True)}.values())
        for tenant, given in own.items()
    }
    others = kind(*usual.values())
    return lambda tenant: known.get(tenant, others)


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def faults(error: ValidationError | SettingsError) -> list[str]:
    """One line for each invalid variable, which begins with its name."""
    if isinstance(error, ValidationError):
        named = [("_".join(map(str, fault["loc"])).upper() or "together", fault["msg"]) for fault in error.errors()]
        return [f"{name}: {text}" for name, text in named]
    field = re.search('field "(.+?)"', str(error))
    return [f"{field[1].upper() if field else 'together'}: is not JSON: {error.__cause__}"]


def load(kind: type[S]) -> S:
    """The settings; exits with status 2 and one line for each invalid variable."""
    try:
        return kind()
    except (ValidationError, SettingsError) as error:
        for fault in faults(error):
            sys.stderr.write(f"error: setting {fault}\n")
        raise SystemExit(2) from None
