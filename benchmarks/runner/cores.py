"""A core for the process that is measured, where there is another one for the rest."""

import os

import psutil


def give_a_core_to(pid: int) -> bool:
    """The first core is for that process, the others are for this one and the rest of its descendants.

    False where there is one core, or the system binds no process to any.
    """
    if not hasattr(os, "sched_setaffinity") or len(cores := sorted(os.sched_getaffinity(0))) < 2:
        return False
    this = psutil.Process()
    for process in (this, *this.children(recursive=True)):
        for thread in process.threads():
            os.sched_setaffinity(thread.id, cores[:1] if process.pid == pid else cores[1:])
    return True
