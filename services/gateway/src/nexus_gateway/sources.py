"""What can be streamed: which owner has it, how it is read there, and what its hints carry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from nexus_contracts.agents.streams import StreamPart
from nexus_contracts.history import Tail
from nexus_gateway.answers import to_json
from nexus_gateway.sse import event_block

GATHER_SECONDS = 0.02
"""Hints about a project come in bursts: the events of one commit are published one by one."""


class StreamPage(NamedTuple):
    """Events as they are sent, and how it continues after them. `beyond`: the sequence asked for does not exist yet."""

    block: bytes
    through: int
    more: bool
    ended: bool
    deleted: bool
    beyond: bool


class Brought(NamedTuple):
    """A page that came with a hint: what follows the event `after`."""

    after: int
    page: StreamPage


@dataclass(frozen=True)
class StreamSource:
    """Where streams of one kind are read: from `owner`, at `path` with the id, after a sequence.

    `brought` extracts the page in a record of the topic. `gather_seconds`: how long to wait for more hints after one.
    """

    owner: str
    path: str
    kind: str
    page_of: Callable[[bytes, int], StreamPage]
    gather_seconds: float = 0.0
    brought: Callable[[bytes], Brought | None] = lambda _record: None


def _tail(body: bytes, after: int) -> StreamPage:
    tail = Tail.model_validate_json(body)
    blocks = [event_block(event.sequence, event.type, event.model_dump_json().encode()) for event in tail.items]
    through = max(after, tail.through)
    return StreamPage(b"".join(blocks), through, tail.more, tail.ended, tail.deleted, beyond=tail.through < after)


def _part(body: bytes, after: int) -> StreamPage:
    return _page_of(StreamPart.model_validate_json(body), after)


def _page_of(part: StreamPart, after: int) -> StreamPage:
    blocks = [event_block(event.sequence, event.name, to_json(event.data)) for event in part.items]
    return StreamPage(b"".join(blocks), part.through, part.more, part.ended, deleted=False, beyond=False)


def _brought(record: bytes) -> Brought | None:
    try:
        part = StreamPart.model_validate_json(record)
    except ValueError:
        return None
    return Brought(part.after, _page_of(part, part.after)) if part.items else None


PROJECTS = StreamSource("builds", "/projects/{id}/tail", "project", _tail, GATHER_SECONDS)
INVOCATIONS = StreamSource("agents", "/invocations/{id}/stream", "invocation", _part, brought=_brought)
