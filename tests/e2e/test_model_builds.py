"""A build by a language model through the whole platform: the model plays a script on the wire of OpenAI."""

from typing import Any

import pytest
from tests.support.client import Client
from tests.support.model_wire import CUT, RATE_LIMIT, WRONG_ARGUMENTS, Wire

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
REQUIREMENT = "an agent that counts the vowels of a text"


def deploys(project: Any) -> bool:
    """Whether it waits for the approval of its deployment."""
    waiting = project["waiting_for"]
    return waiting is not None and waiting["stage_name"] == "agent_deployer"


async def test_a_model_asks_and_builds_an_agent_that_is_verified_and_paid_for_once(client: Client, wire: Wire) -> None:
    wire.faults.extend([RATE_LIMIT, CUT, WRONG_ARGUMENTS])
    wanted = {"requirement": REQUIREMENT, "build_method": "model", "approve": ["deploy"], "ask": True}
    created = (await client.post("/api/v1/projects", wanted)).data
    path = f"/api/v1/projects/{created['project_id']}"
    asking = await client.until(path, lambda data: data["waiting_for"] or data["status"] == "failed", seconds=120)
    assert asking["waiting_for"]["prompt"] == "1. Is y a vowel?", asking["error"]
    await client.call("PUT", f"{path}/control", {"action": "answer", "answers": {"1": "no"}})
    waiting = await client.until(path, lambda data: data["status"] == "failed" or deploys(data), seconds=120)
    assert deploys(waiting), waiting["error"]
    assert waiting["waiting_for"]["cost_usd"] > 0
    assert waiting["waiting_for"]["estimate_usd"] == 0.0
    await client.call("PUT", f"{path}/control", {"action": "approve"})
    project = await client.built(created["project_id"], seconds=60)
    assert project["status"] == "completed", project["error"]

    report = (await client.get(f"{path}/verification")).data
    assert (report["fulfilled"], report["failed"], report["not_verifiable"]) == (True, 0, 0)
    assert any(case["held_back"] for case in report["cases"])
    answer = await client.post(f"/api/v1/agents/{project['agent_id']}/invoke", {"input_text": "vowels: alphabet"})
    assert answer.data["output"] == "There are 3 vowels."
    (attempt,) = (await client.get(f"{path}/attempts")).data["items"]
    assert (attempt["build_method"], attempt["models"]) == ("model", ["openai:played"])
    told = len(wire.calls) - 2  # a refused call costs nothing; what the one that was cut costs is an estimate
    usage = attempt["usage"]
    assert usage["cost_usd"] - usage["estimated_usd"] == pytest.approx(0.002 * told)
    assert usage["estimated_usd"] > 0
    assert usage["input_tokens"] > 1000 * told
