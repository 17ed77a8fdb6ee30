"""Bounds a computation in time and memory: in this process, which ends with it, or in one of its own."""

import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from ..tools.contract import Impossible

_OUTPUT_LIMIT = 16 * 1024 * 1024
MEMORY_EXHAUSTED = 3
_TICK_MILLISECONDS = 200
_WORKING_SHARE = 0.8


class Limits(NamedTuple):
    """Wall-clock seconds (CPU seconds follow) and megabytes of address space."""

    seconds: float
    memory_mb: int


class TimeLimitExceeded(Exception):
    """The computation was ended at its time limit."""


class MemoryLimitExceeded(Exception):
    """The computation wanted more memory than it may have."""


class ComputationFailed(Exception):
    """The computation ended without a result: a defect, or killed from outside."""


class ClientGone(Exception):
    """Nobody waits for the result any more."""


def run_confined(compute: Callable[[], bytes], limits: Limits, client: socket.socket | None = None) -> bytes:
    """What `compute` returns. Ends it at the limits, and where `client` hangs up or the agent itself has gone.

    Some time before the limit a Refusal is raised inside `compute`, for an answer that says so.
    """
    reading, writing = os.pipe()
    parent = os.getppid()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _compute_and_exit(compute, limits, writing)
    os.close(writing)
    signal.signal(signal.SIGTERM, lambda _number, _frame: _abandon(child))
    try:
        result = _collected(reading, time.monotonic() + limits.seconds, client, parent)
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if not result.endswith(b"\0"):
        raise why_it_ended(status)
    return result[:-1]


def why_it_ended(status: int) -> Exception:
    """Of a process that ended at a limit or without a result; `status` as `os.waitpid` has it."""
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGALRM):
        return TimeLimitExceeded()
    exhausted = os.WIFEXITED(status) and os.WEXITSTATUS(status) == MEMORY_EXHAUSTED
    return MemoryLimitExceeded() if exhausted else ComputationFailed()


def confined(compute: Callable[[], bytes], limits: Limits) -> bytes:
    """What `compute` returns. At a limit this process ends (see `why_it_ended`), after a Refusal inside `compute`."""
    _restrict(limits)
    result = compute()
    signal.setitimer(signal.ITIMER_REAL, 0)
    if len(result) > _OUTPUT_LIMIT:
        raise ComputationFailed
    return result


def _abandon(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os._exit(0)


def _collected(reading: int, deadline: float, client: socket.socket | None, parent: int) -> bytes:
    """All that the child wrote before it closed its end."""
    poller, pieces, size = select.poll(), list[bytes](), 0
    poller.register(reading, select.POLLIN)
    if client is not None:
        poller.register(client, 0)
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeLimitExceeded
        for descriptor, event in poller.poll(min(left * 1000, _TICK_MILLISECONDS)):
            if descriptor != reading:
                if event & (select.POLLHUP | select.POLLERR):
                    raise ClientGone
                continue
            piece = os.read(reading, 1 << 20)
            if not piece or size > _OUTPUT_LIMIT:
                return b"".join(pieces)
            pieces.append(piece)
            size += len(piece)
        if os.getppid() != parent:
            raise ClientGone


def _compute_and_exit(compute: Callable[[], bytes], limits: Limits, writing: int) -> None:
    """Ends this process in any case: nothing of the caller's stack may run twice."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _restrict(limits)
        result = compute() + b"\0"
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        _write_all(writing, result)
        code = 0
    except MemoryError:
        code = MEMORY_EXHAUSTED
    except Exception as error:  # noqa: BLE001 - the boundary of the process: the caller sees that it died
        sys.stderr.write(f"the computation failed: {type(error).__name__}\n")
        sys.stderr.flush()
    finally:
        os._exit(code)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _restrict(limits: Limits) -> None:
    _ring_before(limits)
    # From now on: this process may have answered others before.
    seconds = int(time.process_time() + limits.seconds) + 1
    memory = limits.memory_mb * 1024 * 1024
    for limit, amount in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (amount, resource.getrlimit(limit)[1]))


def _ring_before(limits: Limits) -> None:
    """Python and its regular expressions look for signals in mid work; what does not is ended at the limit."""
    working = limits.seconds * _WORKING_SHARE

    def ring(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, limits.seconds + 1 - working)
        raise Impossible(
            f"This takes longer than the {limits.seconds:g} seconds that I may work.",
            f"所需时间超过了我可以工作的 {limits.seconds:g} 秒。",
        )

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, working)
