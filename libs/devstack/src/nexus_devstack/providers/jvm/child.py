"""A program that is run to its end."""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL
from collections.abc import Callable, Mapping, Sequence

from nexus_devstack.output import OutputPipe
from nexus_runtime.process.tether import tethered


async def run_to_end(argv: Sequence[str], env: Mapping[str, str], on_line: Callable[[str], None]) -> int:
    """The exit status. It is killed, with all it started, if the call is cancelled or this process dies."""
    output = OutputPipe(on_line)
    try:
        running = await asyncio.create_subprocess_exec(
            *tethered(argv),
            stdin=DEVNULL,
            stdout=output.write_end,
            stderr=output.write_end,
            env=dict(env),
            start_new_session=True,
        )
    except OSError:
        output.discard()
        raise
    await output.start()
    try:
        return await running.wait()
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(running.pid, signal.SIGKILL)
        await output.drain()
