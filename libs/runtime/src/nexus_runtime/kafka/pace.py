"""How often a consumer asks a broker that does not hold a fetch until there is something.

The embedded broker is such a one: it looks when the fetch comes and once more when its time is over. So the consumer
asks for what is there now and rests itself: that costs the broker half, and the rest can be ended.

The time of a fetch is also all that this broker spends on reading: partition after partition, until it is over. Where
that is too short for what is there (a long log, a busy machine), the answer is empty, however often it is asked.
"""

import asyncio
import time
from collections.abc import Callable

SHARE = 0.25
"""Of how long nothing has come: so much more may what comes next be late."""
ASLEEP_AFTER_SECONDS = 60.0
SHORTEST_HOLD_MS, LONGEST_HOLD_MS = 1, 500
PROMPT, CALM = (0.001, 0.1), (0.05, 0.5)
"""The shortest and the longest rest, in seconds, where somebody waits for each record and where nobody does."""


class FetchPace:
    """Rests between fetches that found nothing: `shortest` seconds while records come, in the end `longest`.

    `asleep`: still longer ones after a minute, for who is told by `hasten` before something is to come.
    """

    def __init__(
        self,
        shortest: float,
        longest: float,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        asleep: float | None = None,
    ) -> None:
        self._shortest = shortest
        self._longest = longest
        self._asleep = asleep or longest
        self._monotonic = monotonic
        self._came = monotonic()
        self._resting: asyncio.Future[None] | None = None
        self.hold_ms = SHORTEST_HOLD_MS
        """How long the next fetch may take. With 0 the embedded broker does not even look."""

    @property
    def seconds(self) -> float:
        """How long the next rest is."""
        quiet = self._monotonic() - self._came
        longest = self._longest if quiet < ASLEEP_AFTER_SECONDS else self._asleep
        return min(longest, max(self._shortest, SHARE * quiet))

    def came(self) -> None:
        """Records have come."""
        self._came = self._monotonic()

    def fetched(self, *, passed_over: bool) -> None:
        """`passed_over`: there was more to read, and the broker read none of it in the time that it had."""
        self.hold_ms = (
            min(LONGEST_HOLD_MS, self.hold_ms * 4) if passed_over else max(SHORTEST_HOLD_MS, self.hold_ms // 2)
        )

    def hasten(self) -> None:
        """Something is expected: the rest is over, and the next ones are short."""
        self.came()
        if self._resting is not None:
            _end(self._resting)

    async def rest(self) -> None:
        loop = asyncio.get_running_loop()
        self._resting = resting = loop.create_future()
        over = loop.call_later(self.seconds, _end, resting)
        try:
            await resting
        finally:
            over.cancel()
            self._resting = None


def _end(resting: asyncio.Future[None]) -> None:
    if not resting.done():
        resting.set_result(None)


def pace_of(*, volatile: bool, prompt: bool, told: bool = False) -> FetchPace | None:
    """`prompt`: somebody waits for each record; `told`: before it comes, `hasten` is called.

    None on a durable broker, which answers a fetch when records come.
    """
    if not volatile:
        return None
    return FetchPace(*PROMPT, asleep=CALM[1] if told else None) if prompt else FetchPace(*CALM)
