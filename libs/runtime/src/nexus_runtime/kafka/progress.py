"""Whether consuming makes progress: for each partition, what is settled against where it ends."""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

NOT_LIVE_SECONDS = 120.0
P = TypeVar("P", bound=Hashable)


@dataclass(frozen=True)
class Reading:
    """Where a consumer is in a partition; None where that is not known yet.

    `settled`: the offset up to which records are handled. `end`: where the partition ends, as of the broker's last
    answer to a fetch, which came at `fetched` (ms). `queued`: records were fetched and wait for the consumer.
    `held`: an open transaction holds up all that follows.
    """

    settled: int | None
    end: int | None
    fetched: int | None
    queued: bool = False
    held: bool = False


class Progress(Generic[P]):
    """How long each partition has been stalled; one that was read to its end and is still polled is not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[P, Reading] = {}
        self._since: dict[P, float] = {}

    def observe(self, readings: Mapping[P, Reading]) -> None:
        """Call this about every second; partitions that are no longer passed are forgotten."""
        now = self._clock()
        worked = any(one in self._last and self._last[one].settled != at.settled for one, at in readings.items())
        self._since = {
            one: self._since[one] if one in self._last and not _moved(self._last[one], at, worked) else now
            for one, at in readings.items()
        }
        self._last = dict(readings)

    def stalled(self, seconds: float, *, but_held: bool = False) -> dict[P, str]:
        """The partitions stalled for at least this long, and where; `but_held`: except those held by a transaction."""
        now = self._clock()
        return {
            one: _said(self._last[one], now - since)
            for one, since in self._since.items()
            if now - since >= seconds and not (but_held and self._last[one].held)
        }


def _moved(last: Reading, at: Reading, worked: bool) -> bool:
    at_end = at.settled is not None and at.settled == at.end and at.fetched != last.fetched
    return at.settled != last.settled or at_end or (at.queued and worked)


def _said(at: Reading, seconds: float) -> str:
    end = "an unknown end" if at.end is None else f"its end at {at.end}"
    cause = "; an open transaction holds it up" if at.held else ""
    return f"no progress for {seconds:.0f} s at offset {at.settled}, {end}{cause}"
