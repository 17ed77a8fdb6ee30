"""One running agent: started, asked, ended."""

import asyncio
import os
import signal
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from nexus_agents import metrics
from nexus_agents.backends.door.account import Account
from nexus_agents.backends.door.door import Door
from nexus_agents.backends.local.channel import Channel
from nexus_agents.backends.local.footprint import Footprint, excess, footprint_of
from nexus_agents.backends.local.guard import Guard
from nexus_agents.backends.local.tail import OutputTail
from nexus_agents.backends.local.workspace import remove
from nexus_agents.domain.backend import AgentAnswer, InvokeRequest
from nexus_agents.domain.backend_errors import (
    AgentCrashed,
    AgentNotStarted,
    AgentOverLimit,
    AgentTimedOut,
    AgentUnreachable,
    BackendError,
)
from nexus_sandbox.sandbox import SOCKET, Limits, Room, Sandbox

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.1
_PING_SECONDS = 2.0
_FAREWELL_SECONDS = 0.5


@dataclass(frozen=True)
class Running:
    """What was started: its place on this machine, the process and what it says."""

    room: Room
    child: asyncio.subprocess.Process
    tail: OutputTail
    guard: Guard | None
    limits: Limits
    door: Door | None = None

    def footprint(self) -> Footprint:
        return footprint_of(self.child.pid, self.room.run, self.limits)


class LiveAgent:
    """A process that answered a ping. It is never started again: another one takes its place."""

    def __init__(self, running: Running, channel: Channel) -> None:
        self._running = running
        self._channel = channel
        self._ended_because: str | None = None
        self._over_limit = False
        self._reaper = asyncio.create_task(self._reap())

    @property
    def alive(self) -> bool:
        return self._ended_because is None and self._running.child.returncode is None

    async def ping(self) -> str:
        """Raises AgentUnreachable, AgentCrashed, AgentFailed, AgentTimedOut."""
        try:
            async with asyncio.timeout(_PING_SECONDS):
                return await self._channel.ping()
        except TimeoutError:
            raise AgentTimedOut(f"The agent's /ping did not answer within {_PING_SECONDS:g} s.") from None

    def account(self) -> AbstractContextManager[Account]:
        """What an invocation has of models; the door is open for as long."""
        return nullcontext(Account()) if self._running.door is None else self._running.door.invocation()

    async def invoke(self, request: InvokeRequest) -> AgentAnswer:
        """As the channel's; of one that has ended the message says how, and what it last said."""
        try:
            return await self._channel.invoke(request)
        except AgentUnreachable as error:
            raise AgentUnreachable(await self._epitaph(error.message, "before it was asked")) from error
        except AgentCrashed as error:
            told = AgentOverLimit if self._over_limit else AgentCrashed
            raise told(await self._epitaph(error.message, "while it answered")) from error

    def weighed(self) -> int:
        """The bytes of memory that it holds, with all that it started; ends it where it took too much of anything."""
        taken = self._running.footprint()
        if (because := excess(taken, self._running.limits)) is not None:
            self.kill(because, over_limit=True)
            metrics.OVER_LIMIT.inc()
        return taken.size_bytes

    def kill(self, because: str, *, over_limit: bool = False) -> None:
        """Ends it at once, whatever it is doing; those who wait for an answer are told why."""
        if self.alive:
            self._ended_because, self._over_limit = because, over_limit
            kill_group(self._running.child)

    async def ended(self) -> None:
        """Returns when the process is gone and its place is cleared."""
        await asyncio.shield(self._reaper)

    async def _reap(self) -> None:
        await self._running.child.wait()
        self._channel.close()
        await clear(self._running)

    async def _epitaph(self, message: str, when: str) -> str:
        if self._ended_because is not None:
            return f"The agent was ended {when}: {self._ended_because}."
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self.ended()
        except TimeoutError:
            return message + _last_words(self._running)
        return f"The agent ended {when} ({_how_it_ended(self._running)}).{_last_words(self._running)}"


async def start_agent(
    sandbox: Sandbox, room: Room, seconds: float, guard: Guard | None, door: Door | None = None
) -> LiveAgent:
    """Returns once it has answered a ping. Raises AgentNotStarted, with the agent's last output.

    `door` is in the room, and closed when the agent has ended.
    """
    running = await _spawned(sandbox, room, guard, door)
    try:
        return LiveAgent(running, await _ready(running, seconds))
    except BaseException:
        kill_group(running.child)
        await running.child.wait()
        await clear(running)
        raise


async def _spawned(sandbox: Sandbox, room: Room, guard: Guard | None, door: Door | None) -> Running:
    launch = sandbox.launch(room)
    tail = OutputTail(room.heard)
    try:
        # From the event loop's own thread: on Linux an agent dies with the thread that started it.
        child = await asyncio.create_subprocess_exec(
            *launch.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=tail.write_end,
            stderr=tail.write_end,
            cwd=launch.directory,
            env=launch.env,
            start_new_session=True,
        )
    except BaseException as error:
        tail.close()
        if door is not None:
            await door.close()
        remove(room.run)
        if isinstance(error, OSError):
            raise AgentNotStarted(f"The agent could not be started: {error}.") from error
        raise
    tail.close_write_end()
    if guard is not None:
        guard.watch(child.pid)
    return Running(room, child, tail, guard, sandbox.limits, door)


async def _ready(running: Running, seconds: float) -> Channel:
    problem, told = "it did not open its socket", ""
    pause = _FIRST_PAUSE
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while loop.time() < deadline and running.child.returncode is None:
        try:
            return await _pinged(running, deadline)
        except FileNotFoundError:
            pass
        except TimeoutError:
            # The deadline may have cut off the last one: what an earlier one said tells more.
            problem = told or "its /ping did not answer"
        except (BackendError, OSError) as error:
            problem = told = str(error)
        if (because := excess(running.footprint(), running.limits)) is not None:
            raise AgentNotStarted(f"The agent did not start: {because}.{_last_words(running)}", ended=True)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    ended = running.child.returncode is not None
    problem = f"it ended ({_how_it_ended(running)})" if ended else f"not ready within {seconds:g} s: {problem}"
    raise AgentNotStarted(f"The agent did not start: {problem.rstrip('.')}.{_last_words(running)}", ended=ended)


async def _pinged(running: Running, deadline: float) -> Channel:
    channel = Channel(running.room.run / SOCKET)
    try:
        async with asyncio.timeout_at(deadline):
            await channel.ping()
    except BaseException:
        channel.close()
        raise
    return channel


def kill_group(child: asyncio.subprocess.Process) -> None:
    """The agent and all that it started, unless that left the agent's group."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


async def clear(running: Running) -> None:
    running.tail.close()
    kill_group(running.child)
    if running.guard is not None:
        running.guard.release(running.child.pid)
    if running.door is not None:
        await running.door.close()
    await asyncio.to_thread(remove, running.room.run)


def _how_it_ended(running: Running) -> str:
    code = running.child.returncode or 0
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def _last_words(running: Running) -> str:
    text = running.tail.text()
    return f" Its last output:\n{text}" if text else " It wrote no output."
