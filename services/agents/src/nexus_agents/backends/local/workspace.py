"""The private directory of one local backend: unpacked packages and, per running agent, the place of its socket."""

import asyncio
import contextlib
import fcntl
import itertools
import os
import tempfile
from pathlib import Path
from uuid import uuid4

from nexus_agents import packages
from nexus_agents.backends.stored_packages import fetched
from nexus_agents.domain.backend import PackageRef
from nexus_contracts.agents.manifest import Manifest
from nexus_runtime.blobs import BlobStore
from nexus_sandbox.sandbox import SOCKET

MAX_SOCKET_PATH_BYTES = 100
_PREFIX = "nexus-agents-"
_LOCK = "lock"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Workspace:
    """Readable by this user only. What a killed service left behind is removed by the next one."""

    def __init__(self, parent: Path | None = None) -> None:
        """`parent` None: the system's directory for temporary files. Raises ValueError where its path is too long."""
        parent = parent or Path(tempfile.gettempdir())
        parent.mkdir(parents=True, exist_ok=True)
        _sweep(parent)
        self.root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        # Under its name only once it is held, or a sweep could take it for a leftover.
        self._lock = _locked(self.root / "new")
        (self.root / "new").rename(self.root / _LOCK)
        self._numbers = itertools.count(1)
        if len(os.fsencode(self.root / "run" / "999999" / SOCKET)) > MAX_SOCKET_PATH_BYTES:
            self.close()
            raise ValueError(f"{parent} is too long a path for sockets: choose one of at most 60 bytes")
        (self.root / "run").mkdir()
        (self.root / "packages").mkdir()

    def new_run(self) -> Path:
        directory = self.root / "run" / str(next(self._numbers))
        directory.mkdir(mode=0o700)
        return directory

    def package(self, digest: str) -> Path:
        return self.root / "packages" / digest

    def close(self) -> None:
        """The lock goes with the files, so that what cannot be removed now is swept later."""
        remove(self.root)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def remove(directory: Path) -> None:
    """Removes what there is, and lets what cannot be removed lie: it holds nothing that is needed.

    However deep it is: agents nest directories where neither recursion nor paths nor open files reach. So each comes to
    the top before it is looked into; by descriptors, as an agent may put a link in its place.
    """
    with contextlib.suppress(OSError):
        top = os.open(directory, _DIRECTORY)
        try:
            _empty(top)
        finally:
            os.close(top)
        os.rmdir(directory)


def _empty(top: int) -> None:
    left = ["."]
    while left:
        name = left.pop()
        with contextlib.suppress(OSError):
            left += _cleared(top, name)
    for name in os.listdir(top):
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=top)


def _cleared(top: int, name: str) -> list[str]:
    """Removes the files of a directory; its directories are moved up to `top`, and named."""
    moved: list[str] = []
    here = os.open(name, _DIRECTORY, dir_fd=top)
    try:
        with os.scandir(here) as found:
            entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
        for entry, is_directory in entries:
            with contextlib.suppress(OSError):
                if is_directory:
                    up = uuid4().hex
                    os.rename(entry, up, src_dir_fd=here, dst_dir_fd=top)
                    moved.append(up)
                else:
                    os.unlink(entry, dir_fd=here)
    finally:
        os.close(here)
    return moved


def _locked(path: Path) -> int:
    """Held until this program ends, however it ends: the mark of a workspace in use."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def _sweep(parent: Path) -> None:
    for leftover in parent.glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError):
            handle = _locked(leftover)
            remove(leftover.parent)
            os.close(handle)


class Unpacked:
    """The packages of a workspace, each unpacked once however many agents and invocations ask for it."""

    def __init__(self, workspace: Workspace, blobs: BlobStore) -> None:
        self._workspace = workspace
        self._blobs = blobs
        self._manifests: dict[str, Manifest] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def open(self, ref: PackageRef) -> tuple[Path, Manifest]:
        """The directory of the unpacked package. Raises PackageRejected or PackageUnavailable."""
        async with self._locks.setdefault(ref.sha256, asyncio.Lock()):
            if ref.sha256 not in self._manifests:
                self._manifests[ref.sha256] = await self._unpack(ref)
        return self._workspace.package(ref.sha256), self._manifests[ref.sha256]

    async def forget(self, digest: str) -> None:
        """Frees the disk; the package is unpacked again when it is asked for again."""
        async with self._locks.setdefault(digest, asyncio.Lock()):
            if self._manifests.pop(digest, None) is not None:
                await asyncio.to_thread(remove, self._workspace.package(digest))

    async def _unpack(self, ref: PackageRef) -> Manifest:
        content = await fetched(self._blobs, ref)
        return await asyncio.to_thread(_unpack_anew, content, self._workspace.package(ref.sha256))


def _unpack_anew(content: bytes, into: Path) -> Manifest:
    remove(into)
    try:
        return packages.unpack(content, into)
    except BaseException:
        remove(into)
        raise
