"""How often a consumer asks a broker that does not hold a fetch until there is something.

The embedded broker is such a one: it looks when the fetch comes and once more when its time is over. So the consumer
asks for what is there now and rests itself: that costs the broker half, and the rest can be ended.

The time of a fetch is also all that this broker spends on reading: partition after partition, until it is over. Where
that is too short for what is there (a long log, a busy machine), the answer is empty, however often it is asked.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

SHARE = 0.25
"""The longer nothing has arrived, the later the next record may be noticed: its share of that time."""
UNAWAITED_SECONDS = 0.5
SHORTEST_HOLD_MS, LONGEST_HOLD_MS = 1, 500
RUNG_HOLD_MS = 250
"""For a fetch of what is known to be there: it ends as soon as that is read."""


class Rests(NamedTuple):
    """The shortest and the longest rest, in seconds. `rung`: a bell ends it, so that it matters only without one."""

    shortest: float
    longest: float
    rung: bool = False


PROMPT = Rests(0.1, 0.2, rung=True)
"""A caller waits for each record."""
CALM = Rests(0.05, 0.5)
"""Nobody waits, but somebody may be watching."""
COLLECTING = Rests(0.2, 0.5)
"""Records are counted or cleaned up: a batch costs little more than a single record."""


class FetchPace:
    """Rests between fetches that found nothing: `shortest` seconds while records come, in the end `longest`.

    While the consumer is at the records that it was given, nobody waits for more: the next fetch rests until it asks.
    `awaited` tells whether anybody waits for records at all; if nobody does, rests are long until `hasten` is called.
    """

    def __init__(
        self,
        shortest: float,
        longest: float,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        awaited: Callable[[], bool] = lambda: True,
    ) -> None:
        self._shortest = shortest
        self._longest = longest
        self._awaited = awaited
        self._monotonic = monotonic
        self._came = monotonic()
        self._resting: asyncio.Future[None] | None = None
        self._fetched = monotonic()
        self._found = self._at_work = self._called = False
        self._positions: Mapping[int, int] = {}
        self._rung: dict[int, int] = {}
        """By partition, the offset of the last record that was rung for and is not fetched yet."""
        self.hold_ms = SHORTEST_HOLD_MS
        """How long a fetch may take. With 0 the embedded broker does not look for records at all."""

    @property
    def seconds(self) -> float:
        """The length of the next rest."""
        return max(self._least, min(self._longest, SHARE * (self._monotonic() - self._came)))

    @property
    def _least(self) -> float:
        return self._shortest if self._awaited() else UNAWAITED_SECONDS

    def given(self) -> None:
        """The consumer was given records to handle."""
        self._at_work = True

    def asked(self) -> None:
        """The consumer asks for the next records."""
        if self._at_work and self._resting is not None:
            _end(self._resting)
        self._at_work = False

    def stands_at(self, positions: Mapping[int, int]) -> None:
        """The offsets from which the next fetch reads, by partition: what was rung for before these has come."""
        self._positions = positions
        self._rung = {number: offset for number, offset in self._rung.items() if offset >= positions.get(number, 0)}

    def asks(self) -> int:
        """A fetch is sent, which finds all records that were there before. Returns how long it may take, in ms."""
        rung = not self._rung.keys().isdisjoint(self._positions)
        self._called, self._rung = False, {}
        return max(self.hold_ms, RUNG_HOLD_MS) if rung else self.hold_ms

    def fetched(self, *, found: bool, passed_over: bool) -> None:
        """`passed_over`: there was more to read, but the broker did not get to it within the time of the fetch."""
        self._fetched, self._found = self._monotonic(), found
        if found:
            self._came = self._fetched
        self.hold_ms = (
            min(LONGEST_HOLD_MS, self.hold_ms * 4) if passed_over else max(SHORTEST_HOLD_MS, self.hold_ms // 2)
        )

    def rung(self, partition: int, offset: int) -> None:
        """A record was published: it is fetched at once, if anybody waits for it, or when the consumer asks."""
        if self._awaited() and offset >= self._positions.get(partition, 0):
            self._rung[partition] = offset
            self._go_on()

    def hasten(self) -> None:
        """Records are expected: the current rest ends, and the next ones are short."""
        self._called = True
        self._go_on()

    def _go_on(self) -> None:
        self._came = self._monotonic()
        if self._resting is not None and not self._at_work:
            _end(self._resting)

    async def before_more(self, behind: Callable[[], bool]) -> None:
        """The rest between a fetch that found records and the next one; none if `behind`: there is more to read."""
        if not self._found or behind():
            return
        if self._at_work:
            await self._pause(self._longest)
        if (early := self._fetched + self._least - self._monotonic()) > 0:
            await self._pause(early)

    async def rest(self) -> None:
        """The rest after a fetch that found nothing."""
        await self._pause(self.seconds)

    async def _pause(self, seconds: float) -> None:
        if (self._called or self._rung) and not self._at_work:
            return
        loop = asyncio.get_running_loop()
        self._resting = resting = loop.create_future()
        over = loop.call_later(seconds, _end, resting)
        try:
            await resting
        finally:
            over.cancel()
            self._resting = None


def _end(resting: asyncio.Future[None]) -> None:
    if not resting.done():
        resting.set_result(None)


def pace_of(rests: Rests, *, volatile: bool, awaited: Callable[[], bool] = lambda: True) -> FetchPace | None:
    """None on a durable broker, which answers a fetch when records come."""
    return FetchPace(rests.shortest, rests.longest, awaited=awaited) if volatile else None
