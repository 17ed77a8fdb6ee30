"""A stage report over HTTP: one CloudEvent, in binary or structured mode (CloudEvents HTTP Protocol Binding 1.0.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from fastapi import Request
from pydantic import JsonValue, ValidationError

from nexus_contracts.builds.cdevents import report_of
from nexus_contracts.builds.reports import REPORT, AnyReport
from nexus_contracts.builds.views import ReportPlace, TakenReport
from nexus_contracts.envelope import CloudEvent, MalformedEvent, binary, structured
from nexus_contracts.errors import UnsupportedMediaType, ValidationFailed
from nexus_contracts.identifiers import format_timestamp
from nexus_contracts.media_types import UnsupportedType, is_structured
from nexus_contracts.signatures import PLATFORM
from nexus_gateway import answers
from nexus_gateway.answers import Place, named_failure, size_failure
from nexus_gateway.requests.json_body import canonical, malformed, parse_object, read_body
from nexus_runtime.process import tracing
from nexus_runtime.process.clock import utc_now

BINARY, STRUCTURED = "application/json", "application/cloudevents+json"
_ATTRIBUTES = ("specversion", "id", "source", "type", "subject", "time")
_QUOTED, _ESCAPED = re.compile(r'"((?:[^"\\]|\\.)*)"'), re.compile(r"\\(.)")
_TYPES = frozenset(REPORT.json_schema()["discriminator"]["mapping"])


@dataclass(frozen=True)
class SentReport:
    """The event as it was sent, and the report that it is or comes to: None where it comes to none.

    `content`: the same bytes for equal events, in whatever form they are.
    """

    project_id: str
    content: bytes
    sent: CloudEvent
    event: CloudEvent | None = None
    report: AnyReport | None = None

    def taken(self) -> TakenReport:
        """What the caller is told."""
        place = ReportPlace.model_validate(self.report, from_attributes=True) if self.report else None
        sent = self.sent
        return TakenReport(project_id=self.project_id, source=sent.source, id=sent.id, type=sent.type, report=place)


async def read_report(request: Request, project_id: str, limit: int) -> SentReport:
    """What the request reports of the project. Raises PayloadTooLarge, UnsupportedMediaType, ValidationFailed."""
    form = _form(_header(request, "content-type") or None)
    value = parse_object(await read_body(request, limit))
    reading = _Reading(project_id, form)
    try:
        given = structured(value) if form == STRUCTURED else binary(_attributes(request), value)
    except MalformedEvent as error:
        raise reading.fault(error.reason, "cloud_event", *error.place) from None
    return reading.report(given)


def _form(content_type: str | None) -> str:
    try:
        return STRUCTURED if is_structured(content_type) else BINARY
    except UnsupportedType as error:
        raise UnsupportedMediaType(
            f"a report must be sent as {BINARY} with ce- headers or as {STRUCTURED}",
            suggestion=f"Content-Type: {error}.",
        ) from None


def _attributes(request: Request) -> dict[str, str]:
    named = {name: _header(request, f"ce-{name}") for name in (*_ATTRIBUTES, "datacontenttype")}
    return {name: _decoded(name, value) for name, value in named.items() if value is not None}


def _header(request: Request, name: str) -> str | None:
    values = request.headers.getlist(name)
    if len(values) > 1:
        raise malformed("is given more than once", "repeated", f"header.{name}")
    return values[0] if values else None


def _decoded(name: str, value: str) -> str:
    """A quoted text without its quotes, then percent-decoded once: section 3.1.3.2 of the binding."""
    try:
        text = value.encode("latin-1").decode()
        if quoted := _QUOTED.fullmatch(text):
            text = _ESCAPED.sub(r"\1", quoted[1])
        return unquote(text, errors="strict")
    except UnicodeError:
        raise malformed("must be UTF-8, percent-encoded", "string_unicode", f"header.ce-{name}") from None


@dataclass(frozen=True)
class _Reading:
    """Reads one event; faults name their place in a request of this form."""

    project_id: str
    form: str

    def report(self, given: Mapping[str, JsonValue]) -> SentReport:
        sent, content = self._event(given), canonical(dict(given))
        event = self._of_the_project(sent)
        if event is None:
            return SentReport(self.project_id, content, sent)
        try:
            report: AnyReport = REPORT.validate_python({**event.data, "type": event.type})
        except ValidationError as error:
            raise size_failure(error, self._of_report) or named_failure(error, self._of_report) from None
        return SentReport(self.project_id, content, sent, event, report)

    def _event(self, given: Mapping[str, JsonValue]) -> CloudEvent:
        if given.get("specversion") != "1.0":
            raise self.fault("must be 1.0", "literal_error", "specversion")
        attributes = {name: given[name] for name in (*_ATTRIBUTES, "data") if name in given}
        usual = {"time": format_timestamp(utc_now()), "subject": self.project_id}
        own = {"correlationid": answers.request_id.get(), "traceparent": tracing.traceparent.get()}
        # The gateway's own attributes last: a sender must not choose the request id or the trace of somebody else.
        try:
            event = CloudEvent.model_validate({**usual, **attributes, **own})
        except ValidationError as error:
            raise named_failure(error, lambda loc: self._place(*loc)) from None
        if event.source.startswith(PLATFORM):
            raise self.fault(f"names that begin with {PLATFORM} belong to the platform", "reserved", "source")
        return event

    def _of_the_project(self, sent: CloudEvent) -> CloudEvent | None:
        event = self._translated(sent)
        if event is None:
            return None
        if event.type not in _TYPES:
            raise self.fault("is not a type of report", "unknown_type", "type")
        if event.subject != self.project_id:
            raise self.fault("must be the project in the path", "other_project", "subject")
        event = event.model_copy(update={"data": {"project_id": self.project_id, **event.data}})
        if event.data["project_id"] != self.project_id:
            raise self.fault("must be the project in the path", "other_project", "data", "project_id")
        return event

    def _translated(self, sent: CloudEvent) -> CloudEvent | None:
        """The subject of a CDEvent is the run, so the path names the project."""
        if not sent.type.startswith("dev.cdevents."):
            return sent
        try:
            return report_of(sent.model_copy(update={"subject": self.project_id}))
        except MalformedEvent as error:
            if isinstance(error.__cause__, ValidationError):
                raise named_failure(error.__cause__, lambda loc: self._place("data", *loc)) from None
            raise self.fault(error.reason, "cdevent", "data", *error.place) from None

    def _of_report(self, inner: Place) -> Place:
        """The first part of a place is the type that chose the model."""
        return self._place("data", *inner[1:])

    def fault(self, message: str, kind: str, *place: str) -> ValidationFailed:
        return malformed(message, kind, ".".join(map(str, self._place(*place))))

    def _place(self, first: int | str, *rest: int | str) -> Place:
        if self.form == STRUCTURED:
            return ("body", first, *rest)
        return ("body", *rest) if first == "data" else ("header", f"ce-{first}")
