"""Stage reports over HTTP: what is published of them, and what is refused at once."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.asgi import HttpAnswer, HttpCaller
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts.builds.reports import REPORT
from nexus_contracts.envelope import CloudEvent, read_event
from nexus_contracts.topics import BUILDS_REPORTS
from nexus_gateway.openapi import reports as documented
from nexus_gateway.openapi.examples import PROJECT, PROJECT_ID
from nexus_gateway.owners import Answer
from nexus_runtime.kafka.bus import BrokerUnavailable, Unacknowledged

PATH = f"/api/v1/projects/{PROJECT_ID}/reports"
OTHER = "proj_" + "f" * 32
DATA = {"project_id": PROJECT_ID, "attempt": 1, "stage_name": "orchestrator"}
HEAD = {"specversion": "1.0", "id": "build-7", "source": "/ci/acme", "type": "nexus.stage.started.v1"}
STRUCTURED = "application/cloudevents+json; charset=utf-8"
TASK_STARTED = "dev.cdevents.taskrun.started.0.3.0"


@pytest.fixture
def platform(platform: FakePlatform) -> FakePlatform:
    platform.owners.answers[f"builds/projects/{PROJECT_ID}"] = Answer(json.dumps(PROJECT).encode(), '"3"')
    return platform


def ce(**attributes: str) -> list[tuple[str, str]]:
    return [(f"ce-{name}", value) for name, value in {**HEAD, **attributes}.items()]


async def binary(call: HttpCaller, data: Any = DATA, **attributes: str) -> HttpAnswer:
    return await call("POST", PATH, data, headers=ce(**attributes))


async def structured(call: HttpCaller, **fields: Any) -> HttpAnswer:
    return await call("POST", PATH, {**HEAD, "data": DATA, **fields}, content_type=STRUCTURED)


def cdevent(kind: str, content: Any = None, **custom: Any) -> dict[str, Any]:
    context = {"id": "1", "source": "/ci", "type": kind, "timestamp": "2026-03-01T09:30:00Z", "specversion": "0.5.1"}
    return {"context": context, "subject": {"id": "run-7", "content": content or {}}, "customData": custom}


def refused(answer: HttpAnswer, location: str) -> None:
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert location in [fault["location"] for fault in answer.error["details"]["errors"]]


async def test_both_modes_publish_the_same_report_keyed_by_its_project(
    platform: FakePlatform, call: HttpCaller
) -> None:
    answers = [
        await binary(call, subject=PROJECT_ID, time="2026-03-01T09:30:00Z"),
        await structured(call, subject=PROJECT_ID, time="2026-03-01T09:30:00Z"),
    ]
    (topic, first, _), (_, second, _) = platform.bus.published
    assert topic == BUILDS_REPORTS
    unlike = {"correlationid", "traceparent"}
    assert first.model_dump(exclude=unlike) == second.model_dump(exclude=unlike)
    assert (first.subject, first.source, first.id, first.data) == (PROJECT_ID, "/ci/acme", "build-7", DATA)
    assert REPORT.validate_python({**first.data, "type": first.type})
    assert read_event(first.body(), first.headers()) == first
    for answer in answers:
        assert answer.status == 202
        assert answer.headers["location"] == f"/api/v1/projects/{PROJECT_ID}/events"
        assert answer.json["data"] == {
            "project_id": PROJECT_ID,
            "source": "/ci/acme",
            "id": "build-7",
            "type": "nexus.stage.started.v1",
            "report": {
                "type": "nexus.stage.started.v1",
                "attempt": 1,
                "stage_name": "orchestrator",
                "sub_stage_name": None,
            },
        }


async def test_the_path_names_the_project_where_nothing_else_does(platform: FakePlatform, call: HttpCaller) -> None:
    answer = await binary(call, {"attempt": 1, "stage_name": "orchestrator"})
    assert answer.status == 202
    assert (platform.bus.last.subject, platform.bus.last.data["project_id"]) == (PROJECT_ID, PROJECT_ID)


@pytest.mark.parametrize(
    ("data", "attributes", "location"),
    [
        ({**DATA, "project_id": OTHER}, {}, "body.project_id"),
        (DATA, {"subject": OTHER}, "header.ce-subject"),
        (DATA, {"subject": ""}, "header.ce-subject"),
        (DATA, {"specversion": "0.3"}, "header.ce-specversion"),
        (DATA, {"id": ""}, "header.ce-id"),
        (DATA, {"source": "x" * 1001}, "header.ce-source"),
        (DATA, {"source": "/nexus/builds-worker/epochs/9"}, "header.ce-source"),
        (DATA, {"source": "%2Fnexus%2Fbuilds-worker%2Fepochs%2F9"}, "header.ce-source"),
        (DATA, {"source": "%ff"}, "header.ce-source"),
        (DATA, {"type": "nexus.stage.invented.v1"}, "header.ce-type"),
        (DATA, {"type": "dev.cdevents.change.merged.0.3.0"}, "header.ce-type"),
        (DATA, {"time": "yesterday"}, "header.ce-time"),
        (DATA, {"time": "2016-12-31T23:59:59+0100"}, "header.ce-time"),
        ({**DATA, "attempt": 0}, {}, "body.attempt"),
        ({"project_id": PROJECT_ID, "attempt": 1}, {}, "body.stage_name"),
        (DATA, {"type": "nexus.stage.failed.v1"}, "body.error"),
        ([DATA], {}, "body"),
        ({**DATA, "stage_name": "\ud800"}, {}, "body"),
        (
            cdevent("dev.cdevents.taskrun.started.0.3.0"),
            {"type": "dev.cdevents.taskrun.started.0.3.0"},
            "body.subject.content.taskName",
        ),
        (DATA, {"type": TASK_STARTED}, "body.context"),
        (DATA, {"type": "dev.cdevents.taskrun.started.1.0.0"}, "body"),
    ],
)
async def test_a_faulty_report_is_refused_with_its_place(
    platform: FakePlatform, call: HttpCaller, data: Any, attributes: dict[str, str], location: str
) -> None:
    refused(await binary(call, data, **attributes), location)
    assert platform.bus.published == []


@pytest.mark.parametrize(
    ("fields", "location"),
    [
        ({"id": None}, "body.id"),
        ({"source": "/nexus/gateway"}, "body.source"),
        ({"data": None}, "body.data"),
        ({"data": {**DATA, "attempt": "first"}}, "body.data.attempt"),
        ({"data": {**DATA, "project_id": OTHER}}, "body.data.project_id"),
        ({"subject": OTHER}, "body.subject"),
        ({"specversion": 1.0}, "body.specversion"),
        ({"type": "a.b"}, "body.type"),
        ({"time": "2016-12-31T23:59Z"}, "body.time"),
        (
            {
                "type": "nexus.stage.logged.v1",
                "data": {**DATA, "entries": [{"timestamp": "2016-12-31T23:59:59,5Z", "message": "m"}]},
            },
            "body.data.entries.0.timestamp",
        ),
    ],
)
async def test_faults_of_structured_mode_are_named_by_their_place_in_the_event(
    platform: FakePlatform, call: HttpCaller, fields: dict[str, Any], location: str
) -> None:
    refused(await structured(call, **fields), location)
    assert platform.bus.published == []


@pytest.mark.parametrize("name", ["subject", "time", "dataschema", "data_base64", "datacontenttype", "correlationid"])
async def test_an_attribute_that_is_null_is_not_set(platform: FakePlatform, call: HttpCaller, name: str) -> None:
    assert (await structured(call, **{name: None})).status == 202
    assert (platform.bus.last.subject, platform.bus.last.data) == (PROJECT_ID, DATA)


@pytest.mark.parametrize("name", ["other", "Other", "my_extension", "correlationid", "nexusprincipal", "signature"])
@pytest.mark.parametrize("held", [{"a": 1}, [1], 1.5, 2**40, "x" * 2000, True])
async def test_extensions_are_ignored_whatever_they_are_named_and_hold(
    platform: FakePlatform, call: HttpCaller, name: str, held: Any
) -> None:
    assert (await structured(call, **{name: held})).status == 202
    last = platform.bus.last
    assert (last.data, last.nexusprincipal, last.signature) == (DATA, "default", None), "the caller's own name"


async def test_null_data_beside_data_in_base64_is_not_set(platform: FakePlatform, call: HttpCaller) -> None:
    encoded = base64.b64encode(json.dumps(DATA).encode()).decode()
    assert (await structured(call, data=None, data_base64=encoded)).status == 202
    assert platform.bus.last.data == DATA


@pytest.mark.parametrize(
    ("fields", "location"),
    [
        ({"data_base64": "e30="}, "body.data_base64"),
        ({"data": None, "data_base64": "no!"}, "body.data_base64"),
        ({"data": None, "data_base64": None}, "body.data"),
        ({"datacontenttype": "text/plain"}, "body.datacontenttype"),
        ({"datacontenttype": "application/json; charset=utf-16"}, "body.datacontenttype"),
        ({"specversion": "0.3"}, "body.specversion"),
        ({"source": None}, "body.source"),
        ({"time": 1767225600}, "body.time"),
        ({"data": {**DATA, "attempt": "1"}}, "body.data.attempt"),
    ],
)
async def test_a_faulty_attribute_is_named(
    platform: FakePlatform, call: HttpCaller, fields: dict[str, Any], location: str
) -> None:
    refused(await structured(call, **fields), location)
    assert platform.bus.published == []


@pytest.mark.parametrize("kind", ["Application/JSON", "application/vnd.acme+json", 'application/json;charset="UTF-8"'])
async def test_data_may_be_of_any_json_type(platform: FakePlatform, call: HttpCaller, kind: str) -> None:
    assert (await call("POST", PATH, DATA, headers=ce(), content_type=kind)).status == 202
    assert (await binary(call, datacontenttype=kind)).status == 202
    refused(await binary(call, datacontenttype="text/plain"), "header.ce-datacontenttype")


@pytest.mark.parametrize("source", ["/ci/a%20%22b%22%25", '"/ci/a \\"b\\"%25"', '"/ci/a%20%22b%22%25"', '/ci/a "b"%25'])
async def test_headers_are_unquoted_and_percent_decoded_once(
    platform: FakePlatform, call: HttpCaller, source: str
) -> None:
    assert (await binary(call, source=source)).status == 202
    assert platform.bus.last.source == '/ci/a "b"%'


async def test_a_quoted_name_of_the_platform_is_the_platforms(call: HttpCaller) -> None:
    refused(await binary(call, source='"/nexus/builds-worker/epochs/9"'), "header.ce-source")


async def test_a_content_type_given_twice_is_refused(call: HttpCaller) -> None:
    refused(await call("POST", PATH, DATA, headers=[*ce(), ("content-type", "text/plain")]), "header.content-type")


async def test_without_any_attribute_the_version_is_missed_first(call: HttpCaller) -> None:
    refused(await call("POST", PATH, DATA), "header.ce-specversion")


async def test_an_attribute_given_twice_is_refused(call: HttpCaller) -> None:
    refused(await call("POST", PATH, DATA, headers=[*ce(), ("ce-id", "another")]), "header.ce-id")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/cloudevents-batch+json", "application/cloudevents+avro", ";"],
)
async def test_other_content_types_are_refused(platform: FakePlatform, call: HttpCaller, content_type: str) -> None:
    answer = await call("POST", PATH, DATA, headers=ce(), content_type=content_type)
    assert (answer.status, answer.error["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert ("each event by itself" in answer.error["suggestion"]) == ("batch" in content_type)
    assert platform.bus.published == []


async def test_a_report_of_more_than_a_megabyte_is_refused(platform: FakePlatform, call: HttpCaller) -> None:
    answer = await structured(call, data={**DATA, "pad": "x" * 1_000_000})
    assert (answer.status, answer.error["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert platform.bus.published == []


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("nexus.stage.completed.v1", "output_data", {"pad": "x" * 300_000}),
        ("nexus.stage.logged.v1", "entries", [{"timestamp": "2026-03-01T09:30:00Z", "message": "x" * 9_999}] * 31),
    ],
)
async def test_what_is_too_large_to_be_kept_of_a_report_is_a_payload_too_large(
    platform: FakePlatform, call: HttpCaller, kind: str, field: str, value: Any
) -> None:
    in_binary = await binary(call, {**DATA, field: value}, type=kind)
    in_structured = await structured(call, type=kind, data={**DATA, field: value})
    for answer, place in ((in_binary, f"body.{field}"), (in_structured, f"body.data.{field}")):
        assert (answer.status, answer.error["code"]) == (413, "PAYLOAD_TOO_LARGE")
        assert answer.error["details"] == {"field": place, "limit_bytes": 300_000}
    both = await binary(call, {**DATA, "stage_name": 7, field: value}, type=kind)
    refused(both, "body.stage_name")
    assert platform.bus.published == []


async def test_a_project_that_does_not_exist_is_not_found(platform: FakePlatform, call: HttpCaller) -> None:
    for path in (f"/api/v1/projects/{OTHER}/reports", "/api/v1/projects/x/reports"):
        answer = await call("POST", path, {**DATA, "project_id": OTHER}, headers=ce())
        assert (answer.status, answer.error["code"]) == (404, "RESOURCE_NOT_FOUND")
    assert platform.bus.published == []


@pytest.mark.parametrize(
    ("fault", "status"), [(BrokerUnavailable("away"), 503), (Unacknowledged("no acknowledgement"), 504)]
)
async def test_a_report_that_is_not_durable_is_not_accepted(
    platform: FakePlatform, call: HttpCaller, fault: Exception, status: int
) -> None:
    platform.bus.fault = fault
    assert (await binary(call)).status == status


async def test_a_cdevent_is_published_as_the_report_that_it_comes_to(platform: FakePlatform, call: HttpCaller) -> None:
    kind = "dev.cdevents.taskrun.finished.0.3.0"
    data = cdevent(kind, {"taskName": "agent-design", "outcome": "success"}, attempt=2)
    answer = await binary(call, data, type=kind, subject="run-7")
    assert (answer.status, answer.json["data"]["type"]) == (202, kind)
    assert answer.json["data"]["report"]["type"] == platform.bus.last.type == "nexus.stage.completed.v1"
    assert platform.bus.last.data == {"project_id": PROJECT_ID, "attempt": 2, "stage_name": "agent_design"}
    assert (platform.bus.last.source, platform.bus.last.id) == ("/ci/acme", "build-7")


async def test_a_cdevent_that_comes_to_no_report_is_accepted_and_not_published(
    platform: FakePlatform, call: HttpCaller
) -> None:
    kind = "dev.cdevents.pipelinerun.started.0.3.0"
    answer = await binary(call, cdevent(kind, {"pipelineName": "agents"}), type=kind)
    assert (answer.status, answer.json["data"]["report"]) == (202, None)
    assert platform.bus.published == []


async def test_a_cdevent_of_another_project_is_refused(platform: FakePlatform, call: HttpCaller) -> None:
    kind = "dev.cdevents.taskrun.started.0.3.0"
    data = cdevent(kind, {"taskName": "orchestrator"}, project_id=OTHER)
    assert (await binary(call, data, type=kind)).status == 400
    assert platform.bus.published == []


async def keyed(call: HttpCaller, data: Any = DATA, key: str = "k", **attributes: str) -> HttpAnswer:
    return await call("POST", PATH, data, headers=[*ce(**attributes), ("Idempotency-Key", key)])


async def test_an_idempotency_key_is_one_for_the_whole_event(platform: FakePlatform, call: HttpCaller) -> None:
    async def taken(*sent: Any, **more: Any) -> tuple[str, str]:
        """Which key is taken for which request."""
        assert (await keyed(call, *sent, **more)).status == 404, "that of a project that does not exist"
        _, path, query = platform.owners.asked[-1]
        return path, query["fingerprint"]

    first = await taken()
    assert first[0].startswith(f"/projects/{PROJECT_ID}/report-keys/cmd_")
    assert await taken() == first
    assert (await taken(key="l"))[0] != first[0]
    others = [await taken({**DATA, "attempt": 2}), await taken(id="build-8"), await taken(time="2026-03-01T09:30:00Z")]
    assert {path for path, _ in others} == {first[0]}
    assert len({first[1], *(fingerprint for _, fingerprint in others)}) == 4
    refused(await keyed(call, key=""), "header.Idempotency-Key")
    assert platform.bus.published == []


async def test_a_report_that_nobody_can_take_takes_no_key(platform: FakePlatform, call: HttpCaller) -> None:
    platform.bus.fault = BrokerUnavailable("away")
    assert (await keyed(call)).status == 503
    assert platform.owners.asked == []


@pytest.mark.parametrize("example", documented.CONTENTS["application/cloudevents+json"]["examples"])
async def test_the_documented_events_are_taken(call: HttpCaller, example: str) -> None:
    event = documented.CONTENTS["application/cloudevents+json"]["examples"][example]["value"]
    assert (await call("POST", PATH, event, content_type=STRUCTURED)).status == 202


async def test_the_documented_headers_are_taken(call: HttpCaller) -> None:
    headers = [(parameter["name"], parameter["example"]) for parameter in documented.ATTRIBUTES]
    data = documented.CONTENTS["application/json"]["example"]
    answer = await call("POST", PATH, data, headers=headers)
    assert answer.json["data"] == documented.TAKEN


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
TYPES = ["nexus.stage.started.v1", "nexus.attempt.failed.v1", "dev.cdevents.taskrun.finished.0.3.0", "x"]
FIELDS = ["id", "source", "type", "subject", "time", "specversion", "data"]


@given(fields=st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(TYPES)), data=JSON)
async def test_whatever_is_sent_is_either_published_whole_or_refused_with_a_place(fields: Any, data: Any) -> None:
    platform = FakePlatform()
    platform.owners.answers[f"builds/projects/{PROJECT_ID}"] = Answer(b"{}", '"3"')
    answer = await structured(HttpCaller(platform.app), **{"data": data, **fields})
    if answer.status == 202:
        events: list[CloudEvent] = [event for _, event, _ in platform.bus.published]
        assert all(event.subject == event.data["project_id"] == PROJECT_ID for event in events)
    else:
        assert answer.status == 400
        assert all(fault["location"].startswith("body") for fault in answer.error["details"]["errors"])
        assert platform.bus.published == []
