"""What callers see of an invocation while it runs (topic agents.streams.v1, key: invocation_id)."""

from typing import Literal

from pydantic import JsonValue

from nexus_contracts.model import Message

PART_TYPE = "nexus.invocation.said.v1"
EventName = Literal["connected", "message", "tool_use", "tool_result", "metrics", "error", "done"]


class StreamedEvent(Message):
    """`sequence` counts the events of an invocation from 1, `connected`, without a gap."""

    sequence: int
    name: EventName
    data: dict[str, JsonValue]


class StreamPart(Message):
    """Events of one invocation that follow the one with sequence `after`. Without any: look, something has changed.

    With `more` there are others already; `ended`: there are none, and there will be none.
    """

    invocation_id: str
    after: int
    items: list[StreamedEvent] = []
    more: bool = False
    ended: bool = False

    @property
    def through(self) -> int:
        """The sequence of the last of them."""
        return self.items[-1].sequence if self.items else self.after
