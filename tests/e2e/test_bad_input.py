"""Bad input gets the documented error, and changes nothing."""

import io
import json
from typing import Any, cast

import pytest
from tests.support.client import Client

pytestmark = pytest.mark.asyncio(loop_scope="session")

GOOD = {"requirement": "an agent that counts the words of a text", "auto_start": False, "user_id": "bad-input"}
UNKNOWN = "proj_" + "0" * 32


async def count(client: Client) -> int:
    return len(await client.pages("/api/v1/projects?user_id=bad-input&limit=100"))


@pytest.mark.parametrize(
    "body",
    [
        {"requirement": ""},
        {"requirement": "   \n\t   "},
        {"requirement": "too short"},
        {"requirement": "x" * 6000},
        {"requirement": 12345678901},
        {"requirement": None},
        {},
        [],
        "an agent that counts",
        {"requirement": GOOD["requirement"], "colour": "red"},
        {"requirement": GOOD["requirement"], "priority": 9},
        {"requirement": GOOD["requirement"], "priority": "high"},
        {"requirement": GOOD["requirement"], "tags": ["x" * 51]},
        {"requirement": GOOD["requirement"], "tags": ["x"] * 21},
        {"requirement": GOOD["requirement"], "agent_name": "1 bad name"},
        {"requirement": GOOD["requirement"], "agent_name_map": {"no_such_stage": "a"}},
        {"requirement": GOOD["requirement"], "auto_start": "maybe"},
        {"requirement": "lone surrogate \ud800 in the text"},
    ],
)
async def test_a_bad_project_is_refused_with_the_reason(client: Client, body: Any) -> None:
    before = await count(client)
    sent = {"user_id": "bad-input", **cast("dict[str, Any]", body)} if isinstance(body, dict) else body
    answer = await client.post("/api/v1/projects", sent)
    assert answer.status == 400, answer.body
    assert answer.error["code"] == "VALIDATION_ERROR"
    assert answer.error["details"]["errors"]
    assert answer.error["suggestion"]
    assert await count(client) == before


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe{}", b'{"requirement": "\xc3\x28 not utf-8 at all"}', b"NaN", b""])
async def test_a_body_that_is_no_json_is_refused(client: Client, raw: bytes) -> None:
    answer = await client.call("POST", "/api/v1/projects", data=raw, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")


async def test_a_huge_body_is_refused(client: Client) -> None:
    body = io.BytesIO(json.dumps({**GOOD, "requirement": "x" * 1_500_000}).encode())
    answer = await client.call("POST", "/api/v1/projects", data=body, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.error["code"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_body_of_another_type_is_refused(client: Client) -> None:
    answer = await client.call("POST", "/api/v1/projects", data="requirement=x", headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.error["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"/api/v1/projects/{UNKNOWN}", 404, "RESOURCE_NOT_FOUND"),
        ("GET", "/api/v1/projects/nonsense", 404, "RESOURCE_NOT_FOUND"),
        ("GET", f"/api/v1/projects/{UNKNOWN}/stages", 404, "RESOURCE_NOT_FOUND"),
        ("DELETE", f"/api/v1/projects/{UNKNOWN}", 404, "RESOURCE_NOT_FOUND"),
        ("GET", f"/api/v1/agents/{UNKNOWN}:nobody", 404, "RESOURCE_NOT_FOUND"),
        ("DELETE", f"/api/v1/agents/{UNKNOWN}:nobody", 404, "RESOURCE_NOT_FOUND"),
        ("GET", "/api/v1/sessions/sess_" + "0" * 32, 404, "RESOURCE_NOT_FOUND"),
        ("GET", "/api/v1/invocations/inv_" + "0" * 32, 404, "RESOURCE_NOT_FOUND"),
        ("GET", "/no/such/path", 404, "RESOURCE_NOT_FOUND"),
        ("PATCH", "/api/v1/projects", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/api/v1/projects?limit=0", 400, "VALIDATION_ERROR"),
        ("GET", "/api/v1/projects?limit=many", 400, "VALIDATION_ERROR"),
        ("GET", "/api/v1/projects?last_key=forged", 400, "VALIDATION_ERROR"),
        ("GET", "/api/v1/projects?status=sleeping", 400, "VALIDATION_ERROR"),
        ("GET", "/api/v1/statistics/builds?start_date=yesterday", 400, "VALIDATION_ERROR"),
        ("GET", "/api/v1/statistics/builds?start_date=2026-02-01&end_date=2026-01-01", 400, "VALIDATION_ERROR"),
        ("GET", "/api/v1/statistics/builds?start_date=2024-01-01&end_date=2026-01-01", 400, "VALIDATION_ERROR"),
    ],
)
async def test_what_is_not_there_or_not_allowed_says_so(
    client: Client, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.call(method, path)
    assert (answer.status, answer.error["code"]) == (status, code)
    assert answer.headers["X-Request-ID"]
    assert answer.error["trace_id"]


@pytest.mark.parametrize("action", ["pause", "resume", "restart"])
async def test_a_forbidden_transition_names_what_is_allowed(client: Client, action: str) -> None:
    project_id = await client.create(GOOD["requirement"], auto_start=False)  # pyright: ignore[reportArgumentType]
    before = await client.project(project_id)
    answer = await client.call("PUT", f"/api/v1/projects/{project_id}/control", {"action": action})
    assert (answer.status, answer.error["code"]) == (400, "INVALID_STATE")
    assert answer.error["details"] == {
        "current_status": "pending",
        "action": action,
        "allowed_actions": ["start", "stop"],
    }
    assert await client.project(project_id) == before


async def test_text_is_kept_as_it_was_sent(client: Client) -> None:
    text = "  统计文字的代理 \U0001f600 with a tab\tand \u0001 a control character\n"
    project_id = await client.create(text, auto_start=False)
    assert (await client.project(project_id))["requirement"] == text
