"""Rows of counters: integers under names, which add up in any order."""

import zlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

Counts = Mapping[str, int]
AGENT_GROUPS = 16
"""Groups of agents, by their ids: a single row for all agents would be too hot, and too large."""
MODELS = "models"
"""The rows of what models used by day: `<model>|<counter>`."""
MODEL_COUNTERS, OTHERS = 4_000, "others"
"""Whoever is asked names its model, and nobody checks the name: of a row that has so many counters all further models
are counted as one. Otherwise a tenant's agents could make a row too large to be stored."""


class Row(NamedTuple):
    """`name` is a date (YYYY-MM-DD) or, for totals, what is counted."""

    tenant: str
    metric: str
    name: str


Delta = Mapping[Row, Counts]


def build_totals(tenant: str) -> Row:
    return Row(tenant, "totals", "builds")


def agent_totals(tenant: str) -> Row:
    """The number of existing agents, by status."""
    return Row(tenant, "totals", "agents")


def category_totals(tenant: str) -> Row:
    """The same by category: `<category>|<status>`; an empty category for none."""
    return Row(tenant, "totals", "categories")


def agents_metric(group: int) -> str:
    """The rows of one group's invocations by day: `<agent_id>|<counter>`."""
    return f"agents{group}"


def agent_group(agent_id: str) -> int:
    return zlib.crc32(agent_id.encode()) % AGENT_GROUPS


def under(name: str, counts: Counts) -> dict[str, int]:
    """The counts of one of many that share a row."""
    return {f"{name}|{counter}": number for counter, number in counts.items()}


def bounded(row: Row, counts: Counts, delta: Counts) -> Counts:
    """What is added to the counts of a row: the delta, further models taken together where there are too many."""
    if row.metric != MODELS or len(counts) < MODEL_COUNTERS:
        return delta
    known = {key.rpartition("|")[0] for key in counts}
    models = by_name(delta).items()
    return added(under(name if name in known else OTHERS, used) for name, used in models)


def by_name(counts: Counts) -> dict[str, dict[str, int]]:
    """The inverse of `under`."""
    found: dict[str, dict[str, int]] = {}
    for key, number in counts.items():
        name, _, counter = key.rpartition("|")
        found.setdefault(name, {})[counter] = number
    return found


def added(parts: Iterable[Counts]) -> dict[str, int]:
    """Their sum, without zeros."""
    total: dict[str, int] = {}
    for counts in parts:
        for name, number in counts.items():
            total[name] = total.get(name, 0) + number
    return {name: number for name, number in total.items() if number}


def summed(deltas: Iterable[Delta]) -> dict[Row, dict[str, int]]:
    """All deltas in one, without zeros."""
    total: dict[Row, dict[str, int]] = {}
    for delta in deltas:
        for row, counts in delta.items():
            kept = total.setdefault(row, {})
            for name, number in counts.items():
                kept[name] = kept.get(name, 0) + number
    slim = {row: {name: number for name, number in counts.items() if number} for row, counts in total.items()}
    return {row: counts for row, counts in slim.items() if counts}
