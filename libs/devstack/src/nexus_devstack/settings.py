"""Every setting of the stack, read once from the environment."""

import os
from pathlib import Path
from typing import Annotated, Literal

from dotenv import load_dotenv
from pydantic import BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from nexus_devstack.errors import StackError
from nexus_devstack.ports import LOOPBACK
from nexus_kafka.options import SECRETS, KafkaOptions
from nexus_runtime.process.settings import LogLevel

Port = Annotated[int, Field(ge=1, le=65535)]
SERVICE_PORTS = ("gateway_port", "builds_port", "agents_port", "stats_port", "worker_port")
INFRA_PORTS = ("kafka_port", "dynamodb_port")


FORMER_NAMES = {"API_HOST": "GATEWAY_HOST", "API_PORT": "GATEWAY_PORT"}
"""Names in the settings file of the platform's first edition, which are still understood."""
EVERYWHERE = ("0.0.0.0", "::")


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nexus-ai"


class Settings(KafkaOptions, BaseSettings):
    """Fields are named as their environment variables, except those whose variable begins with NEXUS_."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, populate_by_name=True)

    data_dir: Path = Field(default=Path(".data"), validation_alias="NEXUS_DATA_DIR")
    infra: str = Field(default="embedded", validation_alias="NEXUS_INFRA")
    cache_dir: Path = Field(default_factory=_user_cache, validation_alias="NEXUS_CACHE_DIR")
    kafka_brokers: Annotated[Literal[1, 3], BeforeValidator(_number)] = Field(
        default=1, validation_alias="NEXUS_KAFKA_BROKERS"
    )
    environment: Literal["development", "production"] = "development"
    gateway_host: str = Field(default="127.0.0.1", min_length=1)
    authentication: Literal["off", "on"] = "off"
    listen_without_authentication: bool = False
    gateway_processes: Annotated[int, Field(ge=1, le=64)] | None = Field(
        default=None, description="by default one, in production two"
    )
    log_file: Path | None = Field(default=None, validation_alias="NEXUS_LOG_FILE")
    gateway_port: Port = 8000
    builds_port: Port = 8001
    agents_port: Port = 8002
    stats_port: Port = 8003
    worker_port: Port = 8004
    kafka_port: Port = 9092
    dynamodb_port: Port = 8010
    log_format: Literal["console", "json"] = "console"
    log_level: LogLevel = "info"
    table_prefix: Annotated[str, Field(pattern="^[a-zA-Z0-9_.-]{0,64}$")] = ""
    dynamodb_endpoint_url: str | None = None
    aws_region: str = "us-east-1"

    @property
    def gateways(self) -> int:
        """How many processes of the gateway share its port."""
        return self.gateway_processes or (2 if self.environment == "production" else 1)

    def address_of(self, service: str) -> str:
        """The host at which programs on this machine reach it; only the gateway may listen for other machines."""
        return LOOPBACK if service != "gateway" or self.gateway_host in EVERYWHERE else self.gateway_host

    def ports(self, names: tuple[str, ...]) -> dict[str, int]:
        """The chosen ports by environment variable."""
        return {name.upper(): int(getattr(self, name)) for name in names}


def _readable(error: ValidationError) -> str:
    return "bad setting: " + "; ".join(_readable_fault(str(fault["loc"][0]).upper(), fault) for fault in error.errors())


def _readable_fault(name: str, fault: ErrorDetails) -> str:
    shown = "" if name in SECRETS or fault["input"] is None else f"={fault['input']}"
    return f"{name}{shown}: {fault['msg']}"


def _refuse_shared_ports(settings: Settings) -> None:
    seen: dict[int, str] = {}
    for name, port in settings.ports(SERVICE_PORTS + INFRA_PORTS).items():
        if port in seen:
            raise StackError(f"bad setting: {seen[port]} and {name} are both {port}; every process needs its own port")
        seen[port] = name


def load_environment(file: Path = Path(".env")) -> None:
    """Adds to the environment what only the file sets, and former names' values under today's names."""
    load_dotenv(file, override=False)
    for former, name in FORMER_NAMES.items():
        if former in os.environ:
            os.environ.setdefault(name, os.environ[former])
    # That edition knew no authentication: who says where it listens, means it.
    if (meant := os.environ.get("API_HOST")) and meant == os.environ["GATEWAY_HOST"]:
        os.environ.setdefault("LISTEN_WITHOUT_AUTHENTICATION", "true")


def load_settings() -> Settings:
    """The settings of the environment. Raises StackError that names the variable if one is not usable."""
    try:
        settings = Settings()
    except ValidationError as error:
        raise StackError(_readable(error)) from None
    _refuse_shared_ports(settings)
    return settings
