"""The document of the contract is complete, and its examples are true."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from openapi_spec_validator import validate
from tests.support.asgi import HttpCaller
from tests.support.gateway_document import DOCUMENT
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts import keys as of_keys
from nexus_contracts.agents import bodies as of_agents
from nexus_contracts.builds import bodies as of_builds
from nexus_gateway.access import scopes
from nexus_gateway.dependencies import OperationRoute

PLAIN = {"/health", "/health/live", "/health/ready", "/health/detailed", "/metrics", "/stages/info"}
OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
NAMED = {path for path in DOCUMENT["paths"] if path not in PLAIN}
CONTRACT = [one for one in OPERATIONS if one[1] not in PLAIN]
each_operation = pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=lambda value: str(value)[:60])
each_of_the_contract = pytest.mark.parametrize(
    ("method", "path", "operation"), CONTRACT, ids=lambda value: str(value)[:60]
)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():  # pyright: ignore[reportUnknownVariableType]  # any JSON
            if name == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:  # pyright: ignore[reportUnknownVariableType]  # any JSON
            yield from references(inner)


async def test_it_is_served_as_it_is_and_not_again_to_who_has_it() -> None:
    call = HttpCaller(FakePlatform().app)
    answer = await call("GET", "/openapi.json")
    assert (answer.status, answer.json) == (200, DOCUMENT)
    known = await call("GET", "/openapi.json", headers=[("If-None-Match", answer.headers["etag"])])
    assert (known.status, known.body) == (304, b"")


def test_every_operation_begins_with_the_check_of_its_caller() -> None:
    routes = [
        one for one in FakePlatform().app.routes if isinstance(one, APIRoute) and one.operation_id in scopes.OPERATIONS
    ]
    assert {one.operation_id for one in routes} == set(scopes.OPERATIONS)
    assert all(isinstance(one, OperationRoute) for one in routes)


def test_operation_ids_are_unique() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(names) == len(set(names)) == 70


@each_operation
def test_an_operation_says_what_it_is(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert all(parameter.get("description") or parameter["schema"] for parameter in operation.get("parameters", []))


@each_operation
def test_every_content_has_a_schema_and_an_example(method: str, path: str, operation: dict[str, Any]) -> None:
    described = [*operation["responses"].values(), *filter(None, [operation.get("requestBody")])]
    contents = [content for one in described for content in one.get("content", {}).values()]
    assert contents
    for content in contents:
        assert content["schema"]
        assert content.get("example") or content.get("examples") or path == "/health/ready"


DECIDED_AT_ONCE = ("/api/v1/packages", "/api/v1/keys", "/api/v1/keys/{key_id}", "/api/v1/keys/{key_id}/rotate")
"""By an owner over HTTP, or by the gateway itself."""


@each_of_the_contract
def test_an_operation_names_the_errors_that_it_can_give(method: str, path: str, operation: dict[str, Any]) -> None:
    expected = {"401", "403", "429", "500", "503", "504"}
    expected |= {"404"} if "{" in path else set()
    expected |= {"400"} if method in ("POST", "PUT", "DELETE") else set()
    keyed = any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", []))
    expected |= {"422"} if keyed else set()
    expected |= {"413", "415"} if "requestBody" in operation else set()
    expected |= {"202"} if method != "GET" and path not in DECIDED_AT_ONCE and not path.endswith("/upload") else set()
    queried = any(parameter["in"] == "query" for parameter in operation.get("parameters", []))
    expected |= {"400"} if queried else set()
    assert expected <= set(operation["responses"])
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Failure"}


def test_whatever_takes_a_new_id_is_linked_from_the_answer_that_has_it() -> None:
    named = {operation["operationId"]: (path, operation) for _, path, operation in OPERATIONS}
    for maker, status, name in (
        ("createProject", "201", "project_id"),
        ("registerAgent", "201", "agent_id"),
        ("createSession", "201", "session_id"),
        ("invokeAgent", "200", "invocation_id"),
        ("createKey", "201", "key_id"),
        ("verifyAgent", "202", "operation_id"),
    ):
        links = named[maker][1]["responses"][status]["links"]
        takers = {taker for taker, (path, _) in named.items() if f"{{{name}}}" in path}
        assert takers
        for taker in takers:
            place = {name: f"$response.body#/data/{name}"}
            assert links[taker] == {"operationId": taker, "parameters": place}


def test_the_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_every_reference_leads_somewhere() -> None:
    components = DOCUMENT["components"]["schemas"]
    assert {reference.rpartition("/")[2] for reference in references(DOCUMENT)} <= set(components)
    assert not {"HTTPValidationError", "ValidationError"} & set(components)


def test_examples_of_answers_are_what_their_models_say() -> None:
    routes = [route for route in FakePlatform().app.routes if isinstance(route, APIRoute) and route.path in NAMED]
    for route in routes:
        operation = DOCUMENT["paths"][route.path][min(route.methods or ()).lower()]
        example = operation["responses"][str(route.status_code)]["content"]["application/json"]["example"]
        model: Any = route.response_model
        assert model.model_validate(example).model_dump(mode="json", exclude_unset=True) == example


def test_examples_of_bodies_are_what_their_models_take() -> None:
    taken = 0
    for _, _, operation in OPERATIONS:
        content = operation.get("requestBody", {"content": {}})["content"].get("application/json")
        if content and "$ref" in content["schema"]:
            model = (vars(of_builds) | vars(of_agents) | vars(of_keys))[content["schema"]["$ref"].rpartition("/")[2]]
            assert model.model_validate(content["example"], strict=False)
            taken += 1
    assert taken == 13


def test_the_document_is_made_once() -> None:
    app = FakePlatform().app
    assert app.openapi() is app.openapi()


def test_bounds_of_numbers_are_in_the_document() -> None:
    schemas = [
        parameter["schema"].get("anyOf", [parameter["schema"]])[0]
        for *_, operation in OPERATIONS
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query"
    ]
    numbers = [schema for schema in schemas if schema.get("type") == "integer"]
    assert len(numbers) > 10
    assert all({"minimum", "maximum"} <= schema.keys() for schema in numbers)
