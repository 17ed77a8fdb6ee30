"""Reads: the owner's JSON goes out as it came, page by page, and not at all when it is known."""

import json
from typing import Any

import pytest
from tests.support.asgi import HttpCaller
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts.errors import ErrorBody, GatewayTimeout, ServiceUnavailable
from nexus_gateway.answers import RefusedByOwner, refusal_of
from nexus_gateway.openapi.examples import AGENT_ID, INVOCATION_ID, PROJECT, PROJECT_ID, SESSION_ID
from nexus_gateway.owners import Answer

PROJECTS = "/api/v1/projects"
SINGLE = [
    (f"{PROJECTS}/{PROJECT_ID}", f"builds/projects/{PROJECT_ID}"),
    (f"{PROJECTS}/{PROJECT_ID}/build", f"builds/projects/{PROJECT_ID}/build"),
    (f"{PROJECTS}/{PROJECT_ID}/stages", f"builds/projects/{PROJECT_ID}/stages"),
    (f"{PROJECTS}/{PROJECT_ID}/stages/agent_design", f"builds/projects/{PROJECT_ID}/stages/agent_design"),
    (f"/api/v1/agents/{AGENT_ID}", f"agents/agents/{AGENT_ID}"),
    (f"/api/v1/invocations/{INVOCATION_ID}", f"agents/invocations/{INVOCATION_ID}"),
    (f"/api/v1/sessions/{SESSION_ID}", f"agents/sessions/{SESSION_ID}"),
]
LISTS = [
    (PROJECTS, "builds/projects"),
    (f"{PROJECTS}/{PROJECT_ID}/stages/agent_design/logs", f"builds/projects/{PROJECT_ID}/stages/agent_design/logs"),
    (f"{PROJECTS}/{PROJECT_ID}/attempts", f"builds/projects/{PROJECT_ID}/attempts"),
    (f"{PROJECTS}/{PROJECT_ID}/events", f"builds/projects/{PROJECT_ID}/events"),
    ("/api/v1/agents", "agents/agents"),
    (f"/api/v1/agents/{AGENT_ID}/invocations", f"agents/agents/{AGENT_ID}/invocations"),
    (f"/api/v1/agents/{AGENT_ID}/sessions", f"agents/agents/{AGENT_ID}/sessions"),
    (f"/api/v1/sessions/{SESSION_ID}/messages", f"agents/sessions/{SESSION_ID}/messages"),
]


def page(items: list[Any], last_key: str | None = None) -> Answer:
    return Answer(json.dumps({"items": items, "count": len(items), "last_key": last_key}).encode(), None)


@pytest.mark.parametrize(("path", "question"), SINGLE)
async def test_a_single_resource_passes_through_once(
    platform: FakePlatform, call: HttpCaller, path: str, question: str
) -> None:
    body = '{"ö":1.0,  "big":12345678901234567890, "text":"\\u0000😀"}'.encode()
    platform.owners.answers[question] = Answer(body, None)
    answer = await call("GET", path)
    assert answer.status == 200
    assert answer.body.startswith(b'{"success":true,"data":' + body + b',"timestamp":"')
    etag = answer.headers["etag"]
    for lines in ([f'"other", W/{etag}'], ['"other"', etag], ['"a,b" ,, ' + etag, ""], ["*"]):
        known = await call("GET", path, headers=[("If-None-Match", line) for line in lines])
        assert (known.status, known.body, known.headers["etag"]) == (304, b"", etag)
    for lines in (['"other"', 'W/"another"'], [etag.strip('"')], ["*", etag], [f'"{etag}'], [""]):
        assert (await call("GET", path, headers=[("If-None-Match", line) for line in lines])).status == 200
    platform.owners.answers[question] = Answer(body + b" ", None)
    assert (await call("GET", path, headers=[("If-None-Match", etag)])).status == 200


async def test_the_owners_version_is_the_etag(platform: FakePlatform, call: HttpCaller) -> None:
    platform.owners.answers[f"builds/projects/{PROJECT_ID}"] = Answer(json.dumps(PROJECT).encode(), '"3"')
    path = f"{PROJECTS}/{PROJECT_ID}"
    assert (await call("GET", path)).headers["etag"] == '"3"'
    assert (await call("GET", path, headers=[("If-None-Match", '"2"')])).status == 200
    assert (await call("GET", path, headers=[("If-None-Match", "*")])).status == 304


@pytest.mark.parametrize(("path", "question"), LISTS)
async def test_a_list_is_counted_and_its_cursor_leads_on(
    platform: FakePlatform, call: HttpCaller, path: str, question: str
) -> None:
    platform.owners.answers[question] = page([{"a": 1}, {"a": 2}], "owner's key")
    first = (await call("GET", f"{path}?limit=2")).json["data"]
    assert (first["items"], first["count"]) == ([{"a": 1}, {"a": 2}], 2)
    assert "owner" not in first["last_key"]
    platform.owners.answers[question] = page([])
    last = (await call("GET", f"{path}?limit=2&last_key={first['last_key']}")).json["data"]
    assert last == {"items": [], "count": 0, "last_key": None}
    assert platform.owners.asked[-1][2] == {"limit": "2", "last_key": "owner's key"}


async def test_a_page_is_20_long_or_100_of_messages(platform: FakePlatform, call: HttpCaller) -> None:
    for path, question in LISTS:
        platform.owners.answers[question] = page([])
        messages = path.endswith("/messages")
        await call("GET", path)
        assert platform.owners.asked[-1][2] == {"limit": "100" if messages else "20"}
        assert (await call("GET", f"{path}?limit=200")).status == (200 if messages else 400)
        assert (await call("GET", f"{path}?limit=201")).status == 400


async def test_filters_reach_the_owner_and_bind_the_cursor(platform: FakePlatform, call: HttpCaller) -> None:
    platform.owners.answers["agents/agents"] = page([], "k")
    query = f"project_id={PROJECT_ID}&status=running&category=a%26b&capabilities=x,tool:y"
    cursor = (await call("GET", f"/api/v1/agents?{query}")).json["data"]["last_key"]
    assert platform.owners.asked[-1][2] == {
        "project_id": PROJECT_ID,
        "status": "running",
        "category": "a&b",
        "capabilities": "x,tool:y",
        "limit": "20",
    }
    assert (await call("GET", f"/api/v1/agents?{query}&limit=5&last_key={cursor}")).status == 200
    for other in ("status=running", "", query.replace("running", "offline")):
        answer = await call("GET", f"/api/v1/agents?{other}&last_key={cursor}")
        assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")


async def test_a_cursor_of_one_resource_is_none_of_another(platform: FakePlatform, call: HttpCaller) -> None:
    platform.owners.answers[f"builds/projects/{PROJECT_ID}/events"] = page([], "5")
    cursor = (await call("GET", f"{PROJECTS}/{PROJECT_ID}/events")).json["data"]["last_key"]
    for path in (f"{PROJECTS}/{PROJECT_ID}/attempts", f"{PROJECTS}/{PROJECT_ID[:-1]}0/events"):
        assert (await call("GET", f"{path}?last_key={cursor}")).status == 400


async def test_figures_are_asked_with_both_ends_of_the_range(platform: FakePlatform, call: HttpCaller) -> None:
    for name in ("overview", "builds", "invocations"):
        platform.owners.answers[f"stats/{name}"] = Answer(b'{"items":[]}', None)
    assert (await call("GET", "/api/v1/statistics/overview")).json["data"] == {"items": []}
    await call("GET", "/api/v1/statistics/builds?start_date=2026-02-01&end_date=2026-02-28")
    assert platform.owners.asked[-1] == ("stats", "/builds", {"start_date": "2026-02-01", "end_date": "2026-02-28"})
    await call("GET", "/api/v1/statistics/invocations")
    assert set(platform.owners.asked[-1][2]) == {"start_date", "end_date"}
    answer = await call("GET", "/api/v1/statistics/builds?start_date=2026-02-02&end_date=2026-02-01")
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")


DAYS = {"start_date": "2026-02-01", "end_date": "2026-02-28"}


@pytest.mark.parametrize(
    ("asked", "question", "query"),
    [
        ("trends?metric=tokens&start_date=2026-02-01&end_date=2026-02-28", "trends", {**DAYS, "metric": "tokens"}),
        ("usage?start_date=2026-02-01&end_date=2026-02-28", "usage", DAYS),
        (
            "top-agents?start_date=2026-02-01&end_date=2026-02-28&by=cost&limit=3",
            "top-agents",
            {**DAYS, "by": "cost", "limit": "3"},
        ),
        ("agent-categories", "agent-categories", {}),
    ],
)
async def test_more_statistics_ask_for_what_was_chosen(
    platform: FakePlatform, call: HttpCaller, asked: str, question: str, query: dict[str, str]
) -> None:
    platform.owners.answers[f"stats/{question}"] = Answer(b'{"items":[]}', None)
    assert (await call("GET", f"/api/v1/statistics/{asked}")).json["data"] == {"items": []}
    assert platform.owners.asked[-1] == ("stats", f"/{question}", query)


@pytest.mark.parametrize("asked", ["trends", "trends?metric=luck", "top-agents?by=name", "top-agents?limit=101"])
async def test_statistics_of_nothing_known_are_refused(call: HttpCaller, asked: str) -> None:
    assert (await call("GET", f"/api/v1/statistics/{asked}")).status == 400


async def test_the_items_of_a_page_pass_through_whatever_they_are_called(
    platform: FakePlatform, call: HttpCaller
) -> None:
    items = b'[{"last_key":"a"},  {"text":"\\"last_key\\":1", "big":12345678901234567890}]'
    key = '#"last_key":'
    page = b'{"items":' + items + b',"count":2,"last_key":' + json.dumps(key).encode() + b"}"
    platform.owners.answers["builds/projects"] = Answer(page, None)
    answer = await call("GET", f"{PROJECTS}?limit=2")
    assert answer.body.startswith(b'{"success":true,"data":{"items":' + items + b',"count":2,"last_key":"')
    await call("GET", f"{PROJECTS}?limit=2&last_key={answer.json['data']['last_key']}")
    assert platform.owners.asked[-1][2]["last_key"] == key


async def test_recent_activities_are_paged(platform: FakePlatform, call: HttpCaller) -> None:
    platform.owners.answers["stats/recent-activities"] = page([{"id": "evt_1"}], "2026-01-01T00:00:00.000000Z#evt_1")
    first = (await call("GET", "/api/v1/statistics/recent-activities?limit=1")).json["data"]
    assert first["items"] == [{"id": "evt_1"}]
    await call("GET", f"/api/v1/statistics/recent-activities?limit=1&last_key={first['last_key']}")
    assert platform.owners.asked[-1][2] == {"limit": "1", "last_key": "2026-01-01T00:00:00.000000Z#evt_1"}


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (ServiceUnavailable("away"), 503, "SERVICE_UNAVAILABLE"),
        (GatewayTimeout("slow"), 504, "GATEWAY_TIMEOUT"),
        (RefusedByOwner(ErrorBody(code="DATABASE_ERROR", message="no"), 500), 500, "DATABASE_ERROR"),
        (RefusedByOwner(ErrorBody(code="SERVICE_UNAVAILABLE", message="no"), 503), 503, "SERVICE_UNAVAILABLE"),
    ],
)
async def test_an_owners_trouble_keeps_its_code(
    platform: FakePlatform, call: HttpCaller, fault: Exception, status: int, code: str
) -> None:
    platform.owners.answers[f"builds/projects/{PROJECT_ID}"] = fault
    answer = await call("GET", f"{PROJECTS}/{PROJECT_ID}")
    assert (answer.status, answer.error["code"]) == (status, code)
    assert ("retry-after" in answer.headers) == (status == 503)


def test_an_owners_error_without_the_agreed_form_stays_inside() -> None:
    known = refusal_of(404, b'{"error": {"code": "RESOURCE_NOT_FOUND", "message": "m", "details": {"id": "x"}}}')
    assert (known.body().code, known.body().details) == ("RESOURCE_NOT_FOUND", {"id": "x"})
    for body in (b"Internal Server Error", b"{}", b'{"error": "no"}', b""):
        hidden = refusal_of(500, body)
        assert (hidden.body().code, hidden.body().details) == ("INTERNAL_ERROR", {})


async def test_an_owner_that_knows_the_version_sends_nothing(platform: FakePlatform, call: HttpCaller) -> None:
    platform.owners.answers[f"builds/projects/{PROJECT_ID}"] = Answer(b"", '"3"', unchanged=True)
    answer = await call("GET", f"{PROJECTS}/{PROJECT_ID}", headers=[("If-None-Match", '"3"')])
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", '"3"')
    assert platform.owners.known == ['"3"']
    await call("GET", f"{PROJECTS}/{PROJECT_ID}", headers=[("If-None-Match", "3")])
    assert platform.owners.known[1:] == [None]
