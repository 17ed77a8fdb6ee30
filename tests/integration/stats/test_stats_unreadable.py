"""A batch that cannot be read, met by a running service: it says so, and a command lets it go on."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.support.eventually import eventually
from tests.support.infra import needs_volatile_broker
from tests.support.raw_batches import UNREADABLE, publish_raw
from tests.support.stats_stack import start_statistics, statistics_stack

from nexus_contracts.topics import BUILDS_EVENTS
from nexus_devstack.stack import Stack

ADMIN = str(Path(sys.executable).with_name("nexus-admin"))


async def ready(stack: Stack) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as http, http.get(stack.url("stats") + "/health/ready") as answer:
        return answer.status, await answer.json()


def skip(stack: Stack, offset: int) -> subprocess.CompletedProcess[str]:
    command = [ADMIN, "partitions", "skip", stack.url("stats"), BUILDS_EVENTS.name, "2", str(offset)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@needs_volatile_broker
@pytest.mark.timeout(180)
async def test_readiness_names_the_batch_and_the_command_skips_it_for_good(tmp_path: Path) -> None:
    async with statistics_stack(tmp_path) as stack:
        await start_statistics(stack)
        [offset] = await publish_raw(
            stack.endpoints.kafka_bootstrap_servers, BUILDS_EVENTS.name, 2, UNREADABLE["a wrong checksum"]
        )

        async def is_unready() -> bool:
            return (await ready(stack))[0] == 503

        await eventually(is_unready, seconds=90)
        _, said = await ready(stack)
        assert said["failing"] == ["consumers"]
        assert f"{BUILDS_EVENTS.name} partition 2 is halted at offset {offset}" in said["reasons"]["consumers"]
        refused = await asyncio.to_thread(skip, stack, offset + 5)
        assert (refused.returncode, f"offset {offset}" in refused.stderr) == (1, True)
        assert (await asyncio.to_thread(skip, stack, offset)).returncode == 0
        assert (await ready(stack))[0] == 200
