"""Every way in which a request can fail, turned into the platform's form of errors."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from nexus_contracts.errors import (
    InternalError,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    PlatformError,
    ValidationFailed,
)
from nexus_contracts.text import TooLarge
from nexus_gateway.envelope import failure
from nexus_gateway.refusals import RefusedByOwner
from nexus_runtime.process.service import validation_failure

REPLAYED = "Idempotent-Replayed"
Place = Sequence[int | str]


def add_failure_answers(app: FastAPI) -> None:
    app.add_exception_handler(PlatformError, _platform_error)
    app.add_exception_handler(RequestValidationError, _parameter_error)
    app.add_exception_handler(HTTPException, _http_error)


def body_failure(error: ValidationError) -> ValidationFailed:
    """Names each fault's place in the body, without echoing what was sent."""
    return named_failure(error, lambda loc: ("body", *loc))


def named_failure(error: ValidationError, place: Callable[[Place], Place]) -> ValidationFailed:
    """The same where `place` knows better which part of the request is meant."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return _named([{**fault, "loc": place(fault["loc"])} for fault in faults])


def size_failure(error: ValidationError) -> PayloadTooLarge | None:
    """Where nothing but the size of values is wrong: which is too large, and how large it may be."""
    faults = error.errors(include_url=False, include_input=False)
    causes = [fault.get("ctx", {}).get("error") for fault in faults]
    first = causes[0]
    if not isinstance(first, TooLarge) or not all(isinstance(cause, TooLarge) for cause in causes):
        return None
    field = ".".join(map(str, faults[0]["loc"]))
    return PayloadTooLarge(f"{field} {first}", field=f"body.{field}", limit_bytes=first.limit)


def _named(faults: Iterable[Mapping[str, Any]]) -> ValidationFailed:
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


async def _platform_error(_request: Request, error: Exception) -> Response:
    if isinstance(error, RefusedByOwner):
        return failure(error, {REPLAYED: "true"} if error.replayed else None)
    return failure(error if isinstance(error, PlatformError) else InternalError("internal error"))


async def _parameter_error(_request: Request, error: Exception) -> Response:
    return failure(_named(error.errors() if isinstance(error, RequestValidationError) else []))


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        return _method_error(request)
    if status == 404:
        return failure(
            NotFound("no such path", suggestion="See /docs for what there is.", type="path", id=request.url.path[:200])
        )
    if status < 500:
        return failure(ValidationFailed("the request is not valid", errors=[]))
    return failure(InternalError("internal error"))


def _method_error(request: Request) -> Response:
    methods = allowed_methods(request.app.routes, request.scope)
    allow = {"Allow": ", ".join(methods)}
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=allow)
    return failure(
        MethodNotAllowed(f"this path does not take {request.method[:20]}", allowed_methods=[*methods]), allow
    )


def allowed_methods(routes: Sequence[BaseRoute], scope: Mapping[str, Any]) -> list[str]:
    """What the path of the request takes, on all routes together."""
    methods = {"OPTIONS"}
    for route in routes:
        if route.matches(dict(scope))[0] is not Match.NONE:
            methods |= set(getattr(route, "methods", None) or ())
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)
