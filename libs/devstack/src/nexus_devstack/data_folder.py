"""The folder that keeps everything, locked by one run at a time."""

import fcntl
import os
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from nexus_devstack.errors import StackError

LOCK_NAME = "lock"
NAMED_SECONDS = 1.0


class DataFolder:
    """Holds the folder's lock while entered; the system releases it when this process ends, however it ends."""

    def __init__(self, path: Path, inner: Iterable[Path] = ()) -> None:
        """`inner` are folders that are created with it."""
        self.path = path.absolute()
        self._inner = tuple(inner)
        self._lock: int | None = None

    def __enter__(self) -> "DataFolder":
        """Raises StackError if the folder cannot be written or another run holds it."""
        try:
            for folder in (self.path, *self._inner):
                os.makedirs(folder, exist_ok=True)
            lock = os.open(self.path / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StackError(f"cannot use the data folder {self.path} (NEXUS_DATA_DIR): {error.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(lock, 20).decode().strip() or "unknown"
            os.close(lock)
            raise StackError(
                f"the data folder {self.path} is in use by another run (process {owner}):"
                " stop that one, or set NEXUS_DATA_DIR to another folder"
            ) from None
        os.truncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock = lock
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def holder(path: Path) -> int | None:
    """The id of the process that holds the folder now; None if none does."""
    try:
        lock = os.open(path / LOCK_NAME, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _named(lock)
    else:
        return None
    finally:
        os.close(lock)


def _named(lock: int) -> int:
    """The id of the holder, which it writes right after locking. Raises StackError if it does not."""
    deadline = time.monotonic() + NAMED_SECONDS
    while not (said := os.pread(lock, 20, 0).strip()).isdigit():
        if time.monotonic() > deadline:
            raise StackError("the data folder is locked by an unidentified process")
        time.sleep(0.01)
    return int(said)


def is_held(path: Path) -> bool:
    """Whether a run holds the folder now."""
    return holder(path) is not None
