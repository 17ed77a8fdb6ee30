"""CloudEvents in and out: what is written is read again, and what is no event is only ever called malformed."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, TypeAdapter, ValidationError

from nexus_contracts.builds.commands import BUILDS_COMMAND
from nexus_contracts.envelope import CloudEvent, Headers, MalformedEvent, explain, read_event
from nexus_contracts.history import HistoryEntry

DATA = {"project_id": "p", "text": "naïve ☃ \x00 \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")}
EVENT = CloudEvent.model_validate(
    {"id": "1", "source": "/s", "type": "t", "subject": "p", "time": "2026-01-01T00:00:00Z", "data": DATA}
)
STRUCTURED = [("content-type", b"application/cloudevents+json")]
ATTRIBUTES = ("ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_specversion", "content-type", "traceparent")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
texts = st.text(st.characters(exclude_categories=["Cs"]))
names = texts.filter(bool)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(st.text(max_size=5), json_values, max_size=4)
events = st.builds(
    CloudEvent,
    id=names,
    source=names,
    type=texts,
    subject=texts,
    time=st.datetimes(timezones=st.just(UTC)),
    data=bodies,
    correlationid=st.none() | texts,
    causationid=st.none() | texts,
    traceparent=st.none() | st.just(TRACE),
    sequence=st.none() | st.integers(0, 2**53),
)
header_values = st.none() | st.binary(max_size=12) | st.sampled_from([value for _, value in EVENT.headers()])
header_names = st.sampled_from(ATTRIBUTES) | st.text(max_size=12)
broken_values = st.none() | st.binary(max_size=40) | json_values.map(lambda value: json.dumps(value).encode())


@given(events)
def test_an_event_written_in_binary_mode_is_read_as_it_was(event: CloudEvent) -> None:
    assert read_event(event.body(), event.headers()) == event


@given(events)
def test_an_event_written_in_structured_mode_is_read_as_it_was(event: CloudEvent) -> None:
    value = json.dumps({**event.model_dump(mode="json"), "specversion": "1.0"}).encode()
    assert read_event(value, STRUCTURED) == event


def read_or_refused(value: bytes | None, headers: Sequence[tuple[str, bytes | None]]) -> CloudEvent | str:
    """The event, or why there is none; any other fault than MalformedEvent fails the test."""
    try:
        return read_event(value, headers)
    except MalformedEvent as error:
        return str(error)


@given(broken_values, st.lists(st.tuples(header_names, header_values), max_size=10))
def test_any_bytes_are_an_event_or_malformed(value: bytes | None, headers: list[tuple[str, bytes | None]]) -> None:
    assert read_or_refused(value, headers)


@given(st.sampled_from(ATTRIBUTES), header_values, broken_values)
def test_one_changed_header_or_value_is_an_event_or_malformed(
    name: str, changed: bytes | None, value: bytes | None
) -> None:
    headers: list[tuple[str, bytes | None]] = [(key, kept) for key, kept in EVENT.headers() if key != name]
    assert read_or_refused(EVENT.body(), [*headers, (name, changed)])
    assert read_or_refused(value, [*headers, (name, changed)])


def without(name: str) -> Headers:
    return [(key, value) for key, value in EVENT.headers() if key != name]


OPTIONAL = ("ce_subject", "content-type", "traceparent")


def test_time_and_subject_may_be_left_out() -> None:
    received = datetime(2026, 3, 1, tzinfo=UTC)
    headers = [(name, value) for name, value in EVENT.headers() if name not in ("ce_time", "ce_subject")]
    event = read_event(EVENT.body(), headers, received)
    assert (event.time, event.subject, event.data) == (received, "", EVENT.data)
    assert read_event(EVENT.body(), EVENT.headers(), received) == EVENT


def test_data_in_base64_is_read_as_json() -> None:
    attributes = EVENT.model_dump(mode="json", exclude={"data"}) | {"specversion": "1.0"}
    encoded = base64.b64encode(EVENT.body()).decode()
    assert read_event(json.dumps({**attributes, "data_base64": encoded}).encode(), STRUCTURED) == EVENT


def structured(**changed: Any) -> bytes:
    whole = {**EVENT.model_dump(mode="json", exclude_none=True), "specversion": "1.0", **changed}
    return json.dumps(whole).encode()


URL_SAFE = base64.urlsafe_b64encode('{"a":"\u07ff>~?"}'.encode()).decode()


@pytest.mark.parametrize("encoded", ["no!", 7, True, [], "e30", "e3 0=", URL_SAFE, "W10=", "/w==", ""])
def test_data_that_is_no_json_object_in_base64_is_malformed(encoded: JsonValue) -> None:
    with pytest.raises(MalformedEvent, match=r"^data_base64: "):
        read_event(structured(data=None, data_base64=encoded), STRUCTURED)


def test_data_twice_is_malformed() -> None:
    with pytest.raises(MalformedEvent, match="data_base64: excludes data"):
        read_event(structured(data_base64="e30="), STRUCTURED)


@pytest.mark.parametrize("name", ["subject", "time", "data_base64", "datacontenttype", "dataschema", "correlationid"])
def test_an_attribute_that_is_null_is_not_set(name: str) -> None:
    received = datetime(2026, 3, 1, tzinfo=UTC)
    left_out = {key: value for key, value in json.loads(structured()).items() if key != name}
    missing = read_event(json.dumps(left_out).encode(), STRUCTURED, received)
    assert read_event(structured(**{name: None}), STRUCTURED, received) == missing


@pytest.mark.parametrize("name", ["id", "source", "type", "specversion", "data"])
def test_an_attribute_that_may_not_be_missing_may_not_be_null(name: str) -> None:
    with pytest.raises(MalformedEvent, match=f"^{name}: "):
        read_event(structured(**{name: None}), STRUCTURED)


def test_a_null_header_is_not_there() -> None:
    received = datetime(2026, 3, 1, tzinfo=UTC)
    headers: list[tuple[str, bytes | None]] = [*without("ce_time"), ("ce_time", None), ("ce_dataschema", None)]
    assert read_event(EVENT.body(), headers, received).time == received


JSON_TYPES = [
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"; v=1',
    " application/json ; Charset=us-ascii ",
    "application/vnd.acme.build+json",
]
EVENT_TYPES = [
    "application/cloudevents+json",
    "Application/CloudEvents+JSON",
    "APPLICATION/CLOUDEVENTS+JSON;CHARSET=UTF-8",
    " application/cloudevents+json ; charset=utf-8",
    "application/cloudevents",
]
OTHER_TYPES = [
    " ",
    ";",
    "json",
    "text/plain",
    "application/jsonp",
    "application/json; charset=utf-16",
    "application/json, text/plain",
    "application/cloudevents+json; charset=utf-16",
    "application/cloudevents+avro",
    "application/cloudevents-batch",
    "application/xml" + "l" * 1000,
]


@pytest.mark.parametrize("kind", JSON_TYPES)
@pytest.mark.parametrize("name", ["content-type", "Content-Type", "ce_datacontenttype", "CE_DataContentType"])
def test_data_of_any_json_type_is_taken_wherever_its_type_stands(name: str, kind: str) -> None:
    headers = [*without("content-type"), (name, kind.encode())]
    assert read_event(EVENT.body(), headers) == EVENT
    assert read_event(structured(datacontenttype=kind), STRUCTURED) == EVENT


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_media_types_have_no_case_and_may_have_parameters(kind: str) -> None:
    assert read_event(structured(), [("Content-Type", kind.encode())]) == EVENT


@pytest.mark.parametrize("kind", OTHER_TYPES)
def test_other_media_types_are_malformed_and_named(kind: str) -> None:
    headers = [*without("content-type"), ("content-type", kind.encode())]
    with pytest.raises(MalformedEvent, match=r"^content-type: "):
        read_event(structured() if "cloudevents" in kind else EVENT.body(), headers)
    with pytest.raises(MalformedEvent, match=r"^datacontenttype: "):
        read_event(EVENT.body(), [*EVENT.headers(), ("ce_datacontenttype", kind.encode())])
    with pytest.raises(MalformedEvent, match=r"^datacontenttype: "):
        read_event(structured(datacontenttype=kind), STRUCTURED)


def test_an_empty_content_type_is_none() -> None:
    assert read_event(EVENT.body(), [*without("content-type"), ("Content-Type", b"")]) == EVENT
    with pytest.raises(MalformedEvent, match=r"^datacontenttype: "):
        read_event(EVENT.body(), [*EVENT.headers(), ("ce_datacontenttype", b"")])


def test_a_batch_is_malformed_and_says_what_to_do() -> None:
    with pytest.raises(MalformedEvent, match="each event by itself"):
        read_event(b"[" + structured() + b"]", [("content-type", b"application/cloudevents-batch+json")])


def test_a_type_of_data_that_is_no_text_is_malformed() -> None:
    with pytest.raises(MalformedEvent, match=r"^datacontenttype: "):
        read_event(structured(datacontenttype=7), STRUCTURED)


@pytest.mark.parametrize("name", [name for name, _ in EVENT.headers()])
def test_a_header_given_twice_is_malformed(name: str) -> None:
    for second in (name, name.upper()):
        with pytest.raises(MalformedEvent, match="more than once"):
            read_event(EVENT.body(), [*EVENT.headers(), (second, dict(EVENT.headers())[name])])


def test_extensions_of_other_types_are_read_as_the_text_that_they_are_in_a_header() -> None:
    numbers = read_event(structured(correlationid=7, causationid=True, sequence=3, other=False), STRUCTURED)
    texts = {"ce_correlationid": b"7", "ce_causationid": b"true", "ce_sequence": b"3", "ce_other": b"false"}
    assert numbers == read_event(EVENT.body(), [*EVENT.headers(), *texts.items()])
    assert (numbers.correlationid, numbers.causationid, numbers.sequence) == ("7", "true", 3)


FOREIGN = ["other", "Other", "my_extension", "my-extension", "\u00e4", "a" * 2000, "data_", ""]
HELD: list[JsonValue] = [{"a": [1]}, [1], 1.5, 2**40, -1, "x" * 2000, "", True]


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("held", HELD)
def test_extensions_unknown_here_are_ignored_whatever_they_are_named_and_hold(name: str, held: JsonValue) -> None:
    assert read_event(structured(**{name: held}), STRUCTURED) == EVENT
    assert read_event(EVENT.body(), [*EVENT.headers(), (f"ce_{name}", json.dumps(held).encode())]) == EVENT


@pytest.mark.parametrize("name", ["correlationid", "causationid", "signature", "nexusprincipal", "nexustenant"])
@pytest.mark.parametrize("held", [{"a": [1]}, [1], 1.5, "x" * 1001])
def test_an_extension_of_the_platform_is_a_text_of_bounded_length(name: str, held: JsonValue) -> None:
    with pytest.raises(MalformedEvent, match=f"^{name}: "):
        read_event(structured(**{name: held}), STRUCTURED)


@pytest.mark.parametrize("sequence", ["first", "", "-1", "1.5", "\u0663", "9" * 19])
def test_a_sequence_in_another_form_than_the_platforms_is_not_set(sequence: str) -> None:
    assert read_event(EVENT.body(), [*EVENT.headers(), ("ce_sequence", sequence.encode())]) == EVENT
    assert read_event(structured(sequence=sequence), STRUCTURED) == EVENT


@pytest.mark.parametrize(
    "time", ["2026-01-01t00:00:00z", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.000000999Z"]
)
def test_the_time_may_have_any_form_of_its_standard(time: str) -> None:
    assert read_event(structured(time=time), STRUCTURED) == EVENT
    assert read_event(EVENT.body(), [*without("ce_time"), ("ce_time", time.encode())]) == EVENT


@pytest.mark.parametrize("name", [name for name in ATTRIBUTES if name not in OPTIONAL])
def test_a_missing_attribute_is_named(name: str) -> None:
    with pytest.raises(MalformedEvent, match=name.removeprefix("ce_")):
        read_event(EVENT.body(), without(name))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no value"),
        (b"", "no value"),
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b'{"id": 1, "id": 2}', "duplicate name"),
        (b'{"in": [{"a": 1, "\\u0061": 1}]}', "duplicate name"),
        (b'{"lone surrogate": "\\ud800"}', "UTF-8"),
        (b'{"deep": ' + b"[" * 100 + b"]" * 100 + b"}", "nested"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"amount": NaN}', "data"),
        (b'{"amount": 1e999}', "data"),
        (b'{"number": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
)
def test_a_value_that_is_no_json_object_is_malformed(value: bytes | None, reason: str) -> None:
    with pytest.raises(MalformedEvent, match=reason):
        read_event(value, EVENT.headers())


@pytest.mark.parametrize(
    "wrong",
    [
        ("ce_time", b"yesterday"),
        ("ce_time", b"2026-01-01T00:00:00"),
        ("ce_time", b"2026-01-01T00:00Z"),
        ("ce_time", b"2026-01-01T00:00:00,5Z"),
        ("ce_time", b"2026-01-01T00:00:00+0000"),
        ("ce_time", b"0001-01-01T00:00:00+05:00"),
        ("ce_time", b"9999-12-31T23:59:59-05:00"),
        ("ce_specversion", b"0.3"),
        ("ce_time", b"1767225600"),
        ("content-type", b"text/plain"),
        ("ce_id", b"\xff"),
    ],
)
def test_a_wrong_attribute_is_malformed(wrong: tuple[str, bytes]) -> None:
    with pytest.raises(MalformedEvent):
        read_event(EVENT.body(), [*without(wrong[0]), wrong])


def test_data_as_deep_as_is_taken_can_be_stored_in_a_history_and_read_again() -> None:
    deep = b'{"deep": ' + b"[" * 99 + b"]" * 99 + b"}"
    kept = HistoryEntry(sequence=1, id="1", type="t", time=EVENT.time, data=read_event(deep, EVENT.headers()).data)
    history = TypeAdapter(list[HistoryEntry])
    assert history.validate_json(history.dump_json([kept])) == [kept]


def test_header_names_differ_in_case_and_foreign_headers_may_hold_any_bytes() -> None:
    headers = [(name.upper(), value) for name, value in EVENT.headers()]
    assert read_event(EVENT.body(), [*headers, ("x-blob", b"\xff\xfe"), ("empty", None)]) == EVENT


@pytest.mark.parametrize("useless", ["", "x" * 1000, 7, None, ["00"], TRACE.upper(), f"{TRACE}-more"])
def test_what_can_be_no_trace_context_is_ignored_in_both_modes(useless: JsonValue) -> None:
    assert read_event(structured(traceparent=useless), STRUCTURED) == EVENT
    assert read_event(EVENT.body(), [*EVENT.headers(), ("traceparent", str(useless or "").encode())]) == EVENT


def test_a_trace_context_may_stand_in_the_header_or_in_the_extension_of_its_name() -> None:
    traced = EVENT.model_copy(update={"traceparent": TRACE})
    for name in ("traceparent", "Traceparent", "ce_traceparent"):
        assert read_event(EVENT.body(), [*EVENT.headers(), (name, TRACE.encode())]) == traced
    assert read_event(structured(traceparent=TRACE), STRUCTURED) == traced
    assert read_event(structured(), [*STRUCTURED, ("traceparent", TRACE.encode())]) == traced


def test_of_two_traces_neither_is_taken() -> None:
    twice = [("traceparent", TRACE.encode()), ("traceparent", TRACE.replace("1", "2").encode())]
    assert read_event(EVENT.body(), [*EVENT.headers(), *twice]) == EVENT


def test_structured_mode_without_data_or_with_another_version_is_malformed() -> None:
    whole: dict[str, Any] = {**EVENT.model_dump(mode="json"), "specversion": "1.0"}
    for broken in ({"data": [1]}, {"data": None}, {"specversion": "2.0"}, {"specversion": None}, {"id": 7}):
        with pytest.raises(MalformedEvent):
            read_event(json.dumps(whole | broken).encode(), STRUCTURED)


def test_an_explanation_names_the_place_and_keeps_the_input_to_itself() -> None:
    with pytest.raises(ValidationError) as raised:
        BUILDS_COMMAND.validate_python({"type": "nexus.command.delete_project.v1", "project_id": "secret" * 50})
    told = explain(raised.value)
    assert "project_id" in told
    assert "command_id" in told
    assert "secret" not in told
