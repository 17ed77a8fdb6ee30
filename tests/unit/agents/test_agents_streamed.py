"""What callers see of what an agent says: in order, in events that are small enough."""

import pytest
from pydantic import JsonValue

from nexus_agents.domain.stream import ToolAnswered, ToolUsed
from nexus_agents.domain.streamed import MAX_EVENT_BYTES, said
from nexus_contracts.text import json_bytes

Described = dict[str, JsonValue]


def sized(size: int, **fields: JsonValue) -> Described:
    """Described by an agent in so many bytes."""
    described: Described = {**fields, "input": ""}
    return described | {"input": "x" * (size - json_bytes(described))}


@pytest.mark.parametrize(("event", "name"), [(ToolUsed, "tool_use"), (ToolAnswered, "tool_result")])
def test_what_a_tool_was_asked_and_said_is_shown_as_long_as_it_fits_an_event(
    event: type[ToolUsed | ToolAnswered], name: str
) -> None:
    fits, exceeds = sized(MAX_EVENT_BYTES, name="pen"), sized(MAX_EVENT_BYTES + 1, name="pen")
    assert json_bytes(fits) == MAX_EVENT_BYTES
    assert list(said(event(fits))) == [(name, fits)]
    assert list(said(event(exceeds))) == [(name, {"name": "pen", "omitted_bytes": MAX_EVENT_BYTES + 1})]


@pytest.mark.parametrize(
    ("name", "shown"), [("n" * 199, "n" * 199), ("n" * 200, None), (None, None), (7, None), (["pen"], None)]
)
def test_of_what_is_left_out_a_name_is_told_that_is_one(name: JsonValue, shown: str | None) -> None:
    ((_, told),) = said(ToolUsed(sized(MAX_EVENT_BYTES + 1, name=name)))
    assert told == {"name": shown, "omitted_bytes": MAX_EVENT_BYTES + 1}
