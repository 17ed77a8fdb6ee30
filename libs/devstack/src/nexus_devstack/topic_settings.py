"""What a topic must be like, and what it means if an existing one is not. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nexus_contracts.topics import MAX_MESSAGE_BYTES, Topic

HOUR_MS = 3_600_000
MOST_REPLICAS = 3
FOR_EVER = -1
RECORD_BYTES = MAX_MESSAGE_BYTES + 200_000
"""More than the platform's limit, which is of values: the broker also counts key, headers and framing."""


@dataclass(frozen=True)
class Existing:
    """A topic as the broker describes it. A setting that the broker does not report is not judged."""

    partitions: int
    replicas: int
    settings: Mapping[str, str]

    def number(self, setting: str, otherwise: int) -> int:
        value = self.settings.get(setting) or ""
        return int(value) if value.lstrip("-").isdecimal() else otherwise


def in_sync(replicas: int) -> int:
    """How many replicas must have a record before it is acknowledged: one may be lost and writing goes on."""
    return max(1, replicas - 1)


def settings_of(topic: Topic, replicas: int) -> dict[str, str]:
    """The settings with which the topic is created."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_hours * HOUR_MS),
        "max.message.bytes": str(RECORD_BYTES),
        "min.insync.replicas": str(in_sync(replicas)),
    }


def faults(topic: Topic, found: Existing) -> Iterator[str]:
    """The differences that lose records, lose their order or refuse them: nothing may run on such a topic."""
    wanted = topic.retention_hours * HOUR_MS
    retention = found.number("retention.ms", wanted)
    size, in_sync_now = found.number("max.message.bytes", RECORD_BYTES), found.number("min.insync.replicas", 1)
    if found.partitions < topic.partitions:
        yield f"has {found.partitions} partitions, not {topic.partitions}: replies to the missing ones would be lost"
    if retention != FOR_EVER and retention < wanted:
        yield f"keeps records for {retention} ms, not {wanted}: they may be deleted before they are read"
    if found.number("retention.bytes", FOR_EVER) != FOR_EVER:
        yield f"has retention.bytes={found.settings['retention.bytes']}: records may be deleted before they are read"
    if "compact" in found.settings.get("cleanup.policy", ""):
        yield "is compacted: all but the last record of a key would be deleted"
    if size < RECORD_BYTES:
        yield f"takes records of {size} bytes, not {RECORD_BYTES}: larger ones would never be published"
    if in_sync_now > found.replicas:
        yield f"asks for {in_sync_now} replicas in sync and has {found.replicas}: nothing can be written"


def oddities(topic: Topic, found: Existing, replicas: int) -> Iterator[str]:
    """The differences that do no harm. `replicas` is the number of replicas that the brokers could hold."""
    wanted = topic.retention_hours * HOUR_MS
    retention = found.number("retention.ms", wanted)
    if found.partitions > topic.partitions:
        yield f"has {found.partitions} partitions, not {topic.partitions}; all of them are read"
    if retention == FOR_EVER or retention > wanted:
        yield f"keeps records {'for ever' if retention == FOR_EVER else f'for {retention} ms'}, not {wanted} ms"
    if found.replicas < replicas:
        yield f"has {found.replicas} replica(s) where {replicas} are possible: a lost broker may take records with it"
    elif found.number("min.insync.replicas", in_sync(replicas)) < in_sync(replicas):
        yield "acknowledges records that one replica has: a lost broker may take them with it"
    if found.number("min.insync.replicas", in_sync(replicas)) == found.replicas > 1:
        yield f"acknowledges only what all {found.replicas} replicas have: one lost broker stops its writers"
    if found.settings.get("unclean.leader.election.enable") == "true":
        yield "may elect a leader that lacks records (unclean.leader.election.enable=true)"
