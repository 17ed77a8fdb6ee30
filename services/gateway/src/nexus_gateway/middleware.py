"""The outermost layer: adds request id and duration to every answer, and turns every exception into one."""

import time
from collections.abc import Callable
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nexus_contracts.errors import InternalError
from nexus_contracts.principal import Principal
from nexus_gateway import answers
from nexus_gateway.access.rates import Rate
from nexus_gateway.shedding import LoadShedder
from nexus_runtime.process import log, metrics, tracing
from nexus_runtime.process.service import is_public

logger = log.get(__name__)
LOGGED_PATH = 500
"""Characters of a path that are logged: it may be as large as a request's head, and come without credentials."""


class AnswerMiddleware:
    """HEAD is answered like GET, without the body."""

    def __init__(self, app: ASGIApp, shedder: LoadShedder) -> None:
        self._app = app
        self._shedder = shedder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = _Passage(scope, send)
        self._shedder.under_way += 1
        try:
            await self._app(passage.scope, receive, passage.send)
        except ClientDisconnect:
            return
        except Exception:
            logger.exception("request failed", method=scope["method"], path=scope["path"])
            # The answer has begun, so it can only be cut off: that at least tells the caller that it is incomplete.
            if passage.status:
                raise
            answer = answers.failure(InternalError("internal error"))
            await answer(passage.scope, receive, passage.send)
        finally:
            self._shedder.under_way -= 1
            passage.end()


class _Passage:
    """One request on its way in and its answer on its way out."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._began = time.perf_counter()
        self._send = send
        self._method: str = scope["method"]
        self._seconds = 0.0
        self.status = 0
        self.scope: Scope = {**scope, "method": "GET"} if self._method == "HEAD" else scope
        self._request_id = answers.begin(answers.received(scope, b"x-request-id"))
        self._received = answers.received(scope, b"traceparent")
        tracing.begin(self._received)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._seconds = self._passed()
            message = {**message, "headers": [*message.get("headers", ()), *self._own_headers(message)]}
        elif self._method == "HEAD":
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            if message.get("more_body"):
                raise ClientDisconnect  # nobody reads the rest, and a stream has no end
            return
        await self._send(message)

    def _own_headers(self, message: Message) -> list[tuple[bytes, bytes]]:
        seconds = b"%.6f" % self._seconds
        own = [(b"x-request-id", self._request_id.encode()), (b"x-response-time", seconds), *answers.SAFE]
        if not any(name == answers.POLICY[0] for name, _ in message.get("headers", ())):
            own.append(answers.POLICY)
        told: dict[str, Any] = self.scope.get("state", {})
        rate: Rate | None = told.get("rate")
        more = {**told.get("superseded", {}), **(rate.headers() if rate else {})}
        return own + [(name.lower().encode(), value.encode()) for name, value in more.items()]

    def end(self) -> None:
        """The answer is complete, streams included, or the caller has left."""
        ended: Callable[[], None] | None = self.scope.get("state", {}).get("ended")
        if ended is not None:
            ended()
        self._measure()

    def _measure(self) -> None:
        """Measures the time until the answer began: a stream lasts as long as somebody listens."""
        route = getattr(self.scope.get("route"), "path", "none")
        method = metrics.method(self._method)
        seconds = self._seconds or self._passed()
        metrics.REQUESTS.labels(method, route, self.status).observe(seconds)
        if not is_public(self.scope["path"]):  # orchestrators ask for health every few seconds
            self._log(method, route, seconds)
        if tracing.kept():
            told = {"http.request.method": method, "http.route": route, "http.response.status_code": self.status}
            failed = self.status >= 500
            tracing.end(f"{method} {route}", "server", self._passed(), self._received, told, failed=failed)

    def _log(self, method: str, route: str, seconds: float) -> None:
        asker: Principal | None = self.scope.get("state", {}).get("caller")
        log.request(
            method=method,
            route=route,
            path=self.scope["path"][:LOGGED_PATH],
            status=self.status,
            seconds=round(seconds, 6),
            request_id=self._request_id,
            caller=asker.id if asker else None,
            tenant=asker.tenant if asker else None,
        )

    def _passed(self) -> float:
        return time.perf_counter() - self._began
