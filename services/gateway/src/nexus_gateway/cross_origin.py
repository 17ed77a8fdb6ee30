"""Which pages of other origins may call, and read the answers (CORS)."""

from collections.abc import Sequence

from fastapi import FastAPI, Response
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Scope

from nexus_contracts.errors import ValidationFailed
from nexus_gateway import answers

_EXPOSED = ("ETag", "Location", "Retry-After", "X-Request-ID", "RateLimit", "RateLimit-Policy", "Idempotent-Replayed")


class _CrossOrigin(CORSMiddleware):
    """A refused preflight is answered in the same form as any other failure."""

    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        vary = {"Vary": answer.headers["vary"]} if "vary" in answer.headers else None
        return answers.failure(ValidationFailed(bytes(answer.body).decode(), errors=[]), vary)


def add_cross_origin(app: FastAPI, origins: Sequence[str]) -> None:
    """Pages of these origins may call, with credentials that they send themselves: cookies are not used."""
    if origins:
        app.add_middleware(
            _CrossOrigin, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], expose_headers=_EXPOSED
        )


def is_preflight(scope: Scope, origins: Sequence[str]) -> bool:
    """Whether a browser asks, for a page that may call, before it sends the page's request."""
    asks = any(name == b"access-control-request-method" for name, _ in scope["headers"])
    return asks and scope["method"] == "OPTIONS" and _may_call(answers.received(scope, b"origin"), origins)


def _may_call(origin: str, origins: Sequence[str]) -> bool:
    return bool(origin) and ("*" in origins or origin in origins)


def fields_for(origin: str, origins: Sequence[str]) -> list[tuple[bytes, bytes]]:
    """With which a page of that origin may read an answer that did not go through the application."""
    if not _may_call(origin, origins):
        return []
    allowed = b"*" if "*" in origins else origin.encode("latin-1")
    exposed = ", ".join(_EXPOSED).encode()
    return [
        (b"access-control-allow-origin", allowed),
        (b"access-control-expose-headers", exposed),
        (b"vary", b"Origin"),
    ]
