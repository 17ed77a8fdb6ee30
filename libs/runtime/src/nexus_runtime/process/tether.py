"""A launcher that ties a command's life to that of the process which started it, and limits what it may use.

`tethered` gives the command line; this same file, run as a script, carries it out: it arranges that the command dies
with its parent, applies the limits and then becomes the command, so the process id and the exit status are the
command's own. It runs in `python -I -S` before anything is trusted, hence standard library only.
"""

import os
import sys
import time
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
SIGKILL = 9
EXIT_ORPHANED = 125
EXIT_NOT_RUN = 127
WATCH_SECONDS = 0.2


def tethered(
    argv: Sequence[str],
    *,
    memory_bytes: int | None = None,
    open_files: int | None = None,
    file_bytes: int | None = None,
    no_new_privileges: bool = False,
) -> list[str]:
    """The command line that runs `argv` so that it is killed as soon as this process ends.

    Where a limit is given core dumps are off too. Spawn it from the main thread: on Linux the command
    dies with the thread that started it. It exits with 127 when `argv` cannot be run.
    """
    limits = {"as": memory_bytes, "nofile": open_files, "fsize": file_bytes}
    chosen = {name: value for name, value in limits.items() if value is not None}
    if chosen or no_new_privileges:
        chosen["core"] = 0
    options = [f"--limit={name}={value}" for name, value in chosen.items()]
    if no_new_privileges:
        options.append("--no-new-privileges")
    return [sys.executable, "-I", "-S", __file__, f"--parent={os.getpid()}", *options, "--", *argv]


def _prctl(option: int, value: int) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) failed")


def _limit(name: str, value: int) -> None:
    import resource

    kind = {
        "as": resource.RLIMIT_AS,
        "nofile": resource.RLIMIT_NOFILE,
        "fsize": resource.RLIMIT_FSIZE,
        "core": resource.RLIMIT_CORE,
    }[name]
    hard = resource.getrlimit(kind)[1]
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (allowed, allowed))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _kill_with_group(pid: int) -> None:
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, SIGKILL)
        os.kill(pid, SIGKILL)
    except ProcessLookupError:
        pass


def _watch(parent: int) -> None:
    """For systems without a parent-death signal: a child process polls, and kills the command when `parent` is gone."""
    command = os.getpid()
    if os.fork() != 0:
        return
    os.setpgid(0, 0)
    os.closerange(0, 256)
    while os.getppid() == command:
        if not _alive(parent):
            _kill_with_group(command)
            break
        time.sleep(WATCH_SECONDS)
    os._exit(0)


def _tie_to(parent: int, *, watch: bool) -> None:
    if watch:
        _watch(parent)
    else:
        _prctl(PR_SET_PDEATHSIG, SIGKILL)
    if os.getppid() != parent:  # it died before the tie was made
        os._exit(EXIT_ORPHANED)


def _apply(option: str) -> None:
    name, _, value = option.partition("=")
    if name == "--parent":
        _tie_to(int(value), watch=not sys.platform.startswith("linux"))
    elif name == "--watch":
        _tie_to(int(value), watch=True)
    elif name == "--limit":
        limited, _, amount = value.partition("=")
        _limit(limited, int(amount))
    elif name == "--no-new-privileges":
        if sys.platform.startswith("linux"):
            _prctl(PR_SET_NO_NEW_PRIVS, 1)
    else:
        raise ValueError(f"unknown option {option}")


def main(arguments: list[str]) -> None:
    """Applies the options before `--` and becomes the command after it; does not return."""
    split = arguments.index("--")
    command = arguments[split + 1 :]
    try:
        for option in arguments[:split]:
            _apply(option)
        os.execvp(command[0], command)
    except (OSError, ValueError) as error:
        os.write(2, f"cannot run {command[0]}: {error}\n".encode())
        os._exit(EXIT_NOT_RUN)


if __name__ == "__main__":
    main(sys.argv[1:])
