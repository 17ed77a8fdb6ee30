"""Keeps the last lines that an agent wrote to its output, however much it writes."""

import asyncio
import os
from collections.abc import Callable

MAX_BYTES = 16_384
_PIPE_BYTES = _READ_BYTES = 65_536
_PAUSE_SECONDS = 0.01


class OutputTail:
    """Reads one end of a pipe on the event loop; `write_end` is for the agent, and ours to close once it started.

    `heard` is told everything.
    """

    def __init__(self, heard: Callable[[bytes], None] = lambda _piece: None) -> None:
        self._heard = heard
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._kept = b""
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._loop.add_reader(self._read_end, self._ready)

    def text(self, lines: int = 15) -> str:
        """The last lines, up to what was written before now."""
        # That is at most what the pipe holds: who reads to the end of an agent that writes on never gets there.
        left = _PIPE_BYTES
        while left > 0 and (read := self._read()):
            left -= read
        return "\n".join(self._kept.decode(errors="replace").strip().splitlines()[-lines:])

    def close_write_end(self) -> None:
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1

    def close(self) -> None:
        """Ends the reading; `text` still answers with what was kept."""
        self.close_write_end()
        if self._read_end < 0:
            return
        self.text()
        self._rest()
        os.close(self._read_end)
        self._read_end = -1

    def _ready(self) -> None:
        self._rest()
        if self._read():
            # An agent that writes without end must not take the event loop for itself.
            self._pause = self._loop.call_later(_PAUSE_SECONDS, self._resume)

    def _resume(self) -> None:
        self._pause = None
        self._loop.add_reader(self._read_end, self._ready)

    def _rest(self) -> None:
        self._loop.remove_reader(self._read_end)
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def _read(self) -> int:
        """How many bytes; 0 at the end of what is there for now, and at the end of all."""
        if self._read_end < 0:
            return 0
        try:
            piece = os.read(self._read_end, _READ_BYTES)
        except BlockingIOError:
            return 0
        self._heard(piece)
        self._kept = (self._kept + piece)[-MAX_BYTES:]
        return len(piece)
