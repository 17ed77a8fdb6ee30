"""Metrics of `stats`."""

from collections.abc import Iterable

from prometheus_client import Counter

from nexus_stats.domain.counting import FactChange

LATE = Counter("nexus_stats_late_total", "Things not counted, because they came too late to tell whether they had been")
TOKENS = Counter("nexus_tokens_total", "Tokens that builds and invocations reported", ["by", "direction"])
COST = Counter("nexus_cost_usd_total", "What builds and invocations cost, in US dollars", ["by"])
_BY = {"usage": "builds", "invocations": "invocations"}
"""By rows of counters, whose use it is."""


def tell_use(changes: Iterable[FactChange]) -> None:
    """Tokens and cost that these changes count for the first time."""
    for row, counts in (each for change in changes for each in change.delta.items()):
        if (by := _BY.get(row.metric)) is None:
            continue
        for direction in ("input", "output"):
            TOKENS.labels(by, direction).inc(counts.get(f"{direction}_tokens", 0))
        COST.labels(by).inc(counts.get("cost_nano_usd", 0) / 10**9)
