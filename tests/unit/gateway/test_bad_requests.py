"""Whatever is wrong with a request, the answer has the platform's form and gives nothing away."""

import json
from typing import Any

import pytest
from tests.support.asgi import HttpCaller
from tests.support.gateway_document import DOCUMENT
from tests.support.gateway_fakes import FakePlatform
from tests.support.refusals import refused

from nexus_gateway.openapi.examples import AGENT_ID, PROJECT_ID, SESSION_ID

PROJECTS = "/api/v1/projects"
GOOD = {"requirement": "an agent that adds numbers"}


@pytest.mark.parametrize("path", ["/", "/api", "/api/v1/projects/", "/api/v1/projects/a/b/c", "/%2e%2e/%00", "/docs/x"])
async def test_an_unknown_path_is_not_found(call: HttpCaller, path: str) -> None:
    refused(await call("GET", path), 404, "RESOURCE_NOT_FOUND")


async def test_a_method_that_a_path_does_not_take_is_told_which_it_does(call: HttpCaller) -> None:
    answer = await call("PATCH", PROJECTS)
    assert refused(answer, 405, "METHOD_NOT_ALLOWED") == {"allowed_methods": ["GET", "HEAD", "OPTIONS", "POST"]}
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    refused(await call("BREW", "/health"), 405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("method", "path", "kind", "identifier"),
    [
        ("GET", f"{PROJECTS}/proj_1", "project", "proj_1"),
        ("GET", f"{PROJECTS}/{PROJECT_ID}%0A", "project", f"{PROJECT_ID}\n"),
        ("GET", f"{PROJECTS}/{PROJECT_ID.upper()}/events", "project", PROJECT_ID.upper()),
        ("GET", f"{PROJECTS}/{PROJECT_ID}/stages/No%20Stage", "stage", "No Stage"),
        ("DELETE", f"{PROJECTS}/%F0%9F%98%80", "project", "😀"),
        ("PUT", f"{PROJECTS}/x/control", "project", "x"),
        ("GET", f"/api/v1/agents/{PROJECT_ID}:1", "agent", f"{PROJECT_ID}:1"),
        ("POST", "/api/v1/agents/x/invoke", "agent", "x"),
        ("GET", "/api/v1/invocations/x", "invocation", "x"),
        ("POST", "/api/v1/sessions/x/messages", "session", "x"),
        ("GET", "/api/v1/sessions/x/messages", "session", "x"),
    ],
)
async def test_an_id_that_cannot_exist_is_not_found(
    call: HttpCaller, method: str, path: str, kind: str, identifier: str
) -> None:
    answer = await call(method, path, {"any": "thing"} if method in ("POST", "PUT") else None)
    assert refused(answer, 404, "RESOURCE_NOT_FOUND") == {"type": kind, "id": identifier}


BARE = [
    (method.upper(), path)
    for path, item in DOCUMENT["paths"].items()
    for method, found in item.items()
    if method != "get" and "requestBody" not in found
]
IDS = {"project_id": PROJECT_ID, "agent_id": AGENT_ID, "session_id": SESSION_ID, "version": "1"}
OTHER_IDS = {"invocation_id": "inv_" + "a" * 32, "key_id": "key_" + "a" * 32}


@pytest.mark.parametrize(("method", "path"), BARE)
async def test_what_a_body_says_where_none_is_taken_is_not_ignored(
    platform: FakePlatform, call: HttpCaller, method: str, path: str
) -> None:
    target = path.format(**IDS, **OTHER_IDS)
    for raw in (b'{"from_stage": "agent_design"}', b"null", b"[]", b"x", b" " * 1_000_000, b"\xff"):
        errors = refused(await call(method, target, raw=raw), 400, "VALIDATION_ERROR")["errors"]
        assert errors[0]["location"] == "body"
    assert platform.bus.published == []
    for raw in (b"", b"{}", b" { }\r\n"):
        answer = await call(method, target, raw=raw, headers=[("Prefer", "respond-async")])
        assert answer.status in (202, 404) or answer.error["code"] == "INVALID_STATE"


async def test_an_impossible_session_in_an_invocation_is_not_found(call: HttpCaller) -> None:
    answer = await call("POST", f"/api/v1/agents/{AGENT_ID}/invoke", {"input_text": "1", "session_id": "nonsense"})
    assert refused(answer, 404, "RESOURCE_NOT_FOUND") == {"type": "session", "id": "nonsense"}


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b"",
        b'{"requirement": "\xff\xfe long enough text"}',
        b'{"requirement": "half a pair \\ud800 here"}',
        b'{"requirement": "long enough text", "priority": NaN}',
        b'{"requirement": "long enough text", "priority": Infinity}',
        b'{"requirement": "long enough text", "tags": ' + b"[" * 2000 + b"]" * 2000 + b"}",
        b'{"a":' * 50_000,
    ],
    ids=range(12),
)
async def test_a_body_that_is_no_strict_json_object_is_refused(
    platform: FakePlatform, call: HttpCaller, raw: bytes
) -> None:
    details = refused(await call("POST", PROJECTS, raw=raw), 400, "VALIDATION_ERROR")
    assert all(set(fault) == {"location", "message", "type"} for fault in details["errors"])
    assert details["errors"][0]["location"].startswith("body")
    assert platform.bus.published == []


@pytest.mark.parametrize(
    ("change", "location"),
    [
        ({"requirement": "  too short    "}, "body.requirement"),
        ({"requirement": "x" * 5001}, "body.requirement"),
        ({"requirement": None}, "body.requirement"),
        ({"requirement": "\u200b" * 20}, "body.requirement"),
        ({"requirement": "\xa0\u2028\r\ufeff" * 5 + "too short"}, "body.requirement"),
        ({"user_id": ""}, "body.user_id"),
        ({"user_id": 7}, "body.user_id"),
        ({"priority": 6}, "body.priority"),
        ({"priority": "3"}, "body.priority"),
        ({"priority": True}, "body.priority"),
        ({"priority": 10**4000}, "body.priority"),
        ({"auto_start": "yes"}, "body.auto_start"),
        ({"tags": ["x"] * 21}, "body.tags"),
        ({"tags": ["x" * 51]}, "body.tags.0"),
        ({"tags": {"a": 1}}, "body.tags"),
        ({"agent_name": "9lives"}, "body.agent_name"),
        ({"agent_name": "name\n"}, "body.agent_name"),
        ({"agent_name_map": {"no_stage": "name"}}, "body.agent_name_map.no_stage"),
        ({"project_name": "x" * 201}, "body.project_name"),
        ({"projekt_name": "x"}, "body.projekt_name"),
        ({"project_id": PROJECT_ID}, "body.project_id"),
    ],
)
async def test_a_fault_is_named_with_its_place(call: HttpCaller, change: dict[str, Any], location: str) -> None:
    details = refused(await call("POST", PROJECTS, {**GOOD, **change}), 400, "VALIDATION_ERROR")
    assert [fault["location"].startswith(location) for fault in details["errors"]] == [True]


async def test_faults_do_not_echo_what_was_sent(call: HttpCaller) -> None:
    secret = "s3cr3t-" * 100
    answer = await call("POST", PROJECTS, {"requirement": {"password": secret}, secret: 1})
    details = refused(answer, 400, "VALIDATION_ERROR")
    assert secret not in answer.body.decode()
    assert "pydantic" not in answer.body.decode()
    assert len(details["errors"]) == 2


async def test_many_faults_are_cut_off(call: HttpCaller) -> None:
    answer = await call("POST", PROJECTS, {f"field{number}": 1 for number in range(5000)})
    assert len(refused(answer, 400, "VALIDATION_ERROR")["errors"]) == 50


@pytest.mark.parametrize(
    ("query", "location"),
    [
        ("limit=0", "query.limit"),
        ("limit=101", "query.limit"),
        ("limit=x", "query.limit"),
        ("limit=", "query.limit"),
        ("limit=1e1", "query.limit"),
        ("limit=%2B5", "query.limit"),
        ("limit=5.0", "query.limit"),
        ("limit=%205", "query.limit"),
        ("limit=1_0", "query.limit"),
        ("limit=%D9%A3", "query.limit"),
        ("limit=-1", "query.limit"),
        ("limit=" + "1" * 5000, "query.limit"),
        ("limit=1&limit=2", "query.limit"),
        ("limit=1&limit=1", "query.limit"),
        ("tag=a&tag=b", "query.tag"),
        ("tag=%FF", "query.tag"),
        ("stauts=failed", "query.stauts"),
        ("Limit=5", "query.Limit"),
        ("=5", "query."),
        ("status=unknown", "query.status"),
        ("user_id=", "query.user_id"),
        ("last_key=forged", "query.last_key"),
        ("last_key=", "query.last_key"),
        ("last_key=%FF%00", "query.last_key"),
    ],
)
async def test_a_wrong_parameter_is_named(platform: FakePlatform, call: HttpCaller, query: str, location: str) -> None:
    details = refused(await call("GET", f"{PROJECTS}?{query}"), 400, "VALIDATION_ERROR")
    assert [fault["location"] for fault in details["errors"]] == [location]
    assert platform.owners.asked == []


async def test_a_body_that_says_it_is_too_large_is_refused(call: HttpCaller) -> None:
    answer = await call("POST", PROJECTS, raw=b"{" + b" " * 1_000_000)
    assert refused(answer, 413, "PAYLOAD_TOO_LARGE") == {"limit_bytes": 1_000_000}
    assert call.chunks_taken == 0


async def test_a_body_without_length_is_not_read_to_its_end(call: HttpCaller) -> None:
    answer = await call("POST", PROJECTS, chunks=(b" " * 100_000 for _ in range(10_000)))
    refused(answer, 413, "PAYLOAD_TOO_LARGE")
    assert call.chunks_taken == 11


async def test_the_largest_body_in_pieces_is_taken(call: HttpCaller) -> None:
    text = json.dumps({"content": "x" * 50_000}).encode() + b" " * 949_000
    pieces = [text[start : start + 65_536] for start in range(0, len(text), 65_536)]
    answer = await call("POST", f"/api/v1/sessions/{SESSION_ID}/messages", chunks=pieces)
    assert answer.status == 202


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "\x7f", "é\x80"])
async def test_an_idempotency_key_that_is_none_is_refused(call: HttpCaller, key: str) -> None:
    answer = await call("POST", PROJECTS, GOOD, headers=[("Idempotency-Key", key)])
    details = refused(answer, 400, "VALIDATION_ERROR")
    assert details["errors"][0]["location"] == "header.Idempotency-Key"


@pytest.mark.parametrize("second", ["a", "b", ""])
async def test_two_idempotency_keys_are_refused(call: HttpCaller, second: str) -> None:
    answer = await call("POST", PROJECTS, GOOD, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", second)])
    refused(answer, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "condition",
    [
        'W/"3"',
        "3",
        '"abc"',
        '""',
        "",
        '"-1"',
        '"9999999999999999"',
        '"03"',
        '*, "3"',
        '"3" "4"',
        '"3", 4',
        "'3'",
        '"3',
        'w/"3"',
    ],
)
async def test_if_match_that_can_match_nothing_fails(platform: FakePlatform, call: HttpCaller, condition: str) -> None:
    answer = await call("DELETE", f"{PROJECTS}/{PROJECT_ID}", headers=[("If-Match", condition)])
    refused(answer, 412, "PRECONDITION_FAILED")
    assert platform.bus.published == []


async def test_an_unexpected_fault_is_told_by_its_trace_alone(platform: FakePlatform, call: HttpCaller) -> None:
    platform.owners.answers[f"builds/projects/{PROJECT_ID}"] = RuntimeError("table AgentProjects is on fire")
    answer = await call("GET", f"{PROJECTS}/{PROJECT_ID}")
    refused(answer, 500, "INTERNAL_ERROR")
    assert "fire" not in answer.body.decode()


@pytest.mark.parametrize(
    "blank", [" ", "\n" * 40_000, "\t\u3000", "\u200b\ufeff\u2060", "\x00\x01", "\u2028\xa0\u3164"]
)
async def test_a_blank_prompt_is_refused_and_no_invocation_begins(
    platform: FakePlatform, call: HttpCaller, blank: str
) -> None:
    refused(await call("POST", f"/api/v1/agents/{AGENT_ID}/invoke", {"input_text": blank}), 400, "VALIDATION_ERROR")
    refused(await call("POST", f"/api/v1/sessions/{SESSION_ID}/messages", {"content": blank}), 400, "VALIDATION_ERROR")
    assert platform.bus.published == []


async def test_a_crowd_of_unknown_fields_is_not_looked_at_one_by_one(call: HttpCaller) -> None:
    crowd = json.dumps({f"k{number}": 1 for number in range(60_000)}).encode()
    errors = refused(await call("POST", PROJECTS, raw=crowd), 400, "VALIDATION_ERROR")["errors"]
    assert len(errors) == 50
    assert {error["type"] for error in errors} == {"extra_forbidden"}


async def test_a_map_of_more_entries_than_it_may_have_is_one_fault(call: HttpCaller) -> None:
    crowd = json.dumps(GOOD | {"agent_name_map": {f"k{number}": 1 for number in range(60_000)}}).encode()
    (error,) = refused(await call("POST", PROJECTS, raw=crowd), 400, "VALIDATION_ERROR")["errors"]
    assert error["location"] == "body.agent_name_map"
    assert error["message"] == "must have at most 6 entries, not 60000"
