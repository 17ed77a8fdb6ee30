"""Load shedding: what is more than the gateway can serve is refused, for a fraction of what serving it would cost."""

import asyncio
import time
from collections.abc import Callable
from contextvars import copy_context

from starlette.types import Scope

from nexus_contracts.errors import ServiceUnavailable
from nexus_gateway import answers
from nexus_runtime.process import log, metrics, tracing
from nexus_runtime.process.service import is_public

logger = log.get(__name__)
MOST_WAITING, LEAST_WAITING = 100, 10
"""Requests that wait for the event loop to begin them."""
TURN_SECONDS = 0.1
"""How long the loop may take for a turn. An answer takes about three."""
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

    The limit is found as TCP finds its window: a quarter less after a turn that was full and took too long, one more
    after any other. So it is high for a burst, and under lasting load as low as the machine is slow.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self.under_way = 0
        self._most = most
        self._clock = clock
        self._limit = MOST_WAITING
        self._waiting = 0
        self._full = False
        self._turned = 0.0
        self._refused = 0
        self._told = float("-inf")

    def refusal(self, scope: Scope) -> bytes | None:
        """As the server asks for it (`Shedding`)."""
        # Health is always told: an orchestrator must not restart a process because it is busy.
        if self._takes() or is_public(scope["path"]):
            return None
        return copy_context().run(self._refuse, scope)

    def _takes(self) -> bool:
        if self.under_way + self._waiting >= self._most:
            return False
        if not self._waiting:
            self._await_turn()
        if self._waiting >= self._limit:
            self._full = True
            return False
        self._waiting += 1
        return True

    def _await_turn(self) -> None:
        now = self._clock()
        long = now - self._turned > TURN_SECONDS
        self._limit = max(LEAST_WAITING, self._limit * 3 // 4) if self._full and long else self._limit + 1
        self._limit = min(MOST_WAITING, self._limit)
        self._full, self._turned = False, now
        asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        """The loop has come to the requests that waited."""
        self._waiting = 0

    def _refuse(self, scope: Scope) -> bytes:
        began, method = self._clock(), scope["method"]
        request_id = answers.begin(answers.received(scope, b"x-request-id"))
        tracing.begin(answers.received(scope, b"traceparent"))
        body = answers.failure_body(_ERROR)
        self._tell(began)
        seconds = self._clock() - began
        metrics.REQUESTS.labels(metrics.method(method), "none", ServiceUnavailable.http_status).observe(seconds)
        own = b"x-request-id: %b\r\nx-response-time: %.6f\r\n" % (request_id.encode(), seconds)
        return b"%b%bcontent-length: %d\r\n\r\n%b" % (_HEAD, own, len(body), b"" if method == "HEAD" else body)

    def _tell(self, now: float) -> None:
        """One line for many: a line for each would cost as much as the rest of a refusal."""
        self._refused += 1
        if now - self._told >= TOLD_SECONDS:
            logger.warning("more requests than can be served, refused with 503", refused=self._refused)
            self._refused, self._told = 0, now
