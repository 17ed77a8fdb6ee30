"""The database hangs: it takes connections and answers nothing. Who needs it is told so in time, until it goes on."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.support.access import SECRET, signed_in
from tests.support.asgi import HttpAnswer, HttpCaller
from tests.support.builds_stack import BUILDS, BuildsStack, builds_stack
from tests.support.eventually import eventually
from tests.support.gateway_beside import gateway_of

from nexus_devstack.provision import provision_tables
from nexus_gateway.tables import TABLES

KEYS, PROJECTS, AUDIT = "/api/v1/keys", "/api/v1/projects", "/api/v1/audit"
LIMIT_SECONDS = 1.0
LATE_SECONDS = 8.0
"""More than that limit on a busy machine, and much less than the half minute for which a client tries by itself."""
ADMIN = signed_in(scope="admin platform:read")


@pytest_asyncio.fixture
async def builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[BuildsStack]:
    monkeypatch.setenv("IDENTITY_SECRET", SECRET)
    async with builds_stack(tmp_path) as (builds, _):
        await provision_tables(builds.stack.endpoints, TABLES)
        await builds.start(BUILDS)
        for name, value in builds.stack.endpoints.environment().items():
            monkeypatch.setenv(name, value)
        yield builds


async def asked(call: HttpCaller, path: str) -> HttpAnswer:
    async with asyncio.timeout(LATE_SECONDS):
        return await call("GET", path, headers=ADMIN)


async def failing(call: HttpCaller) -> Any:
    ready = await call("GET", "/health/ready")
    return ready.status, {"builds", "database"} & set(ready.json["failing"])


@pytest.mark.timeout(180)
async def test_it_is_named_in_time_and_all_is_well_again_when_it_goes_on(builds: BuildsStack) -> None:
    async with gateway_of(builds, read_timeout_seconds=LIMIT_SECONDS) as call:
        for path in (KEYS, PROJECTS):
            assert (await asked(call, path)).status == 200
        builds.stack.pause("dynamodb")
        try:
            answer = await asked(call, KEYS)
            assert (answer.status, answer.error["code"]) == (504, "GATEWAY_TIMEOUT")
            assert answer.error["details"] == {"service": "database"}
            answer = await asked(call, PROJECTS)
            assert (answer.status, answer.error["details"]) == (504, {"service": "builds"})
            for path, service in ((KEYS, "database"), (PROJECTS, "builds")):
                left_alone = await eventually(
                    lambda path=path: asked(call, path), lambda answer: answer.status == 503, seconds=30
                )
                assert left_alone.error["details"] == {"service": service}
            told = await eventually(lambda: failing(call), lambda told: len(told[1]) == 2, seconds=30)
            assert told[0] == 200, "commands are still taken"
            shown = (await asked(call, "/health/detailed")).json
            assert shown["status"] == "degraded"
            assert shown["checks"]["database"]["status"] == "unhealthy"
            assert "builds: database: no answer" in shown["checks"]["services"]["error"]
        finally:
            builds.stack.cont("dynamodb")
        await eventually(lambda: failing(call), lambda told: told == (200, set()), seconds=60)
        for path in (KEYS, PROJECTS):
            await eventually(lambda path=path: asked(call, path), lambda answer: answer.status == 200, seconds=30)
