"""A stage report over HTTP: one CloudEvent, in binary or structured mode (CloudEvents HTTP Protocol Binding 1.0.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from fastapi import Request
from pydantic import JsonValue, ValidationError

from nexus_contracts.builds.cdevents import report_of
from nexus_contracts.builds.reports import REPORT, AnyReport
from nexus_contracts.envelope import CloudEvent, MalformedEvent, structured
from nexus_contracts.errors import UnsupportedMediaType, ValidationFailed
from nexus_contracts.identifiers import format_timestamp
from nexus_contracts.signatures import PLATFORM
from nexus_gateway import envelope
from nexus_gateway.failures import Place, named_failure
from nexus_gateway.strict_json import canonical, malformed, parse, read_body
from nexus_runtime.process import tracing
from nexus_runtime.process.clock import utc_now

BINARY, STRUCTURED = "application/json", "application/cloudevents+json"
_BATCH = "application/cloudevents-batch"
_ATTRIBUTES = ("specversion", "id", "source", "type", "subject", "time")
_TYPES = frozenset(REPORT.json_schema()["discriminator"]["mapping"])


@dataclass(frozen=True)
class SentReport:
    """The event as it was sent, and the report that it is or comes to: None where it comes to none."""

    sent: CloudEvent
    event: CloudEvent | None = None
    report: AnyReport | None = None


async def sent_report(request: Request, project_id: str, limit: int) -> SentReport:
    """What the request reports of the project. Raises PayloadTooLarge, UnsupportedMediaType, ValidationFailed."""
    form = _form(request.headers.get("content-type", BINARY))
    value = parse(await read_body(request, limit))
    if not isinstance(value, dict):
        raise malformed("must be a JSON object", "object_type")
    canonical(value)  # refuses text that is no Unicode
    try:
        given = structured(value) if form == STRUCTURED else {**_headers(request), "data": value}
    except MalformedEvent as error:
        raise malformed(str(error), "data_base64", "body.data_base64") from None
    return _Reading(project_id, form).report(given)


def _form(content_type: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind in (BINARY, STRUCTURED):
        return kind
    hint = "Send each event in a request of its own." if kind.startswith(_BATCH) else f"Send it as {STRUCTURED}."
    raise UnsupportedMediaType(f"a report is sent as {BINARY} with ce- headers or as {STRUCTURED}", suggestion=hint)


def _headers(request: Request) -> dict[str, JsonValue]:
    """The `ce-` headers, percent-decoded as the binding says."""
    found: dict[str, JsonValue] = {}
    for name in _ATTRIBUTES:
        values = request.headers.getlist(f"ce-{name}")
        if len(values) > 1:
            raise malformed("is given more than once", "repeated", f"header.ce-{name}")
        for value in values:
            try:
                found[name] = unquote(value.encode("latin-1").decode(), errors="strict")
            except UnicodeError:
                raise malformed("must be UTF-8, percent-encoded", "string_unicode", f"header.ce-{name}") from None
    return found


@dataclass(frozen=True)
class _Reading:
    """Reads one event; faults name their place in a request of this form."""

    project_id: str
    form: str

    def report(self, given: Mapping[str, JsonValue]) -> SentReport:
        sent = self._event(given)
        event = self._of_the_project(sent)
        if event is None:
            return SentReport(sent)
        try:
            report: AnyReport = REPORT.validate_python({**event.data, "type": event.type})
        except ValidationError as error:
            # The first part of a place is the type that chose the model.
            raise named_failure(error, lambda loc: self._place("data", *loc[1:])) from None
        return SentReport(sent, event, report)

    def _event(self, given: Mapping[str, JsonValue]) -> CloudEvent:
        if given.get("specversion") != "1.0":
            raise self._fault("must be 1.0", "literal_error", "specversion")
        attributes = {name: given[name] for name in (*_ATTRIBUTES, "data") if name in given}
        usual = {"time": format_timestamp(utc_now()), "subject": self.project_id}
        own = {"correlationid": envelope.request_id.get(), "traceparent": tracing.traceparent.get()}
        try:
            event = CloudEvent.model_validate({**usual, **attributes, **own})
        except ValidationError as error:
            raise named_failure(error, lambda loc: self._place(*loc)) from None
        if event.source.startswith(PLATFORM):
            raise self._fault(f"those beginning {PLATFORM} are the platform's own", "reserved", "source")
        return event

    def _of_the_project(self, sent: CloudEvent) -> CloudEvent | None:
        event = self._translated(sent)
        if event is None:
            return None
        if event.type not in _TYPES:
            raise self._fault("is no type of report", "unknown_type", "type")
        if event.subject != self.project_id:
            raise self._fault("must be the project of the path", "other_project", "subject")
        event = event.model_copy(update={"data": {"project_id": self.project_id, **event.data}})
        if event.data["project_id"] != self.project_id:
            raise self._fault("must be the project of the path", "other_project", "data", "project_id")
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
            raise self._fault(str(error), "cdevent", "data") from None

    def _fault(self, message: str, kind: str, *place: str) -> ValidationFailed:
        return malformed(message, kind, ".".join(map(str, self._place(*place))))

    def _place(self, first: int | str, *rest: int | str) -> Place:
        if self.form == STRUCTURED:
            return ("body", first, *rest)
        return ("body", *rest) if first == "data" else ("header", f"ce-{first}")
