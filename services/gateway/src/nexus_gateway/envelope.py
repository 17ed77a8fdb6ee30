"""The form of every answer: data or error, when it was given, and to which request."""

import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from fastapi import Response

from nexus_contracts.errors import PlatformError, ServiceUnavailable
from nexus_contracts.identifiers import format_timestamp
from nexus_gateway.refusals import RefusedByOwner
from nexus_runtime.process import tracing
from nexus_runtime.process.clock import new_id, utc_now

RETRY_AFTER_SECONDS = 2
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

request_id: ContextVar[str] = ContextVar("request_id", default="")


def begin(received: str | None) -> str:
    """The id of the request that starts now: the caller's where it has the right form, else a new one."""
    known = received if received and _REQUEST_ID.fullmatch(received) else new_id("req_")
    request_id.set(known)
    return known


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _tail() -> bytes:
    return f',"timestamp":"{format_timestamp(utc_now())}","request_id":"{request_id.get()}"}}'.encode()


def success(
    data: bytes, status: int = 200, *, message: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """`data` is JSON already, and goes out as it is."""
    said = b',"message":' + to_json(message) if message else b""
    body = b'{"success":true,"data":' + data + said + _tail()
    return Response(body, status, headers, media_type="application/json")


def failure(error: PlatformError, headers: Mapping[str, str] | None = None) -> Response:
    """The error with its own status; unavailability says when to come again."""
    known = error.body()
    described = {
        "code": known.code,
        "message": known.message,
        "details": known.details,
        "suggestion": known.suggestion or error.suggestion,
        "trace_id": tracing.trace_id(),
    }
    status = error.status if isinstance(error, RefusedByOwner) else error.http_status
    sent = dict(headers or {})
    if status == ServiceUnavailable.http_status:
        sent.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    body = b'{"success":false,"error":' + json.dumps(described, separators=(",", ":")).encode() + _tail()
    return Response(body, status, sent, media_type="application/json")
