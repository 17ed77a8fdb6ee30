"""The document itself: FastAPI's, completed with bodies that routes read themselves, and with examples."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from nexus_contracts.agents import bodies as of_agents
from nexus_contracts.answers import EXAMPLE_TIME
from nexus_contracts.builds import bodies as of_builds
from nexus_contracts.entity_tags import names_tag
from nexus_contracts.keys import CreateKeyBody, RotateKeyBody
from nexus_gateway.access.scopes import SCOPES
from nexus_gateway.answers import to_json
from nexus_gateway.openapi.links import add_links
from nexus_gateway.requests.header_fields import joined
from nexus_gateway.requests.preconditions import tag_of

DOCUMENT = "/openapi.json"
DESCRIPTION = (
    "Describe an agent in plain words, follow its build stage by stage, invoke it, talk to it, and see the figures. "
    "Every answer carries `X-Request-ID` and `X-Response-Time` (seconds).\n\n"
    "**Details of the protocol.** Query parameters and fields that an operation does not know are refused, and so are "
    "a parameter or a name in an object given twice, empty items of lists, and compressed bodies (415). Where an "
    "operation streams, `Accept` with its qualities chooses. Ids are opaque: those made without an `Idempotency-Key` "
    "sort by time (UUID version 7), those made with one derive from it (version 8) and do not; lists sort by "
    "`created_at`. All of it: `docs/http.md`."
)
TAGS = [
    {"name": "projects", "description": "what is being built, and its progress"},
    {"name": "agents-management", "description": "agents and their invocations"},
    {"name": "agents", "description": "the former interface; each operation names what has taken its place"},
    {"name": "sessions", "description": "conversations with an agent"},
    {"name": "statistics", "description": "figures of builds and invocations"},
    {"name": "operations", "description": "what became of accepted commands"},
    {"name": "admin", "description": "API keys of the tenant"},
    {"name": "health", "description": "health of the gateway, and the table of stages"},
]
_BODIES = (
    of_builds.CreateProjectBody,
    of_builds.ControlProjectBody,
    of_builds.CreateAgentBody,
    of_builds.ChangeAgentBody,
    of_agents.RegisterAgentBody,
    of_agents.UpdateAgentBody,
    of_agents.SetAgentStatusBody,
    of_agents.InvokeAgentBody,
    of_agents.CreateSessionBody,
    of_agents.DialogBody,
    of_agents.PostMessageBody,
    CreateKeyBody,
    RotateKeyBody,
)
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "an API key (`nexus_...`) or a JSON Web Token. Scopes:\n\n"
    + "\n".join(f"- `{scope}`: {meaning}" for scope, meaning in SCOPES.items()),
}
_HEAD = {"status": "healthy", "version": "1.0.0", "timestamp": EXAMPLE_TIME}
_CHECK: dict[str, Any] = {"status": "healthy", "latency_ms": 0.1, "details": {}, "error": None}
_SYSTEM = {"cpu_percent": 2.5, "memory_percent": 31.0, "process_memory_mb": 92.4, "uptime_seconds": 3600.0}
_HEALTH_EXAMPLES: Mapping[str, Any] = {
    "getHealth": _HEAD,
    "getLiveness": _HEAD,
    "getReadiness": {**_HEAD, "failing": [], "reasons": {}},
    "getDetailedHealth": {**_HEAD, "checks": {"message_bus": _CHECK, "services": _CHECK}, "system": _SYSTEM},
}
_METRICS_EXAMPLE = "# TYPE nexus_messages_published_total counter\n"


def add_document(app: FastAPI) -> None:
    """Makes the application's `openapi` return the whole contract, and serves it: made once, on first use."""

    def document() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    @cache
    def written() -> bytes:
        return to_json(document())

    async def serve(request: Request) -> Response:
        # Anyone may ask for it: writing half a megabyte of JSON each time would keep a core busy with few requests.
        content = written()
        headers = {"ETag": tag_of(content)}
        if names_tag(joined(request, "if-none-match"), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type="application/json")

    app.openapi = document
    app.add_api_route(DOCUMENT, serve, methods=["GET"], include_in_schema=False)


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, tags=TAGS)
    _, schemas = models_json_schema(
        [(model, "validation") for model in _BODIES], ref_template="#/components/schemas/{model}"
    )
    components = made["components"]["schemas"]
    components.update(schemas["$defs"])
    made["components"]["securitySchemes"] = {"bearer": _BEARER}
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                operation = made["paths"][route.path][method.lower()]
                _restore_nulls(operation, route)
                _finish(operation)
    add_links(made)
    return made


def _restore_nulls(operation: dict[str, Any], route: APIRoute) -> None:
    """FastAPI omits null everywhere, even in examples."""
    for status, response in route.responses.items():
        for media_type, content in response.get("content", {}).items():
            if "example" in content:
                operation["responses"][str(status)]["content"][media_type]["example"] = content["example"]


def _finish(operation: dict[str, Any]) -> None:
    """FastAPI's own form of validation errors never leaves the gateway; the chassis' routes get their examples."""
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    name = operation["operationId"]
    if name in _HEALTH_EXAMPLES:
        responses["200"]["content"]["application/json"]["example"] = _HEALTH_EXAMPLES[name]
    if name == "getMetrics":
        responses["200"]["content"] = {"text/plain": {"schema": {"type": "string"}, "example": _METRICS_EXAMPLE}}
