"""The builder port through a running worker: killed between paid calls, asking a person, taken up again."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.support.builds_neighbours import StandInAgents
from tests.support.builds_stack import BUILDS, WORKER, BuildsStack, builds_stack
from tests.support.eventually import eventually
from tests.support.played_executor import CALLS, FOLDER, MODEL, PRICE, PlayedExecutor

from nexus_contracts.builds.commands import ControlProject
from nexus_contracts.builds.reports import Usage
from nexus_contracts.topics import BUILDS_EVENTS
from nexus_runtime.process.clock import new_id

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[3]
EXECUTORS = {"model": f"{PlayedExecutor.__module__}:{PlayedExecutor.__name__}"}
PATIENCE_SECONDS = 120.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("played")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def builds(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> AsyncGenerator[BuildsStack]:
    env = {
        "PYTHONPATH": str(ROOT),
        "BUILD_EXECUTORS": json.dumps(EXECUTORS),
        "WORKER_LEASE_SECONDS": "1.5",
        FOLDER: str(folder),
    }
    async with builds_stack(tmp_path_factory.mktemp("port"), env, BUILDS_EVENTS.groups[:2]) as (stack, _):
        servers, port = stack.stack.endpoints.kafka_bootstrap_servers, stack.stack.ports["AGENTS_PORT"]
        async with StandInAgents(servers, port).serving():
            await asyncio.gather(stack.start(BUILDS), stack.start(WORKER))
            yield stack


async def test_a_killed_worker_pays_for_no_call_twice_and_an_answer_brings_the_build_to_its_end(
    builds: BuildsStack, folder: Path
) -> None:
    (folder / "hold").touch()
    project_id = await builds.create()
    await builds.reaches(project_id, lambda one: one.usage().input_tokens == 2 * PRICE.input_tokens, PATIENCE_SECONDS)
    (folder / "hold").unlink()
    builds.stack.kill("worker")

    waiting = await builds.reaches(project_id, lambda one: one.waiting_for is not None, PATIENCE_SECONDS)
    assert waiting.status == "paused"
    assert (folder / "calls").read_text().splitlines() == [f"1 call {number}" for number in range(1, CALLS + 1)]
    total = Usage(input_tokens=300, output_tokens=30, cost_usd=0.75)
    assert waiting.usage() == total
    shown = (await builds.get(f"/projects/{project_id}"))["waiting_for"]
    assert (shown["prompt"], shown["cost_usd"], shown["estimate_usd"]) == ("Which currency?", 0.75, 1.5)

    refused = await builds.control(project_id, "resume")
    assert refused.error is not None
    assert refused.error.details["allowed_actions"] == ["answer", "reject", "stop"]
    answer = {"command_id": new_id("cmd_"), "project_id": project_id, "action": "answer"}
    reply = await builds.ask(ControlProject.model_validate({**answer, "answers": {"currency": "EUR"}}), project_id)
    assert reply.status == 200
    project = await builds.reaches(project_id, lambda one: one.status == "completed", PATIENCE_SECONDS)
    analysed = project.step("requirements_analysis", None)
    assert analysed is not None
    assert analysed.output is not None
    assert analysed.output["currency"] == "EUR"
    (attempt,) = (await builds.get(f"/projects/{project_id}/attempts"))["items"]
    assert (attempt["build_method"], attempt["models"]) == ("model", [MODEL])
    assert attempt["usage"]["input_tokens"] == total.input_tokens

    assert (await builds.delete(project_id)).status == 200

    async def nothing_left() -> bool:
        return not await builds.kept_of(project_id)

    await eventually(nothing_left, seconds=PATIENCE_SECONDS)
