"""The dead-letter limit of a partition: one bad release must not dead-letter a whole topic."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

WINDOW, LEAST = 1000, 200
"""The share is computed over the last records that count, and only once there are this many."""


class Fate(Enum):
    """The fate of a record in its batch. ADR 21 says which failures count."""

    HANDLED = auto()
    FAILED = auto()
    PASSED = auto()
    """Skipped, or failed without counting against the limit."""
    LEFT = auto()
    """Not tried yet."""


@dataclass(frozen=True)
class DeadLetterLimits:
    """`run`: dead letters in a row, `share`: of the last records (0 to 1). With the next one the partition stops."""

    run: int = 100
    share: float = 0.5


@dataclass
class Allowance:
    """The allowance of one partition, as far as this process has read it."""

    limits: DeadLetterLimits
    run: int = 0
    window: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))
    """For each of the last records that count: whether it became a dead letter."""

    def copy(self) -> "Allowance":
        return Allowance(self.limits, self.run, self.window.copy())

    def spend(self, fates: Sequence[Fate]) -> tuple[int, str | None]:
        """How many of the records, in the order of their offsets, are done with, and why no more if the limit says so.

        Those that failed among them may become dead letters, and are counted here.
        """
        for number, fate in enumerate(fates):
            if fate is Fate.LEFT:
                return number, None
            if fate is Fate.FAILED and (reason := self._exhausted()):
                return number, reason
            if fate in (Fate.HANDLED, Fate.FAILED):
                self._count(fate is Fate.FAILED)
        return len(fates), None

    def _count(self, dead_letter: bool) -> None:
        self.run = self.run + 1 if dead_letter else 0
        self.window.append(dead_letter)

    def _exhausted(self) -> str | None:
        if self.run >= self.limits.run:
            return f"the last {self.run} records became dead letters (DEAD_LETTER_RUN), and this one cannot be handled"
        known = len(self.window)
        if known >= LEAST and (dead := sum(self.window)) >= self.limits.share * known:
            return (
                f"{dead} of the last {known} records became dead letters (DEAD_LETTER_SHARE), "
                "and this one cannot be handled"
            )
        return None
