"""Whoever follows a write through the gateway reads two files: its route, and the commands."""

import json
from typing import Any

import pytest
from tests.support.asgi import HttpCaller
from tests.support.entered import Entered
from tests.support.gateway_fakes import FakePlatform

import nexus_gateway
from nexus_contracts.replies import Outcome
from nexus_gateway.openapi.examples import AGENT_ID, INVOCATION_RESULT, PROJECT, PROJECT_ID
from nexus_gateway.owners import Answer

OF_EVERY_REQUEST = ("access/", "answers.py", "dependencies.py", "middleware.py", "requests/")
"""What any request goes through, whatever it asks for: who it is from, what form it has, and how answers look."""


@pytest.mark.parametrize(
    ("path", "body", "headers", "result", "files"),
    [
        ("/api/v1/projects", {"requirement": "an agent that adds numbers"}, {}, PROJECT, {"routes/projects.py"}),
        (f"/api/v1/agents/{AGENT_ID}/invoke", {"input_text": "1"}, {}, INVOCATION_RESULT, {"routes/agents.py"}),
        (
            f"/api/v1/projects/{PROJECT_ID}/reports",
            {"attempt": 1, "stage_name": "orchestrator"},
            {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/ci", "ce-type": "nexus.stage.started.v1"},
            None,
            {"routes/reports.py"},
        ),
    ],
    ids=["create a project", "invoke an agent", "report on a build"],
)
async def test_a_write_enters_its_route_and_the_commands(
    platform: FakePlatform,
    call: HttpCaller,
    path: str,
    body: Any,
    headers: dict[str, str],
    result: Any,
    files: set[str],
) -> None:
    platform.owners.answers[f"builds/projects/{PROJECT_ID}"] = Answer(json.dumps(PROJECT).encode(), '"3"')
    platform.bus.decide = lambda _event: Outcome(status=201, result=result) if result else None
    with Entered(nexus_gateway, OF_EVERY_REQUEST) as entered:
        answer = await call("POST", path, body, headers=list(headers.items()))
    assert answer.status in (200, 201, 202)
    assert len(platform.bus.published) == 1
    assert entered.files == files | {"commands.py"}
