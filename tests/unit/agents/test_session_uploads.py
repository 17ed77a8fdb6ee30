"""Files in sessions: kept once, bounded in number, and gone with their session."""

from typing import Any

import pytest
from tests.support.agents_world import AGENT, SESSION, World, world_with_session
from tests.support.eventually import eventually

from nexus_agents.domain.upload import MAX_UPLOADS, TakeUpload, upload_id_of
from nexus_agents.tables import LISTS
from nexus_contracts.agents.commands import DeleteSession, InvokeAgent
from nexus_contracts.principal import Principal
from nexus_contracts.replies import Reply
from nexus_runtime.process.clock import new_id


@pytest.fixture
async def world():
    async with world_with_session() as made:
        yield made


async def take(world: World, content: bytes = b"a,b", **fields: Any) -> Reply:
    usual = {"command_id": new_id("c"), "session_id": SESSION, "agent_id": AGENT, "name": "orders.csv"}
    usual["media_type"] = "text/csv"
    return await world.service.files.take(TakeUpload.model_validate(usual | fields), content)


def kept(world: World) -> int:
    return sum(item["list"].startswith("session-uploads") for item in world.database.items(LISTS))


async def test_an_upload_is_kept_once_and_goes_with_its_session(world: World) -> None:
    first, again = await take(world, command_id="k"), await take(world, command_id="k")
    assert first.result is not None
    assert (first.status, first.result["name"], first.result["size_bytes"]) == (201, "orders.csv", 3)
    assert str(first.result["upload_id"]).startswith("upl_")
    assert (again.result, again.replayed, kept(world)) == (first.result, True, 1)
    await world.ask(DeleteSession(command_id=new_id("c"), session_id=SESSION))
    await eventually(lambda: kept(world), lambda number: number == 0, seconds=5)


async def test_a_session_takes_so_many_and_a_stranger_none(world: World) -> None:
    before = dict(world.blobs.contents)
    for stranger in (Principal(id="eve", tenant="other"), Principal(id="eve", tenant="default", scopes=())):
        assert (await take(world, principal=stranger)).status == 404
    assert (await take(world, agent_id=f"{AGENT}_too")).status == 404
    assert world.blobs.contents == before, "nothing is stored for them"
    for number in range(MAX_UPLOADS):
        assert (await take(world, name=f"{number}.csv")).status == 201
    refused = await take(world)
    assert refused.error is not None
    assert (refused.status, refused.error.details) == (409, {"uploads": MAX_UPLOADS})


def test_one_command_id_in_two_sessions_is_two_uploads() -> None:
    command = TakeUpload(command_id="k", session_id=SESSION, agent_id=AGENT, name="a.csv", media_type="text/csv")
    other = command.model_copy(update={"session_id": "sess_" + "6" * 32})
    assert upload_id_of(command) == upload_id_of(command.model_copy()) != upload_id_of(other)


async def test_a_closed_session_takes_no_more(world: World) -> None:
    fields = {"command_id": new_id("c"), "agent_id": AGENT, "invocation_id": new_id("inv_"), "input_text": "bye"}
    await world.send(InvokeAgent.model_validate(fields | {"session_id": SESSION, "end_session": True}))
    refused = await take(world)
    assert refused.error is not None
    assert (refused.error.code, kept(world)) == ("INVALID_STATE", 0)
