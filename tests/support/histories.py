"""A history that grows, behind the gateway's way to its owner."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nexus_contracts.errors import NotFound
from nexus_contracts.history import EventView, Tail
from nexus_contracts.identifiers import Timestamp
from nexus_gateway.owners import Answer
from nexus_runtime.process.clock import utc_now

TYPE = "nexus.stage.logged.v1"


@dataclass
class History:
    """Answers at most `page` events at a time. `fault`: what is raised instead, once it is set."""

    page: int = 100
    length: int = 0
    ended: bool = False
    deleted: bool = False
    fault: Exception | None = None
    hanging: asyncio.Event | None = None
    asked: list[int] = field(default_factory=list[int])

    async def get(
        self, owner: str, path: str, query: Mapping[str, str] | None = None, known: str | None = None
    ) -> Answer:
        after = int((query or {})["after"])
        self.asked.append(after)
        if self.hanging:
            await self.hanging.wait()
        if self.fault:
            raise self.fault
        through = min(self.length, after + self.page)
        more = through < self.length
        items = [_event(number) for number in range(after + 1, through + 1)]
        ended = self.ended and not more
        tail = Tail(items=items, through=through, more=more, ended=ended, deleted=self.deleted)
        return Answer(tail.model_dump_json().encode(), None)


def _event(number: int) -> EventView:
    now: Timestamp = utc_now()
    return EventView(
        sequence=number, id=f"evt_{number}", type=TYPE, time=now, attempt=1, data={"text": "a\nb\r\u2028ä"}
    )


GONE = NotFound("there is no project", type="project", id="x")


class Sent(NamedTuple):
    """An event as a reader takes it; `data` is its text."""

    id: int
    event: str
    data: str


def parsed(text: str) -> list[Sent]:
    """The events in a piece of a stream, without comments."""
    blocks = [block for block in text.split("\n\n") if block.startswith("id: ")]
    found: list[Sent] = []
    for block in blocks:
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        assert list(lines) == ["id", "event", "data"]
        found.append(Sent(int(lines["id"]), lines["event"], lines["data"]))
    return found


async def events_of(content: AsyncIterator[bytes]) -> AsyncIterator[Sent]:
    """The events of a stream over HTTP, as they come."""
    rest = b""
    async for piece in content:
        *whole, rest = (rest + piece).split(b"\n\n")
        for block in whole:
            for event in parsed(block.decode() + "\n\n"):
                yield event


def ids(events: Sequence[Any]) -> list[int]:
    return [event.id for event in events]
