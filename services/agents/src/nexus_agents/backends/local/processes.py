"""A process of an agent as the pool sees it, and who waits for one."""

import asyncio
from dataclasses import dataclass, field
from typing import NamedTuple

from nexus_agents.backends.local.live import LiveAgent
from nexus_agents.domain.backend import PackageRef

EXPECTED_BYTES = 16 << 20
"""Of a process, until it was measured."""


class Version(NamedTuple):
    """An agent with the digest of its package: its processes are each as good as the other."""

    agent_id: str
    digest: str


@dataclass(eq=False)
class AgentProcess:
    """From the moment its start began; whoever holds it has it alone. `last_used` is on the event loop's clock.

    `size_bytes` is its memory when it was last measured. `fresh` while held by the one who waited for its start;
    `dismissed` when the pool ended it.
    """

    version: Version
    start: asyncio.Task[LiveAgent]
    last_used: float
    held: bool = False
    fresh: bool = True
    size_bytes: int = EXPECTED_BYTES
    dismissed: bool = False
    rest: asyncio.TimerHandle | None = None

    @property
    def started(self) -> LiveAgent | None:
        """None while it starts, and where it failed to."""
        succeeded = self.start.done() and not self.start.cancelled() and self.start.exception() is None
        return self.start.result() if succeeded else None

    @property
    def live(self) -> LiveAgent:
        """For its holder."""
        return self.start.result()

    @property
    def alive(self) -> bool:
        return self.started is not None and self.started.alive

    @property
    def idle(self) -> bool:
        return self.alive and not self.held

    def hold(self) -> None:
        self.held = True
        if self.rest is not None:
            self.rest.cancel()

    def dismiss(self, because: str) -> None:
        if self.dismissed:
            return
        self.dismissed = True
        self.start.cancel()
        if self.started is not None:
            self.started.kill(because)


@dataclass(eq=False)
class Waiting:
    """One who wants a process of a version; `granted` is done when it holds one, or when there will be none.

    `patient_until`, on the event loop's clock, it would rather have one that is busy now than one that has to start.
    """

    version: Version
    package: PackageRef
    patient_until: float
    granted: asyncio.Future[AgentProcess] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
