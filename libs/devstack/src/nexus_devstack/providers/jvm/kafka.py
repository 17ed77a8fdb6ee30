"""Kafka without ZooKeeper: one broker, or three that replicate; each is also a controller."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, cast
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from nexus_devstack.errors import StackError
from nexus_devstack.ports import LOOPBACK
from nexus_devstack.program import Readiness, accepts_connections
from nexus_devstack.providers.jvm.child import run_to_end
from nexus_devstack.providers.jvm.folders import made_whole
from nexus_devstack.topics import quiet_client
from nexus_kafka.options import KafkaOptions

FORMATTED = "meta.properties"
PROBE_MS = 2_000

OF_ALL: Mapping[str, str] = {
    "auto.create.topics.enable": "false",
    "unclean.leader.election.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "4",
    # A consumer group keeps its place while the platform is not started for longer than topics keep records.
    "offsets.retention.minutes": str(30 * 24 * 60),
    "broker.heartbeat.interval.ms": "500",
    # The sizes of a machine that does little else are not those of a laptop.
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
}


@dataclass(frozen=True)
class Broker:
    """`number` counts from 1."""

    number: int
    port: int
    controller_port: int

    @property
    def name(self) -> str:
        """The name of its process in the supervisor."""
        return "kafka" if self.number == 1 else f"kafka-{self.number}"

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"


def properties(broker: Broker, brokers: Sequence[Broker], folder: PurePath) -> dict[str, str]:
    """The broker's configuration; its data goes to `folder`."""
    replicas, in_sync = str(len(brokers)), str(max(1, len(brokers) - 1))
    voters = (f"{each.number}@{LOOPBACK}:{each.controller_port}" for each in brokers)
    return {
        "process.roles": "broker,controller",
        "node.id": str(broker.number),
        "controller.quorum.voters": ",".join(voters),
        "listeners": f"PLAINTEXT://{broker.address},CONTROLLER://{LOOPBACK}:{broker.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{broker.address}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(folder),
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        # How long a killed broker's successor is refused as its double; three on a busy laptop beat unevenly.
        "broker.session.timeout.ms": "3000" if len(brokers) == 1 else "6000",
        **OF_ALL,
    }


def new_cluster_id() -> str:
    """An id as Kafka writes them, 16 bytes in URL-safe base 64; none that would look like an option."""
    while (text := base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def write_properties(path: Path, values: Mapping[str, str]) -> Path:
    """Writes the values as Java reads them: backslashes are escaped, and so is what is not ASCII."""
    lines = (f"{name}={_escaped(value)}\n" for name, value in values.items())
    path.write_text("".join(lines), encoding="ascii")
    return path


def _escaped(value: str) -> str:
    units = value.replace("\\", "\\\\").encode("utf-16-be")
    codes = (int.from_bytes(units[place : place + 2], "big") for place in range(0, len(units), 2))
    return "".join(chr(code) if code < 128 else f"\\u{code:04x}" for code in codes)


def kept_brokers(folder: Path) -> int:
    """The number of brokers whose data `folder` keeps; 0 before the first start."""
    return len(list(folder.glob(f"broker-*/{FORMATTED}")))


async def format_storage(tool: Sequence[str], env: Mapping[str, str], folder: Path, brokers: Sequence[Broker]) -> None:
    """Formats `folder` completely or not at all. `tool` is the command line of StorageTool. Raises StackError."""
    kept = kept_brokers(folder)
    if kept == len(brokers):
        return
    if kept:
        raise StackError(
            f"{folder} was made for {kept} Kafka broker(s), not {len(brokers)}:"
            f" set NEXUS_KAFKA_BROKERS={kept}, or NEXUS_DATA_DIR to another folder"
        )
    cluster = new_cluster_id()
    with made_whole(folder) as partial:
        for broker in brokers:
            own = partial / f"broker-{broker.number}"
            await _format(tool, env, partial, properties(broker, brokers, own), cluster)


async def _format(
    tool: Sequence[str], env: Mapping[str, str], folder: Path, values: Mapping[str, str], cluster: str
) -> None:
    said: list[str] = []
    config = write_properties(folder / "format.properties", values)
    argv = [*tool, "format", "--cluster-id", cluster, "--config", str(config)]
    status = await run_to_end(argv, env, said.append)
    config.unlink()
    if status != 0:
        raise StackError(f"Kafka's storage cannot be created in {folder.parent}: {' / '.join(said[-3:])}")


def in_cluster(broker: Broker, brokers: Sequence[Broker]) -> Readiness:
    """Ready when the broker, asked over Kafka's protocol, sees all brokers alive."""
    listening = accepts_connections(broker.port)

    async def probe() -> str | None:
        if (missing := await listening()) is not None:
            return missing
        try:
            alive = await _alive_brokers(broker.address)
        except (KafkaError, OSError, TimeoutError) as error:
            return f"Kafka at {broker.address} does not answer yet: {error!r}"
        absent = {each.number for each in brokers} - alive
        return f"Kafka at {broker.address} does not see broker(s) {sorted(absent)} yet" if absent else None

    return probe


async def _alive_brokers(address: str) -> set[int]:
    quiet_client()
    own = KafkaOptions(kafka_bootstrap_servers=address)
    admin: Any = AIOKafkaAdminClient(**own.kafka_client("probe"), request_timeout_ms=PROBE_MS)
    try:
        await admin.start()
        described = cast("list[dict[str, int]]", (await admin.describe_cluster())["brokers"])
    finally:
        await admin.close()
    return {broker["node_id"] for broker in described}
