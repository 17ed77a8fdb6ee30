"""The provider `jvm`: what it starts, and how services find it."""

import signal
from collections.abc import Sequence
from pathlib import Path

from nexus_devstack.errors import StackError
from nexus_devstack.ports import LOOPBACK, free_port
from nexus_devstack.program import Program
from nexus_devstack.providers.jvm import dynamodb
from nexus_devstack.providers.jvm.jars import fetch_jars, has_jars, jars_folder
from nexus_devstack.providers.jvm.java import Machine, environment, java_program, maven_program
from nexus_devstack.providers.jvm.kafka import Broker, format_storage, in_cluster, properties, write_properties
from nexus_devstack.providers.provider import Endpoints, Site
from nexus_devstack.settings import Settings
from nexus_kafka.options import KafkaOptions

DATABASE = "dynamodb"
START_SECONDS = 180.0
"""Long, because on a crowded machine Kafka takes more than a minute; a process that ends meanwhile is told at once."""
STOP_SECONDS = 10.0
KAFKA_MEGABYTES, DATABASE_MEGABYTES, TOOL_MEGABYTES = 320, 256, 128


def require_jvm(settings: Settings) -> None:
    """Raises StackError that says in one line what to install, if this machine cannot run it."""
    java_program()
    if not has_jars(jars_folder(settings.cache_dir)):
        maven_program()


class JvmProvider:
    """Kafka and DynamoDB Local; both keep everything in the data folder, through restarts and kills."""

    ports: tuple[str, ...] = ("KAFKA_PORT", "DYNAMODB_PORT")

    def __init__(self, settings: Settings, site: Site) -> None:
        require_jvm(settings)
        self._site = site
        self._region = settings.aws_region
        self._brokers_wanted = settings.kafka_brokers
        self._brokers: Sequence[Broker] = ()
        self._jars = jars_folder(settings.cache_dir)
        self._machine = Machine(java_program(), self._jars, site.data_dir / "logs", site.data_dir / "java-scratch")

    async def start(self) -> Endpoints:
        self._brokers = self._chosen_brokers()
        if not has_jars(self._jars):
            await fetch_jars(maven_program(), self._jars, self._site.supervisor.console.say)
        await self._site.supervisor.start(await self._programs(), START_SECONDS)
        return Endpoints(
            kafka=KafkaOptions(kafka_bootstrap_servers=",".join(broker.address for broker in self._brokers)),
            dynamodb_endpoint_url=f"http://{LOOPBACK}:{self._site.dynamodb_port}",
            aws_region=self._region,
            env={
                "KAFKA_VOLATILE": "false",
                "AWS_ACCESS_KEY_ID": dynamodb.CREDENTIAL,
                "AWS_SECRET_ACCESS_KEY": dynamodb.CREDENTIAL,
            },
        )

    async def stop(self) -> None:
        # One broker after the other: each hands its partitions over while the others still have a majority.
        first, *others = [broker.name for broker in self._brokers] or ["kafka"]
        await self._site.supervisor.stop(*([name] for name in reversed(others)), [first, DATABASE])

    def _chosen_brokers(self) -> list[Broker]:
        first = Broker(1, self._site.kafka_port, free_port())
        return [first, *(Broker(number, free_port(), free_port()) for number in range(2, self._brokers_wanted + 1))]

    async def _programs(self) -> list[Program]:
        kafka, tables = self._site.data_dir / "kafka", self._site.data_dir / "dynamodb-local"
        try:
            self._machine.prepare()
            tables.mkdir(parents=True, exist_ok=True)
            await format_storage(self._tool(), environment(), kafka, self._brokers)
            return [self._database(tables), *(self._broker(broker, kafka) for broker in self._brokers)]
        except OSError as error:
            raise StackError(f"cannot use {self._site.data_dir}: {error.strerror}") from None

    def _tool(self) -> Sequence[str]:
        return self._machine.command("kafka", "kafka-storage", TOOL_MEGABYTES, "WARN", "kafka.tools.StorageTool")

    def _broker(self, broker: Broker, folder: Path) -> Program:
        own = folder / f"broker-{broker.number}"
        config = write_properties(own.with_suffix(".properties"), properties(broker, self._brokers, own))
        argv = self._machine.command("kafka", broker.name, KAFKA_MEGABYTES, "INFO", "kafka.Kafka", str(config))
        last_of_several = len(self._brokers) > 1 and broker.number == 1
        return Program(
            name=broker.name,
            argv=lambda: argv,
            env=environment(),
            readiness=in_cluster(broker, self._brokers),
            # The last one would wait for minutes for a majority that is no more; what it acknowledged is written.
            stop_signal=signal.SIGKILL if last_of_several else signal.SIGTERM,
            stop_seconds=STOP_SECONDS,
        )

    def _database(self, folder: Path) -> Program:
        call = dynamodb.call(folder, self._site.dynamodb_port)
        argv = self._machine.command("dynamodb", DATABASE, DATABASE_MEGABYTES, "WARN", *call)
        return Program(
            name=DATABASE,
            argv=lambda: argv,
            env=environment(),
            readiness=dynamodb.lists_tables(self._site.dynamodb_port, self._region),
            stop_seconds=STOP_SECONDS,
        )
