"""The two containers: their images, settings and volumes."""

from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict

from nexus_devstack.providers.jvm.kafka import Broker, properties

KAFKA_IMAGE = "apache/kafka:4.1.1"
DATABASE_IMAGE = "amazon/dynamodb-local:2.6.0"
KAFKA_FOLDER, DATABASE_FOLDER = PurePosixPath("/var/lib/kafka/data"), PurePosixPath("/data")
CONTROLLER_PORTS = (9093, 9094)
DATABASE_PORT = 8000
MARK = "nexus-ai.mark"
"""The label of a container or volume: the file of the data folder that it belongs to."""


class ContainerSpec(BaseModel):
    """A container that listens on `port` inside and `published` outside, and keeps `folder` in a volume of its name.

    `owner` is the user of the image that `folder` is given to, where the image does not have that folder itself.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    image: str
    port: int
    published: int
    folder: PurePosixPath
    labels: dict[str, str]
    memory: str
    command: list[str] | None = None
    env: dict[str, str] = {}
    owner: str | None = None


def kafka_env(broker: Broker) -> dict[str, str]:
    """The broker's configuration as the image expects it. It also listens on its inner port, for calls to itself."""
    settings = properties(broker, [broker], KAFKA_FOLDER) | {
        "listeners": f"PLAINTEXT://:{broker.port},CONTROLLER://127.0.0.1:{broker.controller_port}"
    }
    named = {f"KAFKA_{name.replace('.', '_').upper()}": value for name, value in settings.items()}
    return {**named, "KAFKA_HEAP_OPTS": "-Xmx320m", "KAFKA_LOG4J_ROOT_LOGLEVEL": "WARN"}


def broker_on(port: int) -> Broker:
    """The only broker; its controller's port stays inside the container."""
    return Broker(1, port, next(each for each in CONTROLLER_PORTS if each != port))


def kafka_container(prefix: str, port: int, labels: dict[str, str]) -> ContainerSpec:
    return ContainerSpec(
        name=f"{prefix}-kafka",
        image=KAFKA_IMAGE,
        port=port,
        published=port,
        folder=KAFKA_FOLDER,
        labels=labels,
        memory="768m",
        env=kafka_env(broker_on(port)),
    )


def database_container(prefix: str, port: int, labels: dict[str, str]) -> ContainerSpec:
    options = ["-Xmx256m", "-Djava.library.path=./DynamoDBLocal_lib"]
    return ContainerSpec(
        name=f"{prefix}-dynamodb",
        image=DATABASE_IMAGE,
        port=DATABASE_PORT,
        published=port,
        folder=DATABASE_FOLDER,
        labels=labels,
        memory="512m",
        command=[*options, "-jar", "DynamoDBLocal.jar", "-sharedDb", "-dbPath", str(DATABASE_FOLDER)],
        env={"DDB_LOCAL_TELEMETRY": "0"},
        owner="dynamodblocal",
    )
