"""An owner that does not answer in time is left alone for a while, so that nothing piles up before it."""

import time
from collections.abc import Callable

MOST_UNANSWERED = 5
REST_SECONDS = 1.0


class Breaker:
    """After five requests in a row without an answer in time one a second is let through, until one is answered.

    Refused connections say nothing here: they cost no time, and end with the owner's next start.
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
        self._next_try = now + REST_SECONDS
        return True

    def answered(self) -> None:
        """Anything at all, an error too."""
        self._unanswered = 0

    def unanswered(self) -> None:
        self._unanswered += 1
        self._next_try = self._clock() + REST_SECONDS
