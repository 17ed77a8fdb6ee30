"""How an agent's process is kept apart from its host: bubblewrap where it works, else limits alone."""

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from nexus_runtime.process.tether import tethered
from nexus_sandbox.interpreter import OPTIONS, interpreter, library_files, third_party_directories

SOCKET = "socket"
DOOR = "door"
"""Beside the agent's own socket, where it has one: what leads it out of the sandbox."""
_PACKAGE, _RUN = "/package", "/run/agent"
_NOBODY = "65534"
_SCRATCH_BYTES, _SHARED_MEMORY_BYTES = 64 << 20, 16 << 20
_PROBE = "import asyncio, ctypes, http.server, json, socket; print('works')"
_PROBE_SECONDS = 15.0

Isolation = Literal["auto", "bubblewrap", "required", "none"]


@dataclass(frozen=True)
class Limits:
    """Of one process of an agent: address space, open files, size of a file that it writes.

    The others whoever runs it has to watch: how many `processes` it may start, which may hold `memory_bytes` together,
    and how many `files` of `disk_bytes` in all it may keep where its socket is.
    """

    memory_bytes: int = 1 << 30
    processes: int = 32
    open_files: int = 256
    file_bytes: int = 64 << 20
    files: int = 2_000
    disk_bytes: int = 64 << 20


@dataclass(frozen=True)
class Room:
    """What an agent gets of the host: its package to read, a private directory for its socket to write.

    `heard` is told what it writes to its output.
    """

    package: Path
    run: Path
    entrypoint: str
    env: Mapping[str, str]
    heard: Callable[[bytes], None] = lambda _piece: None


@dataclass(frozen=True)
class Launch:
    argv: list[str]
    env: dict[str, str]
    directory: Path


class Sandbox(Protocol):
    @property
    def isolated(self) -> bool: ...

    @property
    def description(self) -> str: ...

    @property
    def limits(self) -> Limits: ...

    def launch(self, room: Room) -> Launch:
        """What to execute so that the agent listens on `room.run / SOCKET`; it dies with this process."""
        ...

    def script(self, package: Path, name: str) -> Launch:
        """What to execute so that this Python file of the package runs; it has nowhere to write but for a moment."""
        ...


@dataclass(frozen=True)
class Tethered:
    """No isolation: the agent is a process like any other of this user, but limited and gone when we are."""

    description: str
    limits: Limits = Limits()
    isolated: bool = False

    def launch(self, room: Room) -> Launch:
        scratch = room.run / "tmp"
        scratch.mkdir(mode=0o700, exist_ok=True)
        argv = [interpreter(), *OPTIONS, str(room.package / room.entrypoint)]
        env = _environment(room.env, socket=str(room.run / SOCKET), scratch=str(scratch))
        return Launch(_limited(argv, self.limits, no_new_privileges=True), env, room.package)

    def script(self, package: Path, name: str) -> Launch:
        argv = [interpreter(), *OPTIONS, str(package / name)]
        env = _environment({}, socket="", scratch=str(package))
        return Launch(_limited(argv, self.limits, no_new_privileges=True), env, package)


@dataclass(frozen=True)
class Bubblewrap:
    """Own file system, processes, users and network (none); `features` are the options that this bwrap knows."""

    executable: str
    features: frozenset[str]
    limits: Limits = Limits()
    isolated: bool = True
    description: str = "bubblewrap: no network, no files of the host beyond Python and the package"

    def launch(self, room: Room) -> Launch:
        python = [interpreter(), *OPTIONS, f"{_PACKAGE}/{room.entrypoint}"]
        binds = ["--ro-bind", str(room.package), _PACKAGE, "--bind", str(room.run), _RUN]
        argv = self.command([*binds, "--remount-ro", "/", "--chdir", _PACKAGE, "--", *python])
        return Launch(argv, _environment(room.env, socket=f"{_RUN}/{SOCKET}", scratch="/tmp"), Path("/"))

    def script(self, package: Path, name: str) -> Launch:
        python = [interpreter(), *OPTIONS, f"{_PACKAGE}/{name}"]
        binds = ["--ro-bind", str(package), _PACKAGE, "--remount-ro", "/", "--chdir", _PACKAGE]
        return Launch(self.command([*binds, "--", *python]), _environment({}, socket="", scratch="/tmp"), Path("/"))

    def command(self, rest: list[str]) -> list[str]:
        """The command line of a sandbox, up to what is particular to its use."""
        argv = [self.executable, "--unshare-all", "--unshare-user", "--uid", _NOBODY, "--gid", _NOBODY]
        argv += ["--hostname", "agent", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        argv += ["--disable-userns"] if "--disable-userns" in self.features else []
        argv += [*_system_libraries(), *_python(), "--proc", "/proc", "--dev", "/dev"]
        argv += [*self._memory("/dev/shm", _SHARED_MEMORY_BYTES), "--remount-ro", "/dev"]
        argv += self._memory("/tmp", _SCRATCH_BYTES)
        # Where bwrap is setuid it needs its privileges; it takes them from the agent itself.
        return _limited([*argv, *rest], self.limits, no_new_privileges=False)

    def _memory(self, path: str, size: int) -> list[str]:
        bound = ["--size", str(size)] if "--size" in self.features else []
        return [*bound, "--tmpfs", path]


async def choose_sandbox(mode: Isolation = "auto", limits: Limits | None = None, executable: str = "bwrap") -> Sandbox:
    """Bubblewrap where it is installed and really works here; tried out once, by running Python in it.

    `mode` bubblewrap or required raises RuntimeError where it does not; `none` does without.
    """
    chosen = limits or Limits()
    if mode == "none":
        return Tethered("not isolated: isolation is switched off", chosen)
    found = shutil.which(executable)
    problem = "bubblewrap is not installed"
    if found is not None:
        sandbox = Bubblewrap(found, await _features(found), chosen)
        code, output = await _run(sandbox.command(["--", interpreter(), *OPTIONS, "-c", _PROBE]))
        if code == 0 and output.endswith("works"):
            return sandbox
        problem = f"bubblewrap does not work here: {output[-300:]}"
    if mode in ("bubblewrap", "required"):
        raise RuntimeError(f"agents must be isolated, but {problem}")
    return Tethered(f"not isolated: {problem}", chosen)


async def _features(executable: str) -> frozenset[str]:
    _, text = await _run([executable, "--help"])
    return frozenset(word for word in text.split() if word.startswith("--"))


async def _run(argv: list[str]) -> tuple[int, str]:
    try:
        child = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"LANG": "C.UTF-8"},
        )
    except OSError as error:
        return 127, str(error)
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            output, _ = await child.communicate()
    except TimeoutError:
        child.kill()
        await child.wait()
        return 1, f"no answer within {_PROBE_SECONDS:g} s"
    return child.returncode or 0, output.decode(errors="replace").strip()


def _limited(argv: list[str], limits: Limits, *, no_new_privileges: bool) -> list[str]:
    return tethered(
        argv,
        memory_bytes=limits.memory_bytes,
        open_files=limits.open_files,
        file_bytes=limits.file_bytes,
        no_new_privileges=no_new_privileges,
    )


def _environment(own: Mapping[str, str], *, socket: str, scratch: str) -> dict[str, str]:
    """All that an agent finds in its environment: nothing of the service's."""
    needed = {"AGENT_SOCKET": socket, "HOME": scratch, "TMPDIR": scratch, "PATH": "/usr/bin:/bin"}
    # The C library reserves 64 MB of address space for each arena, and the address space is limited.
    return {"LANG": "C.UTF-8", "TZ": "UTC", "MALLOC_ARENA_MAX": "2", **own, **needed}


def _system_libraries() -> list[str]:
    arguments: list[str] = []
    for directory in ("/usr/lib", "/usr/lib64", "/lib", "/lib64"):
        if os.path.islink(directory):
            arguments += ["--symlink", os.readlink(directory), directory]
        elif os.path.isdir(directory):
            arguments += ["--ro-bind", directory, directory]
    for file in ("/etc/ld.so.cache", "/usr/share/zoneinfo"):
        arguments += ["--ro-bind-try", file, file]
    return arguments


def _python() -> list[str]:
    binds = [argument for file in library_files() for argument in ("--ro-bind", file, file)]
    return binds + [argument for directory in third_party_directories() for argument in ("--tmpfs", directory)]
