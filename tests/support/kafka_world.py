"""A broker, a producer, and consumers of the platform's runtime with handlers of the test's own."""

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.eventually import eventually
from tests.support.raw_batches import Refused, publish_raw

from nexus_contracts.builds.commands import BUILDS_COMMAND
from nexus_contracts.builds.reports import REPORT
from nexus_contracts.topics import BUILDS_COMMANDS, BUILDS_REPORTS, Topic
from nexus_devstack.stack import Stack
from nexus_devstack.topics import provision_topics
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.consumers import Consumers, StandstillLimits
from nexus_runtime.kafka.delivery import Delivery, Handler, Subscription
from nexus_runtime.process.service import running
from nexus_runtime.process.settings import ServiceSettings

PROJECT = "proj_" + "0" * 32
SECONDS = 40.0
MESSAGES = {
    BUILDS_REPORTS.name: ("nexus.stage.started.v1", {"attempt": 1, "stage_name": "orchestrator"}),
    BUILDS_COMMANDS.name: ("nexus.command.control_project.v1", {"command_id": "cmd_" + "0" * 32, "action": "pause"}),
}


def headers(topic: Topic, message_id: str) -> list[tuple[str, str | bytes | None]]:
    attributes = {"id": message_id, "source": "/ci", "type": MESSAGES[topic.name][0], "subject": PROJECT}
    fixed = {"specversion": "1.0", "time": "2026-01-01T00:00:00Z"}
    named: list[tuple[str, str | bytes | None]] = [
        (f"ce_{name}", value.encode()) for name, value in {**attributes, **fixed}.items()
    ]
    return [*named, ("content-type", b"application/json")]


def body(topic: Topic) -> bytes:
    return json.dumps({"project_id": PROJECT, **MESSAGES[topic.name][1], "note": "x" * 500}).encode()


class Read:
    """The ids of the messages that were handled, in order."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        self.ids += [one.event.id for one in deliveries]

    async def reaches(self, *ids: str) -> None:
        await eventually(lambda: set(ids) - set(self.ids), lambda missing: not missing, seconds=SECONDS)


class World:
    def __init__(self, servers: str, volatile: bool, bus: Bus, settings: ServiceSettings) -> None:
        self.servers = servers
        self.volatile = volatile
        self.bus = bus
        self.settings = settings

    def consumers(
        self,
        reports: Handler,
        commands: Handler | None = None,
        patience: StandstillLimits = StandstillLimits(),  # noqa: B008  # frozen
        **settings: Any,
    ) -> Consumers:
        """Of reports, and of commands where they are asked for."""
        own = self.settings.model_copy(update=settings)
        subscriptions = [Subscription(BUILDS_REPORTS, "builds-reports", REPORT, reports)]
        if commands:
            subscriptions.append(Subscription(BUILDS_COMMANDS, "builds", BUILDS_COMMAND, commands))
        return Consumers(own, "test", self.bus, subscriptions, patience)

    async def publish(self, topic: Topic, partition: int, message_id: str) -> int:
        """The record's offset."""
        named: Any = headers(topic, message_id)
        sent = await self.bus.send(topic.name, b"k", body(topic), named, partition)
        return (await self.bus.acknowledged(topic.name, sent)).offset

    async def publish_raw(self, topic: Topic, partition: int, raw: bytes) -> int:
        """The batch's first offset. Ends the test where the broker itself refuses it: then nobody has to read it."""
        try:
            return (await publish_raw(self.servers, topic.name, partition, raw))[0]
        except Refused as refused:
            pytest.skip(str(refused))

    async def until(self, holds: Callable[[], bool], what: str = "") -> None:
        await eventually(holds, seconds=SECONDS, what=what)


@asynccontextmanager
async def kafka_world(folder: Path) -> AsyncGenerator[World]:
    async with Stack(data_dir=folder, ports="free", services=()) as stack:
        servers = stack.endpoints.kafka_bootstrap_servers
        volatile = stack.endpoints.environment()["KAFKA_VOLATILE"] == "true"
        await provision_topics(stack.endpoints.kafka)
        settings = ServiceSettings(kafka_bootstrap_servers=servers, kafka_volatile=volatile)
        bus = Bus(settings, "test")
        async with running([bus]):
            world = World(servers, volatile, bus, settings)
            await world.until(lambda: bus.reachable)
            yield world
