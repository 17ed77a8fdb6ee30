"""The former interface: the same effects and answers, and a hint at what has taken its place."""

import json
from collections import defaultdict

import pytest
from tests.support.asgi import HttpCaller
from tests.support.gateway_document import DOCUMENT
from tests.support.gateway_fakes import FakePlatform
from tests.support.histories import parsed

from nexus_contracts.agents.streams import StreamedEvent, StreamPart
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.replies import Outcome
from nexus_gateway.openapi import dialog_examples, examples
from nexus_gateway.openapi.examples import AGENT_ID, PROJECT_ID, SESSION_ID
from nexus_gateway.owners import Answer

AGENT = f"/api/v1/agents/{AGENT_ID}"
FORM = "multipart/form-data; boundary=b"
DIALOG = f"{AGENT}/sessions/{SESSION_ID}"
FORMER = [
    (method.upper(), path)
    for path, item in DOCUMENT["paths"].items()
    for method, found in item.items()
    if found.get("deprecated")
]


def own_session(platform: FakePlatform, agent_id: str = AGENT_ID) -> None:
    session = json.dumps({"session_id": SESSION_ID, "agent_id": agent_id}).encode()
    platform.owners.answers[f"agents/sessions/{SESSION_ID}"] = Answer(session, None)


def require_superseded(headers: dict[str, str], successor: str) -> None:
    assert headers["deprecation"].startswith("@")
    assert headers["link"] == f'<{successor}>; rel="successor-version"'


async def test_a_dialog_always_streams(platform: FakePlatform, call: HttpCaller) -> None:
    def decide(event: CloudEvent) -> Outcome:
        invocation_id = str(event.data["invocation_id"])
        done = StreamedEvent(sequence=1, name="done", data={})
        kept = StreamPart(invocation_id=invocation_id, after=0, items=[done], ended=True)
        address = f"agents/invocations/{invocation_id}/stream"
        platform.owners.answers[address] = Answer(kept.model_dump_json().encode(), None)
        return Outcome.accepted("invocation", invocation_id)

    platform.bus.decide = decide
    answer = await call("POST", f"{DIALOG}/stream", {"message": "hi"})
    assert [event.event for event in parsed(answer.body.decode())] == ["done"]
    assert (platform.bus.last.data["content"], platform.bus.last.data["stream"]) == ("hi", True)
    require_superseded(answer.headers, f"/api/v1/sessions/{SESSION_ID}/messages")


async def test_messages_are_those_of_the_session(platform: FakePlatform, call: HttpCaller) -> None:
    own_session(platform)
    platform.owners.answers[f"agents/sessions/{SESSION_ID}/messages"] = Answer(
        b'{"items":[],"count":0,"last_key":null}', None
    )
    answer = await call("GET", f"{DIALOG}/messages")
    assert answer.json["data"]["items"] == []
    require_superseded(answer.headers, f"/api/v1/sessions/{SESSION_ID}/messages")


async def test_the_session_of_another_agent_does_not_exist(platform: FakePlatform, call: HttpCaller) -> None:
    own_session(platform, f"{PROJECT_ID}:other")
    answer = await call("GET", f"{DIALOG}/messages")
    assert (answer.status, answer.error["details"]["type"]) == (404, "session")
    await call("POST", f"{DIALOG}/stream", {"message": "hi"})
    assert platform.bus.last.data["agent_id"] == AGENT_ID, "the owner of sessions decides"


async def test_a_file_goes_into_the_session_with_its_name(platform: FakePlatform, call: HttpCaller) -> None:
    reply = {"status": 201, "result": dialog_examples.UPLOAD, "request_id": "e", "command_id": "c"}
    platform.owners.answers[f"agents/sessions/{SESSION_ID}/uploads"] = Answer(json.dumps(reply).encode(), None)
    file = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="o.csv"\r\nContent-Type: text/csv\r\n\r\na,b\r\n'
    )
    answer = await call("POST", f"{DIALOG}/upload", raw=file + b"--b--\r\n", content_type=FORM)
    assert (answer.status, answer.json["data"]) == (201, dialog_examples.UPLOAD)
    _, _, query = platform.owners.asked[-1]
    assert (query["name"], query["media_type"], platform.owners.uploaded) == ("o.csv", "text/csv", [b"a,b"])
    assert query["agent_id"] == AGENT_ID
    require_superseded(answer.headers, f"/api/v1/sessions/{SESSION_ID}")


async def test_the_name_and_type_of_a_file_are_a_part_of_what_a_key_is_for(
    platform: FakePlatform, call: HttpCaller
) -> None:
    async def sent(name: str, kind: str) -> str:
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}'
        raw = f"--b\r\n{head}\r\n\r\na,b\r\n--b--\r\n".encode()
        await call("POST", f"{DIALOG}/upload", raw=raw, content_type=FORM, headers=[("Idempotency-Key", "k")])
        return platform.owners.asked[-1][2]["fingerprint"]

    first = await sent("o.csv", "text/csv")
    assert await sent("o.csv", "text/csv") == first
    assert len({first, await sent("p.csv", "text/csv"), await sent("o.csv", "text/plain")}) == 3


async def test_context_and_health_are_read_from_the_agent(platform: FakePlatform, call: HttpCaller) -> None:
    shown = json.dumps(examples.AGENT).encode()
    platform.owners.answers[f"agents/agents/{AGENT_ID}"] = Answer(shown, '"3"')
    context = await call("GET", f"{AGENT}/context")
    assert (context.json["data"]["agent_id"], context.headers["etag"]) == (AGENT_ID, '"3"')
    health = await call("GET", f"{AGENT}/runtime/health")
    assert (health.json["data"]["healthy"], health.json["data"]["status"]) == (True, "running")
    for answer in (context, health):
        require_superseded(answer.headers, AGENT)


async def test_a_task_is_a_project(platform: FakePlatform, call: HttpCaller) -> None:
    platform.bus.decide = lambda _event: Outcome(status=201, result={"project_name": "x", "agent_name": "adder"})
    body = {"requirement": "an agent that adds numbers", "user_id": "maria", "priority": 5}
    answer = await call("POST", "/api/v1/agents/create", body)
    task = answer.json["data"]
    command = platform.bus.last.data
    assert (answer.status, task["task_id"], task["agent_name"]) == (202, command["project_id"], "adder")
    assert (command["priority"], command["user_id"], task["status"]) == (5, "maria", "queued")
    require_superseded(answer.headers, "/api/v1/projects")
    platform.owners.answers[f"builds/projects/{task['task_id']}"] = Answer(b"{}", '"1"')
    assert (await call("GET", answer.headers["location"])).status == 200


@pytest.mark.parametrize("action", ["pause", "resume", "stop", "restart"])
async def test_a_build_is_controlled_by_its_path(platform: FakePlatform, call: HttpCaller, action: str) -> None:
    platform.bus.decide = lambda _event: Outcome(status=200, result={"project_name": "x", "version": 4})
    answer = await call("POST", f"/api/v1/agents/{PROJECT_ID}/{action}")
    assert (answer.status, platform.bus.last.data["action"]) == (200, action)
    require_superseded(answer.headers, f"/api/v1/projects/{PROJECT_ID}/control")


def test_the_former_operations_are_marked_in_the_document() -> None:
    assert len(FORMER) == 12


@pytest.mark.parametrize(("method", "path"), FORMER)
async def test_errors_say_what_to_use_as_well(call: HttpCaller, method: str, path: str) -> None:
    of_each = {"project_id": PROJECT_ID, "task_id": PROJECT_ID, "agent_id": AGENT_ID, "session_id": SESSION_ID}
    ids = defaultdict(str, of_each)
    answer = await call(method, path.format_map(ids) + "?unknown=1")
    assert answer.status == 400
    assert answer.headers["deprecation"].startswith("@")
    successor = answer.headers["link"].removeprefix("<").removesuffix('>; rel="successor-version"')
    assert (await call("OPTIONS", successor)).status == 204, successor
    current = [known for known in DOCUMENT["paths"] if known.format_map(ids) == successor]
    assert not any(item.get("deprecated") for known in current for item in DOCUMENT["paths"][known].values())


async def test_whatever_is_in_the_path_the_hint_is_one_short_header_field(call: HttpCaller) -> None:
    answer = await call("GET", "/api/v1/agents/%3E%0D%0Ax:%20%C3%A9" + "y" * 9_000 + "/status")
    assert answer.status == 404
    assert answer.headers["link"].startswith("</api/v1/projects/%3E%0D%0Ax:%20%C3%A9yyy")
    assert len(answer.headers["link"]) < 1_000


async def test_other_operations_are_not_superseded(call: HttpCaller) -> None:
    for path in (f"/api/v1/projects/{PROJECT_ID}?unknown=1", "/api/v1/agents/create/nothing", AGENT):
        answer = await call("GET", path)
        assert not {"deprecation", "link"} & set(answer.headers)
