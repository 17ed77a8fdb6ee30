"""W3C trace context: taken from the caller, passed on with every message and request, shown in every log line."""

import os
from contextvars import ContextVar

from nexus_contracts.trace_context import trace_context

traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)


def begin(received: str | None) -> str:
    """Starts a span, in the caller's trace if `received` is valid, else in a new one. Returns its traceparent."""
    known = trace_context(received)
    trace_id = known[3:35] if known else os.urandom(16).hex()
    current = f"00-{trace_id}-{os.urandom(8).hex()}-01"
    traceparent.set(current)
    return current


def trace_id() -> str:
    """The 32 hexadecimal digits of the current trace id, or an empty text outside a trace."""
    current = traceparent.get()
    return current[3:35] if current else ""
