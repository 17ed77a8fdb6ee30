"""Events as stored in the histories of aggregates."""

from pydantic import JsonValue

from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message
from nexus_contracts.principal import DEFAULT_TENANT


class HistoryEntry(Message):
    """`sequence` counts the aggregate's events from 1 without a gap; `principal`, of `tenant`, is who caused it."""

    sequence: int
    id: str
    type: str
    time: Timestamp
    data: dict[str, JsonValue]
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    principal: str | None = None
    tenant: str = DEFAULT_TENANT


class ExportedEntry(Message):
    """An entry of the history of `aggregate`."""

    aggregate: str
    entry: HistoryEntry


class Export(Message):
    """A part of everything that an owner has recorded: of `items` items. `after` is where the next one begins.

    `total`, with the first part, is about how many items there are.
    """

    entries: list[ExportedEntry]
    items: int
    after: str | None
    total: int | None = None


class EventView(Message):
    sequence: int
    id: str
    type: str
    time: Timestamp
    attempt: int | None = None
    data: dict[str, JsonValue]


class Tail(Message):
    """What comes after a sequence, as far as one answer goes.

    `through` is the last sequence of `items`; without any the one asked for, or the newest where that is below it.
    With `more` there are others already; `ended`: there are none, and there will be none before the project is built
    again.
    """

    items: list[EventView]
    through: int
    more: bool
    ended: bool
    deleted: bool = False
