"""Keeps agents that do not start from being started with every invocation."""

from dataclasses import dataclass

from nexus_agents.backends.local.processes import Version
from nexus_agents.domain.backend_errors import AgentNotStarted

FREE_FAILURES = 3
"""In a row, before the first pause."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0


@dataclass(frozen=True)
class _Failures:
    number: int
    until: float
    latest: str


class Circuit:
    """Of all versions of agents; moments are on the event loop's clock."""

    def __init__(self) -> None:
        self._failing: dict[Version, _Failures] = {}

    def require_closed(self, version: Version, now: float) -> None:
        """Raises AgentNotStarted while the version is not started again."""
        failing = self._failing.get(version)
        if failing is not None and now < failing.until:
            raise AgentNotStarted(
                f"The agent failed to start {failing.number} times in a row and is tried again in "
                f"{failing.until - now:.0f} s. {failing.latest}"
            )

    def failed(self, version: Version, why: str, now: float) -> None:
        """Each pause is twice as long as the one before."""
        before = self._failing.get(version)
        number = before.number + 1 if before else 1
        pause = FIRST_PAUSE * 2 ** (number - FREE_FAILURES) if number >= FREE_FAILURES else 0.0
        self._failing[version] = _Failures(number, now + min(pause, LONGEST_PAUSE), why)

    def forgive(self, agent_id: str, digest: str | None = None) -> None:
        """The version may be started at once, or every version of the agent."""
        for version in [one for one in self._failing if one.agent_id == agent_id and digest in (None, one.digest)]:
            del self._failing[version]
