"""Where HTTP and JSON leave a choice the strict one is taken: parameters, types and codings, sizes, names."""

from typing import Any

import pytest
from tests.support.asgi import HttpCaller
from tests.support.gateway_fakes import FakePlatform
from tests.support.refusals import refused

from nexus_gateway.openapi.examples import AGENT_ID, PROJECT_ID, SESSION_ID
from nexus_gateway.owners import Answer

PROJECTS = "/api/v1/projects"
GOOD = {"requirement": "an agent that adds numbers"}


@pytest.mark.parametrize("names", [",", "a,", ",a", "a,,b", "a, ,b", ""])
async def test_an_empty_item_among_capabilities_is_refused(
    platform: FakePlatform, call: HttpCaller, names: str
) -> None:
    details = refused(await call("GET", f"/api/v1/agents?capabilities={names}"), 400, "VALIDATION_ERROR")
    assert [fault["location"] for fault in details["errors"]] == ["query.capabilities"]
    assert platform.owners.asked == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{PROJECTS}/{PROJECT_ID}"),
        ("DELETE", f"{PROJECTS}/{PROJECT_ID}"),
        ("POST", f"{PROJECTS}/{PROJECT_ID}/reports"),
        ("POST", PROJECTS),
        ("GET", "/api/v1/statistics/overview"),
    ],
)
async def test_a_parameter_that_an_operation_does_not_know_is_refused(
    platform: FakePlatform, call: HttpCaller, method: str, path: str
) -> None:
    details = refused(await call(method, f"{path}?dry_run=true"), 400, "VALIDATION_ERROR")
    assert [(fault["location"], fault["type"]) for fault in details["errors"]] == [
        ("query.dry_run", "unknown_parameter")
    ]
    assert platform.bus.published == []


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "multipart/form-data; boundary=x", "application/jsonp", "x", "application/json, text/plain"],
)
async def test_another_type_of_body_is_refused(call: HttpCaller, content_type: str) -> None:
    answer = await call("POST", PROJECTS, GOOD, content_type=content_type)
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_another_charset_is_refused(call: HttpCaller) -> None:
    answer = await call("POST", PROJECTS, GOOD, content_type="application/json; charset=utf-16")
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/json; charset=UTF-8",
        'application/json;charset="utf-8"',
        'application/json; x="; charset=utf-16"',
        "Application/JSON",
        "application/merge-patch+json",
    ],
)
async def test_json_by_other_names_is_taken(call: HttpCaller, content_type: str | None) -> None:
    assert (await call("POST", PROJECTS, GOOD, content_type=content_type)).status == 202


async def test_an_empty_content_type_counts_as_none(platform: FakePlatform, call: HttpCaller) -> None:
    empty = [("Content-Type", "")]
    answer = await call("POST", PROJECTS, GOOD, content_type=None, headers=empty)
    assert answer.status == 202
    bodyless = await call("POST", f"/api/v1/agents/{AGENT_ID}/sessions", content_type=None, headers=empty)
    assert bodyless.status == 202
    platform.owners.answers[f"builds/projects/{PROJECT_ID}"] = Answer(b"{}", None)
    binary = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/ci"), ("ce-type", "nexus.stage.started.v1")]
    report = {"attempt": 1, "stage_name": "orchestrator"}
    path = f"{PROJECTS}/{PROJECT_ID}/reports"
    told = await call("POST", path, report, content_type=None, headers=[*binary, *empty])
    assert told.status == 202, told.body


OBJECTS: list[tuple[str, dict[str, Any], str]] = [
    (f"/api/v1/agents/{AGENT_ID}/sessions", {}, "metadata"),
    (f"/api/v1/sessions/{SESSION_ID}/messages", {"content": "1 + 1"}, "metadata"),
    (f"/api/v1/agents/{AGENT_ID}/invoke", {"input_text": "1 + 1"}, "session_state"),
]


@pytest.mark.parametrize(("path", "body", "field"), OBJECTS)
async def test_an_object_of_the_caller_that_is_too_large_to_be_kept_is_a_payload_too_large(
    platform: FakePlatform, call: HttpCaller, path: str, body: dict[str, Any], field: str
) -> None:
    largest = {"pad": "ä" * ((30_000 - len('{"pad":""}')) // 2)}
    key = [("Idempotency-Key", "k")]
    answer = await call("POST", path, {**body, field: {**largest, "b": 1}}, headers=key)
    details = refused(answer, 413, "PAYLOAD_TOO_LARGE")
    assert (details["field"], details["limit_bytes"]) == (f"body.{field}", 30_000)
    assert platform.bus.published == []
    assert (await call("POST", path, {**body, field: largest}, headers=key)).status == 202


async def test_what_is_wrong_beside_the_size_is_told_first(call: HttpCaller) -> None:
    body = {"content": "", "metadata": {"pad": "y" * 40_000}}
    details = refused(await call("POST", f"/api/v1/sessions/{SESSION_ID}/messages", body), 400, "VALIDATION_ERROR")
    assert [fault["location"] for fault in details["errors"]] == ["body.content", "body.metadata"]


@pytest.mark.parametrize("raw", ['{"requirement": 1, "a": {"b": 1, "\\u0062": 1}}', '{"tags": [], "tags": ["x"]}'])
async def test_a_name_twice_in_one_object_is_refused(platform: FakePlatform, call: HttpCaller, raw: str) -> None:
    details = refused(await call("POST", PROJECTS, raw=raw.encode()), 400, "VALIDATION_ERROR")
    assert [fault["type"] for fault in details["errors"]] == ["json_duplicate"]
    assert platform.bus.published == []


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, gzip", "deflate", "x"])
async def test_a_body_in_a_content_coding_is_refused(call: HttpCaller, coding: str) -> None:
    answer = await call("POST", PROJECTS, GOOD, headers=[("Content-Encoding", coding)])
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert "Content-Encoding" in answer.error["suggestion"]


@pytest.mark.parametrize("coding", ["identity", "Identity"])
async def test_no_coding_is_no_coding_by_name_too(call: HttpCaller, coding: str) -> None:
    assert (await call("POST", PROJECTS, GOOD, headers=[("Content-Encoding", coding)])).status == 202
