"""Whether a gateway is ready: it names what is unavailable, and goes on with the rest."""

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.asgi import HttpAnswer, HttpCaller
from tests.support.eventually import eventually
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts.errors import ServiceUnavailable
from nexus_gateway import readiness
from nexus_gateway.readiness import Readiness
from nexus_runtime.process.health import Health

OWNERS = ["agents", "builds", "stats"]


class Platform:
    """What a gateway depends on. `unavailable` are owners; `lacks` is what they say that they lack."""

    def __init__(self, database: bool = False) -> None:
        self.bus: Any = SimpleNamespace(reachable=True, fault="no broker")
        self.desk: Any = SimpleNamespace(listening=True)
        self.unavailable: set[str] = set()
        self.lacks: dict[str, dict[str, str]] = {}
        self.asked: Counter[str] = Counter()
        self.answers = asyncio.Event()
        self.answers.set()
        made = Readiness(self.bus, self.desk, self, self if database else None)
        health = Health({}, made.shown(), enough=made.enough())
        self._call = HttpCaller(FakePlatform(health).app)

    async def lacking(self, owner: str) -> dict[str, str]:
        self.asked[owner] += 1
        await self.answers.wait()
        if owner in self.unavailable:
            raise ServiceUnavailable(f"the service for {owner} is unavailable")
        return self.lacks.get(owner, {})

    async def ping(self) -> None:
        """As the database of the gateway's own tables."""
        if "database" in self.unavailable:
            raise ServiceUnavailable("the database does not answer")
        if "database" in self.lacks:
            raise ValueError("arn:aws:iam::1:role/gateway may not")

    async def detailed(self) -> Any:
        return (await self._call("GET", "/health/detailed")).json

    async def ready(self) -> HttpAnswer:
        return await self._call("GET", "/health/ready")

    async def told(self) -> tuple[int, str, list[Any]]:
        answer = await self.ready()
        return answer.status, answer.json["status"], answer.json["failing"]


@pytest.fixture(autouse=True)
def each_look_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(readiness, "OLD_SECONDS", 0.0)


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


async def test_an_owner_whose_database_hangs_is_named_and_the_reason_is_for_operators(platform: Platform) -> None:
    await platform.ready()
    platform.lacks["builds"] = {"database": "arn:aws:iam::1:role/builds may not"}
    assert await platform.told() == (200, "degraded", ["builds"])
    assert (await platform.ready()).json["reasons"] == {"builds": "its database does not answer"}
    shown = await platform.detailed()
    assert (shown["status"], shown["checks"]["services"]["error"]) == (
        "degraded",
        "builds: database: arn:aws:iam::1:role/builds may not",
    )
    platform.lacks.clear()
    assert await platform.told() == (200, "healthy", [])
    assert (await platform.detailed())["checks"]["services"]["details"] == dict.fromkeys(sorted(OWNERS), "healthy")


async def test_an_owner_that_lacks_something_else_answers_reads(platform: Platform) -> None:
    await platform.ready()
    platform.bus.reachable = False
    platform.lacks = {name: {"message_bus": "no broker", "consumers": "halted"} for name in OWNERS}
    assert await platform.told() == (200, "degraded", ["message_bus"])
    assert (
        "stats: message_bus: no broker, consumers: halted" in (await platform.detailed())["checks"]["services"]["error"]
    )


async def test_the_database_of_its_own_tables_is_named() -> None:
    platform = Platform(database=True)
    assert await platform.told() == (200, "healthy", [])
    assert (await platform.detailed())["checks"].keys() == {"message_bus", "database", "services"}
    platform.unavailable = {"database"}
    assert await platform.told() == (200, "degraded", ["database"])
    assert (await platform.detailed())["status"] == "degraded"
    platform.unavailable, platform.lacks = set(), {"database": {}}
    assert (await platform.ready()).json["reasons"] == {"database": "no answer: ValueError"}


async def test_owners_are_asked_once_a_second_however_often_it_is_asked(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 60.0)
    platform.answers.clear()
    asking = [asyncio.create_task(platform.told()) for _ in range(20)]
    await eventually(lambda: platform.asked)
    asking[0].cancel()
    platform.answers.set()
    told = await asyncio.gather(*asking[1:])
    assert {(status, said) for status, said, _ in told} == {(200, "healthy")}
    await platform.told()
    await platform.detailed()
    assert platform.asked == dict.fromkeys(OWNERS, 1)


async def test_who_asks_again_soon_does_not_wait_for_a_busy_owner(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "OLD_SECONDS", 60.0)
    await platform.ready()
    platform.answers.clear()
    platform.unavailable = {"builds"}
    for _ in range(3):
        assert await platform.told() == (200, "healthy", []), "as it was"
    assert platform.asked == dict.fromkeys(OWNERS, 2)
    platform.answers.set()
    assert await eventually(platform.told, lambda told: told[2]) == (200, "degraded", ["builds"])


async def test_who_does_not_answer_is_given_up(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "HEALTH_SECONDS", 0.01)
    platform.answers.clear()
    assert await platform.told() == (200, "degraded", OWNERS)
    assert (await platform.ready()).json["reasons"] == dict.fromkeys(OWNERS, "no answer in time")
    platform.answers.set()
    assert await platform.told() == (200, "healthy", [])
