"""W3C trace context: taken from the caller, passed on with every message and request, shown in every log line.

Spans are kept only where somebody keeps them (`keep`): elsewhere they cost nothing but the ids that are passed on.
"""

import os
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Literal, NamedTuple

from nexus_contracts.trace_context import trace_context

Kind = Literal["server", "client", "producer", "consumer", "internal"]
Attributes = Mapping[str, str | int]
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)


class EndedSpan(NamedTuple):
    """What was done, in nanoseconds since 1970. `parent` is the span in the same trace that it was done for."""

    name: str
    kind: Kind
    trace_id: str
    span_id: str
    parent: str | None
    began: int
    ended: int
    attributes: Attributes
    failed: bool


Keep = Callable[[EndedSpan], None]
_keep: Keep | None = None


def keep(spans: Keep | None) -> None:
    """Every span that ends in this process from now on goes there."""
    global _keep
    _keep = spans


def kept() -> bool:
    return _keep is not None


def begin(received: str | None) -> str:
    """Starts a span, in the caller's trace if `received` is valid, else in a new one. Returns its traceparent."""
    known = trace_context(received)
    trace_id = known[3:35] if known else os.urandom(16).hex()
    current = f"00-{trace_id}-{os.urandom(8).hex()}-01"
    traceparent.set(current)
    return current


def end(
    name: str, kind: Kind, seconds: float, received: str | None, attributes: Attributes, *, failed: bool = False
) -> None:
    """The current span is over, which was begun from `received` so long ago."""
    if _keep is not None and (current := traceparent.get()):
        parent = trace_context(received)
        _put(_keep, name, kind, current[36:52], parent[36:52] if parent else None, seconds, attributes, failed=failed)


def took(name: str, kind: Kind, seconds: float, attributes: Attributes, *, failed: bool = False) -> None:
    """A part of the current span is over, which took so long."""
    if _keep is not None and (current := traceparent.get()):
        _put(_keep, name, kind, os.urandom(8).hex(), current[36:52], seconds, attributes, failed=failed)


def _put(
    spans: Keep,
    name: str,
    kind: Kind,
    span_id: str,
    parent: str | None,
    seconds: float,
    attributes: Attributes,
    *,
    failed: bool,
) -> None:
    ended = time.time_ns()
    began = ended - round(seconds * 1e9)
    spans(EndedSpan(name, kind, trace_id(), span_id, parent, began, ended, attributes, failed))


def trace_id() -> str:
    """The 32 hexadecimal digits of the current trace id, or an empty text outside a trace."""
    current = traceparent.get()
    return current[3:35] if current else ""
