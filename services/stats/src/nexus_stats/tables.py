"""The tables that `stats` owns."""

from nexus_runtime.dynamo import Table

FACTS = Table("StatsFacts", "fact")
"""One item per build, invocation and agent: what makes every event count once."""
COUNTERS = Table("StatsCounters", "metric", "position")
"""Rows of integers; the position ends in a shard, so that replicas rarely write the same row."""

TABLES = (FACTS, COUNTERS)
