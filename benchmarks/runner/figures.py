"""Figures and the budgets that they are held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Figure:
    """`budget` is an upper limit in the same unit, a lower one with `at_least`, None if there is none."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    at_least: bool = False

    @property
    def holds(self) -> bool | None:
        if self.budget is None:
            return None
        return self.value >= self.budget if self.at_least else self.value < self.budget

    def as_json(self) -> dict[str, object]:
        plain: dict[str, object] = {"value": round(self.value, 3), "unit": self.unit}
        return plain if self.budget is None else {**plain, "budget": self.budget, "holds": self.holds}


def percentile(values: Sequence[float], percent: float) -> float:
    """By nearest rank: the smallest value that at least `percent` per cent of the values do not exceed."""
    if not values:
        raise ValueError("there is no percentile of nothing")
    ordered = sorted(values)
    return ordered[max(1, ceil(len(ordered) * percent / 100)) - 1]
