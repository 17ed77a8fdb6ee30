"""Tenants through the real gateway and the real builds service: what belongs to one does not exist for another."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fastapi import Request
from tests.support.asgi import HttpAnswer, HttpCaller
from tests.support.builds_stack import BUILDS, BuildsStack, builds_stack
from tests.support.eventually import eventually

from nexus_contracts.principal import Principal
from nexus_gateway import dependencies
from nexus_gateway.app import create_app
from nexus_gateway.settings import GatewaySettings

PROJECTS = "/api/v1/projects"
GOOD = {"requirement": "an agent that adds numbers", "auto_start": False}


async def by_header(request: Request) -> Principal:
    """Instead of authentication."""
    return Principal(id="ann", tenant=request.headers.get("x-tenant", "default"))


class Tenant:
    """Calls the gateway as one."""

    def __init__(self, call: HttpCaller, name: str) -> None:
        self._call = call
        self._name = name

    async def __call__(self, method: str, path: str, body: Any = None) -> HttpAnswer:
        return await self._call(method, path, body, headers=[("X-Tenant", self._name)])

    async def listed(self) -> list[str]:
        return [item["project_id"] for item in (await self("GET", PROJECTS)).json["data"]["items"]]


@asynccontextmanager
async def gateway_of(builds: BuildsStack) -> AsyncGenerator[HttpCaller]:
    """A gateway in this process, beside the service."""
    settings = GatewaySettings(
        kafka_bootstrap_servers=builds.stack.endpoints.kafka_bootstrap_servers,
        kafka_volatile=builds.stack.endpoints.environment()["KAFKA_VOLATILE"] == "true",
        builds_url=builds.stack.url("builds"),
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        call = HttpCaller(app)
        await eventually(lambda: call("GET", "/health/ready"), lambda answer: answer.status == 200)
        yield call


@pytest_asyncio.fixture
async def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[HttpCaller]:
    monkeypatch.setattr(dependencies, "principal_of", by_header)
    async with builds_stack(tmp_path) as (builds, _):
        await builds.start(BUILDS)
        async with gateway_of(builds) as caller:
            yield caller


@pytest.mark.timeout(180)
async def test_a_tenant_creates_reads_and_lists_its_own_projects_only(call: HttpCaller) -> None:
    acme, other = Tenant(call, "acme"), Tenant(call, "other")
    created = await acme("POST", PROJECTS, GOOD)
    assert created.status == 201
    project_id = created.json["data"]["project_id"]
    path = f"{PROJECTS}/{project_id}"
    assert (await acme("GET", path)).json["data"]["project_id"] == project_id
    assert await eventually(acme.listed) == [project_id]
    assert await other.listed() == []
    for method, below, body in (
        ("GET", "", None),
        ("GET", "/events", None),
        ("GET", "/stages", None),
        ("PUT", "/control", {"action": "stop"}),
        ("DELETE", "", None),
    ):
        answer = await other(method, path + below, body)
        assert (answer.status, answer.error["code"]) == (404, "RESOURCE_NOT_FOUND"), (method, below)
    assert (await acme("GET", path)).json["data"]["status"] == "pending"
    assert (await acme("DELETE", path)).status == 200
