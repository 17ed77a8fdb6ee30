"""What a dead letter carries on top of its record, what is kept of its fate, and whom one that is redriven is for."""

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum

from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message

ORIGIN_PREFIX = "dlq_"
REDRIVEN_FOR_HEADER = "nexus_redriven_for"
"""The consumer group that failed; the other groups of the topic have had the record and skip it."""
_IDENTITY = ("dlq_topic", "dlq_partition", "dlq_offset", "dlq_group", "dlq_time")


class State(StrEnum):
    OPEN = "open"
    REDRIVEN = "redriven"
    DROPPED = "dropped"


class Mark(Message):
    """What became of a letter, as the topic of marks keeps it, and where the letter is: its topic and its offset there.

    Marks of earlier releases do not say where.
    """

    letter: str
    outcome: State
    time: Timestamp
    topic: str | None = None
    offset: int | None = None


def letter_id(origin: Mapping[str, str]) -> str:
    """Of the dead letter with these `dlq_` headers; the same for all who read it, another one when it fails again."""
    named = "/".join(origin.get(name, "") for name in _IDENTITY)
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def meant_for(headers: Iterable[tuple[str, bytes | None]], group: str) -> bool:
    """Whether a consumer in `group` handles a record with these headers."""
    chosen = [value for name, value in headers if name == REDRIVEN_FOR_HEADER]
    return not chosen or chosen[-1] == group.encode()
