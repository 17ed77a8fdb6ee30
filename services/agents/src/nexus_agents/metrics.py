"""Metrics of `agents` alone."""

from prometheus_client import Counter, Gauge

PROCESSES = Gauge("nexus_agent_processes", "Processes of agents on this machine")
PROCESS_BYTES = Gauge("nexus_agent_memory_bytes", "Memory of their own that these hold")
STARTS = Counter("nexus_agent_starts_total", "Starts of agents' processes", ["outcome"])
EVICTIONS = Counter(
    "nexus_agent_evictions_total", "Idle processes of agents ended for others to have room", ["because"]
)
"""`because`: memory or number."""
OVER_LIMIT = Counter("nexus_agent_over_limit_total", "Processes of agents ended as they took too much")
