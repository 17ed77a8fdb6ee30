"""The registry of topics: writers, readers, number of partitions, retention."""

from dataclasses import dataclass

MAX_MESSAGE_BYTES = 1_000_000
ANYONE = "anyone"


@dataclass(frozen=True)
class Topic:
    """`groups` are the consumer groups that must see every record; each has a dead-letter topic of its own."""

    name: str
    partitions: int
    retention_hours: int
    key: str
    producers: tuple[str, ...]
    groups: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether other systems publish to it."""
        return ANYONE in self.producers

    def dead_letter(self, group: str) -> str:
        return f"{self.name}.{group}.dlq"


# Four partitions each: as many as the embedded broker gives to a topic that a client, reconnecting after the broker's
# restart, asks for before it was created again. With another number such a topic would be unusable.
PARTITIONS = 4

BUILDS_COMMANDS = Topic("builds.commands.v1", PARTITIONS, 24 * 7, "project_id", ("gateway",), ("builds",))
BUILDS_REPORTS = Topic(
    "builds.reports.v1", PARTITIONS, 24 * 7, "project_id", ("build worker", "gateway", ANYONE), ("builds-reports",)
)
BUILDS_EVENTS = Topic(
    "builds.events.v1",
    PARTITIONS,
    24 * 7,
    "project_id",
    ("builds",),
    ("agents-projects", "stats-builds", "builds-worker"),
)
AGENTS_COMMANDS = Topic(
    "agents.commands.v1", PARTITIONS, 24 * 7, "aggregate id", ("gateway", "build worker"), ("agents",)
)
AGENTS_EVENTS = Topic("agents.events.v1", PARTITIONS, 24 * 7, "aggregate id", ("agents",), ("stats-agents",))
AGENTS_STREAMS = Topic("agents.streams.v1", PARTITIONS, 1, "invocation_id", ("agents",))
GATEWAY_REPLIES = Topic("gateway.replies.v1", PARTITIONS, 1, "command_id", ("builds", "agents"))

TOPICS = (
    BUILDS_COMMANDS,
    BUILDS_REPORTS,
    BUILDS_EVENTS,
    AGENTS_COMMANDS,
    AGENTS_EVENTS,
    AGENTS_STREAMS,
    GATEWAY_REPLIES,
)


DEAD_LETTER_MARKS = Topic("operations.dead_letter_marks.v1", 1, 24 * 15, "dead letter", ("nexus-admin",))
"""The fates of dead letters, kept a day longer than these, so that none is redriven twice for lack of its mark."""


def dead_letter_topics() -> tuple[Topic, ...]:
    """One per topic and group, kept for two weeks so that operators can inspect and redrive."""
    return tuple(
        Topic(topic.dead_letter(group), 1, 24 * 14, "of the origin", (group,))
        for topic in TOPICS
        for group in topic.groups
    )


def all_topics() -> tuple[Topic, ...]:
    return (*TOPICS, *dead_letter_topics(), DEAD_LETTER_MARKS)
