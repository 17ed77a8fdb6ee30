"""What the processes of agents write: line by line to a log that is kept elsewhere, and bounded in rate."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from nexus_runtime.process import log

logger = log.get(__name__)
FLUSH_SECONDS = 0.5
MAX_FLUSH_BYTES = 16_384
"""Of one agent, of what it writes between two flushes: the newest."""
MAX_LINE_CHARACTERS = 2_000
Keep = Callable[[str, Sequence[str]], Awaitable[None]]


class _Heard:
    """What one agent has written since the last flush; the newest of it, and how much is left out."""

    def __init__(self) -> None:
        self.text = b""
        self.left_out = 0

    def add(self, piece: bytes) -> None:
        self.text += piece
        if len(self.text) > MAX_FLUSH_BYTES:
            self.left_out += len(self.text) - MAX_FLUSH_BYTES
            self.text = self.text[-MAX_FLUSH_BYTES:]

    def lines(self, *, all_of_it: bool) -> list[str]:
        """Whole lines, unless all of it is wanted; what is given is taken out."""
        whole, end, rest = self.text.rpartition(b"\n")
        if all_of_it or len(rest) == MAX_FLUSH_BYTES:
            whole, rest = self.text, b""
        elif not end:
            return []
        self.text = rest
        lines = [line[:MAX_LINE_CHARACTERS] for line in whole.decode(errors="replace").splitlines()]
        if self.left_out:
            lines.insert(0, f"[{self.left_out} bytes before this were left out: too much at once]")
            self.left_out = 0
        return lines


class Speech:
    """Of all agents of a backend. `keep` is given an agent's id and lines; what it fails to keep is lost."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._heard: dict[str, _Heard] = {}
        self._flushing = asyncio.create_task(self._flush_for_ever(), name="agents' logs")

    def of(self, agent_id: str) -> Callable[[bytes], None]:
        """To be called with what a process of the agent writes."""
        return lambda piece: self._heard.setdefault(agent_id, _Heard()).add(piece)

    async def stop(self) -> None:
        self._flushing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._flushing
        await self.flush(all_of_it=True)

    async def flush(self, *, all_of_it: bool = False) -> None:
        for agent_id, heard in list(self._heard.items()):
            if lines := heard.lines(all_of_it=all_of_it):
                try:
                    await self._keep(agent_id, lines)
                except Exception as error:  # noqa: BLE001  # a log that cannot be kept must not end anything
                    logger.warning("what an agent wrote was not kept", agent_id=agent_id, reason=repr(error))
            if not heard.text:
                self._heard.pop(agent_id, None)

    async def _flush_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()
