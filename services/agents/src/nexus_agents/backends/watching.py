"""Reads a streamed answer as it comes, once, and passes it to the observer of the invocation."""

import asyncio

from pydantic import JsonValue

from nexus_agents.backends.answers import usage_of
from nexus_agents.backends.payload import STREAM
from nexus_agents.backends.streams import StreamBroken, events_in, joined_text
from nexus_agents.domain.stream import AgentEvent, Observer, TextPiece, ToolAnswered, ToolUsed, UsageSoFar
from nexus_contracts.strict_json import UnreadableJson
from nexus_runtime.process.slices import half_of_the_loop

_END_OF_EVENT = b"\n\n"


class StreamWatch:
    """Of one answer. `content_type` without its parameters."""

    def __init__(self, content_type: str, observe: Observer | None = None) -> None:
        self._observe = observe
        self._events: list[JsonValue] | None = [] if content_type == STREAM else None
        self._begun = False
        self._rest = bytearray()
        self._half = b""

    @property
    def events(self) -> list[JsonValue] | None:
        """All events of the answer, if they were read; None where it is no stream or has something unreadable."""
        return None if self._half or self._rest else self._events

    async def see(self, piece: bytes) -> None:
        """The next bytes, cut anywhere. Of what cannot be read nobody is told: the whole answer says what is wrong."""
        if self._events is None:
            return
        text = self._half + piece
        self._half = text[-1:] if text.endswith(b"\r") else b""
        # Only what is new is searched: an event may be megabytes that come in pieces of a few bytes.
        searched = max(0, len(self._rest) - len(_END_OF_EVENT) + 1)
        self._rest += text.removesuffix(self._half).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        end = self._rest.rfind(_END_OF_EVENT, searched)
        if end < 0:
            return
        whole = bytes(self._rest[: end + len(_END_OF_EVENT)])
        del self._rest[: len(whole)]
        await self._read(whole, self._events)
        # More may be there already, without end: nothing else would make the reader wait.
        await asyncio.sleep(0)

    async def _read(self, whole: bytes, into: list[JsonValue]) -> None:
        # An agent may send a hundred thousand events a second, and many agents may do so at once.
        reading = half_of_the_loop.begin()
        try:
            text = whole.decode()
            if not self._begun:
                self._begun, text = True, text.lstrip("\ufeff")
            for value in events_in(text):
                into.append(value)
                if self._observe is not None and (event := _event(value)) is not None:
                    await self._observe(event)
                await reading.breathe()
        except (StreamBroken, UnreadableJson, UnicodeDecodeError):
            self._events = None


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
