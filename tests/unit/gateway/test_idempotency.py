"""The same key and the same request are one wish; anything else is another."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.asgi import HttpCaller
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts.envelope import CloudEvent
from nexus_gateway.openapi.examples import AGENT_ID, SESSION_ID
from nexus_gateway.requests.idempotency import fingerprint

PROJECTS = "/api/v1/projects"
GOOD = {"requirement": "an agent that adds numbers", "priority": 3}
KEYED: list[tuple[str, Any, str]] = [
    (PROJECTS, GOOD, "project_id"),
    (f"/api/v1/agents/{AGENT_ID}/invoke", {"input_text": "1 + 1"}, "invocation_id"),
    (f"/api/v1/agents/{AGENT_ID}/sessions", {}, "session_id"),
    (f"/api/v1/sessions/{SESSION_ID}/messages", {"content": "1 + 1"}, "invocation_id"),
]


class Sender:
    """Posts, and gives the command that came of it."""

    def __init__(self, platform: FakePlatform, call: HttpCaller) -> None:
        self._platform = platform
        self._call = call

    async def __call__(self, key: str | None, body: Any = GOOD, path: str = PROJECTS, **how: Any) -> CloudEvent:
        headers = [("Idempotency-Key", key), ("Prefer", "respond-async")] if key else [("Prefer", "respond-async")]
        assert (await self._call("POST", path, body, headers=headers, **how)).status == 202
        return self._platform.bus.last


@pytest.fixture
def send(platform: FakePlatform, call: HttpCaller) -> Sender:
    return Sender(platform, call)


@pytest.mark.parametrize(("path", "body", "created"), KEYED)
async def test_on_every_post_a_key_fixes_the_command_and_what_it_creates(
    send: Sender, path: str, body: Any, created: str
) -> None:
    first, second, other = [await send(key, body, path) for key in ("k", "k", "l")]
    assert first.data == second.data
    assert first.id != second.id
    assert first.data["command_id"] != other.data["command_id"]
    assert first.data[created] != other.data[created]


async def test_without_a_key_every_request_is_a_wish_of_its_own(send: Sender) -> None:
    first, second = [(await send(None)).data for _ in range(2)]
    assert first["command_id"] != second["command_id"]
    assert first["project_id"] != second["project_id"]
    assert first["fingerprint"] == second["fingerprint"]


async def test_a_key_belongs_to_a_path(send: Sender) -> None:
    other = AGENT_ID.replace("order_calculator", "another")
    first = await send("k", {}, f"/api/v1/agents/{AGENT_ID}/sessions")
    second = await send("k", {}, f"/api/v1/agents/{other}/sessions")
    assert first.data["command_id"] != second.data["command_id"]


async def test_bodies_are_compared_as_values(send: Sender) -> None:
    plain = (await send("k")).data["fingerprint"]
    spelt = b' {"priority" : 3 , "requirement":"an \\u0061gent that adds numbers"}\n'
    assert (await send("k", raw=spelt)).data["fingerprint"] == plain
    others: list[Any] = [{**GOOD, "priority": 4}, {**GOOD, "tags": []}, {"requirement": GOOD["requirement"]}]
    for other in others:
        assert (await send("k", other)).data["fingerprint"] != plain


async def test_no_body_and_an_empty_object_are_the_same(send: Sender) -> None:
    path = f"/api/v1/agents/{AGENT_ID}/sessions"
    assert (await send("k", None, path)).data == (await send("k", {}, path)).data


@pytest.mark.parametrize("key", ["k", "x" * 255, "with space", 'q"uote', "{}"])
async def test_any_printable_key_is_taken(send: Sender, key: str) -> None:
    assert str((await send(key)).data["command_id"]).startswith("cmd_")


@given(st.binary(max_size=20), st.binary(max_size=20), st.binary(max_size=20), st.binary(max_size=20))
def test_body_and_query_cannot_be_mistaken_for_one_another(a: bytes, b: bytes, c: bytes, d: bytes) -> None:
    assert (fingerprint(a, b) == fingerprint(c, d)) == ((a, b) == (c, d))
