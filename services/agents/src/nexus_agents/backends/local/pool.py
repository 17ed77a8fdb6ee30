"""Processes of agents, each for one invocation at a time; few of one agent, and a bounded number of them in all."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from nexus_agents import metrics
from nexus_agents.backends.local.circuit import Circuit
from nexus_agents.backends.local.footprint import Alarm
from nexus_agents.backends.local.live import LiveAgent
from nexus_agents.backends.local.processes import EXPECTED_BYTES, AgentProcess, Version, Waiting
from nexus_agents.domain.backend import PackageRef
from nexus_agents.domain.backend_errors import AgentBusy, AgentNotStarted, AgentUnreachable

PATIENCE_SECONDS, MOST_PATIENCE_SECONDS = 0.05, 1.0
"""Between these, who finds all processes of an agent busy waits as long as the last of them took to start before
another one starts. A short invocation has ended before; on a busy machine starts would make it busier."""
TIMER_SECONDS = 0.001
"""The event loop may call so much too early."""
WATCH_SECONDS = 0.25
WATCH_IDLE_EVERY = 16
"""Processes that are at nothing are looked at so much less often, unless the host loses much at once."""


@dataclass(frozen=True)
class Bounds:
    """`spare_seconds`: how long an idle process stays that is not the only one of its agent, whatever its version;
    `idle_seconds`: any. `per_agent` is for each version.

    `memory_bytes` is for all together; one process always fits.
    """

    processes: int
    per_agent: int
    spare_seconds: float
    memory_bytes: int = 2 << 30
    idle_seconds: float = 3600.0


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
        self._start_took: dict[Version, float] = {}
        self._circuit = Circuit()
        self._watching: asyncio.Task[None] | None = None
        self._stopped = False
        self._loop = asyncio.get_running_loop()

    @asynccontextmanager
    async def lease(self, agent_id: str, package: PackageRef, deadline: float) -> AsyncGenerator[AgentProcess]:
        """A started process for the caller alone; `deadline` on the event loop's clock.

        Processes of several versions of an agent live side by side as long as each is asked. Raises AgentBusy at the
        deadline, AgentUnreachable where the agent is undeployed in the meantime or the pool stopped, and as its start
        did.
        """
        process = await self._granted(agent_id, package, deadline)
        try:
            yield process
        finally:
            self._release(process)

    def forgive(self, agent_id: str, package: PackageRef) -> None:
        """The version is started with the next lease, however often it has failed to."""
        self._circuit.forgive(agent_id, package.sha256)

    def serves(self, agent_id: str, package: PackageRef) -> bool:
        """Whether a process of this version has started and lives."""
        return any(process.alive for process in self._serving.get(Version(agent_id, package.sha256), []))

    def awake(self) -> list[str]:
        """The agents that have a process, the last used first."""
        used: dict[str, float] = {}
        for process in (one for own in self._serving.values() for one in own if one.alive):
            agent_id = process.version.agent_id
            used[agent_id] = max(process.last_used, used.get(agent_id, process.last_used))
        return sorted(used, key=lambda agent_id: used[agent_id], reverse=True)

    async def end(self, agent_id: str, because: str) -> None:
        """Ends the agent with what it is working on and who waits for it; returns when its processes are gone."""
        self._circuit.forgive(agent_id)
        waiting = [waiter for waiter in self._waiting if waiter.version.agent_id == agent_id]
        self._refuse(waiting, AgentUnreachable(f"The agent was ended: {because}."))
        ending = [process for process in self._followers if process.version.agent_id == agent_id]
        await self._dismiss(ending, because)

    async def stop(self) -> None:
        """Ends all processes; returns when they are gone."""
        self._stopped = True
        if self._watching is not None:
            self._watching.cancel()
        self._refuse(list(self._waiting), AgentUnreachable("The service stops."))
        await self._dismiss(list(self._followers), "the service stops")

    async def _granted(self, agent_id: str, package: PackageRef, deadline: float) -> AgentProcess:
        if self._stopped:
            raise AgentUnreachable("The service stops.")
        version = Version(agent_id, package.sha256)
        patience = max(PATIENCE_SECONDS, min(MOST_PATIENCE_SECONDS, self._start_took.get(version, 0.0)))
        patient_until = self._loop.time() + patience
        waiter = Waiting(version, package, patient_until)
        if waiter.version not in self._serving:
            self._circuit.require_closed(waiter.version, self._loop.time())
        self._waiting.append(waiter)
        self._serve()
        if waiter in self._waiting:
            self._loop.call_at(patient_until, self._serve)
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
            what = "the memory" if self._crowded(EXPECTED_BYTES) == "memory" else f"{self._bounds.processes} places"
            return f"All {what} for agents were taken until the invocation timed out."
        if any(process.alive for process in own):
            return "The agent was busy with other invocations until this one timed out."
        return "The agent was still starting when the invocation timed out."

    def _release(self, process: AgentProcess) -> None:
        process.held = process.fresh = False
        self._stunted.discard(process.version)
        if process.alive:
            self._lay_down(process)
        else:
            self._take_out(process)
        self._serve()

    def _lay_down(self, process: AgentProcess) -> None:
        process.last_used = self._loop.time()
        process.rest = self._loop.call_later(self._bounds.spare_seconds, self._let_go, process)

    def _let_go(self, process: AgentProcess) -> None:
        if not process.idle:
            return
        left = process.last_used + self._bounds.idle_seconds - self._loop.time()
        if left <= 0 or self._alive()[process.version.agent_id] > 1:
            self._retire(process, "it was no longer needed")
        else:
            process.rest = self._loop.call_later(min(left, self._bounds.spare_seconds), self._let_go, process)

    def _alive(self) -> Counter[str]:
        """How many processes of each agent live."""
        return Counter(one.version.agent_id for own in self._serving.values() for one in own if one.alive)

    def _of_other_versions(self, version: Version) -> bool:
        """Whether a process of another version of the agent lives."""
        others = [one for one in self._serving if one.agent_id == version.agent_id and one != version]
        return any(process.alive for one in others for process in self._serving[one])

    def _serve(self) -> None:
        """An agent without a process comes first, or a crowd at another one would keep it out; then who came first."""
        for waiter in self._waiting:
            if waiter.version not in self._serving and self._make_room():
                self._open(waiter)
        for waiter in list(self._waiting):
            self._hand_over(waiter)
        now = self._loop.time() + TIMER_SECONDS
        impatient = [waiter for waiter in self._waiting if waiter.patient_until <= now]
        wanted = Counter(waiter.version for waiter in impatient)
        for waiter in impatient:
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
        """Ends idle processes while one more would be too many, or too large."""
        while (crowded := self._crowded(EXPECTED_BYTES)) is not None:
            if not self._evict(crowded):
                return False
        return True

    def _crowded(self, more_bytes: int) -> str | None:
        """Which bound so much more would break."""
        taken = [process for own in self._serving.values() for process in own]
        taken += [process for process in self._leaving if process.held]
        if len(taken) >= self._bounds.processes:
            return "number"
        size = sum(process.size_bytes for process in taken) + more_bytes
        return "memory" if taken and size > self._bounds.memory_bytes else None

    def _evict(self, because: str) -> bool:
        """Ends an idle process, if there is one: a spare one rather than an agent's last, the longest unused."""
        idle = [process for own in self._serving.values() for process in own if process.idle]
        if idle:
            alive = self._alive()
            victim = min(idle, key=lambda one: (alive[one.version.agent_id] == 1, one.last_used))
            self._retire(victim, "its place was needed")
            metrics.EVICTIONS.labels(because).inc()
        return bool(idle)

    async def _watch(self) -> None:
        """While there are processes: how large they are, and that each keeps within its own limits."""
        alarm = Alarm()
        for tick in itertools.count():
            await asyncio.sleep(WATCH_SECONDS)
            alarmed = alarm.rings()
            watched = [process for process in self._followers if process.alive]
            for number, process in enumerate(watched):
                if alarmed or process.held or (number + tick) % WATCH_IDLE_EVERY == 0:
                    process.size_bytes = process.live.weighed()
            metrics.PROCESSES.set(len(watched))
            metrics.PROCESS_BYTES.set(sum(process.size_bytes for process in watched))
            while self._crowded(0) == "memory" and self._evict("memory"):
                pass
            if not self._followers:
                return

    def _open(self, waiter: Waiting) -> None:
        start = asyncio.create_task(self._start(waiter.version.agent_id, waiter.package))
        process = AgentProcess(waiter.version, start, self._loop.time())
        self._serving.setdefault(waiter.version, []).append(process)
        self._followers[process] = asyncio.create_task(self._follow(process))
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())

    async def _follow(self, process: AgentProcess) -> None:
        """Has it used once it has started, and frees its place when it is gone, whatever ended it."""
        await asyncio.wait([process.start])
        live = process.started
        if live is not None:
            self._circuit.forgive(*process.version)
            self._start_took[process.version] = self._loop.time() - process.last_used
            metrics.STARTS.labels("started").inc()
            if not process.held:  # whoever released another one a moment ago may have handed it over already
                self._lay_down(process)
            self._serve()
            process.fresh = process.held
            if not process.held and self._of_other_versions(process.version):
                # It would pass for the one used last, and outlive the version that took its place while it started.
                self._retire(process, "nobody waited for it any more")
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
        metrics.STARTS.labels("failed").inc()
        if isinstance(error, AgentNotStarted):
            self._circuit.failed(process.version, error.message, self._loop.time())
        if process.version in self._serving:
            self._stunted.add(process.version)
        elif error is not None:
            self._refuse([waiter for waiter in self._waiting if waiter.version == process.version], error)

    def _refuse(self, waiters: Iterable[Waiting], error: BaseException) -> None:
        for waiter in waiters:
            self._waiting.remove(waiter)
            waiter.granted.set_exception(error)

    def _retire(self, process: AgentProcess, because: str) -> None:
        """Takes it out of use, and ends it with what it is working on."""
        self._take_out(process)
        self._leaving.add(process)
        process.dismiss(because)

    async def _dismiss(self, processes: Iterable[AgentProcess], because: str) -> None:
        followers = [self._followers[process] for process in processes]
        for process in processes:
            self._retire(process, because)
        await asyncio.gather(*followers)

    def _take_out(self, process: AgentProcess) -> None:
        own = self._serving.get(process.version, [])
        if process in own:
            own.remove(process)
        if not own:
            self._serving.pop(process.version, None)
            self._start_took.pop(process.version, None)
