"""The life of a service: parts started in order, an HTTP application, uvicorn, an orderly stop."""

import asyncio
import contextlib
import gc
import socket
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, Protocol, runtime_checkable

import uvicorn
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig
from pydantic import JsonValue
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nexus_contracts.errors import InternalError, NotFound, PlatformError, Unauthenticated, ValidationFailed
from nexus_contracts.principal import Principal
from nexus_runtime.process import caller, log, queries, tracing
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.health import Health, health_routes
from nexus_runtime.process.http_protocol import BoundedHttp
from nexus_runtime.process.server import Server
from nexus_runtime.process.settings import VERSION, ServiceSettings
from nexus_runtime.process.shedding import Shedding

logger = log.get(__name__)
RESTART_SECONDS = 1.0
NOT_STARTED = 3
BACKLOG = 2048
NOBODY_SIGNS = Trust(None)
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""FastAPI looks for OpenTelemetry providers with every request; our traces and metrics do not use them."""


@runtime_checkable
class Part(Protocol):
    """Something that lives as long as the service. `start` returns soon; `stop` is bounded in time."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Background:
    """A part that runs forever: after a fault it is logged and restarted; to stop it, it is cancelled."""

    def __init__(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        self._name = name
        self._run = run
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep_running(), name=self._name)

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep_running(self) -> None:
        while True:
            try:
                await self._run()
            except Exception:
                logger.exception("background work failed, restarting it", work=self._name)
            await asyncio.sleep(RESTART_SECONDS)


@contextlib.asynccontextmanager
async def running(parts: Sequence[Part]) -> AsyncGenerator[None]:
    """The parts, started in order and stopped in reverse, even if one of them fails to start."""
    async with contextlib.AsyncExitStack() as stack:
        for part in parts:
            stack.push_async_callback(part.stop)
            await part.start()
        yield


def application(
    title: str, parts: Sequence[Part], health: Health, *routers: APIRouter, trust: Trust = NOBODY_SIGNS
) -> FastAPI:
    """A service's HTTP side: the routes of `routers`, health and metrics.

    Errors are answered as {"error": ErrorBody} with the error's status; the gateway puts its envelope around.
    With a secret in `trust` only what it signs is answered, apart from health and metrics.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async with running(parts):
            yield

    app = FastAPI(title=title, version=VERSION, lifespan=lifespan, telemetry=NO_TELEMETRY)
    app.state.health = health
    app.add_middleware(RequestContext, trust=trust)
    app.add_exception_handler(PlatformError, _platform_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _internal_error)
    # Not include_router, which looks for the route twice.
    for router in (*routers, health_routes(health)):
        app.router.routes.extend(router.routes)
    return app


class RequestContext:
    """Continues the caller's trace in every log line and message of the request, and sets the caller."""

    def __init__(self, app: ASGIApp, trust: Trust) -> None:
        self._app = app
        self._trust = trust

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            received = headers.get(b"traceparent", b"").decode("latin-1")
            tracing.begin(received)
            known = headers.get(b"if-none-match")
            queries.if_none_match.set(None if known is None else known.decode("latin-1"))
            asked = headers.get(b"x-request-id")
            caller.request_id.set(None if asked is None else asked.decode("latin-1"))
            if not is_public(scope["path"]):
                try:
                    caller.principal.set(self._asker(scope, headers.get(caller.HEADER.encode())))
                except Unauthenticated as error:
                    return await _answer(error)(scope, receive, send)
                if tracing.kept():
                    return await self._traced(received, scope, receive, send)
        await self._app(scope, receive, send)

    async def _traced(self, received: str, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            told = {"http.request.method": scope["method"], "http.route": route, "http.response.status_code": status}
            seconds = time.perf_counter() - began
            tracing.end(f"{scope['method']} {route}", "server", seconds, received, told, failed=status >= 500)

    def _asker(self, scope: Scope, received: bytes | None) -> Principal:
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        told = None if received is None else received.decode("latin-1")
        return self._trust.identify(told, scope["method"], target.decode("latin-1"))


def is_public(path: str) -> bool:
    """The paths for orchestrators and Prometheus."""
    return path in ("/health", "/metrics") or path.startswith("/health/")


def serve(
    name: str,
    settings: ServiceSettings,
    app: FastAPI,
    at_stop: Callable[[], None] = lambda: None,
    shedder: Shedding | None = None,
) -> None:
    """Runs until SIGINT or SIGTERM, then stops within the shutdown time. `at_stop` ends what would run forever."""
    log.configure(name, settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, int(settings.shutdown_share("requests"))),
        timeout_keep_alive=75,
        lifespan="on",
        http=BoundedHttp,
        ws="none",
    )
    opened = listeners(settings)
    taken_over = opened.pop() if opened and settings.predecessor_url else None
    server = Server(config, at_stop, taken_over, app.state.health.serves, shedder)
    with exported_spans(name, settings), contextlib.suppress(KeyboardInterrupt):
        # Imported objects stay for good: garbage collection need not look at them.
        gc.freeze()
        gc.enable()
        server.run(opened)
    if not server.started:
        sys.exit(NOT_STARTED)


def exported_spans(name: str, settings: ServiceSettings) -> AbstractContextManager[None]:
    """Where a collector is named it gets the spans of this process; else nothing of OpenTelemetry is imported."""
    if settings.otel_exporter_otlp_endpoint is None:
        return contextlib.nullcontext()
    from nexus_runtime.process.exporting import exporting

    return exporting(f"nexus-{name}", settings.otel_exporter_otlp_endpoint)


def listeners(settings: ServiceSettings) -> list[socket.socket] | None:
    """None if there is only the service's own port, which uvicorn opens itself."""
    if settings.public_address is None:
        return None
    host, _, port = settings.public_address.rpartition(":")
    try:
        own = socket.create_server((settings.host, settings.port), backlog=BACKLOG)
        if settings.public_fd is not None:
            public = socket.socket(fileno=settings.public_fd)
            public.set_inheritable(False)
        else:
            # The kernel distributes connections among the listening processes.
            public = socket.create_server((host, int(port)), backlog=BACKLOG, reuse_port=True)
    except (OSError, OverflowError) as error:
        sys.stderr.write(f"error: cannot listen on {settings.public_address}: {error}\n")
        sys.exit(NOT_STARTED)
    return [own, public]


def _answer(error: PlatformError) -> JSONResponse:
    return JSONResponse({"error": error.body().model_dump(mode="json")}, error.http_status)


async def _platform_error(_request: Request, error: Exception) -> JSONResponse:
    return _answer(error if isinstance(error, PlatformError) else InternalError("internal error"))


def validation_failure(faults: Sequence[Any]) -> ValidationFailed:
    """An error that names the place of each fault, without echoing the input."""
    errors: list[JsonValue] = [
        {"location": ".".join(map(str, fault["loc"])), "message": str(fault["msg"]), "type": str(fault["type"])}
        for fault in faults[:50]
    ]
    return ValidationFailed("the request is not valid", errors=errors)


async def _validation_error(_request: Request, error: Exception) -> JSONResponse:
    return _answer(validation_failure(error.errors() if isinstance(error, RequestValidationError) else []))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    fault = NotFound(f"no such path: {request.url.path}") if status == 404 else ValidationFailed(str(error))
    return JSONResponse({"error": fault.body().model_dump(mode="json")}, status)


async def _internal_error(_request: Request, _error: Exception) -> JSONResponse:
    return _answer(InternalError("internal error"))
