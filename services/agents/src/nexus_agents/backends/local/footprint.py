"""What a process uses with all that it started, as the kernel tells, and what it has written."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nexus_sandbox.sandbox import Limits

_BLOCK_BYTES = 512
_OWN_MEMORY = (b"RssAnon:", b"RssShmem:")
"""Shared memory is in none of the files that are looked at, so whoever maps it has it."""
MOST = 256
"""Processes that are looked at: one who started more is over every limit."""
ALARMING_THREADS, ALARMING_BYTES = 32, 256 << 20


@dataclass(frozen=True)
class Footprint:
    """`size_bytes` is memory of their own: the files that they share with others, the interpreter say, are not in it.

    `files`, directories among them, take `disk_bytes`, with those that have no name any more or never had one.
    """

    processes: int = 0
    size_bytes: int = 0
    files: int = 0
    disk_bytes: int = 0


def excess(taken: Footprint, limits: Limits) -> str | None:
    """What a process took too much of, in words; None: nothing."""
    if taken.processes > limits.processes:
        return f"it had more than {limits.processes} processes"
    if taken.size_bytes > limits.memory_bytes:
        return f"its processes held more than {limits.memory_bytes >> 20} MB of memory"
    if taken.files > limits.files:
        return f"it kept more than {limits.files} files"
    if taken.disk_bytes > limits.disk_bytes:
        return f"it kept files of more than {limits.disk_bytes >> 20} MB"
    return None


def footprint_of(pid: int, directory: Path, limits: Limits) -> Footprint:
    """Of a process and its descendants, and of the directory that it may write to.

    Processes count nothing where the kernel does not tell (macOS), or they have ended. No more files are looked at than
    it takes to know that there are too many.
    """
    found = size = nameless = 0
    left = [pid]
    while left and found <= MOST:
        one = left.pop()
        try:
            size += _own_bytes(one)
            left += _children(one)
            nameless += sum(_nameless(one))
        except (OSError, ValueError, IndexError):
            continue  # it has just ended
        found += 1
    sizes = list(islice(_named(directory), limits.files + 1))
    return Footprint(found, size, len(sizes), nameless + sum(sizes))


def _own_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/status", "rb") as file:
        return sum(int(line.split()[1]) << 10 for line in file if line.startswith(_OWN_MEMORY))


def _children(pid: int) -> list[int]:
    children: list[int] = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
            children += map(int, file.read().split())
    return children


def _nameless(pid: int) -> Iterator[int]:
    """What each open file takes that is in no directory."""
    for name in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):
            opened = os.stat(f"/proc/{pid}/fd/{name}")
            if stat.S_ISREG(opened.st_mode) and opened.st_nlink == 0:
                yield opened.st_blocks * _BLOCK_BYTES


def _named(directory: Path) -> Iterator[int]:
    """What each file takes. What is too deep for a path is not found, but that takes many directories."""
    left = [os.fspath(directory)]
    while left:
        with suppress(OSError), os.scandir(left.pop()) as entries:  # it has just been removed, or is not for us to read
            for entry in entries:
                yield entry.stat(follow_symlinks=False).st_blocks * _BLOCK_BYTES
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)


class Alarm:
    """Whether the host got many processes, or lost much memory, since it rang last: somebody took it."""

    def __init__(self) -> None:
        self._threads, self._free = _of_the_host()

    def rings(self) -> bool:
        threads, free = _of_the_host()
        if threads > self._threads + ALARMING_THREADS or free < self._free - ALARMING_BYTES:
            self._threads, self._free = threads, free
            return True
        self._threads, self._free = min(threads, self._threads), max(free, self._free)
        return False


def _of_the_host() -> tuple[int, int]:
    """How many threads there are, and the bytes of memory that are to be had."""
    try:
        with open("/proc/loadavg", "rb") as file:
            threads = int(file.read().split()[3].partition(b"/")[2])
        with open("/proc/meminfo", "rb") as file:
            free = next(int(line.split()[1]) << 10 for line in file if line.startswith(b"MemAvailable:"))
    except OSError:  # macOS
        return 0, 0
    return threads, free
