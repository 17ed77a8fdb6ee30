"""kill -9 of each process in turn in the middle of a build: it completes, and nothing is counted twice."""

import asyncio
import contextlib
from collections import Counter

import psutil
import pytest
from tests.support.client import OVERVIEW, Client

from nexus_devstack.stack import Stack

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180), pytest.mark.long]


@pytest.mark.parametrize("victim", ["builds", "worker", "agents", "stats", "gateway", "kafka", "dynamodb"])
async def test_a_build_survives_the_kill_of(victim: str, stack: Stack, client: Client) -> None:
    await stack.wait_ready()
    before = await client.settled()
    project_id = await client.create()
    await client.until(f"/api/v1/projects/{project_id}", lambda data: data["progress"] >= 15)
    stack.kill(victim)
    project = await client.built(project_id, seconds=90)
    assert project["status"] == "completed", project

    events = await client.events(project_id)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    kinds = Counter(event["type"] for event in events)
    assert kinds["nexus.stage.completed.v1"] == 9
    assert kinds["nexus.build.completed.v1"] == 1
    await stack.wait_ready()
    invoked = await client.post(f"/api/v1/agents/{project['agent_id']}/invoke", {"input_text": "What is 6 * 7?"})
    assert "42" in invoked.data["output"]
    await client.counted(project["agent_id"], 1 + await client.verified(project_id))
    after = await client.until(
        OVERVIEW,
        lambda now: (
            now["total_builds"] > before["total_builds"]
            and now["running_agents"] > before["running_agents"]
            and now["building_agents"] == 0
        ),
    )
    assert after["running_agents"] == before["running_agents"] + 1
    assert after["total_builds"] == before["total_builds"] + 1
    assert after["success_rate"] == 100.0 or before["success_rate"] < 100.0


async def test_a_killed_agent_answers_the_next_invocation(stack: Stack, client: Client) -> None:
    await stack.wait_ready()
    agent_id = (await client.built(await client.create()))["agent_id"]
    invoke = f"/api/v1/agents/{agent_id}/invoke"
    assert "42" in (await client.post(invoke, {"input_text": "What is 6 * 7?"})).data["output"]
    agents = psutil.Process(stack.pid("agents")).children(recursive=True)
    assert agents, "the agents run as processes of their own"
    for agent in agents:
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended with its parent
            agent.kill()
    await asyncio.to_thread(psutil.wait_procs, agents, 10)
    assert "56" in (await client.post(invoke, {"input_text": "What is 7 * 8?"})).data["output"]


async def test_an_invocation_whose_service_dies_ends_as_interrupted(stack: Stack, client: Client) -> None:
    await stack.wait_ready()
    agent_id = (await client.built(await client.create()))["agent_id"]
    invoke = f"/api/v1/agents/{agent_id}/invoke"
    assert "42" in (await client.post(invoke, {"input_text": "What is 6 * 7?"})).data["output"]
    for agent in psutil.Process(stack.pid("agents")).children(recursive=True):
        agent.suspend()  # the agent hangs, so the invocation is certainly running when its service dies
    answer = await client.post(invoke, {"input_text": "What is 7 * 8?"}, headers={"Prefer": "respond-async"})
    assert answer.status == 202
    path = f"/api/v1/invocations/{answer.data['invocation_id']}"
    await client.until(path, lambda data: data["status"] == "running" and data["started_at"] is not None)
    stack.kill("agents")
    ended = await client.until(path, lambda data: data["status"] != "running", seconds=60)
    assert ended["status"] == "failed"
    assert ended["error"]["code"] == "INTERRUPTED"
