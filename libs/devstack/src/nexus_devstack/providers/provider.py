"""The interface of everything that provides a broker and a database."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from nexus_devstack.supervisor import Supervisor
from nexus_kafka.options import KafkaOptions


@dataclass(frozen=True)
class Endpoints:
    """`env` holds further settings of the services; `dynamodb_endpoint_url` is None for AWS itself."""

    kafka: KafkaOptions
    dynamodb_endpoint_url: str | None
    aws_region: str
    env: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def kafka_bootstrap_servers(self) -> str:
        return self.kafka.kafka_bootstrap_servers

    def environment(self) -> dict[str, str]:
        """The settings with which a service finds and uses the infrastructure."""
        database = {"DYNAMODB_ENDPOINT_URL": self.dynamodb_endpoint_url} if self.dynamodb_endpoint_url else {}
        return {
            **self.kafka.kafka_environment(),
            "AWS_REGION": self.aws_region,
            **database,
            **self.env,
        }


@dataclass(frozen=True)
class Site:
    """Where a provider works. It must call `restored` after it has restarted a part that lost its contents."""

    data_dir: Path
    kafka_port: int
    dynamodb_port: int
    supervisor: Supervisor
    restored: Callable[[], Awaitable[None]]


class Provider(Protocol):
    """A provider hands its processes to the supervisor, which restarts one that dies on the same port.

    `ports` are the environment variables of the ports that it listens on.
    """

    ports: tuple[str, ...]

    async def start(self) -> Endpoints:
        """Returns when both accept connections. Raises StackError if that is impossible."""
        ...

    async def stop(self) -> None:
        """Stops what `start` started, even if `start` failed half-way."""
        ...
