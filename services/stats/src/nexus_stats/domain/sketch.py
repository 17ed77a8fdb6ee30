"""Quantiles of durations: the bins of DDSketch, which add up exactly, in any order, and subtract.

The mapping to bins is DataDog's library. What an event adds names its bin like any other counter; a row keeps its bins
apart, as a list: there are hundreds of them, and as names in a mapping they cost every reader more than all the rest.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from operator import add
from typing import Any, NamedTuple

from ddsketch.mapping import LogarithmicMapping

from nexus_stats.domain.rows import Counts, added

RELATIVE_ERROR = 0.01
_MAPPING: Any = LogarithmicMapping(RELATIVE_ERROR)
_ZERO = "dz"

Bins = Sequence[int]
"""How many durations fell into each bin: first those of 0 ms, then those of the mapping's keys from 0 (1 ms) on."""


def bin_of(duration_ms: int) -> str:
    """The counter of the bin that this duration falls into."""
    return f"d{_MAPPING.key(duration_ms)}" if duration_ms > 0 else _ZERO


class Timed(NamedTuple):
    """Counters, and apart from them the bins of the durations of what they count."""

    counts: Counts
    bins: Bins = ()

    @classmethod
    def of(cls, counts: Counts) -> "Timed":
        bins = {_place(name): number for name, number in counts.items() if _is_bin(name)}
        rest = {name: number for name, number in counts.items() if not _is_bin(name)} if bins else counts
        return cls(rest, [bins.get(place, 0) for place in range(max(bins, default=-1) + 1)])

    def named(self) -> dict[str, int]:
        """The inverse: all of them as counters, without zeros."""
        return added((self.counts, {_name(place): number for place, number in enumerate(self.bins)}))

    def plus(self, other: "Timed") -> "Timed":
        return Timed(added((self.counts, other.counts)), _together(self.bins, other.bins))


def quantiles(bins: Bins, wanted: Sequence[float]) -> list[float]:
    """In milliseconds, each within the relative error of the value of that rank; zeros where there is none."""
    reached = list(accumulate(bins))
    total = reached[-1] if reached else 0
    if total <= 0:
        return [0.0] * len(wanted)
    return [_value(bisect_right(reached, quantile * (total - 1))) for quantile in wanted]


def _together(one: Bins, other: Bins) -> Bins:
    shorter, longer = sorted((one, other), key=len)
    return [*map(add, shorter, longer), *longer[len(shorter) :]]


def _value(place: int) -> float:
    return _MAPPING.value(place - 1) if place else 0.0


def _is_bin(name: str) -> bool:
    return name == _ZERO or (name[0] == "d" and name[1:].isdigit())


def _place(name: str) -> int:
    return 0 if name == _ZERO else int(name[1:]) + 1


def _name(place: int) -> str:
    return f"d{place - 1}" if place else _ZERO
