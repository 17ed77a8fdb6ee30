"""The envelope of all answers, and how each failure becomes one.

The tree of errors is in `nexus_contracts.errors`; this module adds `RefusedByOwner`, which passes on an owner's error.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from fastapi import Response
from pydantic import ValidationError
from starlette.types import Scope

from nexus_contracts.errors import (
    ErrorBody,
    InternalError,
    PayloadTooLarge,
    PlatformError,
    RateLimitExceeded,
    ServiceUnavailable,
    Unauthenticated,
    ValidationFailed,
)
from nexus_contracts.identifiers import format_timestamp
from nexus_contracts.model import Message
from nexus_contracts.text import TooLarge
from nexus_runtime.process import tracing
from nexus_runtime.process.clock import new_id, utc_now
from nexus_runtime.process.service import validation_failure

RETRY_AFTER_SECONDS = 2
REPLAYED = "Idempotent-Replayed"
Place = Sequence[int | str]
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
SAFE = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
request_id: ContextVar[str] = ContextVar("request_id", default="")


def begin(received: str | None) -> str:
    """The id of the request that starts now: the caller's if it is well-formed, else a new one."""
    # It is written into logs and headers, where text of another form could pass for something else.
    known = received if received and _REQUEST_ID.fullmatch(received) else new_id("req_")
    request_id.set(known)
    return known


def received(scope: Scope, field: bytes) -> str:
    """The header's value; several lines are joined, and then do not have the form of an id."""
    return b",".join(value for name, value in scope["headers"] if name == field).decode("latin-1")


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _tail() -> bytes:
    return f',"timestamp":"{format_timestamp(utc_now())}","request_id":"{request_id.get()}"}}'.encode()


def success(
    data: bytes, status: int = 200, *, message: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """`data` is JSON already, and is sent unchanged."""
    said = b',"message":' + to_json(message) if message else b""
    body = b'{"success":true,"data":' + data + said + _tail()
    return Response(body, status, headers, media_type="application/json")


class RefusedByOwner(PlatformError):
    """An owner's error. `replayed`: the owner had already given this answer to an earlier, equal request."""

    def __init__(self, answer: ErrorBody, status: int, *, replayed: bool = False) -> None:
        super().__init__(answer.message)
        self.answer = answer
        self.status = status
        self.replayed = replayed

    def body(self) -> ErrorBody:
        return self.answer


class _OwnerError(Message):
    error: ErrorBody


def refusal_of(status: int, body: bytes) -> PlatformError:
    """The error in an owner's HTTP answer; anything that does not have the agreed form is hidden from callers."""
    try:
        # From an owner 401 means that it does not trust the gateway. The caller's own credentials were accepted.
        if status == Unauthenticated.http_status:
            return InternalError("a service of the platform rejected the gateway's identity")
        return RefusedByOwner(_OwnerError.model_validate_json(body).error, status)
    except ValidationError:
        return InternalError("a service of the platform sent an answer that cannot be read")


def failure(error: PlatformError, headers: Mapping[str, str] | None = None) -> Response:
    """The error with its own status; if it is temporary, with Retry-After."""
    known = error.body()
    status = error.status if isinstance(error, RefusedByOwner) else error.http_status
    sent = dict(headers or {})
    if status == Unauthenticated.http_status:
        sent.setdefault("WWW-Authenticate", "Bearer")
    if status in (ServiceUnavailable.http_status, RateLimitExceeded.http_status):
        seconds = known.details.get("retry_after_seconds", RETRY_AFTER_SECONDS)
        if seconds is not None:
            sent.setdefault("Retry-After", str(seconds))
    body = failure_body(described(known, error.suggestion))
    return Response(body, status, sent, media_type="application/json")


def described(known: ErrorBody, suggestion: str) -> bytes:
    """The error as JSON up to its last member, the trace id. `suggestion` is for an error that has none of its own."""
    told = {
        "code": known.code,
        "message": known.message,
        "details": known.details,
        "suggestion": known.suggestion or suggestion,
    }
    return json.dumps(told, separators=(",", ":"))[:-1].encode()


def failure_body(described: bytes) -> bytes:
    return b'{"success":false,"error":' + described + f',"trace_id":"{tracing.trace_id()}"}}'.encode() + _tail()


def _in_body(inner: Place) -> Place:
    return ("body", *inner)


def body_failure(error: ValidationError) -> ValidationFailed:
    """Names the place of each fault in the body, without echoing what was sent."""
    return named_failure(error, _in_body)


def named_failure(error: ValidationError, place: Callable[[Place], Place]) -> ValidationFailed:
    """The same, with `place` to translate locations into the part of the request that is meant."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return named_faults([{**fault, "loc": place(fault["loc"])} for fault in faults])


def size_failure(error: ValidationError, place: Callable[[Place], Place] = _in_body) -> PayloadTooLarge | None:
    """If only the size of values is wrong: which one is too large, and the limit. Else None."""
    faults = error.errors(include_url=False, include_input=False)
    causes = [fault.get("ctx", {}).get("error") for fault in faults]
    first = causes[0]
    if not isinstance(first, TooLarge) or not all(isinstance(cause, TooLarge) for cause in causes):
        return None
    field = ".".join(map(str, place(faults[0]["loc"])))
    return PayloadTooLarge(f"{field.removeprefix('body.')} {first}", field=field, limit_bytes=first.limit)


def named_faults(faults: Iterable[Mapping[str, Any]]) -> ValidationFailed:
    """The error that names these faults of pydantic's."""
    return validation_failure(
        [
            {
                "loc": [str(part)[:100] for part in fault["loc"]],
                "msg": str(fault["msg"]).removeprefix("Value error, "),
                "type": fault["type"],
            }
            for fault in faults
        ]
    )
