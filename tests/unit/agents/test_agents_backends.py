"""Several backends in one process: each agent is run by the one that its record names."""

import pytest
from tests.support.agents_world import AGENT, PROJECT, PlayedBackend, World, kill_tasks, settle

from nexus_agents.backends.registry import BackendRegistry
from nexus_agents.domain.backend import Backend
from nexus_agents.domain.backend_errors import BackendUnknown
from nexus_contracts.agents.commands import CreateSession, DeleteAgent, DeleteSession, InvokeAgent
from nexus_runtime.process.clock import new_id

OTHER_AGENT = f"{PROJECT}:other"


def invocation(agent_id: str) -> InvokeAgent:
    return InvokeAgent(command_id=new_id("c"), agent_id=agent_id, invocation_id=new_id("inv_"), input_text=agent_id)


async def test_each_agent_is_run_by_the_backend_that_its_record_names() -> None:
    world = World()
    await world.start()
    await world.deploy(AGENT)
    world.backends.for_new_agents = "agentcore"
    await world.deploy(OTHER_AGENT)
    await world.deploy(AGENT)
    assert [one for one, _ in world.backend.deployments] == [AGENT, AGENT]
    assert [one for one, _ in world.other_backend.deployments] == [OTHER_AGENT]
    assert [(await world.view(one)).deployment.backend for one in (AGENT, OTHER_AGENT)] == ["local", "agentcore"]
    for agent_id in (AGENT, OTHER_AGENT):
        await world.send(invocation(agent_id))
    assert (world.backend.prompts, world.other_backend.prompts) == ([AGENT], [OTHER_AGENT])
    await world.ask(DeleteAgent(command_id="delete", agent_id=OTHER_AGENT))
    await settle()
    assert (world.backend.undeployed, world.other_backend.undeployed) == ([], [OTHER_AGENT])
    await world.service.undeployer.undeploy_deleted()
    assert (world.backend.undeployed, world.other_backend.undeployed) == ([], [OTHER_AGENT] * 2)
    await kill_tasks()


async def test_what_a_backend_holds_for_agents_without_a_record_is_undeployed() -> None:
    world = World()
    await world.start()
    await world.deploy(AGENT)
    world.backend.holds = [AGENT, f"{PROJECT}:gone"]
    world.other_backend.holds = [AGENT]
    await world.service.orphans.undeploy()
    assert world.backend.undeployed == [f"{PROJECT}:gone"]
    assert world.other_backend.undeployed == [AGENT]
    await kill_tasks()


async def test_a_deleted_session_is_ended_where_its_agent_runs() -> None:
    world = World()
    await world.start()
    await world.deploy(AGENT)
    session_id = "sess_" + "5" * 32
    await world.ask(CreateSession(command_id=new_id("c"), session_id=session_id, agent_id=AGENT))
    await world.ask(DeleteSession(command_id=new_id("c"), session_id=session_id))
    await settle()
    assert world.backend.ended_sessions == [session_id]
    await kill_tasks()


async def test_a_backend_that_is_not_here_is_told() -> None:
    opened: list[str] = []

    async def open_played() -> Backend:
        opened.append("local")
        return PlayedBackend()

    registry = BackendRegistry({"local": open_played}, for_new_agents="local")
    with pytest.raises(BackendUnknown):
        registry.of("local")
    await registry.start()
    assert isinstance(registry.of("local"), PlayedBackend)
    with pytest.raises(BackendUnknown, match="agentcore"):
        registry.of("agentcore")
    assert opened == ["local"]
