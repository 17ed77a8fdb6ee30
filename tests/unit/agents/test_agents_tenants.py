"""What belongs to another tenant does not exist: for commands, for reads, in lists, after a deletion."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from tests.support.agents_world import AGENT, PROJECT, World, error_of, kill_tasks, settle

from nexus_agents.tables import LISTS
from nexus_contracts.agents.commands import (
    AgentsCommand,
    CreateSession,
    DeleteAgent,
    DeleteSession,
    InvokeAgent,
    PostMessage,
)
from nexus_contracts.builds.events import ProjectDeleted
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import NotFound
from nexus_contracts.principal import EVERYBODY, Principal
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.process import caller
from nexus_runtime.process.clock import new_id, utc_now

ACME, OTHER = Principal(id="ann", tenant="acme"), Principal(id="bob", tenant="other")
COLLEAGUE = Principal(id="bob", tenant="acme", scopes=("agents:read",))
strangers = pytest.mark.parametrize("stranger", [OTHER, COLLEAGUE], ids=["tenant", "user"])
SESSION, INVOCATION = "sess_" + "5" * 32, "inv_" + "6" * 32


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    """An agent of one tenant, with a session and a turn that was answered."""
    made = World()
    await made.start()
    await made.deploy(principal=ACME, user_id=ACME.id)
    await made.ask(CreateSession(command_id="create", session_id=SESSION, agent_id=AGENT, principal=ACME))
    await made.send(
        PostMessage(command_id="post", session_id=SESSION, invocation_id=INVOCATION, content="hi", principal=ACME)
    )
    made.backend.asked[0].succeed()
    await settle()
    yield made
    caller.principal.set(EVERYBODY)
    await kill_tasks()


def invocation(principal: Principal, **fields: Any) -> InvokeAgent:
    usual = {"command_id": new_id("c"), "agent_id": AGENT, "invocation_id": new_id("inv_"), "input_text": "x"}
    return InvokeAgent.model_validate(usual | {"principal": principal} | fields)


FORBIDDEN: list[AgentsCommand] = [
    DeleteAgent(command_id="a", agent_id=AGENT, principal=OTHER),
    CreateSession(command_id="b", session_id=new_id("sess_"), agent_id=AGENT, principal=OTHER),
    DeleteSession(command_id="c", session_id=SESSION, principal=OTHER),
    PostMessage(command_id="d", session_id=SESSION, invocation_id=new_id("inv_"), content="hi", principal=OTHER),
    invocation(OTHER),
    invocation(OTHER, session_id=SESSION),
]


@strangers
@pytest.mark.parametrize("command", FORBIDDEN, ids=lambda command: command.type)
async def test_a_command_of_another_tenant_or_user_finds_nothing_and_changes_nothing(
    world: World, command: AgentsCommand, stranger: Principal
) -> None:
    command = command.model_copy(update={"principal": stranger})
    writes = {name: dict(items) for name, items in world.database.tables.items() if name != "AgentsInbox"}
    assert error_of(await world.ask(command))[0] == "RESOURCE_NOT_FOUND"
    left = {name: dict(items) for name, items in world.database.tables.items() if name != "AgentsInbox"}
    assert left == writes


@strangers
async def test_a_message_to_anothers_session_does_not_tell_whose_it_is(world: World, stranger: Principal) -> None:
    message = PostMessage(command_id="d", session_id=SESSION, invocation_id=new_id("inv_"), content="hi")
    refused = await world.ask(message.model_copy(update={"principal": stranger}))
    assert error_of(refused) == ("RESOURCE_NOT_FOUND", {"type": "session", "id": SESSION})


async def test_an_agent_is_not_deployed_over_that_of_another_tenant(world: World) -> None:
    assert error_of(await world.deploy(principal=OTHER))[0] == "RESOURCE_NOT_FOUND"
    assert (await world.agents.load(AGENT)) is not None
    assert len(world.backend.deployments) == 1


@strangers
async def test_reads_of_another_tenant_or_user_find_nothing(world: World, stranger: Principal) -> None:
    queries = world.service.queries
    reads = [
        lambda: queries.get_agent(AGENT),
        lambda: queries.list_invocations(AGENT),
        lambda: queries.get_invocation(INVOCATION),
        lambda: queries.list_sessions(AGENT),
        lambda: queries.get_session(SESSION),
        lambda: queries.list_messages(SESSION),
    ]
    caller.principal.set(stranger)
    for read in reads:
        with pytest.raises(NotFound):
            await read()
    assert b'"items":[]' in (await queries.list_agents()).body
    assert b'"items":[]' in (await queries.list_agents(project_id=PROJECT)).body
    for admin in (ACME, Principal(id="root", tenant="acme", scopes=("admin",))):
        caller.principal.set(admin)
        assert all([(await read()).status_code == 200 for read in reads])
        assert AGENT.encode() in (await queries.list_agents(project_id=PROJECT)).body


async def test_lists_and_events_name_the_tenant(world: World) -> None:
    assert {item["list"].partition("#")[0] for item in world.database.items(LISTS)} == {"acme"}
    for aggregate in (AGENT, SESSION, INVOCATION):
        entries = [entry async for entry in world.owner.history.read(aggregate)]
        assert {entry.tenant for entry in entries} == {"acme"}


async def test_a_deleted_project_takes_the_agents_of_its_tenant(world: World) -> None:
    deleted = ProjectDeleted(project_id=PROJECT, attempt=1, deleted_at=utc_now())
    event = CloudEvent(
        id="e", source="/t", type=deleted.type, subject=PROJECT, time=utc_now(), data={}, nexustenant="acme"
    )
    await world.service.projects.delete_agents_of_projects([Delivery(event, deleted, None)])
    await settle()
    assert await world.agents.load_any(AGENT) is None
