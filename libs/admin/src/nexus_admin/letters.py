"""Dead letters, what became of them, and which of them a command means. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue, ValidationError

from nexus_contracts.dead_letters import ORIGIN_PREFIX, REDRIVEN_FOR_HEADER, Mark, State, letter_id
from nexus_contracts.topics import TOPICS

Headers = list[tuple[str, bytes | None]]
SHOWN_BYTES = 2_000


@dataclass(frozen=True)
class Unreadable:
    """A batch or a mark that cannot be read, beginning at `offset`."""

    topic: str
    partition: int
    offset: int
    reason: str

    def __str__(self) -> str:
        return f"{self.topic} partition {self.partition} offset {self.offset}: {self.reason}"

    def details(self) -> dict[str, JsonValue]:
        return {"topic": self.topic, "partition": self.partition, "offset": self.offset, "reason": self.reason}


@dataclass(frozen=True)
class Letter:
    """`record` is aiokafka's record in the dead-letter topic; `origin` holds its `dlq_` headers."""

    id: str
    state: State
    origin: Mapping[str, str]
    record: Any

    @property
    def group(self) -> str:
        return self.origin.get("dlq_group", "")

    @property
    def source(self) -> str | None:
        """The topic it came from; None if that is not a topic whose group has this dead-letter topic."""
        known = (one for one in TOPICS if one.name == self.origin.get("dlq_topic") and self.group in one.groups)
        found = next(known, None)
        return found.name if found is not None and found.dead_letter(self.group) == self.record.topic else None

    @property
    def whole(self) -> bool:
        """Whether its value is complete: of one that is too large only a part is kept."""
        return self.origin.get("dlq_value_bytes", "0") == str(len(self.record.value or b""))

    @property
    def type(self) -> str:
        return _header(self.record, "ce_type")

    @property
    def key(self) -> str:
        return (self.record.key or b"").decode(errors="replace")

    def summary(self) -> dict[str, JsonValue]:
        return {
            "id": self.id,
            "state": self.state.value,
            "group": self.group,
            "code": self.origin.get("dlq_code"),
            "type": self.type,
            "key": self.key,
            "time": self.origin.get("dlq_time"),
            "error": self.origin.get("dlq_error"),
        }

    def details(self) -> dict[str, JsonValue]:
        """The summary with place, headers and the first 2,000 bytes of the content."""
        return {
            **self.summary(),
            "dead_letter_topic": self.record.topic,
            "dead_letter_offset": self.record.offset,
            "topic": self.origin.get("dlq_topic"),
            "partition": self.origin.get("dlq_partition"),
            "offset": self.origin.get("dlq_offset"),
            "whole": self.whole,
            "headers": {name: (value or b"").decode(errors="replace") for name, value in self._own_headers()},
            "value": (self.record.value or b"")[:SHOWN_BYTES].decode(errors="replace"),
        }

    def redriven_headers(self) -> Headers:
        """The headers of the original, and one that keeps it from the groups that have handled it already."""
        kept = [(name, value) for name, value in self._own_headers() if name != REDRIVEN_FOR_HEADER]
        return [*kept, (REDRIVEN_FOR_HEADER, self.group.encode())]

    def _own_headers(self) -> Headers:
        """The headers of the original record. A name that is not UTF-8 is escaped."""
        return [
            (name.encode(errors="backslashreplace").decode(), value)
            for name, value in self.record.headers
            if not name.startswith(ORIGIN_PREFIX)
        ]

    def obstacle_to(self, state: State) -> str | None:
        """Why it cannot be redriven, or dropped; None if it can."""
        if self.state is not State.OPEN:
            return f"was {self.state.value} already"
        if state is State.DROPPED:
            return None
        if self.source is None:
            return "does not say which of the platform's topics it came from"
        if not self.whole:
            size = self.origin.get("dlq_value_bytes")
            return f"was kept in part only ({size} bytes were too many): its sender has to send it again"
        return None


def _header(record: Any, name: str) -> str:
    return next(((value or b"").decode(errors="replace") for given, value in record.headers if given == name), "")


def origin_of(record: Any) -> dict[str, str]:
    """The `dlq_` headers. The last of each name counts: it is ours, whatever the record itself carried."""
    return {
        name: (value or b"").decode(errors="replace")
        for name, value in record.headers
        if name.startswith(ORIGIN_PREFIX)
    }


def letters_of(records: Iterable[Any], marks: Mapping[str, State]) -> list[Letter]:
    """The records as letters, oldest first."""
    found: list[Letter] = []
    for record in records:
        origin = origin_of(record)
        identity = letter_id(origin)
        found.append(Letter(identity, marks.get(identity, State.OPEN), origin, record))
    return sorted(found, key=lambda one: one.origin.get("dlq_time", ""))


def marks_of(records: Iterable[Any]) -> tuple[dict[str, State], list[Unreadable]]:
    """What became of the letters, by id, and the marks that cannot be read."""
    marks: dict[str, State] = {}
    unreadable: list[Unreadable] = []
    for record in records:
        try:
            mark = Mark.model_validate_json(record.value or b"")
            marks[mark.letter] = mark.outcome
        except ValidationError:
            unreadable.append(Unreadable(record.topic, record.partition, record.offset, "this is no mark of a letter"))
    return marks, unreadable


@dataclass(frozen=True)
class LetterFilter:
    """Selects letters: those that fit all fields; an empty field fits every letter."""

    ids: Sequence[str] = ()
    group: str | None = None
    topic: str | None = None
    code: str | None = None
    type: str | None = None
    key: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: State | None = None

    @property
    def empty(self) -> bool:
        return self == LetterFilter(state=self.state)

    def fits(self, letter: Letter) -> bool:
        at = letter.origin.get("dlq_time", "")
        wanted = (
            (self.group, letter.group),
            (self.topic, letter.origin.get("dlq_topic")),
            (self.code, letter.origin.get("dlq_code")),
            (self.type, letter.type),
            (self.key, letter.key),
            (self.state, letter.state),
        )
        return (
            all(chosen is None or chosen == found for chosen, found in wanted)
            and (not self.ids or any(letter.id.startswith(one) for one in self.ids))
            and (self.since is None or at >= _text(self.since))
            and (self.until is None or at < _text(self.until))
        )


def _text(moment: datetime) -> str:
    """The time as the platform writes it, so that texts compare as times do."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
