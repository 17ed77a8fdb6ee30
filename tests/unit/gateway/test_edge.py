"""What protects callers and the platform from each other: rates, origins, headers, pages that fetch nothing."""

import asyncio
import re
import threading
from collections.abc import Generator

import pytest
from fakeredis import TcpFakeServer
from tests.support.access import SETTINGS, signed_in
from tests.support.asgi import HttpCaller
from tests.support.eventually import eventually
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts.errors import TenantQuotaExceeded
from nexus_contracts.replies import Outcome
from nexus_devstack.ports import free_port
from nexus_gateway.openapi.examples import AGENT_ID
from nexus_gateway.owners import Answer
from nexus_gateway.settings import GatewaySettings

PROJECTS = "/api/v1/projects"
ORIGIN = ("Origin", "https://app.example")
PREFLIGHT = ("Access-Control-Request-Method", "POST")


def gateway(**settings: str) -> FakePlatform:
    platform = FakePlatform(**SETTINGS | settings)
    platform.owners.answers["builds/projects"] = Answer(b'{"items": [], "count": 0, "last_key": null}', None)
    return platform


def caller_of(**settings: str) -> HttpCaller:
    return HttpCaller(gateway(**settings).app)


async def test_a_caller_has_a_rate_for_each_class_of_routes_and_others_have_their_own() -> None:
    call = caller_of(rate_limit_read="2/hour", rate_limit_write="1/hour")
    answers = [await call("GET", PROJECTS, headers=signed_in()) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"read";q=2;w=3600'
    assert answers[0].headers["ratelimit"].startswith('"read";r=1;t=')
    refused = answers[2]
    seconds = int(refused.headers["retry-after"])
    assert 1 <= seconds <= 7200
    told = {"route_class": "read", "retry_after_seconds": seconds}
    assert (refused.error["code"], refused.error["details"]) == ("RATE_LIMIT_EXCEEDED", told)
    assert refused.headers["ratelimit"].startswith('"read";r=0;t=')
    body = {"requirement": "an agent that adds numbers"}
    assert (await call("POST", PROJECTS, body, headers=signed_in())).status == 202
    invoked = await call("POST", f"/api/v1/agents/{AGENT_ID}/invoke", {"input_text": "1"}, headers=signed_in())
    assert (invoked.status, invoked.headers["ratelimit-policy"]) == (202, '"invoke";q=10;w=1')
    for headers in (signed_in("bob"), signed_in(tenant="other")):
        assert (await call("GET", PROJECTS, headers=headers)).status == 200


@pytest.mark.parametrize(("seconds", "told"), [(3600, "3600"), (None, None)])
async def test_what_is_beyond_a_quota_says_when_there_is_room_again_if_that_is_known(
    seconds: int | None, told: str | None
) -> None:
    platform = gateway(rate_limit_write="10/hour")
    error = TenantQuotaExceeded("too much", quota="projects", retry_after_seconds=seconds)
    platform.bus.decide = lambda _: Outcome(status=error.http_status, error=error.body())
    body = {"requirement": "an agent that adds numbers"}
    refused = await HttpCaller(platform.app)("POST", PROJECTS, body, headers=signed_in())
    assert (refused.status, refused.error["code"]) == (429, "TENANT_QUOTA_EXCEEDED")
    assert refused.headers.get("retry-after") == told
    assert refused.headers["ratelimit"].startswith('"write";r=9;t='), "its rate is another matter"
    assert refused.error["suggestion"]


WRONG = [("Authorization", "Bearer wrong")]


async def test_who_shows_wrong_credentials_too_often_is_not_asked_for_right_ones() -> None:
    platform = gateway(rate_limit_unauthenticated="2/hour")
    call = HttpCaller(platform.app)
    for headers in (WRONG, []):
        assert (await call("GET", PROJECTS, headers=headers)).status == 401
    for headers in (WRONG, signed_in()):
        refused = await call("GET", PROJECTS, headers=headers)
        assert (refused.status, refused.error["details"]["route_class"]) == (429, "unauthenticated")
        assert 1 <= int(refused.headers["retry-after"]) <= 7200
    assert (await HttpCaller(platform.app, "another")("GET", PROJECTS, headers=signed_in())).status == 200


async def test_right_credentials_are_no_wrong_ones_however_often_they_come() -> None:
    call = HttpCaller(gateway(rate_limit_unauthenticated="1/hour").app)
    assert [(await call("GET", PROJECTS, headers=signed_in())).status for _ in range(3)] == [200, 200, 200]


async def test_of_ipv6_a_network_is_one_address() -> None:
    platform = gateway(rate_limit_unauthenticated="1/hour")
    statuses = [
        (await HttpCaller(platform.app, address)("GET", PROJECTS, headers=WRONG)).status
        for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")
    ]
    assert statuses == [401, 429, 401]


@pytest.mark.parametrize(("proxy", "statuses"), [("10.1.2.3", [401, 401, 429]), ("192.0.2.1", [401, 429, 429])])
async def test_behind_a_proxy_that_is_trusted_the_address_is_the_callers(proxy: str, statuses: list[int]) -> None:
    call = HttpCaller(gateway(rate_limit_unauthenticated="1/hour", trusted_proxies="10.0.0.0/8, ::1").app, proxy)
    sent = [[*WRONG, ("X-Forwarded-For", caller)] for caller in ("8.8.8.8", "8.8.4.4", "10.9.9.9, 8.8.8.8")]
    assert [(await call("GET", PROJECTS, headers=headers)).status for headers in sent] == statuses


@pytest.fixture
def store() -> Generator[TcpFakeServer]:
    server = TcpFakeServer(("127.0.0.1", 0))
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    yield server
    server.shutdown()
    server.server_close()
    serving.join()


async def test_gateways_with_a_shared_store_count_together(store: TcpFakeServer) -> None:
    host, port = store.server_address[:2]
    settings = {"rate_limit_read": "2/hour", "rate_limit_store": f"async+redis://{host!s}:{port}"}
    gateways = [gateway(**settings) for _ in range(2)]
    calls = [HttpCaller(one.app) for one in gateways]
    assert [(await call("GET", PROJECTS, headers=signed_in())).status for call in (*calls, calls[0])] == [200, 200, 429]
    for one in gateways:
        await one.app.state.gateway.rates.stop()
    await eventually(lambda: not store.clients, what="a gateway that stops leaves no connection to the store")


async def test_while_a_shared_store_is_unavailable_nobody_is_held_back() -> None:
    call = caller_of(rate_limit_read="1/hour", rate_limit_store=f"async+redis://127.0.0.1:{free_port()}")
    assert [(await call("GET", PROJECTS, headers=signed_in())).status for _ in range(2)] == [200, 200]


def test_without_authentication_there_is_no_limit_but_one_that_is_set() -> None:
    assert GatewaySettings().rate_limits == {}
    assert GatewaySettings(rate_limit_write="5/minute").rate_limits == {"write": "5/minute"}


async def test_pages_of_the_allowed_origins_may_call_and_no_others() -> None:
    call = caller_of(allowed_origins="https://app.example, https://other.example")
    preflight = await call("OPTIONS", PROJECTS, headers=[ORIGIN, PREFLIGHT])
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (200, "https://app.example")
    answer = await call("GET", PROJECTS, headers=[ORIGIN, *signed_in()])
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    foreign = await call("OPTIONS", PROJECTS, headers=[("Origin", "https://evil.example"), PREFLIGHT])
    assert (foreign.status, foreign.error["code"]) == (400, "VALIDATION_ERROR")
    assert "access-control-allow-origin" not in foreign.headers
    for one in (preflight, answer, foreign):
        assert "access-control-allow-credentials" not in one.headers


async def test_no_origin_is_allowed_unless_it_is_set() -> None:
    answer = await caller_of()("GET", PROJECTS, headers=[ORIGIN, *signed_in()])
    assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("path", ["/health", PROJECTS, "/nothing"])
async def test_every_answer_tells_browsers_to_be_careful_and_no_server_its_name(path: str) -> None:
    headers = (await caller_of()("GET", path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "server" not in headers


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_pages_fetch_nothing_from_elsewhere(path: str) -> None:
    call = caller_of()
    page = await call("GET", path)
    text = page.body.decode()
    assert (page.status, re.findall(r"https?://", text)) == (200, [])
    fetched = re.findall(r'(?:src|href)="(/docs/files/[^"]+)"', text)
    assert len(fetched) >= 2
    for file in fetched:
        assert (await call("GET", file)).status == 200, file
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert (await call("GET", "/docs/files/none.js")).error["code"] == "RESOURCE_NOT_FOUND"


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"host": "0.0.0.0"}, "LISTEN_WITHOUT_AUTHENTICATION"),
        ({"public_address": "0.0.0.0:8000"}, "LISTEN_WITHOUT_AUTHENTICATION"),
        ({"authentication": "on"}, "IDENTITY_SECRET"),
        (SETTINGS | {"jwt_audience": ""}, "JWT_AUDIENCE"),
        (SETTINGS | {"jwt_jwks_url": "https://id"}, "cannot both"),
    ],
)
def test_settings_that_would_open_the_gateway_stop_its_start(settings: dict[str, str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        GatewaySettings.model_validate(settings)


def test_a_gateway_without_authentication_listens_where_it_is_said_to_be_meant() -> None:
    for settings in (
        {"public_address": "127.0.0.1:8000"},
        {"host": "127.0.0.2"},
        {"host": "::1"},
        {"host": "localhost"},
    ):
        assert GatewaySettings.model_validate(settings)
    assert GatewaySettings(host="0.0.0.0", listen_without_authentication=True)
    assert GatewaySettings(public_address="0.0.0.0:8000", listen_without_authentication=True)


async def test_one_caller_cannot_take_all_that_is_there_at_once() -> None:
    platform = gateway(max_requests_per_caller="2")
    begun, end = asyncio.Semaphore(0), asyncio.Event()

    async def slow(*_: object, **__: object) -> Answer:
        begun.release()
        await end.wait()
        return Answer(b'{"items": [], "count": 0, "last_key": null}', None)

    platform.owners.get = slow
    busy = [asyncio.create_task(HttpCaller(platform.app)("GET", PROJECTS, headers=signed_in())) for _ in range(2)]
    for _ in busy:
        await begun.acquire()
    refused = await HttpCaller(platform.app)("GET", PROJECTS, headers=signed_in())
    assert (refused.status, refused.error["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert (refused.error["details"], "retry-after" in refused.headers) == ({"limit": 2}, True)
    other = asyncio.create_task(HttpCaller(platform.app)("GET", PROJECTS, headers=signed_in("bob")))
    await begun.acquire()
    end.set()
    assert [(await answer).status for answer in (*busy, other)] == [200] * 3
    assert (await HttpCaller(platform.app)("GET", PROJECTS, headers=signed_in())).status == 200
