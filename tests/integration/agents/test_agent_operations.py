"""Uploads, versions, status and cancellation, with agents that really run."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from tests.support.agent_packages import talker
from tests.support.agents_stack import Agent, AgentsStack, agents_stack, invocation, new_agent
from tests.support.eventually import eventually

from nexus_contracts.agents.commands import ActivateVersion, CancelInvocation, RegisterAgent, SetAgentStatus
from nexus_contracts.replies import Reply

pytestmark = pytest.mark.asyncio(loop_scope="module")
STOP_SECONDS = 10.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[AgentsStack]:
    async with agents_stack(tmp_path_factory.mktemp("agents")) as started:
        yield started


async def registered(service: AgentsStack, agent: Agent, content: bytes) -> Reply:
    status, uploaded = await service.upload(content)
    assert (status, uploaded["status"]) == (200, 201)
    command = RegisterAgent(
        command_id=secrets.token_hex(8),
        agent_id=agent.agent_id,
        project_id=agent.project_id,
        agent_name="tester",
        package_id=uploaded["result"]["package_id"],
    )
    return await service.ask(command, agent.agent_id)


async def say(service: AgentsStack, agent: Agent, text: str, seconds: float = 30.0) -> Reply:
    command = invocation(agent, text)
    return await service.ask(command, command.invocation_id, seconds)


def result(answer: Reply) -> dict[str, Any]:
    assert answer.result is not None, answer
    return answer.result


async def test_a_package_is_uploaded_once_and_refused_with_the_step_that_failed(service: AgentsStack) -> None:
    content = talker(version="7.7.7")
    first, again = await service.upload(content, "k"), await service.upload(content, "k")
    assert first[1]["result"] == again[1]["result"]
    assert (first[1]["replayed"], again[1]["replayed"]) == (False, True)
    status, refused = await service.upload(b"other", "k2")
    assert (status, refused["error"]["details"]["step"]) == (400, "archive")
    status, reused = await service.upload(talker(version="8"), "k")
    assert (status, reused["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_an_agent_rolls_back_and_forward_under_load_and_no_invocation_fails(service: AgentsStack) -> None:
    agent = new_agent()
    for version in ("1", "2"):
        view = result(await registered(service, agent, talker(env={"VERSION": version})))
        assert (view["status"], view["active_version"]) == ("running", int(version))
    done = asyncio.Event()
    answers: list[Reply] = []

    async def client() -> None:
        while not done.is_set():
            answers.append(await say(service, agent, "echo hi"))

    async with asyncio.TaskGroup() as clients:
        for _ in range(4):
            clients.create_task(client())
        for version in (1, 2, 1):
            command = ActivateVersion(command_id=secrets.token_hex(8), agent_id=agent.agent_id, version=version)
            view = result(await service.ask(command, agent.agent_id))
            assert (view["status"], view["active_version"], view["deployment"]["status"]) == (
                "running",
                version,
                "deployed",
            )
            before = len(answers)
            await eventually(lambda before=before: _more(answers, before + 5))
        done.set()
    assert {answer.status for answer in answers} == {200}
    _, page = await service.get(f"/agents/{agent.agent_id}/versions?limit=1")
    _, rest = await service.get(f"/agents/{agent.agent_id}/versions?last_key={page['last_key']}")
    found = [(one["version"], one["active"], one["status"]) for one in [*page["items"], *rest["items"]]]
    assert found == [(2, False, "deployed"), (1, True, "deployed")]


async def _more(answers: list[Reply], number: int) -> bool:
    return len(answers) >= number


async def test_a_cancelled_invocation_frees_its_agent_within_seconds(service: AgentsStack) -> None:
    agent = await service.deployed()
    command = invocation(agent, "spin")
    asked = asyncio.create_task(service.ask(command, command.invocation_id, 60))
    await eventually(lambda: service.running(agent))
    began = time.monotonic()
    cancel = CancelInvocation(command_id=secrets.token_hex(8), invocation_id=command.invocation_id)
    view = result(await service.ask(cancel, command.invocation_id))
    assert (view["status"], view["error"]["code"]) == ("cancelled", "CANCELLED")
    answer = await asked
    assert answer.error is not None
    assert answer.error.details["reason"] == "CANCELLED"
    assert time.monotonic() - began < STOP_SECONDS
    late = await service.ask(cancel.model_copy(update={"command_id": "again"}), command.invocation_id)
    assert late.error is not None
    assert late.error.code == "INVALID_STATE"
    assert (await say(service, agent, "echo next")).status == 200
    _, shown = await service.get(f"/agents/{agent.agent_id}")
    stats = shown["runtime_stats"]
    assert (stats["total_invocations"], stats["successful_invocations"], stats["failed_invocations"]) == (2, 1, 0)


async def test_an_agent_goes_offline_and_comes_back(service: AgentsStack) -> None:
    agent = await service.deployed()
    for status, expected in (("offline", "INVALID_STATE"), ("running", None)):
        command = SetAgentStatus.model_validate(
            {"command_id": secrets.token_hex(8), "agent_id": agent.agent_id, "status": status}
        )
        assert result(await service.ask(command, agent.agent_id))["status"] == status
        answer = await say(service, agent, "echo hi")
        assert (answer.error.code if answer.error else None) == expected
    _, shown = await service.get(f"/agents/{agent.agent_id}")
    assert shown["runtime_stats"]["total_invocations"] == 1
