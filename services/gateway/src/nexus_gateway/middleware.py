"""The outermost layer: every answer leaves with its request id and its duration, and no fault gets past it bare."""

import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nexus_contracts.errors import InternalError
from nexus_gateway import answers
from nexus_runtime.process import log, metrics, tracing

logger = log.get(__name__)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class AnswerMiddleware:
    """HEAD is answered as GET without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = _Passage(scope, send)
        try:
            await self._app(passage.scope, receive, passage.send)
        except ClientDisconnect:
            return
        except Exception:
            logger.exception("request failed", method=scope["method"], path=scope["path"])
            if passage.status:
                raise
            answer = answers.failure(InternalError("internal error"))
            await answer(passage.scope, receive, passage.send)
        finally:
            passage.measure()


def _received(scope: Scope, field: bytes) -> str:
    """The header's value; of several lines all of them, which no single id has the form of."""
    return b",".join(value for name, value in scope["headers"] if name == field).decode("latin-1")


class _Passage:
    """One request on its way in and its answer on its way out."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._began = time.perf_counter()
        self._send = send
        self._method: str = scope["method"]
        self._seconds = 0.0
        self.status = 0
        self.scope = {**scope, "method": "GET"} if self._method == "HEAD" else scope
        self._request_id = answers.begin(_received(scope, b"x-request-id"))
        tracing.begin(_received(scope, b"traceparent"))

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._seconds = self._passed()
            own = [(b"x-request-id", self._request_id.encode()), (b"x-response-time", b"%.6f" % self._seconds)]
            message = {**message, "headers": [*message.get("headers", ()), *own]}
        elif self._method == "HEAD":
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            if message.get("more_body"):
                raise ClientDisconnect  # nobody is there for the rest, which of a stream has no end
            return
        await self._send(message)

    def measure(self) -> None:
        """Until the answer began: a stream lasts as long as somebody listens."""
        route = getattr(self.scope.get("route"), "path", "none")
        method = self._method if self._method in _METHODS else "other"
        metrics.REQUESTS.labels(method, route, self.status).observe(self._seconds or self._passed())

    def _passed(self) -> float:
        return time.perf_counter() - self._began
