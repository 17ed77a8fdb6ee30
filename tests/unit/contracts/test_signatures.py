"""The platform's signature: it stands for every part of what is said, over any way of writing it."""

import json
from typing import Any

import pytest
from hypothesis import given
from tests.unit.contracts.test_cloud_events import events

from nexus_contracts.envelope import CloudEvent, read_event
from nexus_contracts.signatures import is_signed, signed

KEY = b"k" * 32


@given(events)
def test_a_signature_is_known_again_in_both_modes_and_by_the_same_key_only(event: CloudEvent) -> None:
    told = signed(event, KEY)
    whole = json.dumps({**told.model_dump(mode="json"), "specversion": "1.0"}).encode()
    for read in (
        read_event(told.body(), told.headers()),
        read_event(whole, [("content-type", b"application/cloudevents+json")]),
    ):
        assert is_signed(read, KEY)
        assert not is_signed(read, b"another key")
    assert not is_signed(event, KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "2"},
        {"source": "/nexus/builds-worker/epochs/2"},
        {"type": "nexus.stage.failed.v1"},
        {"subject": "another"},
        {"data": {"attempt": 2}},
        {"signature": None},
        {"signature": "é"},
        {"id": '1","t', "type": ""},
    ],
)
def test_whatever_is_changed_is_no_longer_signed(change: dict[str, Any]) -> None:
    said: Any = {"id": "1", "source": "/nexus/builds-worker/epochs/1", "type": "t", "subject": "p"}
    event = CloudEvent(**said, time="2026-01-01T00:00:00Z", data={"attempt": 1})  # pyright: ignore[reportArgumentType]
    assert not is_signed(signed(event, KEY).model_copy(update=change), KEY)
