"""A log file of bounded size."""

import os
from pathlib import Path
from typing import TextIO

from nexus_devstack.errors import StackError

MAX_BYTES = 10_000_000
KEPT = 5
"""How many full files are kept; the newest of them ends in `.1`."""


class LogFile:
    """Begins a new file when the current one is full."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> None:
        """Raises StackError if the file cannot be written."""
        self._path = path.absolute()
        self._max_bytes = max_bytes
        self._kept = kept
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._opened()
        except OSError as error:
            raise StackError(f"cannot write {self._path} (NEXUS_LOG_FILE): {error.strerror}") from None

    def write(self, text: str, /) -> int:
        if self._stream.tell() >= self._max_bytes:
            self._stream.close()
            self._turn_over()
            self._stream = self._opened()
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        self._stream.close()

    def _opened(self) -> TextIO:
        return self._path.open("a", encoding="utf-8", errors="replace")

    def _turn_over(self) -> None:
        for number in range(self._kept, 0, -1):
            older = self._numbered(number - 1)
            if older.exists():
                os.replace(older, self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self._path if number == 0 else self._path.with_name(f"{self._path.name}.{number}")
