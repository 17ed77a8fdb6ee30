"""Counting each event once: what is already stored about its subject decides what an event adds to the counters.

Facts about one subject are joined, marks are united. Both operations are commutative, associative and idempotent, so
duplicates, reordering and repetition change nothing. Only what is new moves the counters, and a repeated event has
nothing new.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, TypeAdapter

from nexus_stats.domain.facts import AgentFact, BuildFact, EndFact
from nexus_stats.domain.marks import Tally
from nexus_stats.domain.rows import Delta, Row, agent_totals, build_totals, category_totals, summed, under
from nexus_stats.domain.sketch import bin_of

Fact = BuildFact | AgentFact
FACT: TypeAdapter[Fact] = TypeAdapter(Annotated[Fact, Field(discriminator="kind")])
Observation = Fact | Tally
Content = Fact | frozenset[bytes]
"""What is stored under a key: a fact, or the marks on a page."""

HORIZON = timedelta(days=31)
"""An event that arrives later than this is not counted: whether it was counted before may be forgotten. Records stay in
their topic for 7 days, as dead letters for 14 more."""
KEPT = timedelta(days=38)
"""How long the proof that something was counted is kept, from its last event on."""


@dataclass(frozen=True)
class Seen:
    """Combined observations of one subject; `time` is that of the oldest event, for marks that of their page."""

    what: Observation
    time: datetime

    def joined(self, other: "Seen") -> "Seen":
        return Seen(joined(self.what, other.what), min(self.time, other.time))


@dataclass(frozen=True)
class Stored:
    """What is stored; `version` counts its changes from 1."""

    content: Content
    version: int


@dataclass(frozen=True)
class FactChange:
    """What to store under `key` on top of `version` (0: it is new), and what that adds to the counters.

    `expires`: when it may be deleted (Unix seconds); None while further events are possible.
    """

    key: str
    content: Content
    version: int
    delta: Delta
    expires: int | None = None


def fold(seen: Iterable[Seen]) -> dict[str, Seen]:
    """One for each key."""
    folded: dict[str, Seen] = {}
    for one in seen:
        key = one.what.key
        folded[key] = folded[key].joined(one) if key in folded else one
    return folded


def joined(one: Observation, other: Observation) -> Observation:
    """Everything that the two say. They must be about the same subject."""
    match one, other:
        case BuildFact(), BuildFact():
            return one.joined(other)
        case AgentFact(), AgentFact():
            return one.joined(other)
        case Tally(), Tally():
            return one.joined(other)
        case _:
            raise TypeError(f"{one.key} and {other.key} are of different kinds")


def too_old(seen: Mapping[str, Seen], known: Mapping[str, Stored], now: datetime) -> set[str]:
    """The keys of what comes too late to tell whether it was counted: beyond the horizon, and nothing known about it.

    Marks beyond the horizon may have expired with their page, so they count as unknown.
    """
    return {
        key
        for key, one in seen.items()
        if one.time < now - HORIZON and (isinstance(one.what, Tally) or key not in known)
    }


def changes(seen: Mapping[str, Seen], known: Mapping[str, Stored], now: datetime) -> list[FactChange]:
    """What to store; nothing for observations that say nothing new."""
    found = (_change(one.what, known.get(key), now) for key, one in seen.items())
    return [change for change in found if change]


def _change(seen: Observation, known: Stored | None, now: datetime) -> FactChange | None:
    version = known.version if known else 0
    if isinstance(seen, Tally):
        marks: frozenset[bytes] = known.content if known and isinstance(known.content, frozenset) else frozenset()
        fresh = {mark: delta for mark, delta in seen.deltas.items() if mark not in marks}
        if not fresh:
            return None
        # A recount also writes pages of seconds long past: they have to last until the topics can no longer repeat
        # their events, or a late duplicate would be counted again.
        expires = int(max(seen.begun + KEPT.total_seconds(), (now + HORIZON).timestamp()))
        return FactChange(seen.key, marks.union(fresh), version, summed(fresh.values()), expires)
    before = known.content if known and not isinstance(known.content, frozenset) else None
    after = joined(before, seen) if before else seen
    if isinstance(after, Tally) or after == before:
        return None
    old: Delta = _counted(before) if before else {}
    expires = int((now + KEPT).timestamp()) if after.closed else None
    return FactChange(after.key, after, version, _difference(old, _counted(after)), expires)


def packed(wanted: Sequence[FactChange], limit: int) -> list[list[FactChange]]:
    """The changes in groups, each of which writes at most `limit` items: facts, pages and rows."""
    groups: list[list[FactChange]] = []
    rows: set[Row] = set()
    for change in wanted:
        # A transaction may write an item only once: the changes of a group share their rows.
        if not groups or len(groups[-1]) + 1 + len(rows | change.delta.keys()) > limit:
            groups.append([])
            rows = set()
        groups[-1].append(change)
        rows |= change.delta.keys()
    return groups


def _difference(old: Delta, new: Delta) -> dict[Row, dict[str, int]]:
    negative = {row: {name: -number for name, number in counts.items()} for row, counts in old.items()}
    return summed((negative, new))


def _counted(fact: Fact) -> Delta:
    """What one fact adds to the counters."""
    match fact:
        case BuildFact():
            return _counted_build(fact)
        case AgentFact():
            if fact.status == "deleted":
                return {}
            one = {fact.status: 1}
            return {agent_totals(fact.tenant): one, category_totals(fact.tenant): under(fact.category, one)}


def _counted_build(fact: BuildFact) -> Delta:
    if fact.day is None:
        return {}
    counts = {"total": 1, **_ended(fact.ending)}
    day = Row(fact.tenant, "builds", fact.day)
    return {day: {**counts, stage_counter(fact.stage): 1}, build_totals(fact.tenant): counts}


def stage_counter(number: int) -> str:
    """The counter of the builds that have reached stage `number`."""
    return f"stage_{number}"


def _ended(ending: EndFact | None) -> dict[str, int]:
    if ending is None:
        return {}
    return {ending.outcome: 1, "duration_ms": ending.duration_ms, bin_of(ending.duration_ms): 1}
