"""Verifying and changing an agent: what it serves is read first, then its project's owner is asked."""

import json
from typing import Any

import pytest
from tests.support.asgi import HttpCaller
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts.replies import Outcome
from nexus_gateway.openapi.examples import AGENT, AGENT_ID, PROJECT, PROJECT_ID
from nexus_gateway.openapi.verification_example import VERIFICATION
from nexus_gateway.owners import Answer

PATH = f"/api/v1/agents/{AGENT_ID}"
CHANGE = {"requirement": "It also converts units of length."}
SERVES = "a" * 64
WISHES: list[tuple[str, Any, dict[str, Any]]] = [
    ("verify", None, {}),
    ("changes", CHANGE, {**CHANGE, "activate_if_cases_fail": False}),
    ("changes", {**CHANGE, "activate_if_cases_fail": True}, {"activate_if_cases_fail": True}),
]


@pytest.fixture
def agent(platform: FakePlatform) -> None:
    body = json.dumps({**AGENT, "active_package_sha256": SERVES}).encode()
    platform.owners.answers[f"agents/agents/{AGENT_ID}"] = Answer(body, None)


@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize(("wish", "body", "said"), WISHES)
async def test_the_command_names_what_the_agent_serves(
    platform: FakePlatform, call: HttpCaller, wish: str, body: Any, said: dict[str, Any]
) -> None:
    answer = await call("POST", f"{PATH}/{wish}", body)
    assert answer.status == 202
    command = platform.bus.last
    known = {"project_id": PROJECT_ID, "agent_id": AGENT_ID, "package_sha256": SERVES, **said}
    assert known.items() <= command.data.items()
    assert command.subject == PROJECT_ID
    location = f"/agents/{AGENT_ID}/verification" if wish == "verify" else f"/projects/{PROJECT_ID}"
    platform.owners.answers[f"builds/operations/{command.data['command_id']}"] = Answer(b'{"outcome": null}', None)
    operation = await call("GET", answer.headers["location"])
    assert operation.json["data"]["resource"] == f"/api/v1{location}"


@pytest.mark.usefixtures("agent")
async def test_the_report_is_the_answer_where_it_comes_in_time(platform: FakePlatform, call: HttpCaller) -> None:
    platform.bus.decide = lambda _event: Outcome(status=200, result=VERIFICATION)
    answer = await call("POST", f"{PATH}/verify")
    assert (answer.status, answer.json["data"]) == (200, VERIFICATION)


@pytest.mark.usefixtures("agent")
async def test_a_change_is_answered_with_its_project(platform: FakePlatform, call: HttpCaller) -> None:
    platform.bus.decide = lambda _event: Outcome(status=201, result=PROJECT)
    answer = await call("POST", f"{PATH}/changes", CHANGE)
    assert (answer.status, answer.headers["location"]) == (201, f"/api/v1/projects/{PROJECT_ID}")


@pytest.mark.parametrize(("method", "wish"), [("POST", "verify"), ("POST", "changes"), ("GET", "verification")])
async def test_for_an_agent_that_is_not_there_nobody_else_is_asked(
    platform: FakePlatform, call: HttpCaller, method: str, wish: str
) -> None:
    answer = await call(method, f"{PATH}/{wish}", CHANGE if wish == "changes" else None)
    assert answer.status == 404
    assert platform.bus.published == []
    assert [owner for owner, _, _ in platform.owners.asked] == ["agents"]


@pytest.mark.usefixtures("agent")
async def test_its_verification_is_read_from_the_owner_of_its_project(platform: FakePlatform, call: HttpCaller) -> None:
    body = json.dumps(VERIFICATION).encode()
    platform.owners.answers[f"builds/agents/{AGENT_ID}/verification"] = Answer(body, None)
    answer = await call("GET", f"{PATH}/verification")
    assert (answer.status, answer.json["data"]) == (200, VERIFICATION)
