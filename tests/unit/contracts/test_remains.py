"""What stays of erased events: enough to count them again, and no more."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import nexus_contracts
from nexus_contracts.agents.events import AGENTS_EVENT
from nexus_contracts.builds.events import BUILDS_EVENT
from nexus_contracts.history import HistoryEntry
from nexus_contracts.remains import KEPT, remains

EXAMPLES = Path(nexus_contracts.__file__).parent / "examples"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def entry(kind: str, data: Any) -> HistoryEntry:
    return HistoryEntry(sequence=3, id="evt_1", type=kind, time=NOW, data=data, principal="someone", tenant="t")


def data_of(kind: str) -> Any:
    return json.loads((EXAMPLES / f"{kind}.json").read_text(encoding="utf-8"))["data"]


@pytest.mark.parametrize("kind", KEPT)
def test_what_stays_is_an_event_of_its_type_and_stays_itself(kind: str) -> None:
    left = remains(entry(kind, data_of(kind)))
    assert left is not None
    assert (left.sequence, left.id, left.type, left.time, left.tenant) == (3, "evt_1", kind, NOW, "t")
    adapter: Any = BUILDS_EVENT if kind.startswith(("nexus.build.", "nexus.stage.")) else AGENTS_EVENT
    adapter.validate_python({**left.data, "type": kind})
    assert remains(left) == left


@pytest.mark.parametrize("kind", KEPT)
def test_no_person_and_no_text_stays(kind: str) -> None:
    texts = {"user_id": "somebody", "reason": "because", "error": {"code": "X", "message": "a text"}}
    left = remains(entry(kind, {**data_of(kind), **texts}))
    assert left is not None
    assert left.principal is None
    assert not {"somebody", "because", "a text"} & set(json.dumps(left.data).split(chr(34)))


def test_nothing_stays_of_what_nobody_counts() -> None:
    assert remains(entry("nexus.project.created.v1", data_of("nexus.project.created.v1"))) is None
