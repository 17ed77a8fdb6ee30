"""One process, kept alive."""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, Process
from collections import deque
from collections.abc import Mapping

from nexus_devstack.backoff import Backoff
from nexus_devstack.console import Console
from nexus_devstack.errors import StackError
from nexus_devstack.listener import SETTING as LISTENER
from nexus_devstack.output import OutputPipe
from nexus_devstack.program import Program
from nexus_runtime.process.tether import EXIT_NOT_RUN, tethered

PROBE_INTERVAL_SECONDS = 0.1
TAIL_LINES = 200
SHOWN_LINES = 5


def described_end(status: int) -> str:
    return f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with exit status {status}"


class Supervised:
    """Starts its program, restarts it when it ends, and stops it; all calls come from the event loop's thread.

    `at_first`: further environment, until it was ready for the first time.
    """

    def __init__(self, program: Program, console: Console, at_first: Mapping[str, str] | None = None) -> None:
        self.program = program
        self._at_first = at_first or {}
        self.ready = asyncio.Event()
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.starts = 0
        self._console = console
        self._running: Process | None = None
        self._stopping = asyncio.Event()
        self._was_ready = False
        self._missing: str | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def pid(self) -> int:
        """Raises StackError while it is not running."""
        if self._running is None:
            raise StackError(f"{self.name} is not running")
        return self._running.pid

    async def start(self, timeout_seconds: float) -> None:
        """Returns when it is ready. Raises StackError if it ends before that, or takes too long."""
        self._keeping = asyncio.create_task(self._keep(), name=f"keep {self.name}")
        waiting = asyncio.create_task(self.ready.wait())
        try:
            await asyncio.wait({self._keeping, waiting}, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if self._keeping.done():
            self._keeping.result()
        if not self.ready.is_set():
            raise StackError(f"{self.name} is not ready after {timeout_seconds:.0f} s: {self._missing}")

    async def wait_ready(self, timeout_seconds: float) -> None:
        """Returns when it is ready now, however often it was before. Raises StackError if it is not in time."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while not await self._still_ready():  # noqa: ASYNC110  # only an answer tells
                    await asyncio.sleep(PROBE_INTERVAL_SECONDS)
        except TimeoutError:
            raise StackError(f"{self.name} is not ready after {timeout_seconds:.0f} s: {self._missing}") from None

    async def _still_ready(self) -> bool:
        await self.ready.wait()
        self._missing = await self.program.readiness()
        return self._missing is None and self.ready.is_set()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the process alone; does nothing while it is not running."""
        if self._running is not None and self._running.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._running.pid, number)

    def pause(self) -> None:
        """Suspends it until `cont`: alive, but making no progress."""
        self.signal(self.program.pause_signal)

    def cont(self) -> None:
        self.signal(self.program.continue_signal)

    def kill(self) -> None:
        """Sends SIGKILL to the process and its whole group; it will be started again."""
        self.ready.clear()
        if self._running is not None:
            self._kill_group(self._running.pid)

    def restart(self) -> None:
        """Asks it to stop; it will be started again."""
        self.ready.clear()
        self.signal(self.program.stop_signal)

    async def leave(self) -> None:
        """Lets it finish what it is at, for a bounded time: another process has taken over. It stays stopped."""
        self._stopping.set()
        if self._keeping is not None:
            self.signal(self.program.succeeded_signal)
            await asyncio.wait({self._keeping}, timeout=self.program.finish_seconds)
        await self.stop()

    async def stop(self) -> None:
        """Asks it to stop, and kills it if it does not in time. It stays stopped."""
        self._stopping.set()
        if self._keeping is None:
            return
        self.signal(self.program.stop_signal)
        self.signal(signal.SIGCONT)
        done, _ = await asyncio.wait({self._keeping}, timeout=self.program.stop_seconds)
        if not done:
            self._console.say(f"{self.name} did not stop within {self.program.stop_seconds:.0f} s and was killed")
            self.kill()
            await asyncio.wait({self._keeping})
        self._keeping.exception()  # told already by whoever waited for the start

    async def _keep(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            began = time.monotonic()
            status = await self._run_once()
            if self._stopping.is_set():
                return
            if status >= 0 and not self._was_ready:
                raise StackError(self._failed_start(status))
            delay = backoff.after(time.monotonic() - began)
            when = f"in {delay:.1f} s" if delay else "now"
            self._console.say(f"{self.name} {described_end(status)}; it is started again {when}")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._stopping.wait()

    async def _run_once(self) -> int:
        output = OutputPipe(self._print)
        listener = self.program.listener
        with contextlib.ExitStack() as held:
            try:
                descriptor = held.enter_context(listener.used()) if listener else None
                running = await self._spawned(output, descriptor)
            except OSError as error:
                output.discard()
                self._print(f"cannot be started: {error.strerror}")
                return EXIT_NOT_RUN
            return await self._ended(running, output)

    async def _spawned(self, output: OutputPipe, descriptor: int | None) -> Process:
        known = {} if self._was_ready else self._at_first
        listening = {} if descriptor is None else {LISTENER: str(descriptor)}
        return await asyncio.create_subprocess_exec(
            *tethered(self.program.argv()),
            stdin=DEVNULL,
            stdout=output.write_end,
            stderr=output.write_end,
            env={**self.program.env, **known, **listening},
            pass_fds=() if descriptor is None else (descriptor,),
            start_new_session=True,
        )

    async def _ended(self, running: Process, output: OutputPipe) -> int:
        self._running = running
        self.starts += 1
        await output.start()
        if self._stopping.is_set():
            self.signal(self.program.stop_signal)
        probing = asyncio.create_task(self._probe(), name=f"probe {self.name}")
        status = await running.wait()
        self.ready.clear()
        probing.cancel()
        self._kill_group(running.pid)
        self._running = None
        await asyncio.gather(output.drain(), probing, return_exceptions=True)
        return status

    async def _probe(self) -> None:
        while (missing := await self._missing_now()) is not None:
            self._missing = missing
            await asyncio.sleep(PROBE_INTERVAL_SECONDS)
        self._was_ready = True
        self.ready.set()

    async def _missing_now(self) -> str | None:
        missing = await self.program.readiness()
        if missing is None and self._was_ready and self.program.after_restart is not None:
            try:
                await self.program.after_restart()
            except StackError as error:
                return str(error)
        return missing

    def _print(self, line: str) -> None:
        self.tail.append(line)
        self._console.line(self.name, line)

    def _failed_start(self, status: int) -> str:
        said = " / ".join(line.strip() for line in list(self.tail)[-SHOWN_LINES:] if line.strip())
        return f"{self.name} {described_end(status)} during start" + (f": {said}" if said else "")

    @staticmethod
    def _kill_group(pid: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
