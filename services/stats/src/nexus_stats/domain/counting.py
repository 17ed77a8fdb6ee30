"""Counting each event once: what the events say of one thing is joined into a fact, and figures count facts.

The join is commutative, associative and idempotent, so that duplicates, reordering and repetition change no fact; the
counters move by the difference between the old fact and the new one, which for a repeated event is nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, TypeAdapter

from nexus_stats.domain.facts import AgentFact, BuildFact, EndFact, InvocationFact

Fact = BuildFact | InvocationFact | AgentFact
FACT: TypeAdapter[Fact] = TypeAdapter(Annotated[Fact, Field(discriminator="kind")])
Counts = Mapping[str, int]
Metric = Literal["builds", "invocations", "totals"]


class Row(NamedTuple):
    """A row of counters; `name` is a date (YYYY-MM-DD), and of the totals what is counted."""

    metric: Metric
    name: str


BUILD_TOTALS = Row("totals", "builds")
AGENT_TOTALS = Row("totals", "agents")


@dataclass(frozen=True)
class KnownFact:
    """A fact as it is stored; `version` counts its changes from 1."""

    fact: Fact
    version: int


@dataclass(frozen=True)
class FactChange:
    """A fact to store on top of `version` (0: it is new), and what it does to the counters."""

    fact: Fact
    version: int
    delta: Mapping[Row, Counts]


def fold(facts: Iterable[Fact]) -> dict[str, Fact]:
    """One fact for each key."""
    folded: dict[str, Fact] = {}
    for fact in facts:
        folded[fact.key] = joined(folded[fact.key], fact) if fact.key in folded else fact
    return folded


def joined(one: Fact, other: Fact) -> Fact:
    """Everything that the two say. They are facts about the same thing."""
    match one, other:
        case BuildFact(), BuildFact():
            return one.joined(other)
        case InvocationFact(), InvocationFact():
            return one.joined(other)
        case AgentFact(), AgentFact():
            return one.joined(other)
        case _:
            raise TypeError(f"{one.key} and {other.key} are facts of different kinds")


def changes(seen: Mapping[str, Fact], known: Mapping[str, KnownFact]) -> list[FactChange]:
    """What is to be stored; nothing for a fact that says nothing new."""
    found: list[FactChange] = []
    for key, fact in seen.items():
        before = known.get(key)
        after = joined(before.fact, fact) if before else fact
        if before is None or after != before.fact:
            old = _counted(before.fact) if before else {}
            found.append(FactChange(after, before.version if before else 0, _difference(old, _counted(after))))
    return found


def packed(wanted: Sequence[FactChange], limit: int) -> list[list[FactChange]]:
    """The changes in groups that touch at most `limit` facts and rows together."""
    groups: list[list[FactChange]] = []
    rows: set[Row] = set()
    for change in wanted:
        if not groups or len(groups[-1]) + 1 + len(rows | change.delta.keys()) > limit:
            groups.append([])
            rows = set()
        groups[-1].append(change)
        rows |= change.delta.keys()
    return groups


def summed(deltas: Iterable[Mapping[Row, Counts]]) -> dict[Row, dict[str, int]]:
    """All deltas in one, without zeros."""
    total: dict[Row, dict[str, int]] = {}
    for delta in deltas:
        for row, counts in delta.items():
            kept = total.setdefault(row, {})
            for name, number in counts.items():
                kept[name] = kept.get(name, 0) + number
    slim = {row: {name: number for name, number in counts.items() if number} for row, counts in total.items()}
    return {row: counts for row, counts in slim.items() if counts}


def _difference(old: Mapping[Row, Counts], new: Mapping[Row, Counts]) -> dict[Row, dict[str, int]]:
    negative = {row: {name: -number for name, number in counts.items()} for row, counts in old.items()}
    return summed((negative, new))


def _counted(fact: Fact) -> dict[Row, dict[str, int]]:
    """What one fact adds to the counters."""
    match fact:
        case BuildFact():
            return _counted_build(fact)
        case InvocationFact():
            tokens = fact.ending.input_tokens + fact.ending.output_tokens if fact.ending else 0
            return {Row("invocations", fact.day): {"total": 1, "tokens": tokens, **_ended(fact.ending)}}
        case AgentFact():
            return {} if fact.status == "deleted" else {AGENT_TOTALS: {fact.status: 1}}


def _counted_build(fact: BuildFact) -> dict[Row, dict[str, int]]:
    if fact.day is None:
        return {}
    counts = {"total": 1, **_ended(fact.ending)}
    return {Row("builds", fact.day): {**counts, stage_counter(fact.stage): 1}, BUILD_TOTALS: counts}


def stage_counter(number: int) -> str:
    """The counter of the builds that have reached stage `number`."""
    return f"stage_{number}"


def _ended(ending: EndFact | None) -> dict[str, int]:
    return {ending.outcome: 1, "duration_ms": ending.duration_ms} if ending else {}
