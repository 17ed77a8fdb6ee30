"""The REST contract changes compatibly: the rule itself on changes made by hand, the code against what was agreed."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from tests.contract.test_compatibility import UNDERSTOOD, keywords
from tests.support.gateway_document import DOCUMENT

from nexus_contracts.registry import agreed_openapi
from nexus_contracts.rest_compatibility import breaking_rest_changes

AGREED: Any = agreed_openapi()
Change = Callable[[Any], Any]
PROJECTS = "/api/v1/projects"


def operation(document: Any, method: str = "post", path: str = PROJECTS) -> Any:
    return document["paths"][path][method]


def schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def fields(document: Any, name: str) -> Any:
    return schema(document, name)["properties"]


BREAKING: dict[str, tuple[Change, str]] = {
    "a path goes": (lambda it: it["paths"].pop(PROJECTS), f"GET {PROJECTS}: was removed"),
    "an operation goes": (lambda it: it["paths"][PROJECTS].pop("post"), f"POST {PROJECTS}: was removed"),
    "a status goes": (lambda it: operation(it)["responses"].pop("202"), f"POST {PROJECTS} 202: was removed"),
    "a form of an answer goes": (
        lambda it: operation(it, "get", PROJECTS + "/{project_id}/events")["responses"]["200"]["content"].pop(
            "text/event-stream"
        ),
        f"GET {PROJECTS}/{{project_id}}/events 200: text/event-stream is no longer given",
    ),
    "a form of a body goes": (
        lambda it: operation(it, "post", PROJECTS + "/{project_id}/reports")["requestBody"]["content"].pop(
            "application/cloudevents+json"
        ),
        f"POST {PROJECTS}/{{project_id}}/reports body: application/cloudevents+json is no longer taken",
    ),
    "a parameter goes": (
        lambda it: operation(it, "get")["parameters"].clear(),
        f"GET {PROJECTS} query.user_id: was removed",
    ),
    "a parameter becomes required": (
        lambda it: operation(it, "get")["parameters"][0].update(required=True),
        f"GET {PROJECTS} query.user_id: became required",
    ),
    "a parameter becomes narrower": (
        lambda it: operation(it, "get")["parameters"][3]["schema"].update(maximum=50),
        f"GET {PROJECTS} query.limit: maximum became narrower",
    ),
    "a field of a body goes": (
        lambda it: fields(it, "CreateProjectBody").pop("tags"),
        f"POST {PROJECTS} body.tags: was removed",
    ),
    "a field of a body becomes required": (
        lambda it: schema(it, "CreateProjectBody")["required"].append("tags"),
        f"POST {PROJECTS} body.tags: became required",
    ),
    "a field of a body becomes narrower": (
        lambda it: fields(it, "CreateProjectBody")["priority"].update(maximum=4),
        f"POST {PROJECTS} body.priority: maximum became narrower, 5 to 4",
    ),
    "a value of a body goes": (
        lambda it: schema(it, "ControlAction")["enum"].remove("pause"),
        "body.action: value 'pause' was removed",
    ),
    "a body becomes required": (
        lambda it: operation(it, "post", "/api/v1/agents/{agent_id}/sessions")["requestBody"].update(required=True),
        "POST /api/v1/agents/{agent_id}/sessions body: became required",
    ),
    "a field of an answer goes": (
        lambda it: fields(it, "ProjectView").pop("progress"),
        "200.data.progress: was removed",
    ),
    "a field deep in an answer goes": (
        lambda it: fields(it, "StageView").pop("status"),
        "stages[items].status: was removed",
    ),
    "a field of an answer may be missing": (
        lambda it: schema(it, "ProjectView")["required"].remove("progress"),
        "200.data.progress: may be missing now",
    ),
    "a field of an answer is of another type": (
        lambda it: fields(it, "ProjectView")["progress"].update(type="string"),
        "200.data.progress: type changed",
    ),
    "a field of an answer may be null": (
        lambda it: fields(it, "ProjectView").update(progress={"anyOf": [{"type": "number"}, {"type": "null"}]}),
        "200.data.progress: null is no longer taken",
    ),
    "an answer may have one more value": (
        lambda it: schema(it, "StepStatus")["enum"].append("dreaming"),
        "value 'dreaming' was removed",
    ),
}
COMPATIBLE: dict[str, Change] = {
    "nothing": lambda it: it,
    "one more path": lambda it: it["paths"].update({"/api/v1/songs": {"get": {"responses": {}}}}),
    "one more operation": lambda it: it["paths"][PROJECTS].update(patch={"responses": {}}),
    "one more status": lambda it: operation(it)["responses"].update({"451": {"description": "for legal reasons"}}),
    "one more parameter": lambda it: operation(it, "get")["parameters"].append(
        {"in": "query", "name": "colour", "schema": {"type": "string"}}
    ),
    "one more field of a body": lambda it: fields(it, "CreateProjectBody").update(colour={"type": "string"}),
    "one more value of a body": lambda it: schema(it, "ControlAction")["enum"].append("sing"),
    "a body takes more": lambda it: fields(it, "CreateProjectBody")["priority"].update(maximum=9),
    "one more field of an answer": lambda it: fields(it, "ProjectView").update(colour={"type": "string"}),
    "a field of an answer is always there": lambda it: schema(it, "StageView")["required"].append("sub_stages"),
    "other words": lambda it: operation(it).update(description="", summary=""),
}


@pytest.mark.parametrize("change", BREAKING)
def test_a_breaking_change_is_told_with_operation_and_place(change: str) -> None:
    changed = copy.deepcopy(AGREED)
    make, told = BREAKING[change]
    make(changed)
    found = breaking_rest_changes(AGREED, changed)
    assert any(told in line for line in found), found


@pytest.mark.parametrize("change", COMPATIBLE)
def test_what_comes_in_addition_passes(change: str) -> None:
    changed = copy.deepcopy(AGREED)
    COMPATIBLE[change](changed)
    assert breaking_rest_changes(AGREED, changed) == []


def test_the_gateway_has_not_changed_incompatibly_since_its_contract_was_agreed_on() -> None:
    assert breaking_rest_changes(AGREED, DOCUMENT) == []


def test_the_comparison_understands_every_keyword_in_use() -> None:
    own = {"contentEncoding", "discriminator"}
    for component in AGREED["components"]["schemas"].values():
        assert set(keywords(component)) <= UNDERSTOOD | own
