"""Tenants through the real gateway and the real builds service: what belongs to one does not exist for another."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.support.access import ALL, SECRET, signed_in
from tests.support.asgi import HttpAnswer, HttpCaller
from tests.support.builds_stack import BUILDS, builds_stack
from tests.support.collector import Collector, Seen, collecting
from tests.support.eventually import eventually
from tests.support.gateway_beside import gateway_of

from nexus_gateway.settings import GatewaySettings
from nexus_runtime.process.service import exported_spans

PROJECTS = "/api/v1/projects"
GOOD = {"requirement": "an agent that adds numbers", "auto_start": False}
QUOTA = 3
Pair = tuple[HttpCaller, HttpCaller]
pytestmark = pytest.mark.asyncio(loop_scope="module")


class User:
    """Calls the gateway as one."""

    def __init__(self, call: HttpCaller, tenant: str, name: str = "ann", scope: str = ALL) -> None:
        self._call = call
        self._headers = signed_in(name, tenant, scope)

    async def __call__(self, method: str, path: str, body: Any = None, *more: tuple[str, str]) -> HttpAnswer:
        return await self._call(method, path, body, headers=[*self._headers, *more])

    async def listed(self) -> list[str]:
        return [item["project_id"] for item in (await self("GET", PROJECTS)).json["data"]["items"]]


@pytest.fixture(scope="module")
def collector() -> Generator[Collector]:
    with collecting() as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> AsyncGenerator[Pair]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDENTITY_SECRET", SECRET)
        patch.setenv("QUOTA_PROJECTS", str(QUOTA))
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        async with stack_of(tmp_path_factory.mktemp("stack")) as callers:
            yield callers


@pytest.fixture(scope="module")
def call(pair: Pair) -> HttpCaller:
    return pair[0]


@asynccontextmanager
async def stack_of(folder: Path) -> AsyncGenerator[Pair]:
    """Two gateways beside each other."""
    async with builds_stack(folder) as (builds, _):
        await builds.start(BUILDS)
        async with aiohttp.ClientSession() as http, http.get(builds.stack.url("builds") + "/projects") as answer:
            assert answer.status == 401, "only the gateway may ask"
        with exported_spans("gateway", GatewaySettings()):
            async with gateway_of(builds) as first, gateway_of(builds) as second:
                yield first, second


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


async def test_a_tenant_has_no_more_projects_than_its_quota_however_many_are_asked_for_at_once(
    call: HttpCaller,
) -> None:
    busy = User(call, "busy")
    answers = await asyncio.gather(*(busy("POST", PROJECTS, GOOD) for _ in range(3 * QUOTA)))
    refused = [answer for answer in answers if answer.status != 201]
    assert len(answers) - len(refused) == QUOTA
    assert {(answer.status, answer.error["code"]) for answer in refused} == {(429, "TENANT_QUOTA_EXCEEDED")}
    assert not any("retry-after" in answer.headers for answer in refused), "waiting alone makes no room"
    listed = await eventually(busy.listed)
    assert len(listed) == QUOTA
    assert (await busy("DELETE", f"{PROJECTS}/{listed[0]}")).status == 200
    assert (await busy("POST", PROJECTS, GOOD)).status == 201


async def test_two_gateways_answer_each_others_traffic(pair: Pair) -> None:
    here, there = (User(call, "pair") for call in pair)
    keyed = ("Idempotency-Key", "k")
    answers = await asyncio.gather(*(user("POST", PROJECTS, GOOD, keyed) for user in (here, there) * 10))
    (project_id,) = {answer.json["data"]["project_id"] for answer in answers}
    accepted = await here("POST", PROJECTS, GOOD, ("Prefer", "respond-async"))
    operation = accepted.headers["location"]
    done = await eventually(lambda: there("GET", operation), lambda told: told.json["data"]["status"] != "pending")
    assert (done.json["data"]["status"], (await here("GET", operation)).status) == ("done", 200)
    assert len(await eventually(there.listed, lambda listed: len(listed) == 2)) == 2
    page = (await here("GET", f"{PROJECTS}?limit=1")).json["data"]
    rest = (await there("GET", f"{PROJECTS}?limit=1&last_key={page['last_key']}")).json["data"]
    assert (rest["items"][0]["project_id"], rest["last_key"]) == (project_id, None)
    assert (await there("DELETE", f"{PROJECTS}/{project_id}")).status == 200
    assert (await here("GET", f"{PROJECTS}/{project_id}")).status == 404


WAY = [
    ("nexus-gateway", "POST /api/v1/projects"),
    ("nexus-gateway", "builds.commands.v1 publish"),
    ("nexus-builds", "builds.commands.v1 process"),
    ("nexus-builds", "TransactWriteItems"),
    ("nexus-builds", "gateway.replies.v1 publish"),
]
"""Of a command, from HTTP over Kafka to DynamoDB and back."""


async def test_a_command_is_one_trace_from_http_over_kafka_to_dynamodb_and_back(
    call: HttpCaller, collector: Collector
) -> None:
    trace_id, asker = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    created = await User(call, "traced")("POST", PROJECTS, GOOD, ("traceparent", f"00-{trace_id}-{asker}-01"))
    assert created.status == 201

    async def seen() -> dict[tuple[str, str], Seen]:
        return {(span.service, span.name): span for span in collector.of(trace_id)}

    spans = await eventually(seen, lambda found: set(WAY) <= set(found))
    http, sent, handled, written, answered = (spans[step] for step in WAY)
    assert http.parent == asker
    assert (sent.parent, handled.parent) == (http.span_id, http.span_id)
    assert (written.parent, answered.parent) == (handled.span_id, handled.span_id)
