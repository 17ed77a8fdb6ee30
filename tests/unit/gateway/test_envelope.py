"""What every answer carries, and what HTTP expects besides."""

import io
import json

import pytest
from tests.support.asgi import HttpCaller
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts.identifiers import parse_timestamp
from nexus_contracts.stages import stages_table
from nexus_gateway.openapi.examples import AGENT_ID, PROJECT_ID
from nexus_gateway.owners import Answer
from nexus_runtime.process import log

PROJECT = f"/api/v1/projects/{PROJECT_ID}"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(autouse=True)
def _project(platform: FakePlatform) -> None:  # pyright: ignore[reportUnusedFunction]  # a fixture
    platform.owners.answers[f"builds/projects/{PROJECT_ID}"] = Answer(b'{"a":1}', '"1"')


@pytest.mark.parametrize("path", [PROJECT, "/nowhere", "/health", "/openapi.json", "/docs"])
async def test_every_answer_has_the_callers_request_id_and_its_time(call: HttpCaller, path: str) -> None:
    answer = await call("GET", path, headers=[("X-Request-ID", "a.b_c:D-9")])
    assert answer.headers["x-request-id"] == "a.b_c:D-9"
    assert 0 <= float(answer.headers["x-response-time"]) < 60


@pytest.mark.parametrize("received", ["", "a b", "x" * 129, "é", "<script>", "a\n"])
async def test_a_request_id_of_another_form_is_replaced(call: HttpCaller, received: str) -> None:
    answer = await call("GET", PROJECT, headers=[("X-Request-ID", received)])
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.json["request_id"] == answer.headers["x-request-id"]


async def test_success_has_data_time_and_request_id(call: HttpCaller) -> None:
    answer = (await call("GET", PROJECT)).json
    assert set(answer) == {"success", "data", "timestamp", "request_id"}
    assert (answer["success"], answer["data"]) == (True, {"a": 1})
    assert parse_timestamp(answer["timestamp"])


async def test_an_error_names_the_callers_trace(call: HttpCaller) -> None:
    known = await call("GET", "/nowhere", headers=[("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")])
    assert known.error["trace_id"] == TRACE
    invented = await call("GET", "/nowhere", headers=[("traceparent", "nonsense")])
    assert len(invented.error["trace_id"]) == 32


async def test_head_is_get_without_the_body(call: HttpCaller) -> None:
    head, get = await call("HEAD", PROJECT), await call("GET", PROJECT)
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", '"1"')
    assert int(head.headers["content-length"]) == len(get.body)
    missing = await call("HEAD", "/nowhere")
    assert (missing.status, missing.body) == (404, b"")


async def test_options_names_the_methods(call: HttpCaller) -> None:
    answer = await call("OPTIONS", PROJECT)
    assert (answer.status, answer.body, answer.headers["allow"]) == (204, b"", "DELETE, GET, HEAD, OPTIONS")
    assert (await call("OPTIONS", "/nowhere")).status == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("create", "OPTIONS, POST"),
        (f"{PROJECT_ID}/status", "GET, HEAD, OPTIONS"),
        (f"{AGENT_ID}/status", "OPTIONS, PUT"),
        (AGENT_ID, "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("nothing", "DELETE, GET, HEAD, OPTIONS, PUT"),
    ],
)
async def test_methods_of_other_paths_that_look_alike_are_not_named(call: HttpCaller, path: str, allowed: str) -> None:
    assert (await call("OPTIONS", f"/api/v1/agents/{path}")).headers["allow"] == allowed


async def test_health_metrics_and_stages_are_plain(call: HttpCaller) -> None:
    await call("GET", PROJECT)
    await call("BREW", "/nowhere")
    assert (await call("GET", "/stages/info")).json == stages_table()
    assert (await call("GET", "/health/ready")).json["failing"] == []
    assert (await call("GET", "/health/live")).json["status"] == "healthy"
    metrics = (await call("GET", "/metrics")).body.decode()
    assert (
        'nexus_http_request_seconds_count{method="GET",route="/api/v1/projects/{project_id}",status="200"}' in metrics
    )
    assert 'method="other",route="none",status="404"' in metrics
    assert PROJECT_ID not in metrics


async def test_machines_are_given_a_line_for_each_request_but_those_for_health(
    call: HttpCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = io.StringIO()
    monkeypatch.setattr(log, "_requests_to", lines)
    for path in (PROJECT + "?token=secret", "/health/live", "/nowhere\n{}" + "x" * 10_000):
        await call("GET", path, headers=[("X-Request-ID", "mine"), ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")])
    first, second = map(json.loads, lines.getvalue().splitlines())
    assert first["trace_id"] == TRACE
    assert "secret" not in lines.getvalue()
    told = {name: first[name] for name in ("event", "method", "route", "path", "status", "request_id", "tenant")}
    assert told == {
        "event": "request",
        "method": "GET",
        "route": "/api/v1/projects/{project_id}",
        "path": PROJECT,
        "status": 400,  # for the query, which is not kept
        "request_id": "mine",
        "tenant": "default",
    }
    assert (second["route"], second["status"]) == ("none", 404)
    assert len(second["path"]) < 1_000, "anyone may ask for it"
    assert (second["caller"], second["tenant"]) == (None, None), "it was not asked who that is"
