"""Deployments on AgentCore: a runtime is brought to what is wanted, whoever interferes."""

import io
import zipfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.agent_packages import package, talker
from tests.support.agentcore_double import REGION
from tests.support.agentcore_machines import PlayedMachines
from tests.support.agentcore_world import AGENT, AgentCoreWorld, agentcore, aws_environment, settings_for

from nexus_agents.backends.agentcore.backend import AgentCoreBackend, open_agentcore_backend
from nexus_agents.domain.backend_errors import (
    AgentNotStarted,
    AgentUnreachable,
    BackendRefused,
    BackendThrottled,
    PackageRejected,
    QuotaExceeded,
)


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[AgentCoreWorld]:
    aws_environment(monkeypatch)
    async with agentcore(tmp_path, PlayedMachines()) as opened:
        yield opened


@asynccontextmanager
async def second_backend(world: AgentCoreWorld, **settings: Any) -> AsyncGenerator[AgentCoreBackend]:
    backend = await open_agentcore_backend(world.blobs, settings_for(world.double, **settings))
    yield backend
    await backend.stop()


async def test_a_new_agent_becomes_a_ready_runtime_with_its_endpoint(world: AgentCoreWorld) -> None:
    deployment = await world.backend.deploy(AGENT, await world.stored(talker(env={"INK": "blue"})))
    (runtime,) = world.double.runtimes.values()
    assert (runtime.status, runtime.wanted["environmentVariables"]) == ("READY", {"INK": "blue"})
    assert runtime.name.startswith("test_tester_")
    assert deployment.agent_arn == runtime.arn
    assert deployment.agent_alias_arn == f"{runtime.arn}/runtime-endpoint/DEFAULT"
    assert (deployment.isolated, deployment.region) == (True, REGION)


async def test_code_is_named_by_key_and_version_and_its_files_are_readable(world: AgentCoreWorld) -> None:
    ref = await world.stored(package({"main.py": "print()"}))
    await world.backend.deploy(AGENT, ref)
    (runtime,) = world.double.runtimes.values()
    code = runtime.wanted["agentRuntimeArtifact"]["codeConfiguration"]
    ((version, content),) = world.double.objects[f"packages/{ref.sha256}.zip"]
    assert code["code"]["s3"]["versionId"] == version
    assert code["entryPoint"] == ["main.py"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {one.external_attr >> 16 for one in archive.infolist()} == {0o100644}


async def test_an_agent_with_an_image_becomes_a_container(world: AgentCoreWorld) -> None:
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/agents/tester:1"
    await world.deployed(talker(image=image))
    (runtime,) = world.double.runtimes.values()
    assert runtime.wanted["agentRuntimeArtifact"] == {"containerConfiguration": {"containerUri": image}}


async def test_the_same_again_changes_nothing_and_stores_nothing(world: AgentCoreWorld) -> None:
    assert await world.deployed() == await world.deployed()
    calls = world.double.calls
    assert (calls["CreateAgentRuntime"], calls["UpdateAgentRuntime"], calls["S3 PUT"]) == (1, 0, 1)


async def test_another_package_is_a_new_version_of_the_same_runtime(world: AgentCoreWorld) -> None:
    first = await world.deployed()
    second = await world.deployed(talker(env={"VERSION": "2"}))
    (runtime,) = world.double.runtimes.values()
    assert first.agent_arn == second.agent_arn
    assert runtime.live is not None
    assert runtime.live[0] == 2


async def test_going_back_to_the_first_package_is_a_third_version(world: AgentCoreWorld) -> None:
    for content in (talker(), talker(env={"VERSION": "2"}), talker()):
        await world.deployed(content)
    (runtime,) = world.double.runtimes.values()
    assert runtime.version == 3
    assert runtime.wanted["environmentVariables"] == {}


@pytest.mark.parametrize("operation", ["CreateAgentRuntime", "UpdateAgentRuntime"])
async def test_a_change_whose_answer_was_lost_happens_once(world: AgentCoreWorld, operation: str) -> None:
    if operation == "UpdateAgentRuntime":
        await world.deployed()
    world.double.fail(operation, answered=False, done=True)
    await world.deployed(talker(env={"INK": "red"}))
    (runtime,) = world.double.runtimes.values()
    assert world.double.calls[operation] == 2
    assert runtime.version == (2 if operation == "UpdateAgentRuntime" else 1)


async def test_a_deployment_continues_what_a_dead_process_began(world: AgentCoreWorld) -> None:
    world.double.fail("GetAgentRuntime", "AccessDeniedException")
    with pytest.raises(BackendRefused):
        await world.deployed()
    async with second_backend(world) as other:
        await other.deploy(AGENT, await world.stored())
    assert [one.version for one in world.double.runtimes.values()] == [1]


async def test_a_creation_that_fails_says_aws_reason_without_arns_and_can_be_repeated(world: AgentCoreWorld) -> None:
    world.double.fail_next_change("Role arn:aws:iam::123456789012:role/nexus-agents cannot be assumed.")
    with pytest.raises(AgentNotStarted, match=r"^CREATE_FAILED: Role \(ARN\) cannot be assumed\.$"):
        await world.deployed()
    await world.deployed()
    assert [one.status for one in world.double.runtimes.values()] == ["READY"]


async def test_an_update_that_fails_leaves_the_old_version_running_and_can_be_repeated(world: AgentCoreWorld) -> None:
    await world.deployed()
    world.double.fail_next_change("The zip is damaged")
    with pytest.raises(AgentNotStarted, match="UPDATE_FAILED: The zip is damaged"):
        await world.deployed(talker(env={"INK": "red"}))
    (runtime,) = world.double.runtimes.values()
    assert runtime.live is not None
    assert runtime.live[0] == 1
    await world.deployed(talker(env={"INK": "red"}))
    assert runtime.live[1]["environmentVariables"] == {"INK": "red"}


async def test_an_agent_that_is_being_deleted_is_made_anew_once_it_is_gone(world: AgentCoreWorld) -> None:
    old = await world.deployed()
    world.double.looks = 3
    await world.backend.undeploy(AGENT)
    new = await world.deployed()
    assert new.agent_arn != old.agent_arn


async def test_a_change_under_way_elsewhere_is_waited_for(world: AgentCoreWorld) -> None:
    await world.deployed()
    world.double.fail("UpdateAgentRuntime", "ConflictException", times=3)
    await world.deployed(talker(env={"INK": "red"}))
    (runtime,) = world.double.runtimes.values()
    assert runtime.version == 2


async def test_a_runtime_that_never_gets_ready_is_given_up_with_its_state(world: AgentCoreWorld) -> None:
    world.double.looks = 10**9
    async with second_backend(world, ready_seconds=2) as hasty:
        with pytest.raises(AgentNotStarted, match=r"is CREATING after 2 s"):
            await hasty.deploy(AGENT, await world.stored())


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ThrottlingException", BackendThrottled),
        ("ServiceQuotaExceededException", QuotaExceeded),
        ("AccessDeniedException", BackendRefused),
        ("ValidationException", BackendRefused),
        ("InternalServerException", AgentUnreachable),
    ],
)
async def test_what_aws_refuses_is_the_platforms_error(
    world: AgentCoreWorld, code: str, error: type[Exception]
) -> None:
    world.double.fail("CreateAgentRuntime", code, times=4)
    with pytest.raises(error) as caught:
        await world.deployed()
    assert type(caught.value) is error
    assert "on demand" in str(caught.value)


async def test_throttled_control_calls_are_repeated(world: AgentCoreWorld) -> None:
    world.double.fail("CreateAgentRuntime", "ThrottlingException", times=2)
    await world.deployed()
    assert world.double.calls["CreateAgentRuntime"] == 3


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no zip", "NOT_A_ZIP"),
        (talker(env={f"V{n}": "" for n in range(51)}), "ENVIRONMENT_TOO_LARGE"),
        (talker(env={"LONG": "x" * 5001}), "ENVIRONMENT_TOO_LARGE"),
        (package({f"{'d' * 130}.py": ""}, entrypoint=f"{'d' * 130}.py"), "ENTRYPOINT_TOO_LONG"),
    ],
)
async def test_what_agentcore_would_refuse_is_rejected_before_any_call(
    world: AgentCoreWorld, content: bytes, code: str
) -> None:
    with pytest.raises(PackageRejected) as caught:
        await world.deployed(content)
    assert caught.value.code == code
    assert not world.double.calls


async def test_the_agents_of_this_installation_are_listed_and_no_others(world: AgentCoreWorld) -> None:
    ids = [f"{AGENT}{number}" for number in range(5)]
    for agent_id in ids:
        await world.deployed(agent_id=agent_id)
    (foreign, *_) = world.double.runtimes.values()
    foreign.name = "someone_elses"
    assert sorted(await world.backend.deployed()) == ids[1:]


async def test_undeploying_removes_the_runtime_and_may_be_repeated(world: AgentCoreWorld) -> None:
    await world.deployed()
    await world.backend.undeploy(AGENT)
    await world.backend.undeploy(AGENT)
    assert await world.backend.deployed() == []
    assert world.double.calls["DeleteAgentRuntime"] == 1


async def test_an_agent_that_could_not_be_undeployed_says_so(world: AgentCoreWorld) -> None:
    await world.deployed()
    world.double.fail("DeleteAgentRuntime", "ConflictException")
    with pytest.raises(BackendRefused, match="ConflictException"):
        await world.backend.undeploy(AGENT)
