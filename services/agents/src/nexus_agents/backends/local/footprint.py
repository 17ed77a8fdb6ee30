"""What a process uses with all that it started, as the kernel tells."""

import os
from dataclasses import dataclass

from nexus_sandbox.sandbox import Limits

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MOST = 256
"""Processes that are looked at: one who started more is over every limit."""


@dataclass(frozen=True)
class Footprint:
    """`size_bytes` is memory of their own: what they share with others, the interpreter say, is not in it."""

    processes: int = 0
    size_bytes: int = 0


def excess(taken: Footprint, limits: Limits) -> str | None:
    """What a process took too much of, in words; None: nothing."""
    if taken.processes > limits.processes:
        return f"it had more than {limits.processes} processes"
    if taken.size_bytes > limits.memory_bytes:
        return f"its processes held more than {limits.memory_bytes >> 20} MB of memory"
    return None


def footprint_of(pid: int) -> Footprint:
    """Of a process and its descendants; nothing where the kernel does not tell (macOS), or it has ended."""
    found = 0
    size = 0
    left = [pid]
    while left and found <= MOST:
        one = left.pop()
        try:
            size += _own_bytes(one)
            left += _children(one)
        except (OSError, ValueError, IndexError):
            continue  # it has just ended
        found += 1
    return Footprint(found, size)


def _own_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm", "rb") as file:
        _, resident, shared = file.read().split()[:3]
    return (int(resident) - int(shared)) * _PAGE_BYTES


def _children(pid: int) -> list[int]:
    children: list[int] = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
            children += map(int, file.read().split())
    return children
