"""Limits the concurrent invocations of each agent in this process, so that a slow agent does not block all others."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from nexus_contracts.errors import RateLimitExceeded
from nexus_runtime.work.kind import Held


@dataclass
class _Lane:
    running: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])

    @property
    def taken(self) -> int:
        return self.running + sum(not one.done() for one in self.waiting)


class Lanes:
    """`at_once` and `waiting` are limits per agent; `full`: nothing more is accepted for any agent."""

    def __init__(self, at_once: int, waiting: int, full: Callable[[], bool]) -> None:
        self._at_once = at_once
        self._waiting = waiting
        self._full = full
        self._lanes: dict[str, _Lane] = {}
        self.unasked: set[str] = set()
        """Those waiting now, or when the process was stopped: their agents have not been invoked."""

    def require_room(self, agent_id: str) -> None:
        """Raises RateLimitExceeded if too many invocations are running and waiting."""
        lane = self._lanes.get(agent_id)
        if lane is not None and lane.taken >= self._at_once + self._waiting:
            raise RateLimitExceeded(
                "too many invocations of this agent are already running or waiting",
                agent_id=agent_id,
                running=self._at_once,
                waiting=self._waiting,
            )
        if self._full():
            raise RateLimitExceeded("too many invocations are already running or waiting")

    @asynccontextmanager
    async def entered(self, agent_id: str, held: Held) -> AsyncGenerator[bool]:
        """Waits until the agent has a free slot; meanwhile work for other agents uses the place of this one.

        Yields whether it had to wait.
        """
        lane = self._lanes.setdefault(agent_id, _Lane())
        if waits := lane.running >= self._at_once:
            await self._wait(lane, held)
        else:
            lane.running += 1
        try:
            yield waits
        finally:
            self._leave(agent_id, lane)

    async def _wait(self, lane: _Lane, held: Held) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.waiting.append(turn)
        try:
            self.unasked.add(held.name)
            await held.aside(lambda: turn)
            self.unasked.discard(held.name)
        except asyncio.CancelledError:
            if not held.stopping.is_set():
                self.unasked.discard(held.name)
            # Given and cancelled in one step of the loop: the turn goes to the next.
            if turn.done() and not turn.cancelled():
                self._pass_on(lane)
            raise

    def _leave(self, agent_id: str, lane: _Lane) -> None:
        self._pass_on(lane)
        if not lane.taken and self._lanes.get(agent_id) is lane:
            del self._lanes[agent_id]

    def _pass_on(self, lane: _Lane) -> None:
        while lane.waiting:
            turn = lane.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        lane.running -= 1
