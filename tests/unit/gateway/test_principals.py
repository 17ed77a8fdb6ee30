"""Whoever asks is known to the owners: by every command, and by every question."""

import pytest
from tests.support.access import SETTINGS, signed_in
from tests.support.asgi import HttpCaller
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts.principal import Principal
from nexus_contracts.signatures import is_signed
from nexus_gateway.openapi.examples import AGENT_ID, PROJECT_ID
from nexus_gateway.owners import Answer
from nexus_runtime.process import caller

PROJECTS = "/api/v1/projects"
GOOD = {"requirement": "an agent that adds numbers"}
TAIL = b'{"items": [], "through": 0, "more": true, "ended": false, "deleted": false}'


@pytest.fixture
def secured() -> FakePlatform:
    return FakePlatform(**SETTINGS)


@pytest.fixture
def ask(secured: FakePlatform) -> HttpCaller:
    return HttpCaller(secured.app)


async def test_without_authentication_everybody_is_the_default_user_who_may_do_all(
    call: HttpCaller, platform: FakePlatform
) -> None:
    assert (await call("POST", PROJECTS, GOOD | {"user_id": "bob"})).status == 202
    data = platform.bus.last.data
    assert data["principal"] == {"id": "default", "tenant": "default", "scopes": ["admin", "platform:read"]}
    assert (data["user_id"], platform.bus.last.signature) == ("bob", None)


async def test_a_command_carries_who_wishes_it_and_is_signed(ask: HttpCaller, secured: FakePlatform) -> None:
    answer = await ask("POST", PROJECTS, GOOD | {"user_id": "bob"}, headers=signed_in(scope="projects:write"))
    assert answer.status == 202
    event = secured.bus.last
    assert event.data["principal"] == {"id": "ann", "tenant": "acme", "scopes": ["projects:write"]}
    assert (event.nexusprincipal, event.nexustenant, event.data["user_id"]) == ("ann", "acme", "ann")
    assert is_signed(event, SETTINGS["identity_secret"].encode())


async def test_an_idempotency_key_belongs_to_its_caller(ask: HttpCaller, secured: FakePlatform) -> None:
    for user, tenant in [("ann", "acme"), ("ann", "other"), ("bob", "acme"), ("ann", "acme")]:
        await ask("POST", PROJECTS, GOOD, headers=[("Idempotency-Key", "k"), *signed_in(user, tenant)])
    commands = [event.data["command_id"] for _, event, _ in secured.bus.published]
    assert len(set(commands)) == 3
    assert commands[0] == commands[3]


async def test_owners_are_asked_on_behalf_of_the_caller(ask: HttpCaller, secured: FakePlatform) -> None:
    secured.owners.answers[f"builds/projects/{PROJECT_ID}"] = Answer(b"{}", None)
    for tenant in ("acme", "other"):
        await ask("GET", f"{PROJECTS}/{PROJECT_ID}", headers=signed_in(tenant=tenant))
    assert [(asker.id, asker.tenant) for asker in secured.owners.askers] == [("ann", "acme"), ("ann", "other")]


async def test_nobody_deploys_an_agent_into_a_project_that_is_not_theirs(
    ask: HttpCaller, secured: FakePlatform
) -> None:
    project_id, _, name = AGENT_ID.partition(":")
    body = {"project_id": project_id, "agent_name": name, "package_id": "pkg_" + "a" * 32}
    assert (await ask("POST", "/api/v1/agents", body, headers=signed_in())).status == 404
    assert not secured.bus.published
    secured.owners.answers[f"builds/projects/{project_id}"] = Answer(b"{}", None)
    assert (await ask("POST", "/api/v1/agents", body, headers=signed_in())).status == 202


async def test_streams_of_several_tenants_share_no_read(platform: FakePlatform) -> None:
    platform.owners.answers[f"builds/projects/{PROJECT_ID}/tail"] = Answer(TAIL, None)
    for tenant in ("acme", "other", "other"):
        caller.principal.set(Principal(tenant=tenant))
        await platform.streams.open(PROJECT_ID, 0)
    assert {asker.tenant for asker in platform.owners.askers} == {"acme", "other"}
