"""A circuit breaker: while an owner does not answer in time, it gets few requests, so that none pile up."""

import time
from collections.abc import Callable

MOST_UNANSWERED = 5
REST_SECONDS = 1.0


class Breaker:
    """After five consecutive timeouts it admits one request a second, until one is answered.

    Refused connections do not count: they cost no time, and end when the owner starts again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._unanswered = 0
        self._next_try = 0.0

    def admits(self) -> bool:
        """Whether a request may be sent now."""
        if self._unanswered < MOST_UNANSWERED:
            return True
        now = self._clock()
        if now < self._next_try:
            return False
        # Moved at once, not when the answer is there: until then this request is the only one.
        self._next_try = now + REST_SECONDS
        return True

    def answered(self) -> None:
        """The owner answered, be it with an error."""
        self._unanswered = 0

    def unanswered(self) -> None:
        self._unanswered += 1
        self._next_try = self._clock() + REST_SECONDS
