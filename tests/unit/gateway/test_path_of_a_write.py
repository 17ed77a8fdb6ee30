"""Whoever follows a write through the gateway reads two files: its route, and the commands."""

import json
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from tests.support.asgi import HttpCaller
from tests.support.gateway_fakes import FakePlatform

import nexus_gateway
from nexus_contracts.replies import Outcome
from nexus_gateway.openapi.examples import AGENT_ID, INVOCATION_RESULT, PROJECT, PROJECT_ID
from nexus_gateway.owners import Answer

ROOT = Path(nexus_gateway.__file__).parent
OF_EVERY_REQUEST = ("answers.py", "dependencies.py", "middleware.py", "requests/")
"""What any request goes through, whatever it asks for: who it is from, what form it has, and how answers look."""


class Entered:
    """The files of the gateway of which a function ran meanwhile, those of every request left out."""

    def __init__(self) -> None:
        self.files: set[str] = set()

    def __enter__(self) -> "Entered":
        self._before = sys.getprofile()
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._before)

    def _note(self, frame: FrameType, event: str, _argument: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(ROOT):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(OF_EVERY_REQUEST):
                self.files.add(name)


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
    with Entered() as entered:
        answer = await call("POST", path, body, headers=list(headers.items()))
    assert answer.status in (200, 201, 202)
    assert len(platform.bus.published) == 1
    assert entered.files == files | {"commands.py"}
