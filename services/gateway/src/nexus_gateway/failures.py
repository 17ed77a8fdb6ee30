"""Every failure of a request becomes an answer in the envelope."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from nexus_contracts.errors import InternalError, MethodNotAllowed, NotFound, PlatformError, ValidationFailed
from nexus_gateway.answers import REPLAYED, RefusedByOwner, failure, named_faults
from nexus_gateway.requests.paths import are_possible


def add_failure_answers(app: FastAPI) -> None:
    app.add_exception_handler(PlatformError, _platform_error)
    app.add_exception_handler(RequestValidationError, _parameter_error)
    app.add_exception_handler(HTTPException, _http_error)


async def _platform_error(_request: Request, error: Exception) -> Response:
    if isinstance(error, RefusedByOwner):
        return failure(error, {REPLAYED: "true"} if error.replayed else None)
    return failure(error if isinstance(error, PlatformError) else InternalError("internal error"))


async def _parameter_error(_request: Request, error: Exception) -> Response:
    return failure(named_faults(error.errors() if isinstance(error, RequestValidationError) else []))


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        return _method_error(request)
    if status == 404:
        return failure(
            NotFound("no such path", suggestion="See /docs for all operations.", type="path", id=request.url.path[:200])
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
        MethodNotAllowed(f"this path does not accept {request.method[:20]}", allowed_methods=[*methods]), allow
    )


def allowed_methods(routes: Sequence[BaseRoute], scope: Mapping[str, Any]) -> list[str]:
    """The methods that the path of the request accepts, on all routes together.

    Templates of several routes may fit a path, `create` as an agent's id among them: those count whose ids can exist.
    """
    # Without the parameters that the router has found on its way: each route adds its own to them.
    found = [(route, *route.matches({**scope, "path_params": {}})) for route in routes]
    fitting = [(route, child.get("path_params", {})) for route, match, child in found if match is not Match.NONE]
    meant = [route for route, given in fitting if are_possible(given)] or [route for route, _ in fitting]
    methods = {"OPTIONS"}.union(*(getattr(route, "methods", None) or () for route in meant))
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)
