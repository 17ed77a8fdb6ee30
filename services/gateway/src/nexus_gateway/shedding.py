"""Load shedding (ADR 42): what is more than the gateway can serve is refused, for a fraction of what it would cost."""

import time
from collections.abc import Sequence
from contextvars import copy_context

from starlette.types import Scope

from nexus_contracts.errors import ServiceUnavailable
from nexus_gateway import answers, cross_origin
from nexus_runtime.process import log, metrics, tracing
from nexus_runtime.process.service import is_public
from nexus_runtime.process.shedding import lines

logger = log.get(__name__)
MOST_WAITING, MOST_WAITING_LONG, CROWD_SECONDS = 256, 64, 3.0
"""Requests that wait for the event loop to begin them, and when there have been some without pause for so long.

A crowd that comes at once can be served, such as 200 streams after a restart. Under lasting overload a queue as long
serves no more than a short one, and each later.
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

_HEAD = lines(_FIELDS)


class LoadShedder:
    """Takes `most` requests and streams at once, and of these only so many as can begin soon.

    A queue with a limit: the event loop begins all that has come in since its last turn, so a turn that has much to do
    takes long, more comes in meanwhile, and without the limit each turn would be longer than the one before, until
    owners' answers are read too late. Who waits for an owner, a reply or news of a stream is not in this queue.
    """

    def __init__(self, most: int, origins: Sequence[str] = ()) -> None:
        """Pages of these origins may read refusals. `waiting` are taken and not begun."""
        self.under_way = 0
        self._most = most
        self._origins = origins
        self.waiting = 0
        self._since = 0.0
        self._refused = 0
        self._told = float("-inf")

    def refusal(self, scope: Scope) -> bytes | None:
        """As the server asks for it (`Shedding`)."""
        full = self.waiting >= self._room() or self.under_way + self.waiting >= self._most
        if full and not self._is_always_answered(scope):
            return copy_context().run(self._refuse, scope)
        if not self.waiting:
            self._since = time.monotonic()
        self.waiting += 1
        return None

    def _is_always_answered(self, scope: Scope) -> bool:
        """Health: an orchestrator must not restart a process because it is busy. And preflights, which cost little: a
        browser does not tell its page why one failed, so the page could not know that it should come again later.
        """
        return is_public(scope["path"]) or cross_origin.is_preflight(scope, self._origins)

    def begins(self) -> None:
        """As the server tells it."""
        self.waiting -= 1

    def _room(self) -> int:
        lasting = self.waiting and time.monotonic() - self._since > CROWD_SECONDS
        return MOST_WAITING_LONG if lasting else MOST_WAITING

    def _refuse(self, scope: Scope) -> bytes:
        began, method = time.perf_counter(), scope["method"]
        request_id = answers.begin(answers.received(scope, b"x-request-id"))
        tracing.begin(answers.received(scope, b"traceparent"))
        body = answers.failure_body(_ERROR)
        self._tell(began)
        seconds = time.perf_counter() - began
        metrics.REQUESTS.labels(metrics.method(method), "none", ServiceUnavailable.http_status).observe(seconds)
        own = [
            *cross_origin.fields_for(answers.received(scope, b"origin"), self._origins),
            (b"x-request-id", request_id.encode()),
            (b"x-response-time", b"%.6f" % seconds),
            (b"content-length", b"%d" % len(body)),
        ]
        return _HEAD + lines(own) + b"\r\n" + (b"" if method == "HEAD" else body)

    def _tell(self, now: float) -> None:
        """One line for many: a line for each would cost as much as the rest of a refusal."""
        self._refused += 1
        if now - self._told >= TOLD_SECONDS:
            logger.warning("more requests than can be served, refused with 503", refused=self._refused)
            self._refused, self._told = 0, now
