"""The tree of errors: each one knows its code and its HTTP status."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import JsonValue

from nexus_contracts.model import Message


class ErrorBody(Message):
    """An error as callers see it. `details` is for programs, `suggestion` says what to do."""

    code: str
    message: str
    details: dict[str, JsonValue] = {}
    suggestion: str = ""


class PlatformError(Exception):
    """Root of the tree. `decided` errors are an owner's answer to a command: stored, and given again to a repeat."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    http_status: ClassVar[int] = 500
    decided: ClassVar[bool] = False
    suggestion: ClassVar[str] = "Try again; if it persists, report the trace id to the operators."

    def __init__(self, message: str, *, suggestion: str | None = None, **details: JsonValue) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.advice = self.suggestion if suggestion is None else suggestion

    def body(self) -> ErrorBody:
        return ErrorBody(code=self.code, message=self.message, details=self.details, suggestion=self.advice)


class ValidationFailed(PlatformError):
    code, http_status = "VALIDATION_ERROR", 400
    suggestion = "Correct the fields named in details.errors and send the request again."


class InvalidState(PlatformError):
    code, http_status, decided = "INVALID_STATE", 400, True
    suggestion = "Read the current state and choose one of the allowed actions."


class Unauthenticated(PlatformError):
    code, http_status = "UNAUTHENTICATED", 401
    suggestion = "Send an API key or a token as `Authorization: Bearer ...`."


class PermissionDenied(PlatformError):
    code, http_status = "PERMISSION_DENIED", 403
    suggestion = "Use credentials that have the scope named in details.required_scope."


class NotFound(PlatformError):
    code, http_status, decided = "RESOURCE_NOT_FOUND", 404, True
    suggestion = "Check the id; it may have been deleted."


class MethodNotAllowed(PlatformError):
    code, http_status = "METHOD_NOT_ALLOWED", 405
    suggestion = "Use one of the methods in the Allow header."


class Conflict(PlatformError):
    code, http_status, decided = "RESOURCE_CONFLICT", 409, True
    suggestion = "Read the resource again and repeat the change on its current state."


class PreconditionFailed(PlatformError):
    code, http_status, decided = "PRECONDITION_FAILED", 412, True
    suggestion = "Read the resource again and send its current ETag in If-Match."


class PayloadTooLarge(PlatformError):
    code, http_status = "PAYLOAD_TOO_LARGE", 413
    suggestion = "Send a smaller body."


class UnsupportedMediaType(PlatformError):
    code, http_status = "UNSUPPORTED_MEDIA_TYPE", 415
    suggestion = "Send the body as application/json."


class IdempotencyKeyReused(PlatformError):
    code, http_status = "IDEMPOTENCY_KEY_REUSED", 422
    suggestion = "Use a new Idempotency-Key for a new request."


class RateLimitExceeded(PlatformError):
    code, http_status = "RATE_LIMIT_EXCEEDED", 429
    suggestion = "Wait for as long as Retry-After says, then send the request again."


class TenantQuotaExceeded(RateLimitExceeded):
    """`details`: quota, limit, used, and retry_after_seconds, which is null where waiting alone makes no room."""

    code = "TENANT_QUOTA_EXCEEDED"
    suggestion = "Wait for as long as Retry-After says, or ask the operators for a higher quota."


class AgentInvocationFailed(PlatformError):
    code, http_status = "AGENT_INVOCATION_FAILED", 500
    suggestion = "Read the invocation for the reason; a new request starts a new invocation."


class InternalError(PlatformError):
    pass


class ServiceUnavailable(PlatformError):
    """Nothing was accepted, as a dependency is unavailable or there is too much to do: it can be sent again."""

    code, http_status = "SERVICE_UNAVAILABLE", 503
    suggestion = "Wait for as long as Retry-After says, then send the request again."


class GatewayTimeout(PlatformError):
    """No answer in time; for a write the outcome is unknown."""

    code, http_status = "GATEWAY_TIMEOUT", 504
    suggestion = "Send the request again; for a write, with the same Idempotency-Key."


def _kinds(of: type[PlatformError]) -> Iterator[type[PlatformError]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _kinds(kind)


_BY_CODE = {kind.code: kind for kind in _kinds(PlatformError)}
"""Only the classes of this module: subclasses elsewhere may have other constructors."""


def error_of(body: ErrorBody) -> PlatformError:
    """The exception described by `body`, to raise an error from another service again."""
    kind = _BY_CODE.get(body.code, InternalError)
    return kind(body.message, suggestion=body.suggestion, **body.details)
