"""W3C trace context: taken from the caller, passed on with every message and request, shown in every log line."""

import os
import re
from contextvars import ContextVar

_FORM = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")
_NOTHING = re.compile(r"^0+$")

traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)


def begin(received: str | None) -> str:
    """Start a span: in the caller's trace where `received` is valid, else in a new one. Returns its traceparent."""
    match = _FORM.match(received or "")
    known = match and not _NOTHING.match(match[1]) and not _NOTHING.match(match[2])
    trace_id = match[1] if match and known else os.urandom(16).hex()
    current = f"00-{trace_id}-{os.urandom(8).hex()}-01"
    traceparent.set(current)
    return current


def trace_id() -> str:
    """The 32 hexadecimal digits of the current trace, or an empty text outside of one."""
    current = traceparent.get()
    return current[3:35] if current else ""
