"""Reads the output of a child process line by line, whatever bytes it holds."""

import asyncio
import os
from collections.abc import Callable

LONGEST_LINE = 64 * 1024
LEFTOVER_SECONDS = 0.5


class OutputPipe:
    """A pipe of our own, not asyncio's: waiting for a process must not wait for others that inherited its output."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._read_end, self.write_end = os.pipe()
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to read; to be called once the child holds `write_end`."""
        os.close(self.write_end)
        reader = asyncio.StreamReader()
        pipe = os.fdopen(self._read_end, "rb", 0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        self._reading = asyncio.create_task(self._read(reader, transport))

    def discard(self) -> None:
        """To be called instead of `start` if no child was started."""
        os.close(self._read_end)
        os.close(self.write_end)

    async def drain(self) -> None:
        """Reads what is left after the child's end, for a bounded time."""
        if self._reading is None:
            return
        done, _ = await asyncio.wait({self._reading}, timeout=LEFTOVER_SECONDS)
        if not done:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    async def _read(self, reader: asyncio.StreamReader, transport: asyncio.ReadTransport) -> None:
        rest = b""
        try:
            while chunk := await reader.read(LONGEST_LINE):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._emit(line)
                if len(rest) > LONGEST_LINE:
                    self._emit(rest)
                    rest = b""
        finally:
            if rest:
                self._emit(rest)
            transport.close()

    def _emit(self, line: bytes) -> None:
        self._on_line(line.decode("utf-8", "replace").rstrip("\r"))
