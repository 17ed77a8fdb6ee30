"""The provider `docker`: what it starts, and how services find it."""

import asyncio
import os
import signal
import sys

from nexus_devstack.errors import StackError
from nexus_devstack.ports import LOOPBACK
from nexus_devstack.program import Program, Readiness
from nexus_devstack.providers.docker.spec import ContainerSpec, broker_on, database_container, kafka_container
from nexus_devstack.providers.jvm.dynamodb import CREDENTIAL, lists_tables
from nexus_devstack.providers.jvm.kafka import in_cluster
from nexus_devstack.providers.provider import Endpoints, Site
from nexus_devstack.settings import Settings
from nexus_kafka.options import KafkaOptions

BROKER, DATABASE = "kafka", "dynamodb"
START_SECONDS = 300.0
"""Long, because the first start pulls the images."""
STOP_SECONDS = 20.0
HOLDER = "nexus_devstack.providers.docker.holder"


class DockerProvider:
    """Kafka and DynamoDB Local; both keep everything in volumes that belong to the data folder."""

    ports: tuple[str, ...] = ("KAFKA_PORT", "DYNAMODB_PORT")

    def __init__(self, settings: Settings, site: Site) -> None:
        self._site = site
        self._region = settings.aws_region

    async def start(self) -> Endpoints:
        await self._site.supervisor.start(await asyncio.to_thread(self._programs), START_SECONDS)
        return Endpoints(
            kafka=KafkaOptions(kafka_bootstrap_servers=f"{LOOPBACK}:{self._site.kafka_port}"),
            dynamodb_endpoint_url=f"http://{LOOPBACK}:{self._site.dynamodb_port}",
            aws_region=self._region,
            env={
                "KAFKA_VOLATILE": "false",
                "AWS_ACCESS_KEY_ID": CREDENTIAL,
                "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
            },
        )

    async def stop(self) -> None:
        await self._site.supervisor.stop([BROKER, DATABASE])

    def _programs(self) -> list[Program]:
        # Imported late: docker's client costs a quarter of a second, and the other ways do without.
        from nexus_devstack.providers.docker.engine import labels_of, mark_in, prepare

        prepare()
        try:
            mark = mark_in(self._site.data_dir / "docker")
        except OSError as error:
            raise StackError(f"cannot use {self._site.data_dir}: {error.strerror}") from None
        labels, prefix = labels_of(mark), f"nexus-{mark.name}"
        kafka_port, database_port = self._site.kafka_port, self._site.dynamodb_port
        broker = broker_on(kafka_port)
        return [
            _held(BROKER, kafka_container(prefix, kafka_port, labels), in_cluster(broker, [broker])),
            _held(
                DATABASE, database_container(prefix, database_port, labels), lists_tables(database_port, self._region)
            ),
        ]


def _held(name: str, container: ContainerSpec, readiness: Readiness) -> Program:
    """The process that holds the container."""
    return Program(
        name=name,
        argv=lambda: [sys.executable, "-m", HOLDER, container.model_dump_json()],
        env=dict(os.environ),
        readiness=readiness,
        stop_seconds=STOP_SECONDS,
        pause_signal=signal.SIGUSR1,
        continue_signal=signal.SIGUSR2,
    )
