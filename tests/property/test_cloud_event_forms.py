"""One report in every form that CloudEvents allow, over Kafka and HTTP: whoever reads it reads the same."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from tests.support.asgi import HttpCaller
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts.builds.reports import REPORT, AnyReport
from nexus_contracts.envelope import CloudEvent, read_event
from nexus_contracts.identifiers import format_timestamp
from nexus_gateway.openapi.examples import PROJECT_ID
from nexus_gateway.owners import Answer

PATH = f"/api/v1/projects/{PROJECT_ID}/reports"
RECEIVED = datetime(2026, 5, 1, tzinfo=UTC)
PLAIN = "".join(map(chr, range(0x21, 0x7F))).replace('"', "").replace("%", "").replace("\\", "")
"""What the HTTP binding leaves as it is in a header."""

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
sources = names.filter(lambda source: not source.startswith("/nexus/"))
values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | names
outputs = st.dictionaries(names, values | st.lists(values, max_size=3), max_size=4)
charsets = st.sampled_from(["", "; charset=utf-8", ' ;Charset="UTF-8"', ";charset=us-ascii; v=1", ";"])
cases = st.sampled_from(["lower", "upper", "title"])
json_types = st.sampled_from(["application/json", "application/vnd.acme.report+json"])
extensions = st.dictionaries(st.sampled_from(["comexample", "sequence", "correlationid"]), values, max_size=3)


def cased(case: str, text: str) -> str:
    return {"lower": text.lower(), "upper": text.upper(), "title": text.title()}[case]


def media_type(case: str, kind: str, rest: str) -> str:
    return cased(case, kind) + rest


@dataclass(frozen=True)
class Said:
    """An event as its publisher knows it; None is an attribute that is not set."""

    required: dict[str, str]
    optional: dict[str, Any]
    extensions: dict[str, Any]
    data: dict[str, Any]

    def report_in(self, event: CloudEvent) -> AnyReport:
        """The report that the event is, which has the attributes that were set."""
        assert {"id": event.id, "source": event.source, "type": event.type, "specversion": "1.0"} == self.required
        if self.optional["time"] is not None:
            assert format_timestamp(event.time) == self.optional["time"]
        if self.optional["subject"] is not None:
            assert event.subject == self.optional["subject"]
        return REPORT.validate_python({**event.data, "type": event.type})

    def report(self) -> AnyReport:
        return REPORT.validate_python({**self.data, "type": self.required["type"]})


@dataclass(frozen=True)
class Form:
    """How a publisher writes what it says."""

    media_type: str | None
    event_type: str
    case: str
    encoded: bool
    nulls: bool
    ascii: bool
    quoted: bool

    def json(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=self.ascii, indent=1 if self.nulls else None).encode()

    def attributes(self, said: Said) -> dict[str, str | None]:
        texts = {
            name: str(value).lower() if isinstance(value, bool) else value if value is None else str(value)
            for name, value in (said.required | said.optional | said.extensions).items()
        }
        return {name: value for name, value in texts.items() if self.nulls or value is not None}

    def whole(self, said: Said) -> bytes:
        content: dict[str, Any] = {"data": said.data}
        if self.encoded:
            content = {"data_base64": base64.b64encode(self.json(said.data)).decode()}
        missing = {name: None for name in ("data", "data_base64") if name not in content} if self.nulls else {}
        event = {**said.required, **said.optional, **said.extensions, "datacontenttype": self.media_type}
        set_or_null = {name: value for name, value in event.items() if self.nulls or value is not None}
        return self.json({**set_or_null, **missing, **content})

    def percent_encoded(self, value: str) -> str:
        text = quote(value, safe=PLAIN)
        return f'"{text}"' if self.quoted else text

    def kinds(self, binary: bool) -> list[tuple[str, str]]:
        kind = self.media_type if binary else self.event_type
        return [] if kind is None else [("content-type", kind)]


required = {"specversion": st.just("1.0"), "type": st.just("nexus.stage.completed.v1"), "id": names, "source": sources}
optional = {
    "subject": st.sampled_from([None, PROJECT_ID]),
    "time": st.none() | st.datetimes(timezones=st.just(UTC)).map(format_timestamp),
    "dataschema": st.sampled_from([None, "https://example.com/schema"]),
}
completion = {
    "project_id": st.just(PROJECT_ID),
    "attempt": st.integers(1, 10**15),
    "stage_name": st.just("orchestrator"),
    "output_data": st.none() | outputs,
}
events = st.builds(
    Said,
    st.fixed_dictionaries(required),
    st.fixed_dictionaries(optional),
    extensions,
    st.fixed_dictionaries(completion),
)
forms = st.builds(
    Form,
    media_type=st.none() | st.builds(media_type, cases, json_types, charsets),
    event_type=st.builds(media_type, cases, st.just("application/cloudevents+json"), charsets),
    case=cases,
    encoded=st.booleans(),
    nulls=st.booleans(),
    ascii=st.booleans(),
    quoted=st.booleans(),
)


@given(events, forms)
def test_a_record_is_the_same_report_in_both_modes(said: Said, form: Form) -> None:
    headers = [(f"ce_{name}", value) for name, value in form.attributes(said).items()] + form.kinds(binary=True)
    named = [(cased(form.case, name), None if value is None else value.encode()) for name, value in headers]
    structured = [(cased(form.case, name), value.encode()) for name, value in form.kinds(binary=False)]
    for event in (
        read_event(form.json(said.data), named, RECEIVED),
        read_event(form.whole(said), structured, RECEIVED),
    ):
        assert said.report_in(event) == said.report()
        assert said.optional["time"] is not None or event.time == RECEIVED


@given(events, forms)
async def test_a_request_publishes_the_same_report_in_both_modes(said: Said, form: Form) -> None:
    platform = FakePlatform()
    platform.owners.answers[f"builds/projects/{PROJECT_ID}"] = Answer(b"{}", '"3"')
    call = HttpCaller(platform.app)
    attributes = {name: value for name, value in form.attributes(said).items() if value is not None}
    headers = [(cased(form.case, f"ce-{name}"), form.percent_encoded(value)) for name, value in attributes.items()]
    answers = [
        await call("POST", PATH, raw=form.json(said.data), headers=headers, content_type=form.media_type),
        await call("POST", PATH, raw=form.whole(said), content_type=form.event_type),
    ]
    assert [answer.status for answer in answers] == [202, 202], [answer.body for answer in answers]
    for _, event, _ in platform.bus.published:
        assert said.report_in(event) == said.report()
        assert read_event(event.body(), event.headers()) == event
