"""How long to wait before a process that ended is started again."""

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0
STEADY_SECONDS = 20.0


class Backoff:
    """No delay after a steady run; then doubling delays, for as long as it keeps dying early."""

    def __init__(self) -> None:
        self._young_deaths = 0

    def after(self, lifetime_seconds: float) -> float:
        """Seconds to wait after a run that lasted `lifetime_seconds`."""
        if lifetime_seconds >= STEADY_SECONDS:
            self._young_deaths = 0
        self._young_deaths += 1
        if self._young_deaths == 1:
            return 0.0
        return min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (self._young_deaths - 2))
