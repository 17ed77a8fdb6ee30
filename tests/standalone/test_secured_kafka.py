"""Every client of the platform on a Kafka that asks who they are: all get in, and a stranger is told why not."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.support.builds_story import PROJECT
from tests.support.infra import require_jvm_or_skip
from tests.support.secured_kafka import LATE, WAYS, SecuredKafka, secured_kafka
from tests.support.stats_topics import eventually

from nexus_contracts.builds.reports import REPORT
from nexus_contracts.envelope import read_event
from nexus_contracts.topics import BUILDS_REPORTS
from nexus_devstack.errors import StackError
from nexus_devstack.providers.external import external_endpoints
from nexus_devstack.settings import Settings
from nexus_devstack.topics import provision_topics
from nexus_kafka.options import KafkaOptions
from nexus_runtime.kafka.bus import BrokerUnavailable, Bus
from nexus_runtime.kafka.consumers import Consumers
from nexus_runtime.kafka.delivery import Delivery, Subscription
from nexus_runtime.kafka.pace import PROMPT
from nexus_runtime.kafka.reader import Tap
from nexus_runtime.owner import bus_check
from nexus_runtime.process.health import Unhealthy
from nexus_runtime.process.settings import ServiceSettings
from nexus_tracker import ReportNotDelivered, Tracker

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
ROOT = Path(__file__).parents[2]
IN_THE_CLEAR = {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SSL_CAFILE": ""}
NEXUS_REPORT = str(Path(sys.executable).with_name("nexus-report"))
GROUP = BUILDS_REPORTS.groups[0]
DEAD_LETTERS = (str(Path(sys.executable).with_name("nexus-admin")), "letters", "list", "--json", "--group", GROUP)
REFUSED = {
    "PLAIN": r"refuses the credentials \(PLAIN\)",
    "SCRAM-SHA-256": r"refuses the credentials \(SCRAM-SHA-256\)",
    "SCRAM-SHA-512": r"refuses the credentials \(SCRAM-SHA-512\)",
    "OAUTHBEARER": "there is no token for the broker: HTTP Error 401",
    "certificate": "(do not agree on TLS|closes the connection)",
}


@pytest.fixture(scope="module", autouse=True)
def jvm() -> None:
    require_jvm_or_skip()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kafka(tmp_path_factory: pytest.TempPathFactory, jvm: None) -> AsyncGenerator[SecuredKafka]:
    async with secured_kafka(tmp_path_factory.mktemp("secured")) as started:
        yield started


class Service:
    """A process's connections: it publishes, consumes in a group, and reads what everybody publishes."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.bus = Bus(settings, "test")
        self.consumed: list[Delivery] = []
        self.read: list[Any] = []
        subscription = Subscription(BUILDS_REPORTS, GROUP, REPORT, self._handle)
        self.consumers = Consumers(settings, "test", self.bus, [subscription])
        partitions = range(BUILDS_REPORTS.partitions)
        self.reader = Tap(
            settings, self.bus, BUILDS_REPORTS, partitions, self.read.append, rests=PROMPT, awaited=lambda: True
        )

    async def _handle(self, deliveries: Sequence[Delivery]) -> None:
        self.consumed += deliveries

    async def __aenter__(self) -> "Service":
        async with AsyncExitStack() as started:
            for part in (self.bus, self.reader, self.consumers):
                started.push_async_callback(part.stop)
                await part.start()
            self._parts = started.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._parts.aclose()

    async def connected(self) -> None:
        async def holds() -> bool:
            return self.bus.reachable and self.reader.listening and self.consumers.ready()

        await eventually(holds)


async def program(argv: Sequence[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], **variables}
    run = subprocess.run
    return await asyncio.to_thread(run, argv, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("way", WAYS)
async def test_every_client_of_the_platform_gets_in(kafka: SecuredKafka, way: str) -> None:
    variables = kafka.variables(way)
    settings = ServiceSettings.from_environment(variables)
    await external_endpoints(Settings.from_environment(variables))
    await provision_topics(settings)
    async with Service(settings) as service:
        await service.connected()
        await service.bus.acknowledged("reports", await service.bus.send(BUILDS_REPORTS.name, b"key", b"junk", []))
        async with Tracker(settings, source=f"/test/{way}") as tracker, tracker.build(PROJECT).stage("orchestrator"):
            pass
        done = await program(report("start", "--source", f"/test/{way}/cli"), variables)
        assert (done.returncode, done.stderr) == (0, "")
        sources = {f"/test/{way}", f"/test/{way}/cli"}

        async def arrived() -> bool:
            seen = {one.event.source for one in service.consumed}
            read = {read_event(one.value, one.headers).source for one in service.read if one.value != b"junk"}
            return sources <= seen and sources <= read

        await eventually(arrived)
        assert b"junk" in [one.value for one in service.read]
    shown = await program(DEAD_LETTERS, variables)
    assert "key" in [letter["key"] for letter in json.loads(shown.stdout)], shown.stderr


def report(*arguments: str) -> Sequence[str]:
    verb, *options = arguments
    return [
        NEXUS_REPORT,
        verb,
        PROJECT,
        "orchestrator",
        "--timeout",
        "3",
        *options,
    ]


@pytest.mark.parametrize("way", WAYS)
async def test_a_stranger_is_told_why_and_nothing_hangs(kafka: SecuredKafka, way: str) -> None:
    variables = kafka.variables(way, "guessed")
    settings, why = ServiceSettings.from_environment(variables), REFUSED[way]
    async with asyncio.timeout(90):
        await stranger_s_service(settings, why)
        for attempt in (provision_topics(settings), external_endpoints(Settings.from_environment(variables))):
            with pytest.raises(StackError, match=why):
                await attempt
        with pytest.raises(ReportNotDelivered, match=why):
            async with Tracker(settings, timeout=2) as tracker, tracker.build(PROJECT).stage("orchestrator"):
                pass
    for argv, status in ((report("start"), 3), (DEAD_LETTERS, 1)):
        done = await program(argv, variables)
        assert done.returncode == status
        assert "guessed" not in done.stderr + done.stdout
        assert len(done.stderr.splitlines()) == 1


async def stranger_s_service(settings: ServiceSettings, why: str) -> None:
    async with Service(settings) as service:

        async def told() -> bool:
            return service.bus.fault != "not connected to the message broker yet"

        await eventually(told)
        with pytest.raises(Unhealthy, match=why):
            await bus_check(service.bus)()
        with pytest.raises(BrokerUnavailable):
            await service.bus.send(BUILDS_REPORTS.name, b"key", b"junk", [])
        assert not any((service.bus.reachable, service.reader.listening, service.consumers.ready()))
    assert "guessed" not in service.bus.fault


@pytest.mark.parametrize(
    ("way", "change", "why"),
    [
        ("PLAIN", IN_THE_CLEAR, "closes the connection"),
        ("PLAIN", {"KAFKA_SSL_CAFILE": ""}, "do not agree on TLS: .*certificate verify failed"),
        ("OAUTHBEARER", {"KAFKA_OAUTH_CLIENT_ID": LATE}, r"refuses the token \(OAUTHBEARER\)"),
    ],
)
async def test_a_client_that_does_not_agree_with_the_broker_is_told(
    kafka: SecuredKafka, way: str, change: dict[str, str], why: str
) -> None:
    with pytest.raises(StackError, match=why):
        await provision_topics(KafkaOptions.from_environment(kafka.variables(way) | change))


async def test_a_broker_that_asks_nobody_is_told_from_one_that_refuses(kafka: SecuredKafka) -> None:
    given = kafka.variables("PLAIN") | IN_THE_CLEAR | {"KAFKA_BOOTSTRAP_SERVERS": kafka.plain}
    with pytest.raises(StackError, match="does not ask who a client is: KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT"):
        await provision_topics(KafkaOptions.from_environment(given))
