"""At most one running agent per id, and a bounded number of them in all."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass

from nexus_agents.backends.local.live import LiveAgent
from nexus_agents.domain.backend import PackageRef
from nexus_agents.domain.backend_errors import AgentUnreachable


@dataclass(eq=False)
class Slot:
    """An agent from the moment its start began; `in_flight` counts those who wait for it or use it."""

    agent_id: str
    digest: str
    start: asyncio.Task[LiveAgent]
    turns: asyncio.Semaphore
    last_used: float
    in_flight: int = 0

    @property
    def live(self) -> LiveAgent | None:
        """None while it starts, and where it failed to."""
        started = self.start.done() and not self.start.cancelled() and self.start.exception() is None
        return self.start.result() if started else None

    @property
    def usable(self) -> bool:
        return not self.start.done() or (self.live is not None and self.live.alive)

    async def ready(self, deadline: float) -> LiveAgent:
        """The agent once it has started; `deadline` on the event loop's clock. Raises as its start did."""
        await asyncio.wait([self.start], timeout=max(0.0, deadline - asyncio.get_running_loop().time()))
        if not self.start.done():
            raise AgentUnreachable("The agent was still starting when the time of the invocation was over.")
        if self.start.cancelled():
            raise AgentUnreachable("The agent was undeployed or replaced while it started.")
        return self.start.result()

    @asynccontextmanager
    async def turn(self, deadline: float) -> AsyncGenerator[None]:
        """Held while the agent is asked; it has a bounded number of them at a time."""
        try:
            async with asyncio.timeout_at(deadline):
                await self.turns.acquire()
        except TimeoutError:
            raise AgentUnreachable("The agent was busy with other invocations until the time was over.") from None
        try:
            yield
        finally:
            self.turns.release()

    def end(self, because: str) -> None:
        self.start.cancel()
        if self.live is not None:
            self.live.kill(because)


class Pool:
    """Starts agents on demand. Nothing here awaits between a look and what follows from it: no locks."""

    def __init__(
        self,
        start: Callable[[str, PackageRef], Coroutine[None, None, LiveAgent]],
        gone: Callable[[str], Coroutine[None, None, None]],
        limit: int,
        turns: int,
    ) -> None:
        """At most `limit` agents live at a time, each with at most `turns` invocations under way.

        `gone` is told the package's digest of each that has ended.
        """
        self._start = start
        self._gone = gone
        self._limit = limit
        self._turns = turns
        self._slots: dict[str, Slot] = {}
        self._leaving: set[Slot] = set()
        self._followers: dict[Slot, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._stopped = False
        self._clock = asyncio.get_running_loop().time

    @asynccontextmanager
    async def lease(self, agent_id: str, package: PackageRef, deadline: float) -> AsyncGenerator[Slot]:
        """A slot whose agent is starting or running. While it is held the agent is not evicted.

        Waits for a place while all are taken by working agents. Raises AgentUnreachable at the deadline.
        """
        try:
            async with asyncio.timeout_at(deadline):
                while (slot := self._slot(agent_id, package)) is None:
                    await self._changed.wait()
        except TimeoutError:
            raise AgentUnreachable(f"All {self._limit} places for agents are taken by working ones.") from None
        slot.in_flight += 1
        try:
            yield slot
        finally:
            slot.in_flight -= 1
            slot.last_used = self._clock()
            if slot in self._leaving and slot.in_flight == 0:
                slot.end("it was replaced")
            self._announce()

    async def end(self, agent_id: str, because: str) -> None:
        """Ends the agent, with what it has in hand; returns when its process is gone."""
        ending = [slot for slot in [*self._slots.values(), *self._leaving] if slot.agent_id == agent_id]
        for slot in ending:
            self._retire(slot)
            slot.end(because)
        await asyncio.gather(*(self._followers[slot] for slot in ending if slot in self._followers))

    async def stop(self) -> None:
        """Ends all agents; returns when their processes are gone."""
        self._stopped = True
        for slot in [*self._slots.values(), *self._leaving]:
            slot.end("the service stops")
        self._announce()
        await asyncio.gather(*self._followers.values())

    def _slot(self, agent_id: str, package: PackageRef) -> Slot | None:
        if self._stopped:
            raise AgentUnreachable("The service stops.")
        slot = self._slots.get(agent_id)
        if slot is not None and slot.digest == package.sha256 and slot.usable:
            return slot
        if slot is not None:
            self._retire(slot)
        if not self._has_room():
            return None
        return self._open(agent_id, package)

    def _open(self, agent_id: str, package: PackageRef) -> Slot:
        start = asyncio.create_task(self._start(agent_id, package))
        slot = Slot(agent_id, package.sha256, start, asyncio.Semaphore(self._turns), self._clock())
        self._slots[agent_id] = slot
        self._followers[slot] = asyncio.create_task(self._follow(slot))
        return slot

    async def _follow(self, slot: Slot) -> None:
        """Frees the place of an agent when it is gone, whatever ended it."""
        await asyncio.wait([slot.start])
        if slot.live is not None:
            await slot.live.ended()
        self._leaving.discard(slot)
        if self._slots.get(slot.agent_id) is slot:
            del self._slots[slot.agent_id]
        self._announce()
        await self._gone(slot.digest)
        del self._followers[slot]

    def _has_room(self) -> bool:
        working = sum(slot.in_flight > 0 for slot in self._leaving)
        if len(self._slots) + working < self._limit:
            return True
        idle = [slot for slot in self._slots.values() if slot.in_flight == 0]
        if idle:
            self._retire(min(idle, key=lambda slot: slot.last_used))
        return bool(idle)

    def _retire(self, slot: Slot) -> None:
        """Takes it out of use; it lives until it has finished what it has in hand."""
        if self._slots.get(slot.agent_id) is slot:
            del self._slots[slot.agent_id]
        self._leaving.add(slot)
        if slot.in_flight == 0:
            slot.end("its place was needed")

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
