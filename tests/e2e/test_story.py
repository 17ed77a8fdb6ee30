"""What the demo shows, asserted: from a requirement to a talking agent, and the figures that it leaves."""

import re

import aiohttp
import pytest
from scripts.cloudformation import GROUPS, statements_of
from tests.support.client import OVERVIEW, Client

from nexus_contracts.stages import STAGES
from nexus_devstack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_requirement_becomes_an_agent_that_computes(client: Client) -> None:
    before = await client.settled()
    project_id = await client.create()
    project = await client.built(project_id)
    assert project["status"] == "completed", project
    assert project["progress"] == 100.0
    assert [stage["stage_name"] for stage in project["stages_snapshot"]["stages"]] == [s.name for s in STAGES]
    assert project["stages_snapshot"]["completed"] == 6
    agent_id = project["agent_id"]

    agent = (await client.get(f"/api/v1/agents/{agent_id}")).data
    assert agent["status"] == "running"
    assert {"tool:arithmetic", "tool:csv_totals"} <= set(agent["capabilities"])

    invoke = f"/api/v1/agents/{agent_id}/invoke"
    answer = await client.post(invoke, {"input_text": "What is (17.5 + 2.5) * 4?"})
    assert "80" in answer.data["output"]
    table = "Total these columns:\nitem,price,count\nbolt,1.25,4\nnut,2.50,6\n"
    answer = await client.post(invoke, {"input_text": table})
    assert "3.75" in answer.data["output"]
    assert "10" in answer.data["output"]

    session = (await client.post(f"/api/v1/agents/{agent_id}/sessions", {"user_id": "ada"})).data
    messages = f"/api/v1/sessions/{session['session_id']}/messages"
    first = (await client.post(messages, {"content": "What is 12 * 12?"})).data
    assert "144" in first["assistant_message"]["content"]
    second = (await client.post(messages, {"content": "and now divide that by 4"})).data
    assert "36" in second["assistant_message"]["content"]
    kept = (await client.get(messages)).data["items"]
    assert [(one["sequence"], one["role"]) for one in kept] == [
        (1, "user"),
        (2, "assistant"),
        (3, "user"),
        (4, "assistant"),
    ]

    asked = 4 + await client.verified(project_id)
    await client.counted(agent_id, asked)
    after = await client.until(
        OVERVIEW,
        lambda now: (
            now["total_builds"] > before["total_builds"]
            and now["running_agents"] > before["running_agents"]
            and now["building_agents"] == 0
        ),
    )
    assert after["today_calls"] - before["today_calls"] >= asked
    assert after["total_builds"] - before["total_builds"] == 1
    assert after["running_agents"] - before["running_agents"] == 1


async def test_history_is_gapless_and_every_stage_completes_once(client: Client) -> None:
    project_id = await client.create()
    await client.built(project_id)
    events = await client.events(project_id)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    completed = [
        event["data"].get("sub_stage_name") or event["data"]["stage_name"]
        for event in events
        if event["type"] == "nexus.stage.completed.v1"
    ]
    assert sorted(completed) == sorted([s.name for s in STAGES] + [sub.name for s in STAGES for sub in s.sub_stages])


async def test_a_requirement_that_no_tool_fits_fails_and_says_what_can_be_built(client: Client) -> None:
    project_id = await client.create("please compose a symphony for two violins and a cello")
    await client.until(f"/api/v1/projects/{project_id}", lambda data: data["status"] == "failed")
    stage = (await client.get(f"/api/v1/projects/{project_id}/stages/requirements_analysis")).data
    assert stage["error"]["code"] == "NOTHING_TO_BUILD"
    assert "unit conversion" in stage["error"]["message"].lower(), stage
    assert (await client.get(f"/api/v1/agents?project_id={project_id}")).data["items"] == []


async def test_an_idempotency_key_creates_one_project_however_often_it_comes(client: Client) -> None:
    headers = {"Idempotency-Key": "the same project, please"}
    body = {"requirement": "an agent that converts units of length", "auto_start": False}
    first = await client.post("/api/v1/projects", body, headers=headers)
    again = await client.post("/api/v1/projects", body, headers=headers)
    assert first.status == again.status == 201
    assert first.data == again.data
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await client.post("/api/v1/projects", {**body, "priority": 5}, headers=headers)
    assert other.status == 422
    assert other.error["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_pause_holds_a_build_and_resume_lets_it_finish(client: Client) -> None:
    project_id = await client.create()
    control = f"/api/v1/projects/{project_id}/control"
    await client.until(f"/api/v1/projects/{project_id}", lambda data: data["progress"] > 5)
    paused = await client.call("PUT", control, {"action": "pause", "reason": "lunch"})
    assert paused.data["status"] == "paused"
    refused = await client.call("PUT", control, {"action": "pause"})
    assert refused.error["code"] == "INVALID_STATE"
    assert refused.error["details"]["current_status"] == "paused"
    resumed = await client.call("PUT", control, {"action": "resume"})
    assert resumed.data["status"] == "building"
    assert (await client.built(project_id))["status"] == "completed"


async def test_a_stopped_build_restarts_as_the_next_attempt(client: Client) -> None:
    project_id = await client.create()
    control = f"/api/v1/projects/{project_id}/control"
    await client.until(f"/api/v1/projects/{project_id}", lambda data: data["progress"] > 5)
    stopped = await client.call("PUT", control, {"action": "stop"})
    assert stopped.data["status"] == "cancelled"
    restarted = await client.call("PUT", control, {"action": "restart"})
    assert restarted.data["attempt"] == 2
    assert (await client.built(project_id))["status"] == "completed"
    attempts = (await client.get(f"/api/v1/projects/{project_id}/attempts")).data["items"]
    assert [(one["attempt"], one["outcome"]) for one in attempts] == [(1, "cancelled"), (2, "completed")]


async def test_deleting_a_project_deletes_its_agent_and_keeps_the_figures(client: Client) -> None:
    first = await client.settled()
    project_id = await client.create()
    agent_id = (await client.built(project_id))["agent_id"]
    await client.until(OVERVIEW, lambda now: now["total_builds"] > first["total_builds"])
    before = await client.settled()
    deleted = await client.call("DELETE", f"/api/v1/projects/{project_id}")
    assert deleted.status == 200
    assert (await client.get(f"/api/v1/projects/{project_id}")).status == 404
    after = await client.until(OVERVIEW, lambda now: now["total_agents"] == before["total_agents"] - 1)
    assert after["total_builds"] == before["total_builds"]
    assert (await client.get(f"/api/v1/agents/{agent_id}")).status == 404


async def test_paging_through_a_filtered_list_yields_every_match_once(client: Client) -> None:
    wanted = [
        await client.create(auto_start=False, user_id="pager", tags=["even"] if n % 2 == 0 else []) for n in range(7)
    ]
    path = "/api/v1/projects?user_id=pager&status=pending&tag=even&limit=2"
    found = [item["project_id"] for item in await client.pages(path)]
    assert found == list(reversed(wanted[::2]))


async def test_all_that_a_process_has_asked_of_the_database_its_role_permits(client: Client, stack: Stack) -> None:
    """With what the tests above did, and what `nexus-admin stats` asks of the owners."""
    del client
    transaction = {"PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"}
    asked: dict[str, set[str]] = {}
    async with aiohttp.ClientSession(raise_for_status=True) as http:
        for owner in ("builds", "agents"):
            async with http.get(f"{stack.url(owner)}/internal/history?types=any&limit=1"):
                pass
        for process in GROUPS:
            async with http.get(f"{stack.url(process)}/metrics") as answer:
                counted = await answer.text()
            asked[process] = set(re.findall(r'^nexus_database_seconds_count\{operation="(\w+)"\} [1-9]', counted, re.M))
    forbidden: dict[str, set[str]] = {}
    for process, operations in asked.items():
        permitted = {action.removeprefix("dynamodb:") for one in statements_of(process) for action in one["Action"]}
        wanted = {one for name in operations for one in (transaction if name == "TransactWriteItems" else {name})}
        forbidden[process] = wanted - permitted
    assert not any(forbidden.values()), forbidden
    assert {"TransactWriteItems", "Scan", "Query"} <= asked["builds"]
