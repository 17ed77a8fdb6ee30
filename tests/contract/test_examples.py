"""The golden examples: every type has one, every program reads them, whatever a newer publisher adds."""

import json
from functools import cache
from typing import Any

import pytest
from pydantic import JsonValue, TypeAdapter

from nexus_contracts.agents.commands import AGENTS_COMMAND
from nexus_contracts.agents.events import AGENTS_EVENT
from nexus_contracts.agents.streams import PART_TYPE
from nexus_contracts.builds.commands import BUILDS_COMMAND
from nexus_contracts.builds.events import BUILDS_EVENT
from nexus_contracts.builds.reports import REPORT
from nexus_contracts.envelope import CloudEvent, read_event
from nexus_contracts.registry import EXAMPLES, MODELS
from nexus_contracts.replies import REPLY_TYPE

UNIONS: dict[str, TypeAdapter[Any]] = {
    "builds.commands": BUILDS_COMMAND,
    "builds.reports": REPORT,
    "builds.events": BUILDS_EVENT,
    "agents.commands": AGENTS_COMMAND,
    "agents.events": AGENTS_EVENT,
}
ALONE = {REPLY_TYPE, PART_TYPE}
"""The only types of their topics."""
STRUCTURED = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
every_type = pytest.mark.parametrize("name", MODELS)


def text_of_example(name: str) -> bytes:
    return (EXAMPLES / f"{name}.json").read_bytes()


def structured(name: str) -> CloudEvent:
    return read_event(text_of_example(name), STRUCTURED)


@cache
def known_to(union: TypeAdapter[Any]) -> set[str]:
    return set(union.json_schema()["discriminator"]["mapping"])


def test_every_type_has_an_example_and_every_example_a_type() -> None:
    assert {path.stem for path in EXAMPLES.iterdir()} == set(MODELS)


def test_the_registry_knows_every_message_of_every_union() -> None:
    known = {name for union in UNIONS.values() for name in known_to(union)}
    assert known | ALONE == set(MODELS)


@every_type
def test_binary_and_structured_mode_carry_the_same_event(name: str) -> None:
    event = structured(name)
    assert event.type == name
    assert event.traceparent
    assert read_event(event.body(), event.headers()) == event


@every_type
def test_an_example_is_written_as_its_model_writes_it(name: str) -> None:
    event = structured(name)
    message = MODELS[name].model_validate(event.data)
    assert message.model_dump(mode="json", exclude={"type"}) == event.data
    assert MODELS[name].model_validate_json(message.model_dump_json()) == message


@every_type
def test_every_union_with_the_type_reads_it_as_the_same_model(name: str) -> None:
    event = structured(name)
    unions = [union for union in UNIONS.values() if name in known_to(union)]
    assert bool(unions) != (name in ALONE)
    for union in unions:
        assert isinstance(union.validate_python({**event.data, "type": name}), MODELS[name])


@every_type
def test_fields_that_a_newer_publisher_adds_are_ignored_at_every_depth(name: str) -> None:
    event: Any = json.loads(text_of_example(name))
    message = MODELS[name].model_validate(event["data"])
    newer = json.dumps({**event, "newattribute": 1, "data": widened(event["data"])}).encode()
    assert MODELS[name].model_validate(read_event(newer, STRUCTURED).data) == message
    read = read_event(json.dumps(event["data"] | {"unheard_of": [1]}).encode(), structured(name).headers())
    assert MODELS[name].model_validate(read.data) == message


FREE_FORM = {"data", "answers", "agent_name_map", "session_state", "metadata", "output_data", "details"}
"""Objects whose keys are the caller's own."""


def widened(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [widened(element) for element in value]
    if not isinstance(value, dict):
        return value
    wider = {key: each if key in FREE_FORM else widened(each) for key, each in value.items()}
    return {**wider, "unheard_of": {"a": 1}}
