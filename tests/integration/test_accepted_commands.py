"""A 202 outlives the broker: one that loses it is given the command again, and it takes effect once."""

import sys
from pathlib import Path

import aiohttp
import pytest
from tests.support.builds_stack import BUILDS, builds_stack
from tests.support.eventually import eventually

from nexus_devstack.services import Service

GATEWAY = Service("gateway", (sys.executable, "-m", "nexus_gateway"), "GATEWAY_PORT")
GOOD = {"requirement": "an agent that adds numbers", "auto_start": False}


@pytest.mark.timeout(240)
async def test_a_202_survives_the_broker_and_takes_effect_once(tmp_path: Path) -> None:
    async with builds_stack(tmp_path, followers=()) as (builds, _), aiohttp.ClientSession() as http:
        stack = builds.stack
        await builds.start(GATEWAY)
        async with http.post(
            f"{stack.gateway_url}/api/v1/projects", json=GOOD, headers={"Prefer": "respond-async"}
        ) as accepted:
            assert accepted.status == 202
            project_id = (await accepted.json())["data"]["project_id"]
        stack.kill("kafka")
        await stack.wait_ready("kafka")
        await builds.start(BUILDS)
        await eventually(lambda: builds.store.load(project_id), seconds=60)
        await builds.control(project_id, "stop")
        assert [entry.type for entry in await builds.events(project_id)] == [
            "nexus.project.created.v1",
            "nexus.build.stopped.v1",
        ]
