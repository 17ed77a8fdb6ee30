"""Whether a gateway is ready: it names what is unavailable, and goes on with the rest."""

from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.asgi import HttpAnswer, HttpCaller
from tests.support.gateway_fakes import FakePlatform

from nexus_gateway.readiness import Readiness
from nexus_runtime.process.health import Health, Unhealthy

OWNERS = ["agents", "builds", "stats"]


class Platform:
    """What a gateway depends on; `unavailable` are owners."""

    def __init__(self) -> None:
        self.bus: Any = SimpleNamespace(reachable=True, fault="no broker")
        self.desk: Any = SimpleNamespace(listening=True)
        self.unavailable: set[str] = set()
        readiness = Readiness(self.bus, self.desk, self)
        health = Health({}, {"message_bus": readiness.message_bus}, enough=readiness.checks())
        self._call = HttpCaller(FakePlatform(health).app)

    async def check_one(self, owner: str) -> None:
        if owner in self.unavailable:
            raise Unhealthy(f"the service for {owner} is unavailable")

    async def ready(self) -> HttpAnswer:
        return await self._call("GET", "/health/ready")

    async def told(self) -> tuple[int, str, list[Any]]:
        answer = await self.ready()
        return answer.status, answer.json["status"], answer.json["failing"]


@pytest.fixture
def platform() -> Platform:
    return Platform()


async def test_an_unavailable_owner_is_named_while_the_others_routes_work(platform: Platform) -> None:
    assert await platform.told() == (200, "healthy", [])
    platform.unavailable = {"builds", "stats"}
    assert await platform.told() == (200, "degraded", ["builds", "stats"])
    assert (await platform.ready()).json["reasons"]["builds"] == "the service for builds is unavailable"


async def test_reads_go_on_without_the_broker_and_writes_without_owners(platform: Platform) -> None:
    await platform.ready()
    platform.bus.reachable = False
    assert await platform.told() == (200, "degraded", ["message_bus"])
    platform.bus.reachable, platform.unavailable = True, {*OWNERS}
    assert await platform.told() == (200, "degraded", OWNERS)


async def test_it_is_unready_when_nothing_works(platform: Platform) -> None:
    await platform.ready()
    platform.desk.listening, platform.unavailable = False, {*OWNERS}
    assert await platform.told() == (503, "unhealthy", ["agents", "builds", "message_bus", "stats"])


async def test_it_is_unready_until_the_broker_was_reached_once(platform: Platform) -> None:
    platform.bus.reachable = False
    assert await platform.told() == (503, "unhealthy", ["agents", "builds", "message_bus", "stats"])
    platform.bus.reachable = True
    assert await platform.told() == (200, "healthy", [])
