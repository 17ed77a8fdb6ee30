"""Load shedding (ADR 42): what is more than the gateway can serve is refused, for a fraction of what it would cost."""

import asyncio
import time
from contextvars import copy_context

from starlette.types import Scope

from nexus_contracts.errors import ServiceUnavailable
from nexus_gateway import answers
from nexus_runtime.process import log, metrics, tracing
from nexus_runtime.process.service import is_public

logger = log.get(__name__)
MOST_WAITING = 256
"""Requests that wait for the event loop to begin them. An answer takes about three turns of as many requests.

Fewer would refuse a crowd that comes at once and could be served, such as 200 streams after a restart.
"""
TOLD_SECONDS = 5.0
_TOO_MUCH = ServiceUnavailable("the gateway has more requests than it can serve")
_ERROR = answers.described(_TOO_MUCH.body(), _TOO_MUCH.suggestion)
_FIELDS = [
    (b"content-type", b"application/json"),
    (b"retry-after", b"%d" % answers.RETRY_AFTER_SECONDS),
    *answers.SAFE,
    answers.POLICY,
]
_HEAD = b"".join(b"%b: %b\r\n" % field for field in _FIELDS)


class LoadShedder:
    """Takes `most` requests and streams at once, and of these only so many as can begin soon.

    A queue with a limit: the event loop begins all that has come in since its last turn, so a turn that has much to do
    takes long, more comes in meanwhile, and without the limit each turn would be longer than the one before, until
    owners' answers are read too late. Who waits for an owner, a reply or news of a stream is not in this queue.
    """

    def __init__(self, most: int) -> None:
        self.under_way = 0
        self._most = most
        self._waiting = 0
        self._refused = 0
        self._told = float("-inf")

    def refusal(self, scope: Scope) -> bytes | None:
        """As the server asks for it (`Shedding`)."""
        # Health is always told: an orchestrator must not restart a process because it is busy.
        if self._takes() or is_public(scope["path"]):
            return None
        return copy_context().run(self._refuse, scope)

    def _takes(self) -> bool:
        if self._waiting >= MOST_WAITING or self.under_way + self._waiting >= self._most:
            return False
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._begin)
        self._waiting += 1
        return True

    def _begin(self) -> None:
        """The loop has come to the requests that waited."""
        self._waiting = 0

    def _refuse(self, scope: Scope) -> bytes:
        began, method = time.perf_counter(), scope["method"]
        request_id = answers.begin(answers.received(scope, b"x-request-id"))
        tracing.begin(answers.received(scope, b"traceparent"))
        body = answers.failure_body(_ERROR)
        self._tell(began)
        seconds = time.perf_counter() - began
        metrics.REQUESTS.labels(metrics.method(method), "none", ServiceUnavailable.http_status).observe(seconds)
        own = b"x-request-id: %b\r\nx-response-time: %.6f\r\n" % (request_id.encode(), seconds)
        return b"%b%bcontent-length: %d\r\n\r\n%b" % (_HEAD, own, len(body), b"" if method == "HEAD" else body)

    def _tell(self, now: float) -> None:
        """One line for many: a line for each would cost as much as the rest of a refusal."""
        self._refused += 1
        if now - self._told >= TOLD_SECONDS:
            logger.warning("more requests than can be served, refused with 503", refused=self._refused)
            self._refused, self._told = 0, now
