"""A write becomes one command, and the owner's reply the answer."""

import asyncio
from typing import Any

import pytest
from tests.support.asgi import HttpCaller
from tests.support.eventually import eventually
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts.agents.commands import AGENTS_COMMAND
from nexus_contracts.builds.commands import BUILDS_COMMAND
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import AgentInvocationFailed, ErrorBody, InvalidState
from nexus_contracts.replies import Outcome, Reply
from nexus_contracts.topics import AGENTS_COMMANDS, BUILDS_COMMANDS
from nexus_gateway.openapi.examples import (
    AGENT_ID,
    INVOCATION,
    INVOCATION_ID,
    PROJECT,
    PROJECT_ID,
    SESSION,
    SESSION_ID,
    TURN,
)
from nexus_runtime.kafka.bus import BrokerUnavailable, Unacknowledged

PROJECTS = "/api/v1/projects"
GOOD = {"requirement": "  an agent that adds 😀 \u0000 numbers\n"}
DELETED_AT = "2026-03-01T09:30:42.000000Z"
BUILDS_WRITES: list[tuple[str, str, Any, str]] = [
    ("POST", PROJECTS, GOOD, "create_project"),
    ("PUT", f"{PROJECTS}/{PROJECT_ID}/control", {"action": "restart", "from_stage": "agent_design"}, "control_project"),
    (
        "PUT",
        f"{PROJECTS}/{PROJECT_ID}/control",
        {"action": "answer", "answers": {"currency": "EUR"}},
        "control_project",
    ),
    ("DELETE", f"{PROJECTS}/{PROJECT_ID}", None, "delete_project"),
]
AGENTS_WRITES: list[tuple[str, str, Any, str]] = [
    ("POST", "/api/v1/agents", {"agent_name": "adder", "package_id": "pkg_" + "1" * 32}, "register_agent"),
    ("PUT", f"/api/v1/agents/{AGENT_ID}", {"description": None, "tags": ["a"]}, "update_agent"),
    ("PUT", f"/api/v1/agents/{AGENT_ID}/status", {"status": "offline"}, "set_agent_status"),
    ("PUT", f"/api/v1/agents/{AGENT_ID}/versions/2/activate", None, "activate_version"),
    ("DELETE", f"/api/v1/agents/{AGENT_ID}", None, "delete_agent"),
    ("POST", f"/api/v1/agents/{AGENT_ID}/invoke", {"input_text": "1 + 1"}, "invoke_agent"),
    ("POST", f"/api/v1/invocations/{INVOCATION_ID}/cancel", None, "cancel_invocation"),
    ("POST", f"/api/v1/agents/{AGENT_ID}/sessions", None, "create_session"),
    ("POST", f"/api/v1/sessions/{SESSION_ID}/messages", {"content": "1 + 1"}, "post_message"),
    ("DELETE", f"/api/v1/sessions/{SESSION_ID}", None, "delete_session"),
]
WRITES = BUILDS_WRITES + AGENTS_WRITES


@pytest.mark.parametrize(("method", "path", "body", "command"), WRITES, ids=lambda value: str(value)[:20])
async def test_each_write_publishes_a_command_that_its_owner_understands(
    platform: FakePlatform, call: HttpCaller, method: str, path: str, body: Any, command: str
) -> None:
    answer = await call(method, path, body, headers=[("X-Request-ID", "my-request")])
    topic, event, headers = platform.bus.published[-1]
    builds = (method, path, body, command) in BUILDS_WRITES
    understood: Any = (BUILDS_COMMAND if builds else AGENTS_COMMAND).validate_python({**event.data, "type": event.type})
    assert answer.status == 202
    assert topic == (BUILDS_COMMANDS if builds else AGENTS_COMMANDS)
    assert event.type == understood.type == f"nexus.command.{command}.v1"
    assert (event.source, event.correlationid) == ("/nexus/gateway", "my-request")
    assert headers == {"reply_topic": b"gateway.replies.v1", "reply_partition": b"3", "reply_alone": b"true"}
    assert event.id.startswith("evt_")
    assert event.traceparent
    assert answer.headers["location"] in answer.json["message"]
    assert platform.desk.waiting == {}


async def test_a_created_project_is_answered_as_its_owner_shows_it(platform: FakePlatform, call: HttpCaller) -> None:
    platform.bus.decide = lambda event: Outcome(status=201, result={**PROJECT, "project_id": event.data["project_id"]})
    answer = await call("POST", PROJECTS, GOOD)
    project_id = platform.bus.last.data["project_id"]
    assert (answer.status, answer.json["data"]) == (201, {**PROJECT, "project_id": project_id})
    assert answer.headers["location"] == f"{PROJECTS}/{project_id}"
    assert answer.headers["etag"] == '"3"'
    assert "idempotent-replayed" not in answer.headers
    assert platform.bus.last.data["requirement"] == GOOD["requirement"]
    assert platform.bus.last.subject == project_id


@pytest.mark.parametrize(
    ("method", "path", "body", "result", "status"),
    [
        ("PUT", f"{PROJECTS}/{PROJECT_ID}/control", {"action": "pause"}, PROJECT, 200),
        ("DELETE", f"{PROJECTS}/{PROJECT_ID}", None, {"project_id": PROJECT_ID, "deleted_at": DELETED_AT}, 200),
        ("DELETE", f"/api/v1/agents/{AGENT_ID}", None, {"agent_id": AGENT_ID, "deleted_at": DELETED_AT}, 200),
        ("POST", f"/api/v1/agents/{AGENT_ID}/invoke", {"input_text": "1 + 1"}, INVOCATION, 200),
        ("POST", f"/api/v1/agents/{AGENT_ID}/sessions", {"metadata": {"a": [1.5, None]}}, SESSION, 201),
        ("POST", f"/api/v1/sessions/{SESSION_ID}/messages", {"content": "1 + 1"}, TURN, 201),
    ],
)
async def test_the_owners_result_is_the_data(
    platform: FakePlatform, call: HttpCaller, method: str, path: str, body: Any, result: Any, status: int
) -> None:
    platform.bus.decide = lambda _event: Outcome(status=status, result=result)
    answer = await call(method, path, body)
    assert (answer.status, answer.json["data"]) == (status, result)


async def test_what_an_owner_cannot_decide_soon_is_refused_before_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexus_gateway.commands.MOST_AWAITED", 2)
    platform = FakePlatform(reply_wait_seconds=60)
    call = HttpCaller(platform.app)
    waiting = [asyncio.create_task(call("POST", PROJECTS, GOOD)) for _ in range(2)]
    await eventually(lambda: len(platform.desk.waiting) == 2)
    refused = await call("POST", PROJECTS, GOOD)
    assert (refused.status, refused.json["error"]["details"]) == (503, {"service": "builds"})
    assert refused.headers["retry-after"] == "2"
    assert len(platform.bus.published) == 2
    assert (await call("POST", PROJECTS, GOOD, headers=[("Prefer", "respond-async")])).status == 202
    assert (await call("POST", f"/api/v1/agents/{AGENT_ID}/invoke", {"input_text": "1 + 1"})).status == 202
    platform.bus.decide = lambda _event: Outcome(status=200, result=SESSION)
    assert (await call("DELETE", f"/api/v1/sessions/{SESSION_ID}")).status == 200, "its owner is another one"
    for request_id, reply in platform.desk.waiting.items():
        reply.set_result(Reply(status=201, result=PROJECT, request_id=request_id, command_id="cmd"))
    assert [(await one).status for one in waiting] == [201, 201]
    assert (await call("POST", PROJECTS, GOOD)).status == 201


async def test_an_update_names_what_was_given_so_that_null_clears_and_absence_does_not(
    platform: FakePlatform, call: HttpCaller
) -> None:
    await call("PUT", f"/api/v1/agents/{AGENT_ID}", {"description": None, "tags": ["a"]}, headers=[("If-Match", '"3"')])
    data = platform.bus.last.data
    assert (data["given"], data["description"], data["tags"], data["if_match"]) == (
        ["description", "tags"],
        None,
        ["a"],
        3,
    )


async def test_an_agent_is_registered_under_the_project_given_or_a_new_one_that_its_key_makes(
    platform: FakePlatform, call: HttpCaller
) -> None:
    body = {"agent_name": "adder", "package_uri": "blob:sha256:" + "1" * 64}
    await call("POST", "/api/v1/agents", {**body, "project_id": PROJECT_ID})
    assert platform.bus.last.data["agent_id"] == f"{PROJECT_ID}:adder"
    ids: list[str] = []
    for _ in range(2):
        answer = await call("POST", "/api/v1/agents", body, headers=[("Idempotency-Key", "k")])
        ids.append(str(platform.bus.last.data["agent_id"]))
        assert answer.json["data"]["agent_id"] == ids[-1]
    assert ids[0] == ids[1] != f"{PROJECT_ID}:adder"


@pytest.mark.parametrize(
    "body",
    [
        {"agent_name": "adder"},
        {"agent_name": "adder", "package_id": "pkg_" + "1" * 32, "package_uri": "blob:sha256:" + "1" * 64},
        {"agent_name": "adder", "package_uri": "file:///etc/passwd"},
        {"agent_name": "1st", "package_id": "pkg_" + "1" * 32},
    ],
)
async def test_an_agent_has_one_package_and_a_possible_name(call: HttpCaller, body: dict[str, Any]) -> None:
    answer = await call("POST", "/api/v1/agents", body)
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.0", "01"])
async def test_a_version_that_no_agent_can_have_is_not_found(call: HttpCaller, number: str) -> None:
    answer = await call("PUT", f"/api/v1/agents/{AGENT_ID}/versions/{number}/activate")
    assert (answer.status, answer.error["code"]) in ((404, "RESOURCE_NOT_FOUND"), (400, "VALIDATION_ERROR"))


async def test_the_owners_error_is_given_on_whatever_its_code(platform: FakePlatform, call: HttpCaller) -> None:
    error = ErrorBody(code="BUILD_ERROR", message="no", details={"message": "m", "suggestion": 1})
    platform.bus.decide = lambda _event: Outcome(status=500, error=error)
    answer = await call("DELETE", f"{PROJECTS}/{PROJECT_ID}")
    assert (answer.status, answer.error["code"], answer.error["details"]) == (500, "BUILD_ERROR", error.details)
    assert answer.error["suggestion"]
    failed = AgentInvocationFailed("the agent failed", invocation_id="inv_1")
    platform.bus.decide = lambda _event: Outcome(status=500, error=failed.body())
    answer = await call("POST", f"/api/v1/agents/{AGENT_ID}/invoke", {"input_text": "1"})
    assert (answer.status, answer.error["code"]) == (500, "AGENT_INVOCATION_FAILED")


async def test_a_replayed_answer_says_so_be_it_a_result_or_an_error(platform: FakePlatform, call: HttpCaller) -> None:
    platform.bus.replayed = True
    platform.bus.decide = lambda _event: Outcome(status=201, result=PROJECT)
    assert (await call("POST", PROJECTS, GOOD)).headers["idempotent-replayed"] == "true"
    platform.bus.decide = lambda _event: Outcome(status=400, error=InvalidState("no").body())
    answer = await call("PUT", f"{PROJECTS}/{PROJECT_ID}/control", {"action": "stop"})
    assert (answer.status, answer.headers["idempotent-replayed"]) == (400, "true")


@pytest.mark.parametrize(
    "body", [{"action": "answer"}, {"action": "approve", "answers": {}}, {"action": "resume", "answers": {"a": 1}}]
)
async def test_an_answer_has_answers_and_nothing_else_has(
    platform: FakePlatform, call: HttpCaller, body: dict[str, Any]
) -> None:
    answer = await call("PUT", f"{PROJECTS}/{PROJECT_ID}/control", body)
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert "answers" in answer.error["details"]["errors"][0]["message"]
    assert platform.bus.published == []


async def test_an_unknown_method_of_building_is_refused_at_once(platform: FakePlatform, call: HttpCaller) -> None:
    answer = await call("POST", PROJECTS, {**GOOD, "build_method": "magic"})
    assert answer.error["details"]["errors"][0]["location"] == "body.build_method"
    assert platform.bus.published == []


@pytest.mark.parametrize("action", ["start", "pause", "resume", "stop"])
async def test_a_stage_to_begin_with_belongs_to_a_restart(
    platform: FakePlatform, call: HttpCaller, action: str
) -> None:
    body = {"action": action, "from_stage": "agent_design"}
    answer = await call("PUT", f"{PROJECTS}/{PROJECT_ID}/control", body)
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert "restart" in answer.error["details"]["errors"][0]["message"]
    assert platform.bus.published == []


async def test_with_the_broker_away_nothing_is_accepted(platform: FakePlatform, call: HttpCaller) -> None:
    platform.bus.fault = BrokerUnavailable("the message broker is unavailable")
    answer = await call("POST", PROJECTS, GOOD)
    assert (answer.status, answer.error["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer.error["details"] == {"service": "message_bus"}
    assert int(answer.headers["retry-after"]) > 0


async def test_without_acknowledgement_the_outcome_is_unknown(platform: FakePlatform, call: HttpCaller) -> None:
    platform.bus.fault = Unacknowledged("not acknowledged")
    answer = await call("POST", PROJECTS, GOOD)
    assert (answer.status, answer.error["code"]) == (504, "GATEWAY_TIMEOUT")
    assert answer.error["details"] == {"service": "message_bus"}
    assert "Idempotency-Key" in answer.error["suggestion"]


@pytest.mark.parametrize(
    "prefer", ["respond-async", "wait=5, Respond-Async", "respond-async; x=1", 'x="a, b",respond-async=""']
)
async def test_who_prefers_not_to_wait_is_answered_at_once(
    platform: FakePlatform, call: HttpCaller, prefer: str
) -> None:
    platform.bus.decide = lambda _event: Outcome(status=201, result=PROJECT)
    answer = await call("POST", PROJECTS, GOOD, headers=[("Prefer", prefer)])
    project_id = platform.bus.last.data["project_id"]
    operation_id = answer.json["data"]["operation_id"]
    assert (answer.status, answer.json["data"]) == (202, {"project_id": project_id, "operation_id": operation_id})
    assert answer.headers["location"] == f"/api/v1/operations/{operation_id}"
    assert answer.headers["preference-applied"] == "respond-async"


@pytest.mark.parametrize("prefer", ['x="a, respond-async"', "respond-asynchronously", "wait=5; respond-async", ""])
async def test_who_does_not_say_so_waits(platform: FakePlatform, call: HttpCaller, prefer: str) -> None:
    platform.bus.decide = lambda _event: Outcome(status=201, result=PROJECT)
    assert (await call("POST", PROJECTS, GOOD, headers=[("Prefer", prefer)])).status == 201


async def test_an_accepted_turn_names_its_invocation_and_a_system_message_has_none(
    platform: FakePlatform, call: HttpCaller
) -> None:
    path = f"/api/v1/sessions/{SESSION_ID}/messages"
    turn = await call("POST", path, {"content": "1 + 1"})
    invocation_id = platform.bus.last.data["invocation_id"]
    assert turn.json["data"]["invocation_id"] == invocation_id
    note = await call("POST", path, {"content": "be brief", "role": "system"})
    assert list(note.json["data"]) == ["session_id", "operation_id"]


async def test_turns_of_a_session_are_ordered_by_it_and_other_invocations_stand_alone(
    platform: FakePlatform, call: HttpCaller
) -> None:
    path = f"/api/v1/agents/{AGENT_ID}/invoke"
    await call("POST", path, {"input_text": "1", "session_id": SESSION_ID})
    assert platform.bus.last.subject == SESSION_ID
    await call("POST", path, {"input_text": "1"})
    assert platform.bus.last.subject == platform.bus.last.data["invocation_id"]


async def test_a_caller_waits_as_long_as_the_agent_may_take_or_until_the_server_stops(
    platform: FakePlatform, call: HttpCaller
) -> None:
    body = {"input_text": "1", "timeout_seconds": 60}
    waiting = asyncio.create_task(call("POST", f"/api/v1/agents/{AGENT_ID}/invoke", body))
    ordinary = await call("POST", f"/api/v1/agents/{AGENT_ID}/invoke", {"input_text": "1"})
    assert (ordinary.status, waiting.done()) == (202, False)
    waiting.cancel()
    stopped = await waiting
    assert (stopped.status, list(stopped.json["data"])) == (202, ["invocation_id", "operation_id"])
    assert platform.desk.waiting == {}


@pytest.mark.parametrize("session_id", [None, SESSION_ID], ids=["alone", "in a session"])
@pytest.mark.parametrize(
    ("seconds", "taken"), [(0, False), (0.001, False), (0.999, False), (1, True), (900, True), (901, False)]
)
async def test_an_invocation_gets_between_a_second_and_fifteen_minutes(
    platform: FakePlatform, call: HttpCaller, session_id: str | None, seconds: float, taken: bool
) -> None:
    body = {"input_text": "1", "session_id": session_id, "timeout_seconds": seconds}
    answer = await call("POST", f"/api/v1/agents/{AGENT_ID}/invoke", body, headers=[("Prefer", "respond-async")])
    assert (answer.status == 202, bool(platform.bus.published)) == (taken, taken)
    assert taken or (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "path", [f"/projects/{PROJECT_ID}", f"/agents/{AGENT_ID}", f"/sessions/{SESSION_ID}"], ids=lambda path: path[1:8]
)
async def test_if_match_goes_with_the_command(platform: FakePlatform, call: HttpCaller, path: str) -> None:
    conditions: list[tuple[list[str], Any]] = [
        (['"3"'], 3),
        (["*"], None),
        (['"x", "3"'], 3),
        (['"3"', ' ,"4" ,'], [3, 4]),
        (['W/"3", "4"'], 4),
        (['"a,b", "5"'], 5),
    ]
    for lines, expected in conditions:
        await call("DELETE", f"/api/v1{path}", headers=[("If-Match", line) for line in lines])
        assert platform.bus.last.data["if_match"] == expected


async def test_a_broker_that_lost_the_command_is_given_it_again_while_the_caller_waits(
    platform: FakePlatform, call: HttpCaller
) -> None:
    def forget_the_first(event: CloudEvent) -> Outcome | None:
        if len(platform.bus.published) == 1:
            platform.bus.cluster = "a broker that came back empty"
            return None
        return Outcome(status=201, result={**PROJECT, "project_id": event.data["project_id"]})

    platform.bus.decide = forget_the_first
    answer = await call("POST", PROJECTS, GOOD)
    assert answer.status == 201
    first, second = platform.bus.published
    assert first == second
