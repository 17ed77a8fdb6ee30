"""Prometheus metrics common to all services; names follow the Prometheus conventions (base units, _total)."""

from prometheus_client import Counter, Gauge, Histogram

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUESTS = Histogram("nexus_http_request_seconds", "HTTP requests by route", ["method", "route", "status"])
CONSUMED = Counter("nexus_messages_consumed_total", "Records handled", ["topic", "group", "outcome"])
HANDLING = Histogram("nexus_message_handling_seconds", "Time from taking a batch to its end", ["topic", "group"])
DEAD_LETTERED = Counter("nexus_messages_dead_lettered_total", "Records given up", ["topic", "group", "code"])
LIMITED = Counter("nexus_dead_letter_limits_total", "Times that a partition had too many", ["topic", "group"])
PUBLISHED = Counter("nexus_messages_published_total", "Records acknowledged by the broker", ["topic"])
LAG = Gauge("nexus_consumer_lag_records", "Records of this process's partitions not yet settled", ["topic", "group"])
DATABASE = Histogram("nexus_database_seconds", "Calls of the database, tries included", ["operation"])
OUTBOX_OLDEST = Gauge("nexus_outbox_oldest_seconds", "How long the oldest events left behind have waited")
OUTBOX_DEPTH = Gauge("nexus_outbox_pending", "Aggregates with events not yet published or confirmed")
COMMANDS = Counter("nexus_commands_total", "Commands decided", ["type", "status", "replayed"])
STREAMS = Gauge("nexus_event_streams", "Live streams that are open")
UNREADABLE = Counter("nexus_unreadable_batches_total", "Batches that could not be read", ["topic", "group"])
HALTED = Gauge("nexus_halted_partitions", "Partitions that are not read on until somebody acts", ["topic", "group"])
STALLED = Gauge("nexus_stalled_partitions", "Partitions without progress", ["topic", "group"])
WORK_BEGUN = Counter("nexus_work_begun_total", "Long work begun", ["kind"])
WORK_ENDED = Counter("nexus_work_ended_total", "Long work ended", ["kind"])
WORK_ADOPTED = Counter("nexus_work_adopted_total", "Long work of dead processes run again", ["kind"])
WORK_INTERRUPTED = Counter("nexus_work_interrupted_total", "Long work ended without its result", ["kind"])
WORK_WAITING = Gauge("nexus_work_waiting", "Long work that waits for a place in this process", ["kind"])
WORK_RUNNING = Gauge("nexus_work_running", "Long work that this process is at", ["kind"])


def method(named: str) -> str:
    """The label for a method: callers may make up any number of them."""
    return named if named in _METHODS else "other"
