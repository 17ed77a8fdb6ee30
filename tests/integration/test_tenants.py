"""Tenants through the real gateway and the real builds service: what belongs to one does not exist for another."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.support.access import ALL, SECRET, SETTINGS, signed_in
from tests.support.asgi import HttpAnswer, HttpCaller
from tests.support.builds_stack import BUILDS, BuildsStack, builds_stack
from tests.support.eventually import eventually

from nexus_gateway.app import create_app
from nexus_gateway.settings import GatewaySettings

PROJECTS = "/api/v1/projects"
GOOD = {"requirement": "an agent that adds numbers", "auto_start": False}


class User:
    """Calls the gateway as one."""

    def __init__(self, call: HttpCaller, tenant: str, name: str = "ann", scope: str = ALL) -> None:
        self._call = call
        self._headers = signed_in(name, tenant, scope)

    async def __call__(self, method: str, path: str, body: Any = None) -> HttpAnswer:
        return await self._call(method, path, body, headers=self._headers)

    async def listed(self) -> list[str]:
        return [item["project_id"] for item in (await self("GET", PROJECTS)).json["data"]["items"]]


@asynccontextmanager
async def gateway_of(builds: BuildsStack) -> AsyncGenerator[HttpCaller]:
    """A gateway in this process, beside the service."""
    settings = GatewaySettings(
        kafka_bootstrap_servers=builds.stack.endpoints.kafka_bootstrap_servers,
        kafka_volatile=builds.stack.endpoints.environment()["KAFKA_VOLATILE"] == "true",
        builds_url=builds.stack.url("builds"),
        **SETTINGS,
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        call = HttpCaller(app)
        await eventually(lambda: call("GET", "/health/ready"), lambda answer: answer.status == 200)
        yield call


@pytest_asyncio.fixture
async def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[HttpCaller]:
    monkeypatch.setenv("IDENTITY_SECRET", SECRET)
    async with builds_stack(tmp_path) as (builds, _):
        await builds.start(BUILDS)
        async with aiohttp.ClientSession() as http, http.get(builds.stack.url("builds") + "/projects") as answer:
            assert answer.status == 401, "only the gateway may ask"
        async with gateway_of(builds) as caller:
            yield caller


@pytest.mark.timeout(180)
async def test_a_tenant_creates_reads_and_lists_its_own_projects_only(call: HttpCaller) -> None:
    acme, other, bob, admin = (
        User(call, "acme"),
        User(call, "other"),
        User(call, "acme", "bob"),
        User(call, "acme", "root", "admin"),
    )
    created = await acme("POST", PROJECTS, GOOD)
    assert created.status == 201
    project_id = created.json["data"]["project_id"]
    path = f"{PROJECTS}/{project_id}"
    assert (await acme("GET", path)).json["data"]["project_id"] == project_id
    assert await eventually(acme.listed) == [project_id]
    assert await eventually(admin.listed) == [project_id]
    assert (await admin("GET", path)).status == 200
    for stranger, (method, below, body) in product(
        (other, bob),
        (
            ("GET", "", None),
            ("GET", "/events", None),
            ("GET", "/stages", None),
            ("PUT", "/control", {"action": "stop"}),
            ("DELETE", "", None),
        ),
    ):
        assert await stranger.listed() == []
        answer = await stranger(method, path + below, body)
        assert (answer.status, answer.error["code"]) == (404, "RESOURCE_NOT_FOUND"), (method, below)
    assert (await acme("GET", path)).json["data"]["status"] == "pending"
    assert (await acme("DELETE", path)).status == 200
