"""Health at one glance: never a failure, whatever does not answer."""

import json
from typing import Any

from tests.support.asgi import HttpCaller
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts.errors import GatewayTimeout, ServiceUnavailable
from nexus_gateway.owners import Answer

PATH = "/api/v1/statistics/system-health"


def detailed(status: str = "healthy", **checks: Any) -> Answer:
    return Answer(json.dumps({"status": status, "checks": checks}).encode(), None)


def consumers(**lag: int) -> dict[str, Any]:
    return {"status": "healthy", "details": {"lag": lag}, "error": None}


async def test_a_whole_platform_is_healthy(platform: FakePlatform, call: HttpCaller) -> None:
    outbox = {"status": "healthy", "details": {"depth": 2, "oldest_seconds": 1}, "error": None}
    platform.owners.answers["builds/health/detailed"] = detailed(consumers=consumers(commands=0), outbox=outbox)
    platform.owners.answers["agents/health/detailed"] = detailed()
    platform.owners.answers["stats/health/detailed"] = detailed(consumers=consumers(events=7))
    platform.owners.answers["worker/health/detailed"] = detailed(consumers=consumers(hints=1))
    well: dict[str, Any] = {"status": "healthy", "error": None, "failing": {}}
    assert (await call("GET", PATH)).json["data"] == {
        "status": "healthy",
        "services": dict.fromkeys(("builds", "agents", "stats", "worker"), well),
        "consumer_lag": {"builds": {"commands": 0}, "stats": {"events": 7}, "worker": {"hints": 1}},
        "outbox": {"builds": {"depth": 2, "oldest_seconds": 1}},
        "dead_letters": {},
    }


async def test_what_does_not_answer_is_shown_as_such(platform: FakePlatform, call: HttpCaller) -> None:
    platform.owners.answers["builds/health/detailed"] = ServiceUnavailable("builds is unavailable")
    platform.owners.answers["agents/health/detailed"] = GatewayTimeout("too slow")
    platform.owners.answers["stats/health/detailed"] = Answer(b"<html>", None)
    platform.owners.answers["worker/health/detailed"] = ServiceUnavailable("worker is unavailable")
    platform.letters.counts = None
    answer = await call("GET", PATH)
    assert (answer.status, answer.json["data"]["status"]) == (200, "degraded")
    services = answer.json["data"]["services"]
    assert {name: (one["status"], one["error"]) for name, one in services.items()} == {
        "builds": ("unavailable", "builds is unavailable"),
        "agents": ("unavailable", "too slow"),
        "stats": ("unavailable", "the answer is not a health report"),
        "worker": ("unavailable", "worker is unavailable"),
    }
    assert answer.json["data"]["dead_letters"] is None


async def test_a_failing_check_and_dead_letters_degrade(platform: FakePlatform, call: HttpCaller) -> None:
    for name in ("builds", "agents", "stats", "worker"):
        platform.owners.answers[f"{name}/health/detailed"] = detailed()
    platform.letters.counts = {"builds.reports.v1.builds-reports.dlq": 3}
    seen = (await call("GET", PATH)).json["data"]
    assert (seen["status"], seen["dead_letters"]) == ("degraded", {"builds.reports.v1.builds-reports.dlq": 3})
    platform.letters.counts = {}
    fault: dict[str, Any] = {"status": "unhealthy", "details": {}, "error": "no answer within 2 s"}
    platform.owners.answers["stats/health/detailed"] = detailed("unhealthy", database=fault, consumers=fault)
    seen = (await call("GET", PATH)).json["data"]
    assert (seen["status"], seen["consumer_lag"]) == ("degraded", {})
    assert seen["services"]["stats"] == {
        "status": "unhealthy",
        "error": None,
        "failing": {"database": "no answer within 2 s", "consumers": "no answer within 2 s"},
    }
