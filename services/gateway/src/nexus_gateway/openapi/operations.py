"""How a route describes its inputs and answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, JsonValue

from nexus_contracts.answers import EXAMPLE_REQUEST, EXAMPLE_TIME, Failure, Success
from nexus_contracts.errors import (
    Conflict,
    GatewayTimeout,
    IdempotencyKeyReused,
    InternalError,
    InvalidState,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    PlatformError,
    PreconditionFailed,
    RateLimitExceeded,
    ServiceUnavailable,
    TenantQuotaExceeded,
    Unauthenticated,
    UnsupportedMediaType,
    ValidationFailed,
)
from nexus_gateway.access.scopes import OPERATIONS
from nexus_gateway.openapi.examples import OPERATION_ID, enveloped
from nexus_gateway.requests.uploads import FIELD, FORM

EXAMPLE_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
Errors = tuple[type[PlatformError], ...]
READ_ERRORS: Errors = (ValidationFailed, InternalError, ServiceUnavailable, GatewayTimeout)
ONE_ERRORS: Errors = (NotFound, *READ_ERRORS)
WRITE_ERRORS: Errors = (ValidationFailed, InternalError, ServiceUnavailable, GatewayTimeout, IdempotencyKeyReused)
_NOT_TAKEN: Errors = (PayloadTooLarge, UnsupportedMediaType)
BODY_ERRORS: Errors = (*WRITE_ERRORS, *_NOT_TAKEN)
REPORT_ERRORS: Errors = (*ONE_ERRORS, *_NOT_TAKEN, IdempotencyKeyReused)
CHANGE_ERRORS: Errors = (*WRITE_ERRORS, NotFound, PreconditionFailed)
STATE_ERRORS: Errors = (InvalidState, Conflict)
BUILD_ERRORS: Errors = (*STATE_ERRORS, TenantQuotaExceeded)
_ACCESS_ERRORS: Errors = (Unauthenticated, PermissionDenied, RateLimitExceeded)
_SAID: dict[type[PlatformError], str] = {
    ValidationFailed: "a field or parameter is not valid",
    InvalidState: "not allowed in the current state",
    Unauthenticated: "no credentials, or none that are valid",
    PermissionDenied: "a scope is missing",
    RateLimitExceeded: "too many requests; Retry-After says when to come again",
    TenantQuotaExceeded: "more than a quota of the tenant; Retry-After says when to come again, if that helps",
    NotFound: "no such resource, or another's",
    Conflict: "already taken, or changed concurrently",
    PreconditionFailed: "If-Match is not the current ETag",
    PayloadTooLarge: "the body, or an object in it, is too large",
    UnsupportedMediaType: "the operation does not accept this type of body",
    IdempotencyKeyReused: "the Idempotency-Key was used for another request",
    ServiceUnavailable: "a dependency is unavailable; nothing was accepted",
    GatewayTimeout: "timed out; the outcome of a write is unknown",
}


def parameter(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string"},
        "example": example,
    }


KEY = parameter(
    "Idempotency-Key",
    "same key, same request: the same effect once, the same answer; 1 to 255 printable characters, given once",
    "order-4711",
)
PREFER = parameter("Prefer", "`respond-async`: answer 202 as soon as the command is durable", "respond-async")
IF_MATCH = parameter("If-Match", "proceed only if one of these is the resource's current ETag; `*`: any", '"3"')
IF_NONE_MATCH = parameter("If-None-Match", "answer 304 if one of these is the resource's current ETag", '"3"')
_EVENT = {
    "type": "object",
    "description": "one of the events that the stream consists of (server-sent events); `data` is JSON",
    "required": ["id", "event", "data"],
    "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
}
LAST_EVENT_ID = parameter(
    "Last-Event-ID", "for a stream: resume after the event with this id, which must not be beyond the newest", "7"
)


def file_form(media_type: str, example: str) -> dict[str, Any]:
    """A request body with one file."""
    file = {"type": "string", "contentMediaType": media_type}
    schema = {"type": "object", "required": [FIELD], "properties": {FIELD: file}}
    return {FORM: {"schema": schema, "example": {FIELD: example}}}


def operation(
    operation_id: str,
    summary: str,
    answer: Any,
    example: JsonValue,
    *,
    status: int = 200,
    errors: Errors = READ_ERRORS,
    parameters: Iterable[dict[str, Any]] = (),
    body: type[BaseModel] | None = None,
    body_example: JsonValue = None,
    contents: Mapping[str, Any] | None = None,
    accepted: Mapping[str, str] | None = None,
    stream: str | None = None,
) -> dict[str, Any]:
    """Keyword arguments of a route. `answer` is the model of `data`; `accepted` the ids that a 202 carries.

    `contents` describes bodies of other forms than one model in JSON, by media type. `stream` is the text of
    events that come where the caller accepts text/event-stream.
    """
    chosen = list(parameters)
    taken = _request_body(body, body_example) if body else {}
    if contents is not None:
        taken = {"requestBody": {"required": True, "content": contents}}
    responses: dict[int | str, dict[str, Any]] = {
        status: {"description": "done", "content": _content(enveloped(example))},
        **_failures((*errors, *_ACCESS_ERRORS)),
    }
    scope = OPERATIONS[operation_id].scope
    if accepted is not None:
        responses[202] = _accepted(accepted)
    if stream is not None:
        text = {"schema": _EVENT, "example": stream}
        streamed = responses.setdefault(200, {"description": "where a stream was asked for", "content": {}})
        streamed["content"]["text/event-stream"] = text
        responses[204] = {"description": "for a stream: it has ended, and nothing follows Last-Event-ID"}
    if IF_NONE_MATCH in chosen:
        responses[304] = {"description": "not modified"}
    return {
        "operation_id": operation_id,
        "summary": summary,
        "status_code": status,
        "response_model": Success[answer],
        "responses": responses,
        "openapi_extra": {"parameters": chosen, "security": [{"bearer": [scope] if scope else []}], **taken},
    }


def _request_body(body: type[BaseModel], example: JsonValue) -> dict[str, Any]:
    content = {"schema": {"$ref": f"#/components/schemas/{body.__name__}"}, "example": example}
    required = any(field.is_required() for field in body.model_fields.values())
    return {"requestBody": {"required": required, "content": {"application/json": content}}}


def _content(example: JsonValue) -> dict[str, Any]:
    return {"application/json": {"example": example}}


def _accepted(ids: Mapping[str, str]) -> dict[str, Any]:
    example = enveloped({**ids, "operation_id": OPERATION_ID}, "accepted; read the outcome at the address in Location")
    return {
        "model": Success[dict[str, str]],
        "description": "accepted and durable, but not decided yet; read the outcome at Location",
        "content": _content(example),
    }


def _failures(errors: Errors) -> dict[int | str, dict[str, Any]]:
    by_status: dict[int, list[type[PlatformError]]] = {}
    for error in dict.fromkeys(errors):
        by_status.setdefault(error.http_status, []).append(error)
    return {status: _failure(kinds) for status, kinds in sorted(by_status.items())}


def _failure(kinds: list[type[PlatformError]]) -> dict[str, Any]:
    examples = {kind.code: {"summary": _said(kind), "value": _error_example(kind)} for kind in kinds}
    return {
        "model": Failure,
        "description": "; ".join(f"{kind.code}: {_said(kind)}" for kind in kinds),
        "content": {"application/json": {"examples": examples}},
    }


def _said(kind: type[PlatformError]) -> str:
    return _SAID.get(kind, "internal error")


def _error_example(kind: type[PlatformError]) -> JsonValue:
    error: dict[str, JsonValue] = {
        "code": kind.code,
        "message": _said(kind),
        "details": {},
        "suggestion": kind.suggestion,
        "trace_id": EXAMPLE_TRACE,
    }
    return {"success": False, "error": error, "timestamp": EXAMPLE_TIME, "request_id": EXAMPLE_REQUEST}
