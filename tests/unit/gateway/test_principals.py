"""Whoever asks is known to the owners: by every command, and by every question."""

from collections.abc import Sequence

import pytest
from fastapi import Request
from tests.support.asgi import HttpCaller
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts.principal import Principal
from nexus_gateway import dependencies
from nexus_gateway.openapi.examples import PROJECT_ID
from nexus_gateway.owners import Answer
from nexus_runtime.process import caller

PROJECTS = "/api/v1/projects"
GOOD = {"requirement": "an agent that adds numbers"}
TAIL = b'{"items": [], "through": 0, "more": true, "ended": false, "deleted": false}'


async def named_in_the_request(request: Request) -> Principal:
    return Principal(id=request.headers.get("x-user", "ann"), tenant=request.headers.get("x-tenant", "acme"))


@pytest.fixture
def _named(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  # a fixture
    monkeypatch.setattr(dependencies, "principal_of", named_in_the_request)


named = pytest.mark.usefixtures("_named")


async def create(call: HttpCaller, headers: Sequence[tuple[str, str]] = ()) -> None:
    assert (await call("POST", PROJECTS, GOOD, headers=headers)).status == 202


async def test_without_authentication_everybody_is_the_default_user(call: HttpCaller, platform: FakePlatform) -> None:
    await create(call)
    assert platform.bus.last.data["principal"] == {"id": "default", "tenant": "default", "scopes": []}


@named
async def test_a_command_carries_who_wishes_it_and_so_does_its_event(call: HttpCaller, platform: FakePlatform) -> None:
    await create(call)
    event = platform.bus.last
    assert event.data["principal"] == {"id": "ann", "tenant": "acme", "scopes": []}
    assert (event.nexusprincipal, event.nexustenant) == ("ann", "acme")


@named
async def test_an_idempotency_key_belongs_to_its_caller(call: HttpCaller, platform: FakePlatform) -> None:
    key = ("Idempotency-Key", "k")
    callers = [("ann", "acme"), ("ann", "other"), ("bob", "acme"), ("ann", "acme")]
    for user, tenant in callers:
        await create(call, [key, ("X-User", user), ("X-Tenant", tenant)])
    commands = [event.data["command_id"] for _, event, _ in platform.bus.published]
    assert len(set(commands)) == 3
    assert commands[0] == commands[3]


@named
async def test_owners_are_asked_on_behalf_of_the_caller(call: HttpCaller, platform: FakePlatform) -> None:
    platform.owners.answers[f"builds/projects/{PROJECT_ID}"] = Answer(b"{}", None)
    for tenant in ("acme", "other"):
        await call("GET", f"{PROJECTS}/{PROJECT_ID}", headers=[("X-Tenant", tenant)])
    assert [(asker.id, asker.tenant) for asker in platform.owners.askers] == [("ann", "acme"), ("ann", "other")]


async def test_streams_of_several_tenants_share_no_read(platform: FakePlatform) -> None:
    platform.owners.answers[f"builds/projects/{PROJECT_ID}/tail"] = Answer(TAIL, None)
    for tenant in ("acme", "other", "other"):
        caller.principal.set(Principal(tenant=tenant))
        await platform.streams.open(PROJECT_ID, 0)
    assert {asker.tenant for asker in platform.owners.askers} == {"acme", "other"}
