"""Spans on their way to an OpenTelemetry collector (OTLP over HTTP). Imported only where one is named."""

from collections.abc import Generator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from nexus_runtime.process import tracing
from nexus_runtime.process.settings import VERSION
from nexus_runtime.process.tracing import EndedSpan

ANSWER_SECONDS = 2.0
"""How long the collector may take; what it does not take is dropped."""
_KINDS = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
}
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


@contextmanager
def exporting(service: str, endpoint: str) -> Generator[None]:
    """Spans of this process are sent by a thread of its own, in batches; the rest at the end."""
    resource = Resource.create({"service.name": service, "service.version": VERSION})
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=ANSWER_SECONDS)
    batches = BatchSpanProcessor(exporter)
    tracing.keep(lambda span: batches.on_end(_readable(span, resource)))
    try:
        yield
    finally:
        tracing.keep(None)
        batches.shutdown()


def _readable(span: EndedSpan, resource: Resource) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=_context(span.trace_id, span.span_id, is_remote=False),
        parent=_context(span.trace_id, span.parent, is_remote=True) if span.parent else None,
        resource=resource,
        attributes=span.attributes,
        kind=_KINDS[span.kind],
        status=Status(StatusCode.ERROR if span.failed else StatusCode.UNSET),
        start_time=span.began,
        end_time=span.ended,
    )


def _context(trace_id: str, span_id: str, *, is_remote: bool) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=is_remote, trace_flags=_SAMPLED)
