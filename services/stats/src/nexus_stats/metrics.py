"""Metrics of `stats`."""

from prometheus_client import Counter

LATE = Counter("nexus_stats_late_total", "Things not counted, because they came too late to tell whether they had been")
