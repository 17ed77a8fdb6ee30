"""What a dead letter carries on top of its record, and how one that is published again says whom it is for."""

import hashlib
from collections.abc import Iterable, Mapping

ORIGIN_PREFIX = "dlq_"
REDRIVEN_FOR_HEADER = "nexus_redriven_for"
"""The consumer group that failed; the other groups of the topic have had the record and skip it."""
_IDENTITY = ("dlq_topic", "dlq_partition", "dlq_offset", "dlq_group", "dlq_time")


def letter_id(origin: Mapping[str, str]) -> str:
    """Of the dead letter with these `dlq_` headers; the same for all who read it, another one when it fails again."""
    named = "/".join(origin.get(name, "") for name in _IDENTITY)
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def meant_for(headers: Iterable[tuple[str, bytes | None]], group: str) -> bool:
    """Whether a consumer in `group` handles a record with these headers."""
    chosen = [value for name, value in headers if name == REDRIVEN_FOR_HEADER]
    return not chosen or chosen[-1] == group.encode()
