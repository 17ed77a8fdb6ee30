"""Processes of agents, each for one invocation at a time; few of one agent, and a bounded number of them in all."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from nexus_agents.backends.local.live import LiveAgent
from nexus_agents.backends.local.processes import AgentProcess, Version, Waiting
from nexus_agents.domain.backend import PackageRef
from nexus_agents.domain.backend_errors import AgentBusy, AgentUnreachable


@dataclass(frozen=True)
class Bounds:
    """`spare_seconds`: how long an idle process stays that is not the only one of its agent."""

    processes: int
    per_agent: int
    spare_seconds: float


class AgentPool:
    """Starts processes on demand. Nothing here awaits between a look and what follows from it: no locks."""

    def __init__(
        self,
        start: Callable[[str, PackageRef], Coroutine[None, None, LiveAgent]],
        gone: Callable[[str], Coroutine[None, None, None]],
        bounds: Bounds,
    ) -> None:
        """`gone` is told the digest of a package whose last process has ended."""
        self._start = start
        self._gone = gone
        self._bounds = bounds
        self._serving: dict[Version, list[AgentProcess]] = {}
        self._leaving: set[AgentProcess] = set()
        self._followers: dict[AgentProcess, asyncio.Task[None]] = {}
        self._waiting: list[Waiting] = []
        self._stunted: set[Version] = set()
        self._stopped = False
        self._loop = asyncio.get_running_loop()

    @asynccontextmanager
    async def lease(self, agent_id: str, package: PackageRef, deadline: float) -> AsyncGenerator[AgentProcess]:
        """A started process for the caller alone; `deadline` on the event loop's clock.

        Once it has started, those of the agent's other versions end when they are idle. Raises AgentBusy at the
        deadline, AgentUnreachable where the agent is undeployed in the meantime or the pool stopped, and as its start
        did.
        """
        process = await self._granted(agent_id, package, deadline)
        try:
            yield process
        finally:
            self._release(process)

    def serves(self, agent_id: str, package: PackageRef) -> bool:
        """Whether a process of this version has started and lives."""
        return any(process.alive for process in self._serving.get(Version(agent_id, package.sha256), []))

    async def end(self, agent_id: str, because: str) -> None:
        """Ends the agent with what it is working on and who waits for it; returns when its processes are gone."""
        waiting = [waiter for waiter in self._waiting if waiter.version.agent_id == agent_id]
        self._refuse(waiting, AgentUnreachable(f"The agent was ended: {because}."))
        ending = [process for process in self._followers if process.version.agent_id == agent_id]
        await self._dismiss(ending, because)

    async def stop(self) -> None:
        """Ends all processes; returns when they are gone."""
        self._stopped = True
        self._refuse(list(self._waiting), AgentUnreachable("The service stops."))
        await self._dismiss(list(self._followers), "the service stops")

    async def _granted(self, agent_id: str, package: PackageRef, deadline: float) -> AgentProcess:
        if self._stopped:
            raise AgentUnreachable("The service stops.")
        waiter = Waiting(Version(agent_id, package.sha256), package)
        self._waiting.append(waiter)
        self._serve()
        try:
            await asyncio.wait([waiter.granted], timeout=max(0.0, deadline - self._loop.time()))
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise
        if not waiter.granted.done():
            self._withdraw(waiter)
            raise AgentBusy(self._obstacle(waiter.version))
        return waiter.granted.result()

    def _withdraw(self, waiter: Waiting) -> None:
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        elif waiter.granted.exception() is None:
            self._release(waiter.granted.result())

    def _obstacle(self, version: Version) -> str:
        own = self._serving.get(version, [])
        if not own:
            return f"All {self._bounds.processes} places for agents were taken until the invocation timed out."
        if any(process.alive for process in own):
            return "The agent was busy with other invocations until this one timed out."
        return "The agent was still starting when the invocation timed out."

    def _release(self, process: AgentProcess) -> None:
        process.held = process.fresh = False
        self._stunted.discard(process.version)
        if process.leaving:
            process.dismiss("it was replaced")
        elif process.alive:
            self._lay_down(process)
        else:
            self._take_out(process)
        self._serve()

    def _lay_down(self, process: AgentProcess) -> None:
        process.last_used = self._loop.time()
        process.rest = self._loop.call_later(self._bounds.spare_seconds, self._let_go, process)

    def _let_go(self, process: AgentProcess) -> None:
        if process.idle and len(self._serving[process.version]) > 1:
            self._retire(process, "it was no longer needed")

    def _serve(self) -> None:
        """An agent without a process comes first, or a crowd at another one would keep it out; then who came first."""
        for waiter in self._waiting:
            if waiter.version not in self._serving and self._make_room():
                self._open(waiter)
        for waiter in list(self._waiting):
            self._hand_over(waiter)
        wanted = Counter(waiter.version for waiter in self._waiting)
        for waiter in self._waiting:
            if self._may_grow(waiter.version, wanted[waiter.version]) and self._make_room():
                self._open(waiter)

    def _hand_over(self, waiter: Waiting) -> None:
        idle = [process for process in self._serving.get(waiter.version, []) if process.idle]
        if idle:
            process = max(idle, key=lambda one: one.last_used)
            process.hold()
            self._waiting.remove(waiter)
            waiter.granted.set_result(process)

    def _may_grow(self, version: Version, wanted: int) -> bool:
        """At most as many start as have started: a crowd of short invocations is soon served by few processes."""
        own = self._serving.get(version, [])
        starting = sum(not process.start.done() for process in own)
        room = 0 < len(own) < self._bounds.per_agent and version not in self._stunted
        return room and starting < min(wanted, max(1, len(own) - starting))

    def _make_room(self) -> bool:
        """Ends an idle process where all places are taken: a spare one if there is one, the longest unused."""
        serving = [process for own in self._serving.values() for process in own]
        if len(serving) + sum(process.held for process in self._leaving) < self._bounds.processes:
            return True
        idle = [process for process in serving if process.idle]
        if idle:
            victim = min(idle, key=lambda one: (len(self._serving[one.version]) == 1, one.last_used))
            self._retire(victim, "its place was needed")
        return bool(idle)

    def _open(self, waiter: Waiting) -> None:
        start = asyncio.create_task(self._start(waiter.version.agent_id, waiter.package))
        process = AgentProcess(waiter.version, start, self._loop.time())
        self._serving.setdefault(waiter.version, []).append(process)
        self._followers[process] = asyncio.create_task(self._follow(process))

    async def _follow(self, process: AgentProcess) -> None:
        """Has it used once it has started, and frees its place when it is gone, whatever ended it."""
        await asyncio.wait([process.start])
        live = process.started
        if live is not None:
            self._lay_down(process)
            self._serve()
            process.fresh = process.held
            self._replace_others(process.version)
            await live.ended()
            self._stunted.discard(process.version)
        self._take_out(process)
        self._leaving.discard(process)
        if live is None and not process.start.cancelled():
            self._not_started(process)
        self._serve()
        digest = process.version.digest
        if all(other is process or other.version.digest != digest for other in self._followers):
            await self._gone(digest)
        del self._followers[process]

    def _not_started(self, process: AgentProcess) -> None:
        """Ends the waiting, unless other processes are there to wait for: then they get no company for now."""
        error = process.start.exception()
        if process.version in self._serving:
            self._stunted.add(process.version)
        elif error is not None:
            self._refuse([waiter for waiter in self._waiting if waiter.version == process.version], error)

    def _refuse(self, waiters: Iterable[Waiting], error: BaseException) -> None:
        for waiter in waiters:
            self._waiting.remove(waiter)
            waiter.granted.set_exception(error)

    def _replace_others(self, version: Version) -> None:
        """Not before this one can do their work; what still starts is waited for by somebody."""
        for other in [other for other in self._serving if other.agent_id == version.agent_id and other != version]:
            for process in [process for process in self._serving[other] if process.start.done()]:
                self._retire(process, "it was replaced")

    def _retire(self, process: AgentProcess, because: str) -> None:
        """Takes it out of use; it lives until it has finished what it is working on."""
        self._take_out(process)
        process.leaving = True
        self._leaving.add(process)
        if not process.held:
            process.dismiss(because)

    async def _dismiss(self, processes: Iterable[AgentProcess], because: str) -> None:
        followers = [self._followers[process] for process in processes]
        for process in processes:
            self._retire(process, because)
            process.dismiss(because)
        await asyncio.gather(*followers)

    def _take_out(self, process: AgentProcess) -> None:
        own = self._serving.get(process.version, [])
        if process in own:
            own.remove(process)
        if not own:
            self._serving.pop(process.version, None)
