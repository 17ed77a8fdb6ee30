"""Passes streamed output to the observer of an invocation as it comes; the answer is read once it is complete."""

import asyncio

from pydantic import JsonValue

from nexus_agents.backends.answers import usage_of
from nexus_agents.backends.payload import STREAM
from nexus_agents.backends.streams import StreamBroken, joined_text, read_events
from nexus_agents.domain.stream import AgentEvent, Observer, TextPiece, ToolAnswered, ToolUsed, UsageSoFar
from nexus_contracts.strict_json import UnreadableJson

_END_OF_EVENT = b"\n\n"
FEW = 50
"""Events of a piece that are no flood."""
REST_SECONDS = 25e-6
"""For each event of a flood others have the event loop for about as long as it took."""


class StreamWatch:
    """Of one answer. `content_type` without its parameters."""

    def __init__(self, content_type: str, observe: Observer | None) -> None:
        self._observe = observe if content_type == STREAM else None
        self._rest = bytearray()
        self._half = b""

    async def see(self, piece: bytes) -> None:
        """The next bytes, cut anywhere. Of what cannot be read nobody is told: the whole answer says what is wrong."""
        if self._observe is None:
            return
        text = self._half + piece
        self._half = text[-1:] if text.endswith(b"\r") else b""
        # Only what is new is searched: an event may be megabytes that come in pieces of a few bytes.
        searched = max(0, len(self._rest) - len(_END_OF_EVENT) + 1)
        self._rest += text.removesuffix(self._half).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        end = self._rest.rfind(_END_OF_EVENT, searched)
        if end < 0:
            return
        whole = self._rest[: end + len(_END_OF_EVENT)]
        del self._rest[: len(whole)]
        try:
            found = read_events(whole.decode())
        except (StreamBroken, UnreadableJson, UnicodeDecodeError):
            self._observe = None
            return
        for value in found:
            if (event := _event(value)) is not None:
                await self._observe(event)
        # More may be there already, without end: nothing else would make the reader wait.
        await asyncio.sleep(len(found) * REST_SECONDS if len(found) > FEW else 0)


def _event(value: JsonValue) -> AgentEvent | None:
    if text := joined_text([value]):
        return TextPiece(text)
    if not isinstance(value, dict):
        return None
    for name, kind in (("tool_use", ToolUsed), ("tool_result", ToolAnswered)):
        described = value if value.get("type") == name else value.get(name)
        if isinstance(described, dict):
            return kind(described)
    usage, ignored = usage_of(value.get("usage"), 0)
    return UsageSoFar(usage) if isinstance(value.get("usage"), dict) and not ignored else None
