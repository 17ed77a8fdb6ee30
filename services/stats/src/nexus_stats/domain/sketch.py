"""Quantiles of durations from counters: the bins of DDSketch, which add up exactly, in any order, and subtract.

The mapping to bins is DataDog's library; its store is a row of counters, so that a recount gives the same sketch.
"""

from collections.abc import Sequence
from typing import Any

from ddsketch.mapping import LogarithmicMapping

from nexus_stats.domain.rows import Counts

RELATIVE_ERROR = 0.01
_MAPPING: Any = LogarithmicMapping(RELATIVE_ERROR)
_ZERO = "dz"


def bin_of(duration_ms: int) -> str:
    """The counter of the bin that this duration falls into."""
    return f"d{_MAPPING.key(duration_ms)}" if duration_ms > 0 else _ZERO


def quantiles(counts: Counts, wanted: Sequence[float]) -> list[float]:
    """In milliseconds, each within the relative error of the value of that rank; zeros where there is none."""
    bins = sorted((_key(name), number) for name, number in counts.items() if _is_bin(name))
    total = sum(number for _, number in bins)
    return [_at(bins, quantile * (total - 1)) for quantile in wanted] if total > 0 else [0.0] * len(wanted)


def _at(bins: Sequence[tuple[float, int]], rank: float) -> float:
    reached = 0
    for key, number in bins:
        reached += number
        if reached > rank:
            return _MAPPING.value(key) if key > float("-inf") else 0.0
    return 0.0


def _is_bin(name: str) -> bool:
    return name == _ZERO or (name[0] == "d" and name[1:].lstrip("-").isdigit())


def _key(name: str) -> float:
    return float("-inf") if name == _ZERO else int(name[1:])
