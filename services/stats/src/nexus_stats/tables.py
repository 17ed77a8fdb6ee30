"""The tables that `stats` owns.

| table | keys | holds |
|---|---|---|
| StatsGenerations | name | which generation of the other tables is read, and which one is being built |
| StatsSeen.<n> | thing | makes every event count once: a fact for each build and agent, pages of marks |
| StatsCounters.<n> | series, position | rows of counters, by tenant and metric; a position ends in its writer's shard |
| StatsActivities.<n> | tenant, position | recent activities, by time |
"""

from typing import NamedTuple

from nexus_runtime.dynamo import Table

GENERATIONS = Table("StatsGenerations", "name")


class Generation(NamedTuple):
    """One set of tables; a recount fills the next one with the same figures."""

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
