"""Identifies a process, so that another one on the same machine can tell for certain that it has ended."""

import hashlib
import os
import sys
from pathlib import Path

import psutil

_GONE = ("Z", "X", "x")


def this_process() -> str:
    """`<place>.<pid>.<start>`: different for every process there ever is."""
    return f"{_place()}.{os.getpid()}.{_start(os.getpid())}"


def has_ended(identity: str) -> bool:
    """True if it is certain that the process ran here and has ended. False for processes of other machines, too."""
    place, _, rest = identity.partition(".")
    pid, _, start = rest.partition(".")
    if place != _place() or not pid.isdigit():
        return False
    return _start(int(pid)) != start


def _place() -> str:
    """This boot of this machine, and the namespace in which process ids are unique."""
    parts = [_boot(), "-"]
    if sys.platform.startswith("linux"):
        parts[1] = os.readlink("/proc/self/ns/pid")
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"{os.uname().nodename} {psutil.boot_time()}"


def _start(pid: int) -> str | None:
    """The start time of the process, in the system's own units; None if it does not exist or has ended."""
    if not sys.platform.startswith("linux"):
        return "running" if psutil.pid_exists(pid) else None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in _GONE else fields[19]
