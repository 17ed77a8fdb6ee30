"""Ends what agents started, when this service is killed and no sandbox does it for us.

An agent itself dies with the service, but not the processes that it forked. So a small process of ours holds one end
of a pipe: when the service is gone, however it went, the pipe ends, and the groups of the agents are killed.
This file run as a script is that process, hence standard library only and no import of ours at its head.
"""

import os
import signal
import sys
from asyncio import subprocess
from collections.abc import Iterable


class Guard:
    """Knows the process groups of the running agents."""

    def __init__(self, child: subprocess.Process) -> None:
        self._child = child

    def watch(self, group: int) -> None:
        self._tell(f"+{group}\n")

    def release(self, group: int) -> None:
        self._tell(f"-{group}\n")

    async def stop(self) -> None:
        """Kills the groups that were not released."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        await self._child.wait()

    def _tell(self, line: str) -> None:
        if self._child.stdin is not None and not self._child.stdin.is_closing():
            self._child.stdin.write(line.encode())


async def start_guard(python: str) -> Guard:
    child = await subprocess.create_subprocess_exec(
        python, "-I", "-S", __file__, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )
    return Guard(child)


def stand_guard(lines: Iterable[str]) -> None:
    """Returns when the lines have ended and the groups that they left are killed."""
    groups: set[int] = set()
    for line in lines:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:
            continue


if __name__ == "__main__":
    stand_guard(sys.stdin)
