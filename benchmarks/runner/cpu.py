"""CPU time of groups of processes."""

from collections.abc import Mapping

import psutil

Pids = Mapping[str, int]


def cpu_seconds(pids: Pids, children: str) -> dict[str, float]:
    """User and system time that each named process has used so far, and under `children` all their descendants'.

    The time of a descendant that has ended is lost.
    """
    used = {name: _own(psutil.Process(pid)) for name, pid in pids.items()}
    used[children] = sum(_own(child) for pid in pids.values() for child in psutil.Process(pid).children(recursive=True))
    return used


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0.0
    return times.user + times.system
