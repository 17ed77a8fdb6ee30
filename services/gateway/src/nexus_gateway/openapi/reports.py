"""The documented forms of a stage report."""

from typing import Any

from pydantic import JsonValue

from nexus_gateway.openapi.examples import BEGAN, PROJECT_ID
from nexus_gateway.openapi.operations import parameter

_DATA: dict[str, JsonValue] = {"project_id": PROJECT_ID, "attempt": 1, "stage_name": "orchestrator"}
_HEAD: dict[str, JsonValue] = {"specversion": "1.0", "id": "42", "source": "/ci/acme"}
_CDEVENT = "dev.cdevents.taskrun.finished.0.3.0"
_REPORT_EVENT: dict[str, JsonValue] = {**_HEAD, "type": "nexus.stage.started.v1", "data": _DATA}
_CDEVENTS_EVENT: dict[str, JsonValue] = {
    **_HEAD,
    "type": _CDEVENT,
    "data": {
        "context": {"specversion": "0.5.1", "id": "42", "source": "/ci/acme", "type": _CDEVENT, "timestamp": BEGAN},
        "subject": {"id": "run-7/orchestrator", "content": {"taskName": "orchestrator", "outcome": "success"}},
        "customData": {"attempt": 1},
    },
}
_ATTRIBUTES: dict[str, Any] = {
    "specversion": {"type": "string", "const": "1.0"},
    "id": {
        "type": "string",
        "description": "identifies the report, together with `source`: sending it again changes nothing",
    },
    "source": {"type": "string", "format": "uri-reference", "description": "who reports; must not begin with /nexus/"},
    "type": {"type": "string", "description": "nexus.stage.*.v1, nexus.attempt.failed.v1 or dev.cdevents.*"},
    "subject": {"type": ["string", "null"], "description": "the project, if given"},
    "time": {"type": ["string", "null"], "format": "date-time", "description": "defaults to the time of arrival"},
    "datacontenttype": {"type": ["string", "null"], "description": "JSON in UTF-8; defaults to application/json"},
}
_DATA_SCHEMA: dict[str, Any] = {"type": "object", "description": "as the schema of the type says, or a CDEvent"}

ATTRIBUTES = [
    parameter("ce-specversion", "binary mode: 1.0", "1.0"),
    parameter("ce-id", "binary mode: identifies the report, together with the source", "42"),
    parameter("ce-source", "binary mode: who reports, a URI reference that does not begin with /nexus/", "/ci/acme"),
    parameter("ce-type", "binary mode: the type of the event", "nexus.stage.started.v1"),
    parameter("ce-subject", "binary mode: the project, if given", PROJECT_ID),
    parameter("ce-time", "binary mode: defaults to the time of arrival", BEGAN),
]
CONTENTS: dict[str, Any] = {
    "application/json": {"schema": _DATA_SCHEMA, "example": _DATA},
    "application/cloudevents+json": {
        "schema": {
            "type": "object",
            "required": ["specversion", "id", "source", "type"],
            "anyOf": [{"required": ["data"]}, {"required": ["data_base64"]}],
            "properties": {
                **_ATTRIBUTES,
                "data": _DATA_SCHEMA,
                "data_base64": {"type": "string", "contentEncoding": "base64", "description": "`data` as JSON"},
            },
        },
        "examples": {
            "report": {"summary": "a stage report", "value": _REPORT_EVENT},
            "cdevent": {"summary": "a CDEvent", "value": _CDEVENTS_EVENT},
        },
    },
}
TAKEN: dict[str, JsonValue] = {
    "project_id": PROJECT_ID,
    "source": "/ci/acme",
    "id": "42",
    "type": "nexus.stage.started.v1",
    "report": {"type": "nexus.stage.started.v1", "attempt": 1, "stage_name": "orchestrator", "sub_stage_name": None},
}
