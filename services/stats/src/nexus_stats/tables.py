"""The tables that `stats` owns.

| table | keys | holds |
|---|---|---|
| StatsGenerations | name | which generation of the other tables answers, and which one is being made |
| StatsSeen.<n> | thing | what makes every event count once: a fact for each build and agent, pages of marks |
| StatsCounters.<n> | series, position | rows of counters, by tenant and metric; a position ends in its writer's shard |
| StatsActivities.<n> | tenant, position | what happened lately, by time |
"""

from typing import NamedTuple

from nexus_runtime.dynamo import Table

GENERATIONS = Table("StatsGenerations", "name")


class Generation(NamedTuple):
    """Tables that hold the same figures, counted anew."""

    seen: Table
    counters: Table
    activities: Table


def generation(number: int) -> Generation:
    """The tables of the generation with that number; the first is 1."""
    return Generation(
        Table(f"StatsSeen.{number}", "thing", ttl=True),
        Table(f"StatsCounters.{number}", "series", "position"),
        Table(f"StatsActivities.{number}", "tenant", "position", ttl=True),
    )


FIRST_GENERATION = 1
TABLES = (GENERATIONS, *generation(FIRST_GENERATION))
